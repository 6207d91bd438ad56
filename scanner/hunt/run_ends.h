// RunEnds: the byte numbers that may stand at an end of a run, for kinds whose size is no whole number of
// words. The one rule: only an end of the stretch itself counts, not one where a long run was cut.
//
// A number's last or first bytes may make a plain word, which ends the run: so it may reach into the words
// beside it, but not consist of nothing but zeros there.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "scanner/base/secret_bytes.h"
#include "scanner/detect/random_words.h"
#include "scanner/hunt/number_runs.h"

namespace dumpgate {

class RunEnds {
 public:
  explicit RunEnds(const NumberRun& run) : offset_(run.offset), cut_(run.cut) {
    memory_.reserve((run.words.size() + 2) * 8);
    put(run.before, run.order);
    for (const std::uint64_t word : run.words) put(word, run.order);
    put(run.after, run.order);
  }

  // Calls f(number, offset) for each place at which `size` bytes, 20 to 64, look random: the bytes as they
  // lie in memory, valid during the call, and where in the layer.
  template <typename F>
  void for_each(std::size_t size, F&& f) const {
    const std::size_t whole = size / 8 * 8;
    if (memory_.size() < 16 + whole) return;
    const std::size_t padded = (size + 7) / 8 * 8;
    const std::size_t end = memory_.size();
    std::array<std::size_t, 4> all{};
    std::size_t count = 0;
    if (cut_ != Cut::begin) all.at(count++) = 8;
    if (cut_ != Cut::end)
      for (const std::size_t at : {end - 8 - whole, end - padded, end - 8 - size}) all.at(count++) = at;
    const auto places = std::span(all).first(count);
    std::ranges::sort(places);
    const auto same = std::ranges::unique(places);
    for (const std::size_t at : std::span(places.begin(), same.begin())) {
      if (at == 0 || at + size > end) continue;
      const auto number = std::span(memory_).subspan(at, size);
      if (may_be_number(number)) f(number, offset_ + at - 8);
    }
  }

 private:
  void put(std::uint64_t word, ByteOrder order) {
    for (unsigned i = 0; i < 8; ++i)
      memory_.push_back(
          static_cast<std::byte>(word >> (8 * (order == ByteOrder::little ? i : 7 - i)) & 0xffU));
  }

  // Whether the bytes look random and neither end of them is four zeros: those of a word beside the run.
  static bool may_be_number(std::span<const std::byte> bytes) {
    std::array<std::uint64_t, 8> words{};
    std::memcpy(words.data(), bytes.data(), bytes.size() / 8 * 8);
    std::uint32_t first = 0, last = 0;
    std::memcpy(&first, bytes.data(), sizeof first);
    std::memcpy(&last, bytes.last(sizeof last).data(), sizeof last);
    return first != 0 && last != 0 && looks_random(std::span(words).first(bytes.size() / 8));
  }

  std::uint64_t offset_;
  Cut cut_;
  SecretBytes memory_{};  // the words before, of and behind the run
};

}  // namespace dumpgate
