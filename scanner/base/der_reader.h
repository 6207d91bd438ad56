// DerReader: takes apart ASN.1 in its Distinguished and Basic encodings (X.690), out of bytes that nobody
// vouches for. The one rule: everything is a view into the caller's bytes; nothing is allocated, nothing
// recurses, and an encoding that ends early says so (`cut`) instead of being wrong, because dumps are full of
// halves.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dumpgate {

// Identifier octets, X.690 8.1.2. Tags above 30 (several octets) occur in no encoding of a key and are
// refused.
namespace der {
inline constexpr std::uint8_t integer = 0x02;
inline constexpr std::uint8_t bit_string = 0x03;
inline constexpr std::uint8_t octet_string = 0x04;
inline constexpr std::uint8_t null = 0x05;
inline constexpr std::uint8_t object_identifier = 0x06;
inline constexpr std::uint8_t sequence = 0x30;
inline constexpr std::uint8_t context_0 = 0xa0;  // constructed
inline constexpr std::uint8_t context_1 = 0xa1;
}  // namespace der

struct DerElement {
  std::uint8_t tag = 0;
  std::span<const std::byte> whole{};    // identifier, length and content, as far as they are there
  std::span<const std::byte> content{};  // without the two zero octets that end an indefinite form
  std::uint64_t claimed = 0;             // the content's length as its header says; 0 for the indefinite form
  bool cut = false;                      // the content runs past the bytes at hand
};

class DerReader {
 public:
  enum class Rules : std::uint8_t {
    der,  // definite, shortest lengths
    ber,  // also longer lengths and the indefinite form
  };

  // `bytes` begin with an element and may end anywhere: one that runs past them is `cut`.
  explicit DerReader(std::span<const std::byte> bytes, Rules rules = Rules::der)
      : left_(bytes), rules_(rules), may_be_cut_(true) {}

  // The inside of a constructed element. What runs past the end of a whole parent is malformed, not cut.
  explicit DerReader(const DerElement& parent, Rules rules = Rules::der)
      : left_(parent.content), rules_(rules), may_be_cut_(parent.cut) {}

  bool empty() const { return left_.empty(); }
  std::span<const std::byte> left() const { return left_; }

  // next takes the next element, cut or whole. Nothing, and no move, at the end or when the header is
  // malformed or incomplete.
  std::optional<DerElement> next();

  // next takes the next element only if it has this tag.
  std::optional<DerElement> next(std::uint8_t tag);

  // whole takes the next element only if it has this tag and all of its content is there.
  std::optional<DerElement> whole(std::uint8_t tag);

 private:
  struct Header;
  std::optional<Header> header_of(std::span<const std::byte> bytes) const;
  std::optional<DerElement> read_indefinite(std::size_t header) const;

  std::span<const std::byte> left_;
  Rules rules_;
  bool may_be_cut_;
};

// The magnitude of a whole INTEGER: big-endian, without the sign octet. Nothing for negative numbers and for
// encodings with needless leading octets (X.690 8.3.2). Zero is one zero octet.
std::optional<std::span<const std::byte>> der_unsigned(const DerElement& element);

// The value of a whole INTEGER below 2^32, else nothing.
std::optional<std::uint32_t> der_small(const DerElement& element);

// The bytes of a whole BIT STRING without unused bits.
std::optional<std::span<const std::byte>> der_bits(const DerElement& element);

// "1.2.840.113549.1.1.1" of the content octets of an OBJECT IDENTIFIER; nothing when they are not one or when
// an arc needs more than 63 bits.
std::optional<std::string> oid_text(std::span<const std::byte> content);

// Byte-wise comparison with a constant, as "\x2b\x65\x70".
bool equals(std::span<const std::byte> bytes, std::string_view constant);

}  // namespace dumpgate
