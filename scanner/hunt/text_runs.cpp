#include "scanner/hunt/text_runs.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "scanner/detect/random_words.h"
#include "scanner/detect/text_view.h"
#include "scanner/hunt/word_text.h"

namespace dumpgate {
namespace {

constexpr std::size_t shortest = 43;  // characters: 32 bytes without padding
constexpr std::size_t longest = 96;   // 72 bytes; longer texts are encodings, which detectors read
constexpr std::size_t most_words = 9;
// A text covers at least one place of this grid, and half of `middle` on either side of it.
constexpr std::size_t stride = 32;
constexpr std::size_t middle = 8;

// The lines of PEM bodies: what their longest key is cut into is no key by itself.
constexpr std::array<std::size_t, 2> body_lines{64, 76};

constexpr std::array<bool, 256> make_alphabet() {
  std::array<bool, 256> alphabet{};
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"))
    alphabet[static_cast<unsigned char>(c)] = true;
  return alphabet;
}
constexpr std::array<bool, 256> alphabet = make_alphabet();

class TextRuns {
 public:
  TextRuns(const Window& window, RunStore& runs)
      : window_(window),
        text_(reinterpret_cast<const char*>(window.bytes.data()), window.bytes.size()),
        runs_(runs) {}

  void gather() {
    const std::uint64_t first = window_.offset + window_.own_begin;
    const std::uint64_t last = window_.offset + window_.own_end + longest;
    std::size_t done = 0;
    auto at = static_cast<std::size_t>((first + stride - 1) / stride * stride - window_.offset);
    if (at < middle / 2) at += stride;
    const std::size_t end_of_places = std::min(static_cast<std::size_t>(last - window_.offset),
                                               text_.size() - std::min(text_.size(), middle / 2 - 1));
    for (; at < end_of_places; at += stride) {
      if (!may_cover(at) || at < done) continue;
      std::size_t begin = at;
      while (begin > 0 && at - begin <= longest && is_digit(begin - 1)) --begin;
      std::size_t end = at + 1;
      while (end < text_.size() && is_digit(end)) ++end;
      done = end;
      if (begin >= window_.own_begin && begin < window_.own_end) examine(begin, end);
    }
  }

 private:
  bool is_digit(std::size_t at) const { return alphabet[static_cast<unsigned char>(text_[at])]; }

  // Whether the characters on either side of `at`, which are there, are a text's. One comparison for all of
  // them ends it for nearly all of memory: every digit is at least '+', and none has its top bit set.
  bool may_cover(std::size_t at) const {
    const std::size_t first = at - middle / 2;
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, text_.data() + first, middle);
    constexpr std::uint64_t ones = 0x0101010101010101U;
    const std::uint64_t at_least_plus = (bytes | (ones * 0x80)) - ones * '+';
    if ((at_least_plus & ~bytes & (ones * 0x80)) != ones * 0x80) return false;
    for (std::size_t i = first; i < first + middle; ++i)
      if (!is_digit(i)) return false;
    return true;
  }

  void examine(std::size_t begin, std::size_t end) {
    const std::size_t size = end - begin;
    if (size < shortest || size > longest || !is_plausible(text_.substr(begin, size))) return;
    if (std::ranges::find(body_lines, size) != body_lines.end() && has_neighbour(begin, end)) return;
    std::size_t padding = 0;
    while (padding < 2 && end + padding < text_.size() && text_[end + padding] == '=') ++padding;
    // A whole text begins with a group of four characters; one whose head is lost ends with one.
    const std::size_t over = (size + padding) % 4;
    if (padding == 0 && over >= 2) add(begin, size);
    if (size - over >= shortest - 3) add(begin + over, size - over);
  }

  // Not a digest in hexadecimal, an identifier, or the digest of a package ("sha512-...").
  static bool is_plausible(std::string_view text) {
    const auto has = [&](char first, char last) {
      return std::ranges::any_of(text, [&](char c) { return c >= first && c <= last; });
    };
    return has('A', 'Z') && has('a', 'z') && !text.starts_with("sha") && may_encode_bytes(text);
  }

  // Whether a line of at least as many digits stands right before or behind this one.
  bool has_neighbour(std::size_t begin, std::size_t end) const {
    const auto line_break = [&](std::size_t at) { return text_[at] == '\n' || text_[at] == '\r'; };
    const std::size_t size = end - begin;
    std::size_t next = end;
    while (next < text_.size() && next - end < 2 && line_break(next)) ++next;
    if (next != end && next < text_.size() && text_[next] != '-' && is_digit(next)) return true;
    std::size_t last = begin;
    while (last > 0 && begin - last < 2 && line_break(last - 1)) --last;
    if (last == begin || last < size) return false;
    const std::string_view before = text_.substr(last - size, size);
    return std::ranges::all_of(before, [](char c) { return alphabet[static_cast<unsigned char>(c)]; });
  }

  // The last words of the bytes that `size` characters from `begin` on encode.
  void add(std::size_t begin, std::size_t size) {
    const SecretBytes bytes = decode_base64(text_.substr(begin, size));
    const std::size_t count = std::min(bytes.size() / 8, most_words);
    if (count < shortest_run) return;
    const std::size_t skipped = bytes.size() - 8 * count;
    words_.resize(count);
    std::memcpy(words_.data(), bytes.data() + skipped, 8 * count);
    if (std::ranges::any_of(words_, plain_word) && count == shortest_run) return;
    test_.read(words_);
    bool kept = false;
    for (std::size_t at = 0; at + shortest_run <= count; ++at)
      kept = kept || test_.looks_random(at, shortest_run);
    if (!kept) return;
    runs_.add({.offset = window_.offset + begin + skipped * 4 / 3, .words = words_, .text = true});
  }

  const Window& window_;
  std::string_view text_;
  RunStore& runs_;
  std::vector<std::uint64_t, WipingAllocator<std::uint64_t>> words_{};
  RandomTest test_{};
};

}  // namespace

void gather_text_runs(const Window& window, RunStore& runs) { TextRuns(window, runs).gather(); }

}  // namespace dumpgate
