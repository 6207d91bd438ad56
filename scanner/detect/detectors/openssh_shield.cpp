// Prekeys of OpenSSH's shielded keys (8.1 and later, sshkey.c): 16 KiB of random bytes, from which ssh-agent
// and sshd derive the cipher key of each private key they keep. They stand in a glibc chunk, whose size word
// is the anchor, or, from other allocators (musl, jemalloc, pages of their own), in a stretch of random words
// that is exactly so long. The one rule: the prekey alone is no secret and no finding; the proof looks for
// what it opens.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "scanner/detect/detector.h"
#include "scanner/detect/random_words.h"
#include "scanner/detect/shield_prekey.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;

// Of these places in the layer a prekey covers four, wherever it begins.
constexpr std::size_t step = prekey_size / 4;
constexpr std::array anchor_texts{prekey_chunk_size};

// A stretch of random words of a prekey's length: one of its ends is seen by a plain word, or a page begins
// it.
class Stretch {
 public:
  // `place` is one of the places that a prekey covers, `phase` where in eight bytes words begin there, `page`
  // where the page of memory begins that holds the place.
  Stretch(Bytes bytes, std::size_t place, std::size_t phase, std::size_t page)
      : bytes_(bytes), place_(place + (phase + 8 - place % 8) % 8), page_(page) {}

  // Where a prekey begins whose first place is this one. A random word is plain with probability 3.4e-5, so
  // one of the two ends is seen too early in two stretches of a hundred; then the other one tells.
  std::optional<std::size_t> prekey() const {
    const auto begin = begin_of();
    if (begin && ends_random(*begin) && !goes_on_at(*begin + prekey_size) && is_prekey(bytes_, *begin))
      return begin;
    const auto end = end_of();
    if (end && *end >= prekey_size && begins_random(*end - prekey_size) &&
        is_prekey(bytes_, *end - prekey_size))
      return *end - prekey_size;
    if (begins_random(page_) && ends_random(page_) && !goes_on_at(page_ + prekey_size) &&
        is_prekey(bytes_, page_))
      return page_;
    return std::nullopt;
  }

 private:
  bool begins_random(std::size_t begin) const { return !plain(begin) && !goes_on_before(begin); }
  bool ends_random(std::size_t begin) const {
    return begin + prekey_size <= bytes_.size() && !plain(begin + prekey_size - 8);
  }
  bool plain(std::size_t at) const {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes_.data() + at, sizeof word);
    return plain_word(word);
  }
  bool goes_on_at(std::size_t at) const { return at + 32 <= bytes_.size() && may_be_random(bytes_, at); }
  bool goes_on_before(std::size_t at) const { return at >= 32 && may_be_random(bytes_, at - 32); }

  std::optional<std::size_t> begin_of() const {
    for (std::size_t at = place_; at + step >= place_; at -= 8)
      if (at < 8 || plain(at - 8)) return at;
    return std::nullopt;
  }

  std::optional<std::size_t> end_of() const {
    const std::size_t last = place_ + prekey_size - step;
    // A place less than a look in front of the stretch may have been taken for its first.
    for (std::size_t at = last; at <= last + step + 32; at += 8)
      if (at + 8 > bytes_.size() || plain(at)) return at;
    return std::nullopt;
  }

  Bytes bytes_;
  std::size_t place_;
  std::size_t page_;
};

class OpensshShieldDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "openssh-shield"; }
  std::span<const std::string_view> anchors() const noexcept override { return anchor_texts; }

  void at(const Window& window, std::size_t position, std::size_t, CandidateSink& sink) const override {
    const Window::Around around = window.around(position);
    const std::size_t begin = around.at + anchor_texts[0].size();
    if (is_prekey(around.bytes, begin)) report(around.begin + begin, sink);
  }

  void sweep(const Window& window, CandidateSink& sink) const override {
    const std::uint64_t own_begin = window.offset + window.own_begin;
    const std::uint64_t own_end = window.offset + std::min(window.own_end, window.bytes.size());
    for (std::uint64_t place = (own_begin + step - 1) / step * step; place < own_end; place += step)
      examine_place(window, static_cast<std::size_t>(place - window.offset), sink);
  }

 private:
  static void examine_place(const Window& window, std::size_t position, CandidateSink& sink) {
    if (position + 32 > window.bytes.size() || !may_be_random(window.bytes, position)) return;
    const Window::Around around = window.around(position);
    if (!is_first_place(around.bytes, around.at)) return;
    const unsigned shift =
        window.regions == nullptr ? 0 : window.regions->alignment(window.offset + position).shift;
    const std::size_t phase = (8 - (window.offset + around.begin + shift) % 8) % 8;
    const auto begin = Stretch(around.bytes, around.at, phase, page_of(window, position, around)).prekey();
    if (begin && !is_announced(around.bytes, *begin)) report(around.begin + *begin, sink);
  }

  // The place itself where no address is known.
  static std::size_t page_of(const Window& window, std::size_t position, const Window::Around& around) {
    constexpr std::uint64_t page = 4096;
    if (window.regions == nullptr) return around.at;
    const auto place = window.regions->locate(window.offset + position);
    const std::size_t back = place ? static_cast<std::size_t>(place->address % page) : 0;
    return back <= around.at ? around.at - back : around.at;
  }

  // Whether a prekey may cover this place, and none before: in the middle of random data all looks alike.
  static bool is_first_place(Bytes bytes, std::size_t at) {
    constexpr std::size_t probes = 4;
    std::size_t random_before = 0;
    for (std::size_t i = 1; i <= probes && at >= i * step / probes; ++i)
      random_before += may_be_random(bytes, at - i * step / probes) ? 1U : 0U;
    if (random_before == probes || at + prekey_size - step > bytes.size()) return false;
    // Of the last place it may cover no more than the first byte.
    return may_be_random(bytes, at + step) && may_be_random(bytes, at + 2 * step) &&
           may_be_random(bytes, at + 3 * step - 32);
  }

  // The anchor in front of it reports it.
  static bool is_announced(Bytes bytes, std::size_t begin) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), begin);
    return text.ends_with(anchor_texts[0]);
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
