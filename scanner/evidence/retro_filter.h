// RetroFilter: what is kept of an examined dump to answer, years later, whether it held a secret that nobody
// had asked for: keyed hashes of its random-looking windows (evidence/retro_windows.h), about a thousandth of
// its size. The one rule: without the site key a filter answers nothing, and a filter that does not cover all
// that was examined says so.
//
// A filter holds two sets. `scattered` are the windows between other data, where keys lie; `inside` are those
// in the middle of long random stretches, of which only a sample is kept. A set is sampled at level s when
// only hashes below 2^(64-s) are in it: one in 2^s. Each set is coded by differences (Golomb 1966, Rice
// 1979); docs/evidence.md gives the format byte by byte.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/base/secret_bytes.h"
#include "scanner/engine/window_tap.h"
#include "scanner/evidence/retro_windows.h"
#include "scanner/evidence/sip_hash.h"

namespace dumpgate {

inline constexpr std::string_view retro_filter_name = "retro-filter";
inline constexpr std::string_view retro_filter_media_type = "application/vnd.dumpgate.retro-filter.v1";

// The hash of a foreign window is in a set of level 0 by chance with probability 2^-retro_bits.
inline constexpr unsigned retro_bits = 14;

using RetroKeyId = std::array<std::byte, 16>;

// Hashes windows under a key derived from the site key: HMAC-SHA-256 of a label. const: concurrent use.
class RetroHash {
 public:
  // Throws std::bad_alloc when OpenSSL has no memory.
  explicit RetroHash(std::span<const std::byte> site_key);
  std::uint64_t operator()(RetroKind kind, std::span<const std::byte> window) const;
  // Tells which site key a filter was made with, and nothing else about it.
  const RetroKeyId& id() const { return id_; }

 private:
  SipHash hash_;
  RetroKeyId id_{};
};

// A set of hashes that halves itself whenever it would hold more than it may. What is in it at the end
// depends on the hashes alone, not on their order.
class SampledSet {
 public:
  // Keeps up to `most` hashes; memory is at most 16 bytes for each.
  explicit SampledSet(std::size_t most);
  void add(std::uint64_t hash);
  // Sorts, and goes on to higher levels until no more than `most`, and no more than it may keep, are left.
  void settle(std::size_t most);
  unsigned level() const { return level_; }
  std::span<const std::uint64_t> hashes() const { return hashes_; }  // after settle: sorted, each once

 private:
  bool kept(std::uint64_t hash) const { return level_ == 0 || hash >> (64 - level_) == 0; }
  std::size_t most_;
  unsigned level_ = 0;  // at most 63
  std::vector<std::uint64_t> hashes_{};
};

class RetroFilterBuilder final : public WindowTap {
 public:
  // `memory`: bytes it may use; what does not fit makes the filter a sample. At least 64 KiB.
  RetroFilterBuilder(std::span<const std::byte> site_key, std::size_t memory);

  void see(const Window& window) noexcept override;
  void see_seam(const Window& window) noexcept override;

  // The filter's bytes, once, after the scan. They are the same for any number of threads and any windows.
  std::vector<std::byte> finish();

 private:
  void take_in(const Window& window, std::uint64_t bytes) noexcept;

  RetroHash hash_;
  std::mutex mutex_{};
  SampledSet scattered_;
  SampledSet inside_;
  std::uint64_t bytes_ = 0;
  bool failed_ = false;  // something was not taken in
};

// One set of a filter that was read.
struct RetroSet {
  unsigned level = 0;
  std::vector<std::uint64_t> values{};  // sorted; hashes scaled to [0, values.size() * 2^retro_bits)

  // Whether it would hold the hash if the dump held the window; false where it was left out by sampling.
  bool covers(std::uint64_t hash) const { return level == 0 || hash >> (64 - level) == 0; }
  bool holds(std::uint64_t hash) const;
};

struct RetroFilter {
  RetroKeyId key_id{};
  bool complete = false;    // every byte that was examined was looked at, and `scattered` is no sample
  std::uint64_t bytes = 0;  // bytes looked at, of all layers
  RetroSet scattered{};
  RetroSet inside{};

  // Takes bytes nobody vouches for; memory is bounded by a small multiple of their number.
  static Result<RetroFilter> parse(std::span<const std::byte> bytes);
};

}  // namespace dumpgate
