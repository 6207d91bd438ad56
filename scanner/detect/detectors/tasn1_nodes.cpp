// INTEGERs as libtasn1 keeps them (GnuTLS's X.509 private keys): each in a node of its own, a heap chunk that
// holds length and content of DER (X.690 8.1.3, 8.3) and no tag. The one rule: a number proves nothing by
// itself, and certificates bring moduli in the same form, so that only numbers near each other that relate
// are a key.

#include <array>

#include "scanner/base/byte_cursor.h"
#include "scanner/base/der_reader.h"
#include "scanner/detect/der_shapes.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/number_chain.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;
using namespace std::string_view_literals;

// Lengths of moduli and primes of RSA-1024 to RSA-8192, with the sign octet that their top bit asks for.
constexpr std::array anchor_texts{
    "\x81\x81\x00"sv,      // 1024 bits
    "\x81\xc1\x00"sv,      // 1536
    "\x82\x01\x01\x00"sv,  // 2048
    "\x82\x01\x81\x00"sv,  // 3072
    "\x82\x02\x01\x00"sv,  // 4096
    "\x82\x04\x01\x00"sv,  // 8192
};

struct NodeReader {
  static constexpr std::size_t gap = 1024;
  static constexpr std::size_t step = 8;  // chunks of every allocator in use
  static constexpr std::size_t most_number = 2049;
  static constexpr std::size_t judged = 32;  // bytes: enough to tell a number from text and tables

  static bool is_anchor(Bytes bytes, std::size_t at) {
    if (at >= bytes.size() || is_tagged(bytes, at)) return false;
    const Bytes rest = bytes.subspan(at);
    return std::ranges::any_of(anchor_texts, [&](std::string_view text) {
      return rest.size() >= text.size() && equals(rest.first(text.size()), text);
    });
  }

  std::optional<NumberPlace> at(Bytes bytes, std::size_t at) const {
    const auto header = header_at(bytes, at);
    if (!header || is_tagged(bytes, at)) return std::nullopt;
    const std::size_t begin = at + header->first;
    if (bytes.size() - begin < header->second) return std::nullopt;
    const Bytes number = bytes.subspan(begin, header->second);
    const bool is_short = header->first == 1;
    const bool has_sign = number[0] == std::byte{0};
    if ((number[0] & std::byte{0x80}) != std::byte{0} || (is_short && !has_sign)) return std::nullopt;
    if (has_sign && (number[1] & std::byte{0x80}) == std::byte{0}) return std::nullopt;
    if (!looks_random(number.subspan(1, judged))) return std::nullopt;
    return NumberPlace{.begin = at, .end = begin + number.size(), .number = number};
  }

 private:
  // In DER the same length follows a tag; then other detectors know better.
  static bool is_tagged(Bytes bytes, std::size_t at) {
    return at > 0 && bytes[at - 1] == std::byte{der::integer};
  }

  // The sizes of the length and of the content. Of the short form only the primes of RSA-1024 and RSA-1536.
  static std::optional<std::pair<std::size_t, std::size_t>> header_at(Bytes bytes, std::size_t at) {
    if (bytes.size() < 4 || at > bytes.size() - 4) return std::nullopt;
    const auto byte = [&](std::size_t i) { return std::to_integer<std::size_t>(bytes[at + i]); };
    if (byte(0) == 0x41 || byte(0) == 0x61) return std::pair(std::size_t{1}, byte(0));
    if (byte(0) == 0x81 && byte(1) >= 0x80) return std::pair(std::size_t{2}, byte(1));
    const std::size_t size = 256 * byte(1) + byte(2);
    if (byte(0) != 0x82 || size < 0x100 || size > most_number) return std::nullopt;
    return std::pair(std::size_t{3}, size);
  }
};

class Tasn1NodesDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "tasn1-nodes"; }
  std::span<const std::string_view> anchors() const noexcept override { return anchor_texts; }

  void at(const Window& window, std::size_t position, std::size_t, CandidateSink& sink) const override {
    using Chain = NumberChain<NodeReader>;
    const auto bytes = group_bytes(window, position);
    const auto chain = Chain::around(bytes);
    if (chain.places.size() < 2 || Chain::is_reported_before(window, bytes, chain)) return;
    sink.add(Chain::candidate(bytes, chain, "tasn1-node"));
  }
};

constinit const Tasn1NodesDetector detector;

}  // namespace

extern const Detector& tasn1_nodes_detector;
const Detector& tasn1_nodes_detector = detector;

}  // namespace dumpgate
