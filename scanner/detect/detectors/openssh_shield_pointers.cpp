// Pointers to OpenSSH's shielded keys and their prekeys: `struct sshkey` keeps a shielded key's address and
// length and its prekey's address and length, which is always 16 KiB. Through them both are found where their
// own surroundings do not give them away (openssh_shield.cpp), in dumps that know addresses. The one rule:
// the pointers are no finding; they say which memory is worth a look.
//
// The length stands for itself: a word that is 0x4000, at the alignment and in the byte order of the dumped
// machine. As a literal to search for it would be met at every 64 behind a zero, so words are compared.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "scanner/detect/detector.h"
#include "scanner/detect/shield_prekey.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace dumpgate {
namespace {

// The length as a word of memory.
template <typename Word>
Word length_word(ByteOrder order) {
  static_assert(prekey_size == 0x4000);
  std::array<std::byte, sizeof(Word)> bytes{};
  bytes.at(order == ByteOrder::big ? sizeof(Word) - 2 : 1) = std::byte{0x40};
  return std::bit_cast<Word>(bytes);
}

template <typename Word>
Word memory_word(const std::byte* at) {
  Word word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

constexpr std::size_t block = 64;

// Whether any of the 32-bit words of a block is this one: of a length of 64 bits that is half.
bool block_holds(const std::byte* at, std::uint32_t half) {
#if defined(__SSE2__)
  const __m128i wanted = _mm_set1_epi32(static_cast<int>(half));
  __m128i any = _mm_setzero_si128();
  for (std::size_t i = 0; i < block; i += sizeof(__m128i)) {
    __m128i four;
    std::memcpy(&four, at + i, sizeof four);
    any = _mm_or_si128(any, _mm_cmpeq_epi32(four, wanted));
  }
  return _mm_movemask_epi8(any) != 0;
#else
  for (std::size_t i = 0; i < block; i += sizeof half)
    if (memory_word<std::uint32_t>(at + i) == half) return true;
  return false;
#endif
}

class OpensshShieldPointersDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "openssh-shield-pointers"; }

  void sweep(const Window& window, CandidateSink& sink) const override {
    if (window.regions == nullptr || !window.regions->has_virtual_memory()) return;
    if (window.regions->map().word_bits == 32)
      examine_words<std::uint32_t>(window, sink);
    else
      examine_words<std::uint64_t>(window, sink);
  }

 private:
  template <typename Word>
  static void examine_words(const Window& window, CandidateSink& sink) {
    const std::uint64_t own_end = window.offset + std::min(window.own_end, window.bytes.size());
    for (std::uint64_t at = window.offset + window.own_begin; at < own_end;) {
      const RegionIndex::Alignment alignment = window.regions->alignment(at);
      const std::uint64_t end = std::min(alignment.end, own_end);
      const std::uint64_t first = at + (sizeof(Word) - (at + alignment.shift) % sizeof(Word)) % sizeof(Word);
      if (first < end)
        examine_stretch<Word>(window, static_cast<std::size_t>(first - window.offset),
                              static_cast<std::size_t>(end - window.offset), sink);
      at = end;
    }
  }

  // Words begin at `begin` and have their first byte before `end`.
  template <typename Word>
  static void examine_stretch(const Window& window, std::size_t begin, std::size_t end, CandidateSink& sink) {
    const std::uint32_t half = length_word<std::uint32_t>(window.regions->map().order);
    std::size_t at = begin;
    for (; at + block <= end; at += block)
      if (block_holds(window.bytes.data() + at, half)) examine_block<Word>(window, at, at + block, sink);
    examine_block<Word>(window, at, end, sink);
  }

  template <typename Word>
  static void examine_block(const Window& window, std::size_t begin, std::size_t end, CandidateSink& sink) {
    constexpr std::size_t before = (shield_members - 1) * sizeof(Word);
    const Word wanted = length_word<Word>(window.regions->map().order);
    for (std::size_t at = begin; at < end && at + sizeof(Word) <= window.bytes.size(); at += sizeof(Word)) {
      if (memory_word<Word>(window.bytes.data() + at) != wanted || at < before) continue;
      if (!shield_pointers(window, at - before)) continue;
      sink.add({.signature = "openssh-private-key",
                .representation = "openssh-shielded",
                .begin = at - before,
                .size = shield_members * sizeof(Word),
                .evidence = Evidence::hint,
                .form = Form::shield_pointers});
    }
  }
};

const OpensshShieldPointersDetector detector;

}  // namespace

extern const Detector& openssh_shield_pointers_detector;
const Detector& openssh_shield_pointers_detector = detector;

}  // namespace dumpgate
