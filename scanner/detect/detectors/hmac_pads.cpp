// HMAC keys (RFC 2104) by what libraries keep of them: the key in a block of
// zeros, xor 0x36 in every byte (the inner pad) or xor 0x5c (the outer). Three
// rules: a block whose tail is at least 16 pad bytes behind a head that looks
// random; two such blocks of the same key, however the head looks; two whole
// blocks, one right behind the other, whose every byte differs by 0x36 ^ 0x5c.
// The one rule to know: text has runs of '6' and of
// '\' too, so a single block counts only when statistics cannot tell its head
// from random bytes.
//
// Blocks have 64 bytes (MD5, SHA-1, SHA-256) or 128 (SHA-384, SHA-512), at
// multiples of four bytes of the dumped memory. Trailing zeros of a key do not
// matter to HMAC and are no part of the key here.

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <vector>

#include "scanner/base/secret_bytes.h"
#include "scanner/detect/aligned_places.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/random_words.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::uint32_t inner = 0x36363636U;
constexpr std::uint32_t outer = 0x5c5c5c5cU;
constexpr std::uint32_t between = inner ^ outer;
constexpr std::size_t shortest_tail = 16;
constexpr std::size_t shortest_head = 16;
constexpr std::array<std::size_t, 2> block_sizes{64, 128};
constexpr std::size_t longest_tail = 128 - shortest_head;
constexpr std::size_t least_different = 8;  // bytes in a key that two blocks agree on

std::uint32_t word_at(Bytes bytes, std::size_t at) {
  std::uint32_t word = 0;
  std::memcpy(&word, bytes.data() + at, sizeof word);
  return word;
}

struct PadBlock {
  std::size_t begin = 0;  // in Window::bytes
  std::size_t size = 0;
  std::size_t head = 0;  // bytes before the tail
};

std::size_t different_bytes(Bytes bytes) {
  std::array<bool, 256> seen{};
  for (const std::byte byte : bytes) seen.at(std::to_integer<std::size_t>(byte)) = true;
  return static_cast<std::size_t>(std::ranges::count(seen, true));
}

// Whether the head may be random bytes, judged in whole words. In heads of two
// or three words statistics let text pass, so at least two bytes must be above
// 0x7f, and two must not; of 16 random bytes that is not so with probability
// 5e-4.
bool head_looks_random(Bytes head) {
  const auto high = static_cast<std::size_t>(
      std::ranges::count_if(head, [](std::byte byte) { return (byte >> 7U) != std::byte{0}; }));
  if (high < 2 || high + 2 > head.size()) return false;
  std::array<std::uint64_t, 16> words{};
  const std::size_t count = head.size() / sizeof(std::uint64_t);
  std::memcpy(words.data(), head.data(), count * sizeof(std::uint64_t));
  const auto all = std::span(words).first(count);
  const bool random = std::ranges::none_of(all, plain_word) && looks_random(all);
  wipe(words.data(), sizeof words);
  return random;
}

constexpr std::size_t period = 64;

// Whether one of the 16 words from `at` on is one of pad bytes, or one of the
// first four differs by `between` from the word one block further on, of either
// size. Reads 64 bytes, and 16 that lie 64 and 128 bytes behind.
bool any_passes(const std::byte *at) {
#if defined(__SSE2__)
  const auto words = [at](std::size_t offset) {
    __m128i four;
    std::memcpy(&four, at + offset, sizeof four);
    return four;
  };
  const auto all = [](std::uint32_t word) { return _mm_set1_epi32(static_cast<int>(word)); };
  const __m128i other = _mm_xor_si128(words(0), all(between));
  __m128i any = _mm_or_si128(_mm_cmpeq_epi32(other, words(64)), _mm_cmpeq_epi32(other, words(128)));
  for (std::size_t line = 0; line < period; line += 16) {
    const __m128i here = words(line);
    any =
        _mm_or_si128(any, _mm_or_si128(_mm_cmpeq_epi32(here, all(inner)), _mm_cmpeq_epi32(here, all(outer))));
  }
  return _mm_movemask_epi8(any) != 0;
#else
  std::array<std::uint32_t, 36> x{};
  std::memcpy(x.data(), at, x.size() * sizeof(std::uint32_t));
  for (std::size_t i = 0; i < 16; ++i)
    if (x[i] == inner || x[i] == outer) return true;
  for (std::size_t i = 0; i < 4; ++i)
    if ((x[i] ^ between) == x[i + 16] || (x[i] ^ between) == x[i + 32]) return true;
  return false;
#endif
}

// The block whose tail of pad bytes begins with the word at `tail`, of the size
// given. The tail's length is counted in words, so a key that ends inside a
// word, or with a zero, changes nothing.
std::optional<PadBlock> block_of_tail(Bytes bytes, std::size_t tail, std::size_t size) {
  const std::uint32_t pad = word_at(bytes, tail);
  if (tail >= 4 && word_at(bytes, tail - 4) == pad) return std::nullopt;
  std::size_t end = tail;
  while (end + 4 <= bytes.size() && end - tail <= longest_tail && word_at(bytes, end) == pad) end += 4;
  const std::size_t length = end - tail;
  if (length < shortest_tail || length + shortest_head > size || end < size) return std::nullopt;
  return PadBlock{.begin = end - size, .size = size, .head = size - length};
}

// All pad blocks with a tail in a window, by their bytes. Made only when an own
// block asks for its partner, so that it costs nothing where there are no pads.
class Partners {
 public:
  explicit Partners(const Window &window) : window_(window) {}

  // Where, within what the anchor may see, the block's every byte is there
  // again xor 0x6a.
  std::optional<std::size_t> find(const PadBlock &block, std::size_t anchor) {
    if (!made_) make();
    SecretBytes wanted = bytes_of(block);
    for (std::byte &byte : wanted) byte ^= std::byte{0x6a};
    const auto found = blocks_.find(wanted);
    if (found == blocks_.end()) return std::nullopt;
    const Window::Around around = window_.around(anchor);
    const auto first = std::ranges::lower_bound(found->second, around.begin);
    if (first == found->second.end() || *first + block.size > around.begin + around.bytes.size())
      return std::nullopt;
    return *first;
  }

 private:
  SecretBytes bytes_of(const PadBlock &block) const {
    return secret_copy(window_.bytes.subspan(block.begin, block.size));
  }

  void make() {
    made_ = true;
    // At every byte: where the words of what surrounds the own bytes begin is not known.
    const Bytes all = window_.bytes;
    for (std::size_t at = 0; at + 4 <= all.size(); ++at) {
      const std::uint32_t word = word_at(all, at);
      if (word != inner && word != outer) continue;
      for (const std::size_t size : block_sizes)
        if (const auto block = block_of_tail(all, at, size))
          blocks_[bytes_of(*block)].push_back(block->begin);
    }
    for (auto &[block, places] : blocks_) std::ranges::sort(places);
  }

  const Window &window_;
  bool made_ = false;
  std::map<SecretBytes, std::vector<std::size_t>> blocks_{};
};

class PadSearch {
 public:
  PadSearch(const Window &window, CandidateSink &sink) : window_(window), sink_(sink), partners_(window) {}

  void search(std::size_t begin, std::size_t end) {
    constexpr std::size_t reach = 128 + 16;
    // The tests lie at places of the layer, so that a block meets the same ones
    // through any window: a tail has a word in one of them, and of two
    // neighbours the first has its first 64 bytes in one.
    const std::uint64_t first = window_.offset + begin;
    const auto before = static_cast<std::size_t>((first - first % 4) % period);
    for (std::size_t at = begin - std::min(begin - begin % 4, before); at < end + period; at += period) {
      if (at + reach <= window_.bytes.size() && !any_passes(window_.bytes.data() + at)) continue;
      for (std::size_t place = at; place < at + period; place += 4)
        if (place >= begin && place < end) examine_tail(place);
      for (std::size_t place = at - std::min(at, period - 4); place <= at; place += 4)
        if (place >= begin && place < end) examine_neighbours(place);
    }
  }

 private:
  void examine_tail(std::size_t tail) {
    if (tail + 4 > window_.bytes.size()) return;
    const std::uint32_t word = word_at(window_.bytes, tail);
    if (word != inner && word != outer) return;
    // A pair of the larger size is also one of the smaller, for the key's last
    // bytes.
    for (const std::size_t size : {std::size_t{128}, std::size_t{64}}) {
      const auto block = plausible_block(tail, size);
      if (!block || (size == 128 && has_both_pads(*block))) continue;
      if (const auto other = partners_.find(*block, tail)) return report(*block, other);
    }
    for (const std::size_t size : block_sizes) {
      const auto block = plausible_block(tail, size);
      if (block && !may_be_constant(*block) &&
          head_looks_random(window_.bytes.subspan(block->begin, block->head)))
        return report(*block, std::nullopt);
    }
  }

  std::optional<PadBlock> plausible_block(std::size_t tail, std::size_t size) const {
    const auto block = block_of_tail(window_.bytes, tail, size);
    if (!block || different_bytes(window_.bytes.subspan(block->begin, block->head)) < least_different)
      return std::nullopt;
    return block;
  }

  // Two blocks without tails, one right behind the other: keys as long as a
  // block.
  void examine_neighbours(std::size_t at) {
    for (const std::size_t size : block_sizes) {
      if (at + 2 * size > window_.bytes.size()) return;
      const Bytes first = window_.bytes.subspan(at, size);
      const Bytes second = window_.bytes.subspan(at + size, size);
      const auto differs = [](std::byte a, std::byte b) { return (a ^ b) == std::byte{0x6a}; };
      if (!std::ranges::equal(first, second, differs)) continue;
      if (block_has_tail(first) || !head_looks_random(first)) continue;
      return report({.begin = at, .size = size, .head = size}, at + size);
    }
  }

  // Programs keep 16 or 32 pad bytes as a constant for vector instructions,
  // behind the tables of a hash: seen in libcrypt. There random bytes go on
  // before the block, or the other constant comes next.
  bool may_be_constant(const PadBlock &block) const {
    constexpr std::size_t vector = 16;
    const std::size_t end = block.begin + block.size;
    if (end + vector <= window_.bytes.size() && block_has_tail(window_.bytes.subspan(end, vector)))
      return true;
    const std::size_t tail = block.size - block.head;
    if ((tail != vector && tail != 2 * vector) || block.begin < vector) return false;
    const Bytes before = window_.bytes.subspan(block.begin - vector, vector);
    std::array<std::uint64_t, 2> words{};
    std::memcpy(words.data(), before.data(), vector);
    return std::ranges::none_of(words, plain_word) && different_bytes(before) >= least_different;
  }

  // A block of 64 bytes with the other pad, and the one at hand behind it, are
  // no block of 128.
  bool has_both_pads(const PadBlock &block) const {
    const Bytes first = window_.bytes.subspan(block.begin, 64);
    return block_has_tail(first) && first.back() != window_.bytes[block.begin + block.size - 1];
  }

  static bool block_has_tail(Bytes block) {
    const Bytes tail = block.last(shortest_tail);
    const bool is_pad = tail[0] == std::byte{0x36} || tail[0] == std::byte{0x5c};
    return is_pad && std::ranges::count(tail, tail[0]) == static_cast<std::ptrdiff_t>(tail.size());
  }

  void report(const PadBlock &block, std::optional<std::size_t> other) {
    Candidate candidate{.signature = "hmac-key",
                        .algorithm = "hmac",
                        .representation = "hmac-pad",
                        .begin = block.begin,
                        .size = block.size,
                        .evidence = Evidence::structure,
                        .form = Form::hmac_pad,
                        .detail = "what it authenticates is not known"};
    if (other) {
      candidate.form = Form::hmac_pads;
      candidate.representation = "hmac-pads";
      candidate.payload = secret_copy(window_.bytes.subspan(block.begin, block.size));
      const Bytes second = window_.bytes.subspan(*other, block.size);
      candidate.payload.insert(candidate.payload.end(), second.begin(), second.end());
    }
    sink_.add(std::move(candidate));
  }

  const Window &window_;
  CandidateSink &sink_;
  Partners partners_;
};

class HmacPads final : public Detector {
 public:
  std::string_view name() const noexcept override { return "hmac-pads"; }

  void sweep(const Window &window, CandidateSink &sink) const override {
    PadSearch search(window, sink);
    for_each_aligned(window, [&](std::size_t begin, std::size_t end) { search.search(begin, end); });
  }
};

constinit const HmacPads detector;

}  // namespace

extern const Detector &hmac_pads_detector;
const Detector &hmac_pads_detector = detector;

}  // namespace dumpgate
