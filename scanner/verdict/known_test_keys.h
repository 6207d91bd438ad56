// KnownTestKeys: private keys that are published, as self-test keys of crypto libraries and vectors of
// standards, and so are no secret (signatures/known-test-keys.tsv). The one rule: the list is part of the
// program; nothing inside a dump adds to it, and a key is on it by digest alone.

#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "scanner/base/result.h"

namespace dumpgate {

struct KnownTestKey {
  std::string algorithm{};  // "rsa/2048": for a person
  std::string origin{};     // "libgnutls 3.7.9 self-test"
};

// Immutable after building; shared by all threads.
class KnownTestKeys {
 public:
  KnownTestKeys() = default;  // an empty list: every finding is judged by the policy

  // The compiled-in list. Error: a defect of the build (a test checks the file).
  static Result<KnownTestKeys> builtin();

  // parse reads lines of four tab-separated columns: digest kind ("spki": of the DER SubjectPublicKeyInfo, or
  // "encoding": of the private key's whole encoding), SHA-256 in lower-case hex, algorithm/bits, origin.
  // Empty lines and lines that begin with '#' are skipped. Anything else, a repeated digest included, is an
  // Error that names file and line.
  static Result<KnownTestKeys> parse(std::string_view text, std::string_view file);

  // Each returns nullptr when the digest is not on the list (an empty one never is). Lives as long as the
  // list.
  const KnownTestKey* by_public_key(std::string_view sha256) const;
  const KnownTestKey* by_encoding(std::string_view sha256) const;

  std::size_t size() const { return public_keys_.size() + encodings_.size(); }
  const std::string& sha256() const { return sha256_; }  // of the list's text; "" for the empty list

 private:
  using Table = std::map<std::string, KnownTestKey, std::less<>>;
  Table public_keys_{};
  Table encodings_{};
  std::string sha256_{};
};

// The text of signatures/known-test-keys.tsv, compiled in by the build.
std::string_view builtin_known_test_keys_text();

}  // namespace dumpgate
