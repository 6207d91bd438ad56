// The directory of a gate's keys: the log's signing key and the site's key. The one rule: both are made here
// once, 0600 in a directory of 0700, and leave only by a backup that the site makes.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "scanner/base/descriptor.h"
#include "scanner/base/result.h"
#include "scanner/evidence/signer.h"

namespace dumpgate {

inline constexpr std::string_view signing_key_file = "gate.key";  // Ed25519, PKCS #8 PEM
// 32 random bytes that name secrets without a public half (proof/secret_name.h) and key retro filters.
inline constexpr std::string_view site_key_file = "site.key";

// Lies beside the keys until the log that they were made for is there; says which one that is.
inline constexpr std::string_view unfinished_file = "init.unfinished";

// Both keys being made for a new log. Killed at any step, the same made again goes on from there: what is
// whole is used, what is not is made anew. One at a time for a directory, of any process.
class KeyMaking {
 public:
  // Makes the directory where it is missing. `log` names the log, on one line. ErrorCode::usage: there are
  // keys already, or such that were made for another log that was not finished, or somebody else is at it.
  static Result<KeyMaking> begin(const std::string& directory, const std::string& log);
  bool goes_on() const { return goes_on_; }  // with what was not finished
  Result<std::unique_ptr<Signer>> keys() const;
  // The log is there and durable: from now on the keys can be used.
  Result<void> finish() const;

 private:
  KeyMaking(std::string directory, std::string log)
      : directory_(std::move(directory)), log_(std::move(log)) {}

  std::string directory_;
  std::string log_;
  Descriptor lock_{};
  bool goes_on_ = false;
};

// ErrorCode::usage when the keys' log was not finished.
Result<std::unique_ptr<Signer>> open_signing_key(const std::string& directory);

}  // namespace dumpgate
