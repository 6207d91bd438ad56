#include "scanner/detect/pkcs12_shape.h"

#include <algorithm>

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;
using namespace std::string_view_literals;

constexpr auto pfx_start = "\x02\x01\x03\x30"sv;                       // version 3, then ContentInfo
constexpr auto oid_data = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"sv;    // RFC 5652 section 4
constexpr auto oid_signed = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"sv;  // section 5

}  // namespace

std::optional<KeyShape> pkcs12_at(Bytes bytes, std::size_t version) {
  constexpr auto ber = DerReader::Rules::ber;
  DerReader reader(bytes.subspan(version), ber);
  if (!reader.whole(der::integer)) return std::nullopt;
  const auto safe = reader.next(der::sequence);
  if (!safe) return std::nullopt;
  DerReader info(*safe, ber);
  const auto type = info.whole(der::object_identifier);
  const auto content = info.next(der::context_0);
  if (!type || !(equals(type->content, oid_data) || equals(type->content, oid_signed)) || !content) {
    return std::nullopt;
  }
  bool whole = !safe->cut;
  if (whole) {
    const auto mac = reader.next(der::sequence);
    whole = !mac || !mac->cut;
  }
  KeyShape shape;
  shape.inside = version;
  shape.begin = version;
  shape.end = bytes.size() - reader.left().size();
  shape.cut = !whole;
  if (const auto header = sequence_header_before(bytes, version, shape.end - version)) {
    shape.begin = header->begin;
    shape.header_intact = true;
    const bool more = !header->indefinite && header->length > shape.end - version;
    shape.cut = shape.cut || more;
  }
  shape.evidence = !shape.cut && shape.header_intact ? Evidence::structure : Evidence::marker;
  return shape;
}

bool inside_pkcs12(Bytes bytes, std::size_t inner) {
  const auto head = bytes.first(inner);
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  // Few places of a dump hold these four bytes; the bound keeps an adversary's dump from costing more.
  std::size_t at = text.rfind(pfx_start);
  for (int tries = 0; tries < 8 && at != std::string_view::npos; ++tries) {
    const auto shape = pkcs12_at(bytes, at);
    if (shape && shape->header_intact && shape->end > inner) return true;
    if (at == 0) break;
    at = text.rfind(pfx_start, at - 1);
  }
  return false;
}

}  // namespace dumpgate
