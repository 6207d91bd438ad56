// Pointers to the prekeys of OpenSSH's shielded keys: `struct sshkey` keeps a shielded key's address and
// length and its prekey's address and length, which is always 16 KiB. Through them a prekey is found that its
// own surroundings do not give away (openssh_shield.cpp), in dumps that know addresses. The one rule: the
// pointers are no finding; they say which memory is worth a look.
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

namespace dumpgate {
namespace {

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
    constexpr std::size_t block = 16 * sizeof(Word);
    const Word wanted = length_word<Word>(window.regions->map().order);
    std::size_t at = begin;
    for (; at + block <= end; at += block) {
      bool any = false;
      for (std::size_t i = 0; i < block; i += sizeof(Word)) any = any | is_word(window.bytes, at + i, wanted);
      if (any) examine_block<Word>(window, at, at + block, wanted, sink);
    }
    examine_block<Word>(window, at, std::min(end, window.bytes.size() - sizeof(Word) + 1), wanted, sink);
  }

  template <typename Word>
  static void examine_block(const Window& window, std::size_t begin, std::size_t end, Word wanted,
                            CandidateSink& sink) {
    constexpr std::size_t before = (shield_members - 1) * sizeof(Word);
    for (std::size_t at = begin; at < end; at += sizeof(Word))
      if (at >= before && is_word(window.bytes, at, wanted) && prekey_offset(window, at - before))
        sink.add({.signature = "openssh-private-key",
                  .representation = "openssh-shielded",
                  .begin = at - before,
                  .size = shield_members * sizeof(Word),
                  .evidence = Evidence::hint,
                  .form = Form::shield_pointers});
  }

  // The length as it stands in memory.
  template <typename Word>
  static Word length_word(ByteOrder order) {
    static_assert(prekey_size == 0x4000);
    std::array<std::byte, sizeof(Word)> bytes{};
    bytes.at(order == ByteOrder::big ? sizeof(Word) - 2 : 1) = std::byte{0x40};
    return std::bit_cast<Word>(bytes);
  }

  template <typename Word>
  static bool is_word(std::span<const std::byte> bytes, std::size_t at, Word wanted) {
    Word word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    return word == wanted;
  }
};

const OpensshShieldPointersDetector detector;

}  // namespace

extern const Detector& openssh_shield_pointers_detector;
const Detector& openssh_shield_pointers_detector = detector;

}  // namespace dumpgate
