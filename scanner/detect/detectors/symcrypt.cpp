// Numbers of SymCrypt, the library under Windows' CNG: SYMCRYPT_INT objects, little-endian behind a header
// whose type is 'gI' << 16 (inc/symcrypt_internal.h; layout of version 103 on 64-bit machines). The moduli
// and divisors of a key hold such an object inside, so that n, p, q, the exponents and their positions are
// all found by this one type. The one rule: the library names no number by its part in the key; only
// arithmetic does.

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

constexpr std::array anchor_texts{"\0\0\x49\x67"sv};

// type, number of digits, size of the object in bytes, padding to 32, digits of 16, 32 or 64 bytes.
struct IntReader {
  static constexpr std::size_t gap = 4096;  // precomputed values of a modulus of 16384 bits lie between
  static constexpr std::size_t step = 8;
  static constexpr std::size_t header = 32;
  static constexpr std::uint32_t most_digits = 128;
  static constexpr std::size_t least_number = 48;  // bytes

  static bool is_anchor(Bytes bytes, std::size_t at) {
    return at <= bytes.size() && bytes.size() - at >= 4 && equals(bytes.subspan(at, 4), anchor_texts[0]);
  }

  std::optional<NumberPlace> at(Bytes bytes, std::size_t at) const {
    if (!is_anchor(bytes, at) || bytes.size() - at < header) return std::nullopt;
    const auto digits = load<std::uint32_t>(bytes.data() + at + 4, ByteOrder::little);
    const auto size = load<std::uint32_t>(bytes.data() + at + 8, ByteOrder::little);
    if (digits == 0 || digits > most_digits || size <= header) return std::nullopt;
    const std::size_t number = size - header;
    const std::size_t digit = number / digits;
    if (digit * digits != number || (digit != 16 && digit != 32 && digit != 64)) return std::nullopt;
    if (number < least_number || number > 2048 || bytes.size() - at < size) return std::nullopt;
    const Bytes content = bytes.subspan(at + header, number);
    if (!looks_random(content.first(least_number))) return std::nullopt;
    return NumberPlace{.begin = at, .end = at + size, .number = content, .little = true};
  }
};

class SymcryptDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "symcrypt"; }
  std::span<const std::string_view> anchors() const noexcept override { return anchor_texts; }

  void at(const Window& window, std::size_t position, std::size_t, CandidateSink& sink) const override {
    using Chain = NumberChain<IntReader>;
    const auto bytes = group_bytes(window, position);
    const auto chain = Chain::around(bytes);
    if (chain.places.size() < 2 || Chain::is_reported_before(window, bytes, chain)) return;
    sink.add(Chain::candidate(bytes, chain, "symcrypt"));
  }
};

constinit const SymcryptDetector detector;

}  // namespace

extern const Detector& symcrypt_detector;
const Detector& symcrypt_detector = detector;

}  // namespace dumpgate
