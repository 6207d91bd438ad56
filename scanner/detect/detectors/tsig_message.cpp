// Signed DNS requests (TSIG): not found for themselves, but as the test by which their key is known. The one
// rule: a name server's memory may hold them by the thousand, and each costs thousands of trials, so of each
// 64 KiB of the layer the first of a key counts, and of two keys at the most. That depends on the bytes
// alone, not on windows.

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "scanner/detect/detector.h"
#include "scanner/detect/tsig.h"

namespace dumpgate {
namespace {

constexpr std::size_t block = std::size_t{64} * 1024;
constexpr std::size_t most_keys = 2;
constexpr std::size_t most_earlier = 16;  // anchors in the same block: who writes more has no messages there
constexpr std::array<std::string_view, 1> anchor_texts{tsig_fields};

class TsigMessageDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "tsig-message"; }
  std::span<const std::string_view> anchors() const noexcept override { return anchor_texts; }

  void at(const Window& window, std::size_t position, std::size_t, CandidateSink& sink) const override {
    const Window::Around around = window.around(position);
    const std::size_t inside = (window.offset + position) % block;
    // Before the message is looked for, which costs far more: memory may be nothing but anchors.
    if (has_too_many_before(around, inside)) return;
    const auto begin = tsig_message_begin(around.bytes, around.at);
    if (!begin) return;
    const auto message = tsig_message(around.bytes.subspan(*begin));
    if (!message || !is_among_the_first(around, inside, message->key_name)) return;
    // The place is the anchor's, so that what lies around it is around the candidate.
    sink.add({.signature = "hmac-key",
              .algorithm = "hmac",
              .begin = position,
              .size = *begin + message->size - around.at,
              .evidence = Evidence::hint,
              .form = Form::tsig_message,
              .payload = secret_copy(around.bytes.subspan(*begin, message->size))});
  }

 private:
  // The next anchor in the block behind `at`, the block's begin or an anchor: its second byte, or npos.
  static std::size_t next_anchor(const Window::Around& around, std::size_t at) {
    const std::string_view before(reinterpret_cast<const char*>(around.bytes.data()), around.at);
    return before.find(tsig_fields.substr(1), at + 1);  // memory is full of zeros
  }

  static bool has_too_many_before(const Window::Around& around, std::size_t inside) {
    std::size_t at = around.at - std::min(inside, around.at);
    for (std::size_t seen = 0; seen <= most_earlier; ++seen) {
      at = next_anchor(around, at);
      if (at == std::string_view::npos) return false;
    }
    return true;
  }

  // Whether no message of the same key precedes this one in its block, of which `inside` bytes lie before the
  // anchor, and fewer than most_keys of others.
  static bool is_among_the_first(const Window::Around& around, std::size_t inside,
                                 const std::vector<std::byte>& key_name) {
    std::vector<std::vector<std::byte>> names;
    for (std::size_t at = around.at - std::min(inside, around.at);;) {
      at = next_anchor(around, at);
      if (at == std::string_view::npos) return names.size() < most_keys;
      const auto begin = tsig_message_begin(around.bytes, at - 1);
      const auto earlier = begin ? tsig_message(around.bytes.subspan(*begin)) : std::nullopt;
      if (!earlier || std::ranges::find(names, earlier->key_name) != names.end()) continue;
      if (earlier->key_name == key_name) return false;
      names.push_back(earlier->key_name);
    }
  }
};

constinit const TsigMessageDetector detector;

}  // namespace

extern const Detector& tsig_message_detector;
const Detector& tsig_message_detector = detector;

}  // namespace dumpgate
