#include "scanner/base/der_reader.h"

#include <algorithm>

namespace dumpgate {

struct DerReader::Header {
  std::uint8_t tag = 0;
  std::size_t size = 0;  // of identifier and length
  std::uint64_t length = 0;
  bool indefinite = false;
};

// Lengths of more than four octets are refused: no key is that long.
std::optional<DerReader::Header> DerReader::header_of(std::span<const std::byte> bytes) const {
  if (bytes.size() < 2) return std::nullopt;
  Header header;
  header.tag = std::to_integer<std::uint8_t>(bytes[0]);
  if ((header.tag & 0x1fU) == 0x1fU) return std::nullopt;
  const auto first = std::to_integer<std::uint8_t>(bytes[1]);
  if (first < 0x80U) {
    header.size = 2;
    header.length = first;
    return header;
  }
  if (first == 0x80U) {
    const bool constructed = (header.tag & 0x20U) != 0;
    if (rules_ != Rules::ber || !constructed) return std::nullopt;
    header.size = 2;
    header.indefinite = true;
    return header;
  }
  const std::size_t octets = first & 0x7fU;
  if (octets > 4 || bytes.size() < 2 + octets) return std::nullopt;
  for (std::size_t i = 0; i < octets; ++i) {
    header.length = (header.length << 8U) | std::to_integer<std::uint8_t>(bytes[2 + i]);
  }
  const bool shortest = header.length >= 0x80U && (header.length >> (8 * (octets - 1))) != 0;
  if (rules_ == Rules::der && !shortest) return std::nullopt;
  header.size = 2 + octets;
  return header;
}

// Finds the two zero octets that end an indefinite form by counting the open ones; whatever has a definite
// length is stepped over whole, so this is linear and needs no stack.
std::optional<DerElement> DerReader::read_indefinite(std::size_t header) const {
  DerElement element;
  element.tag = std::to_integer<std::uint8_t>(left_[0]);
  std::size_t at = header;
  std::size_t open = 1;
  while (left_.size() - at >= 2) {
    const auto rest = left_.subspan(at);
    if (rest[0] == std::byte{0} && rest[1] == std::byte{0}) {
      at += 2;
      if (--open == 0) {
        element.whole = left_.first(at);
        element.content = left_.subspan(header, at - 2 - header);
        return element;
      }
      continue;
    }
    const auto inner = header_of(rest);
    if (!inner) {
      if (rest.size() < 6) break;  // perhaps only cut inside a header
      return std::nullopt;
    }
    if (inner->indefinite) ++open;
    if (inner->length > rest.size() - inner->size) break;
    at += inner->size + static_cast<std::size_t>(inner->length);
  }
  if (!may_be_cut_) return std::nullopt;
  element.whole = left_;
  element.content = left_.subspan(header);
  element.cut = true;
  return element;
}

std::optional<DerElement> DerReader::next() {
  const auto header = header_of(left_);
  if (!header) return std::nullopt;
  std::optional<DerElement> element;
  if (header->indefinite) {
    element = read_indefinite(header->size);
    if (!element) return std::nullopt;
  } else {
    const std::size_t there = left_.size() - header->size;
    if (header->length > there && !may_be_cut_) return std::nullopt;
    const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(header->length, there));
    element = DerElement{.tag = header->tag,
                         .whole = left_.first(header->size + size),
                         .content = left_.subspan(header->size, size),
                         .claimed = header->length,
                         .cut = header->length > there};
  }
  left_ = left_.subspan(element->whole.size());
  return element;
}

std::optional<DerElement> DerReader::next(std::uint8_t tag) {
  if (left_.empty() || std::to_integer<std::uint8_t>(left_[0]) != tag) return std::nullopt;
  return next();
}

std::optional<DerElement> DerReader::whole(std::uint8_t tag) {
  const auto before = left_;
  auto element = next(tag);
  if (element && element->cut) {
    left_ = before;
    return std::nullopt;
  }
  return element;
}

std::optional<std::span<const std::byte>> der_unsigned(const DerElement& element) {
  const auto bytes = element.content;
  if (element.tag != der::integer || element.cut || bytes.empty()) return std::nullopt;
  const bool negative = (bytes[0] & std::byte{0x80}) != std::byte{0};
  if (negative) return std::nullopt;
  if (bytes[0] != std::byte{0} || bytes.size() == 1) return bytes;
  const bool needed = (bytes[1] & std::byte{0x80}) != std::byte{0};
  if (!needed) return std::nullopt;
  return bytes.subspan(1);
}

std::optional<std::uint32_t> der_small(const DerElement& element) {
  const auto bytes = der_unsigned(element);
  if (!bytes || bytes->size() > 4) return std::nullopt;
  std::uint32_t value = 0;
  for (const std::byte b : *bytes) value = (value << 8U) | std::to_integer<std::uint32_t>(b);
  return value;
}

std::optional<std::span<const std::byte>> der_bits(const DerElement& element) {
  if (element.tag != der::bit_string || element.cut || element.content.empty()) return std::nullopt;
  if (element.content[0] != std::byte{0}) return std::nullopt;
  return element.content.subspan(1);
}

std::optional<std::string> oid_text(std::span<const std::byte> content) {
  if (content.empty() || content.size() > 64) return std::nullopt;
  std::string text;
  std::uint64_t arc = 0;
  bool inside = false;  // an arc whose last octet has not come yet
  for (const std::byte b : content) {
    const auto octet = std::to_integer<std::uint64_t>(b);
    if (!inside && octet == 0x80U) return std::nullopt;  // X.690 8.19.2: shortest form
    if ((arc >> 56U) != 0) return std::nullopt;
    arc = (arc << 7U) | (octet & 0x7fU);
    inside = (octet & 0x80U) != 0;
    if (inside) continue;
    if (text.empty()) {  // the first two arcs share one number, X.690 8.19.4
      const std::uint64_t first = std::min<std::uint64_t>(arc / 40, 2);
      text = std::to_string(first) + "." + std::to_string(arc - first * 40);
    } else {
      text += "." + std::to_string(arc);
    }
    arc = 0;
  }
  if (inside) return std::nullopt;
  return text;
}

bool equals(std::span<const std::byte> bytes, std::string_view constant) {
  return std::equal(bytes.begin(), bytes.end(), constant.begin(), constant.end(),
                    [](std::byte b, char c) { return b == static_cast<std::byte>(c); });
}

}  // namespace dumpgate
