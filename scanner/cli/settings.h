// ScanSettings: the options that every examining sub-command shares, and what they are prepared into. The one
// rule: anything that cannot be read or understood is a usage error before the first byte of a dump is read.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/engine/scan.h"
#include "scanner/verdict/known_test_keys.h"
#include "scanner/verdict/policy.h"

namespace dumpgate {

class CommandLine;

// Everything an examination needs, ready to use. options.signatures is set by the caller: a Prepared may
// move.
struct Prepared {
  SignatureSet signatures{};
  ScanOptions options{};
  Policy policy{};
  KnownTestKeys known_test_keys{};
};

// The site key: the whole file, 32 to 4,096 bytes. ErrorCode::usage otherwise.
Result<SecretBytes> read_site_key(const std::string& path);

struct ScanSettings {
  std::string policy_file{};
  bool strict = false;
  bool ignore_known_test_keys = false;
  std::vector<std::string> protect{};
  std::string site_key_file{};
  std::string signatures_directory{};
  unsigned threads = 0;
  std::string max_memory{};
  std::string max_expanded{};
  unsigned max_layers = 0;
  std::string window{};
  std::string progress = "auto";

  void declare(CommandLine& app);
  Result<Prepared> prepare() const;
};

// Reads "512MiB", "64k", "1G", "4096": powers of 1024 (also for k, M, G alone). An Error for anything else.
Result<std::uint64_t> parse_size(const std::string& text);

// Reads signatures/*.toml of a directory into the set, in the order of their names.
Result<void> add_signatures_from(const std::string& directory, SignatureSet& set);

std::string human_size(std::uint64_t bytes);  // "1.1 GiB"
std::string human_seconds(double seconds);    // "17.3 s", "2 min 05 s"

}  // namespace dumpgate
