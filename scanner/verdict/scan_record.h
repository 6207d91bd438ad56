// ScanRecord: all that an examination established about one input, for verdict and reports. It holds no byte
// of the dump and nothing that depends on time, threads or windows: the same input gives the same record.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scanner/io/gap.h"
#include "scanner/io/layers.h"
#include "scanner/proof/finding.h"

namespace dumpgate {

// What one leaf was, for `inspect` and the text report.
struct ImageRecord {
  std::string layer{};      // path with the format as its last part: "zstd!elf-core"
  std::uint64_t base = 0;   // of the leaf in its layer
  std::uint64_t bytes = 0;  // examined
  std::uint64_t regions = 0;
  std::uint64_t region_bytes = 0;  // bytes covered by regions (each byte once)
  unsigned word_bits = 64;
  bool big_endian = false;
};

struct ProtectedKeyRecord {
  std::string name{};
  std::string public_key_sha256{};
  bool found = false;
  // In which it was looked for, sorted; "(p with q)" behind one in which only both factors together count.
  std::vector<std::string> representations{};
};

struct ScanRecord {
  std::string input{};                  // name as given
  std::optional<std::uint64_t> size{};  // bytes; nothing when the end was never reached
  std::optional<std::string> sha256{};  // of the input; nothing when it was not read to its end
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_examined = 0;  // shown to detectors, after layers were taken off
  bool examined = false;             // an examination took place and came to its end
  bool self_test_passed = false;
  std::vector<Gap> gaps{};          // sorted by layer, offset, reason
  std::vector<Finding> findings{};  // merged; sorted by layer, offset, signature
  std::vector<LayerRecord> layers{};
  std::vector<ImageRecord> images{};
  std::vector<ProtectedKeyRecord> protected_keys{};
  // Different public keys seen in the dump, by name (SHA-256 of the SubjectPublicKeyInfo), sorted. Bounded by
  // the engine, which notes a gap when there are more. Reports show their number alone.
  std::vector<std::string> public_keys{};
  std::string signatures_sha256{};
};

}  // namespace dumpgate
