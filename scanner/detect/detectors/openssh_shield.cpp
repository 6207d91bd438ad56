// Prekeys of OpenSSH's shielded keys (8.1 and later, sshkey.c): 16 KiB of random bytes, from which ssh-agent
// and sshd derive the cipher key of each private key they keep. They stand in a glibc chunk, whose size word
// is the anchor, or, from pages that were mapped for them, at the start of a page. The one rule: the prekey
// alone is no secret and no finding; the proof looks for what it opens.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "scanner/base/secret_bytes.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/random_words.h"

namespace dumpgate {
namespace {

using namespace std::string_view_literals;
using Bytes = std::span<const std::byte>;

constexpr std::size_t prekey_size = std::size_t{16} * 1024;  // SSHKEY_SHIELD_PREKEY_LEN
constexpr std::uint64_t page = 4096;
// Of a chunk of 16 KiB and 16 bytes: its own size, with the bit for "the previous one is in use".
constexpr std::array anchor_texts{"\x11\x40\0\0\0\0\0\0"sv};

bool looks_random_at(Bytes bytes, std::size_t at, std::size_t words) {
  constexpr std::size_t most_words = 128;
  std::array<std::uint64_t, most_words> copy{};
  const auto part = std::span(copy).first(words);
  std::memcpy(part.data(), bytes.data() + at, words * sizeof(std::uint64_t));
  const bool random = looks_random(part);
  wipe(copy.data(), sizeof copy);
  return random;
}

// Every 1024 bytes look random, and no chunk begins inside: so prekeys do not overlap, and a dump full of
// anchors costs no more than one full of prekeys. A true prekey holds an anchor with probability 2^-50.
bool is_prekey(Bytes bytes, std::size_t at) {
  constexpr std::size_t words = 128;
  if (at + prekey_size > bytes.size()) return false;
  for (std::size_t offset = 0; offset < prekey_size; offset += words * 8)
    if (!looks_random_at(bytes, at + offset, words)) return false;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + at, prekey_size);
  return text.find(anchor_texts[0]) == text.npos;
}

// A cheap look at 32 bytes, before the dear ones and at a prekey's neighbours: at most two zeros, and bytes
// above 0x7f as in random data (5 to 27 of 32). Random bytes fail with probability 2.6e-4.
bool may_be_random(Bytes bytes, std::size_t at) {
  const Bytes line = bytes.subspan(at, 32);
  const auto high = std::ranges::count_if(line, [](std::byte b) { return (b >> 7U) != std::byte{0}; });
  return high >= 5 && high <= 27 && std::ranges::count(line, std::byte{0}) < 3;
}

// Whether random bytes go on in front of what begins at `begin`, or behind what ends at `end`.
bool goes_on(Bytes bytes, std::size_t begin, std::size_t end) {
  return (begin >= 32 && may_be_random(bytes, begin - 32)) ||
         (end + 32 <= bytes.size() && may_be_random(bytes, end));
}

class OpensshShieldDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "openssh-shield"; }
  std::span<const std::string_view> anchors() const noexcept override { return anchor_texts; }

  void at(const Window& window, std::size_t position, std::size_t, CandidateSink& sink) const override {
    const Window::Around around = window.around(position);
    const std::size_t begin = around.at + anchor_texts[0].size();
    if (is_prekey(around.bytes, begin)) report(around.begin + begin, sink);
  }

  // Pages, of the file and of the dumped memory, at which exactly 16 KiB of random bytes begin.
  void sweep(const Window& window, CandidateSink& sink) const override {
    const std::uint64_t own_begin = window.offset + window.own_begin;
    const std::uint64_t own_end = window.offset + std::min(window.own_end, window.bytes.size());
    const std::uint64_t first = (own_begin + page - 1) / page * page;
    for (std::uint64_t offset = first; offset < own_end + page; offset += page) {
      const auto examine = [&](std::uint64_t begin) {
        if (begin >= own_begin && begin < own_end)
          examine_page(window, static_cast<std::size_t>(begin - window.offset), sink);
      };
      examine(offset);
      if (window.regions == nullptr) continue;
      // The page of the dumped memory that holds this byte.
      const auto place = window.regions->locate(offset);
      if (place && place->address % page != 0 && place->address % page <= offset)
        examine(offset - place->address % page);
    }
  }

 private:
  static void examine_page(const Window& window, std::size_t position, CandidateSink& sink) {
    if (position + 32 > window.bytes.size() || !may_be_random(window.bytes, position)) return;
    const Window::Around around = window.around(position);
    if (goes_on(around.bytes, around.at, around.at + prekey_size)) return;
    if (is_prekey(around.bytes, around.at)) report(position, sink);
  }

  static void report(std::size_t begin, CandidateSink& sink) {
    sink.add({.signature = "openssh-private-key",
              .representation = "openssh-shielded",
              .begin = begin,
              .size = prekey_size,
              .evidence = Evidence::hint,
              .form = Form::shield_prekey});
  }
};

const OpensshShieldDetector detector;

}  // namespace

extern const Detector& openssh_shield_detector;
const Detector& openssh_shield_detector = detector;

}  // namespace dumpgate
