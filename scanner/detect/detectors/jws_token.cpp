// JSON Web Tokens signed with HMAC: not found for themselves, but as the test
// by which their key is known. The one rule: a web server's memory holds tokens
// by the thousand, and each costs thousands of trials, so of each 64 KiB of the
// layer only the first is taken, and the first with another header: who signs
// with two keys says so in the header. That depends on the bytes alone, not on
// windows.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "scanner/detect/detector.h"
#include "scanner/detect/jws.h"

namespace dumpgate {
namespace {

constexpr std::uint64_t block = 64ULL * 1024;
constexpr std::size_t most_headers = 2;
constexpr std::size_t look_back = 64;

// Whether a token may begin here: "eyJ" occurs once at the front of a run of
// base64 characters. What stands before it may be a length or another byte that
// happens to be a letter.
bool may_begin(std::span<const std::byte> bytes, std::size_t at) {
  const auto letter = [&](std::size_t i) {
    const auto c = std::to_integer<unsigned char>(bytes[i]);
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  std::size_t begin = at;
  while (begin > 0 && at - begin < look_back && letter(begin - 1)) --begin;
  const std::string_view before(reinterpret_cast<const char *>(bytes.data()) + begin, at - begin);
  return before.find("eyJ") == before.npos;
}

class JwsTokenDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "jws-token"; }

  void sweep(const Window &window, CandidateSink &sink) const override {
    const std::uint64_t own_end = window.offset + std::min(window.own_end, window.bytes.size());
    for (std::uint64_t begin = (window.offset + window.own_begin) / block * block; begin < own_end;
         begin += block)
      search(window, begin, sink);
  }

 private:
  // A block begins at most window_context before the own bytes, so all of it up
  // to them is in the window.
  static void search(const Window &window, std::uint64_t begin, CandidateSink &sink) {
    const std::uint64_t own_end = window.offset + std::min(window.own_end, window.bytes.size());
    const auto first = static_cast<std::size_t>(std::max(begin, window.offset) - window.offset);
    const auto last = static_cast<std::size_t>(std::min(begin + block, own_end) - window.offset);
    std::vector<std::string> headers;
    headers.reserve(most_headers);
    const auto *const bytes = reinterpret_cast<const char *>(window.bytes.data());
    // 'J' is the rarest of the three letters in text.
    for (std::size_t at = first; headers.size() < most_headers && at < last;) {
      const std::size_t left = std::min(last + 2, window.bytes.size()) - at;
      const void *const letter = left > 2 ? std::memchr(bytes + at + 2, 'J', left - 2) : nullptr;
      if (letter == nullptr) break;
      const auto place = static_cast<std::size_t>(static_cast<const char *>(letter) - bytes) - 2;
      if (bytes[place] == 'e' && bytes[place + 1] == 'y') examine(window, place, headers, sink);
      at = place + 1;
    }
  }

  static void examine(const Window &window, std::size_t at, std::vector<std::string> &headers,
                      CandidateSink &sink) {
    const Window::Around around = window.around(at);
    if (!may_begin(around.bytes, around.at)) return;
    const auto token = jws_at(around.bytes.subspan(around.at));
    if (!token || std::ranges::find(headers, token->header) != headers.end()) return;
    headers.emplace_back(token->header);
    if (at < window.own_begin) return;
    sink.add({.signature = "hmac-key",
              .algorithm = "hmac",
              .begin = at,
              .size = token->size,
              .evidence = Evidence::hint,
              .form = Form::jws_token});
  }
};

constinit const JwsTokenDetector detector;

}  // namespace

extern const Detector &jws_token_detector;
const Detector &jws_token_detector = detector;

}  // namespace dumpgate
