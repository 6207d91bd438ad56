#include "scanner/detect/tsig.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "scanner/base/byte_cursor.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;
using Octets = std::vector<std::byte>;
using namespace std::string_view_literals;

constexpr std::size_t header_size = 12;      // RFC 1035 4.1.1
constexpr std::size_t shortest_before = 18;  // header, the shortest question, the root as the key's name
constexpr std::size_t longest_domain = 255;  // RFC 1035 2.3.4
constexpr std::size_t most_records = 256;    // of a message
constexpr std::size_t least_mac = 16;        // fewer bytes prove too little
constexpr std::size_t most_walked = 2048;    // records, looking for the beginning of one message

struct Algorithm {
  std::string_view name{};  // in wire form
  std::string_view digest{};
  std::size_t size = 0;  // of the MAC, bytes
};

// RFC 8945 section 6.
constexpr std::array<Algorithm, 6> algorithms{{
    {"\x08hmac-md5\x07sig-alg\x03reg\x03int\0"sv, "MD5", 16},
    {"\x09hmac-sha1\0"sv, "SHA1", 20},
    {"\x0bhmac-sha224\0"sv, "SHA224", 28},
    {"\x0bhmac-sha256\0"sv, "SHA256", 32},
    {"\x0bhmac-sha384\0"sv, "SHA384", 48},
    {"\x0bhmac-sha512\0"sv, "SHA512", 64},
}};

// A query, NOTIFY or UPDATE (RFC 1035, 1996, 2136) with one question or zone, no error, and a record behind
// the others that may be the TSIG.
bool is_request_header(Bytes header) {
  const auto word = [&](std::size_t at) { return load<std::uint16_t>(header.data() + at, ByteOrder::big); };
  const unsigned flags = word(2);
  constexpr unsigned answer = 0x8000, truncated = 0x0200, reserved = 0x0040, error = 0x000f;
  const unsigned operation = (flags >> 11U) & 0xfU;
  if ((flags & (answer | truncated | reserved | error)) != 0) return false;
  if (operation != 0 && operation != 4 && operation != 5) return false;
  const std::size_t others = std::size_t{word(6)} + word(8) + word(10);
  return word(4) == 1 && word(10) >= 1 && others <= most_records;
}

bool skip_name(ByteCursor& cursor) {
  for (std::size_t labels = 0; labels < longest_domain / 2; ++labels) {
    const auto length = cursor.u8();
    if (!length) return false;
    if (*length == 0) return true;
    if (*length >= 0xc0) return cursor.skip(1);  // a pointer (RFC 1035 4.1.4) ends the name
    if (*length > 63 || !cursor.skip(*length)) return false;
  }
  return false;
}

// Where the last record of the message begins. Subtracts each record that it passes from `budget`, and gives
// up when that is used up.
std::optional<std::size_t> last_record(Bytes message, std::size_t& budget) {
  if (message.size() < header_size || !is_request_header(message.first(header_size))) return std::nullopt;
  ByteCursor cursor(message, ByteOrder::big);
  (void)cursor.skip(6);
  const std::size_t answers = cursor.u16().value_or(0);
  const std::size_t authorities = cursor.u16().value_or(0);
  const std::size_t additional = cursor.u16().value_or(0);
  if (!skip_name(cursor) || !cursor.skip(4)) return std::nullopt;
  for (std::size_t record = 1; record < answers + authorities + additional; ++record) {
    if (budget == 0) return std::nullopt;
    --budget;
    if (!skip_name(cursor) || !cursor.skip(8)) return std::nullopt;
    const auto length = cursor.u16();
    if (!length || !cursor.skip(*length)) return std::nullopt;
  }
  return cursor.position();
}

// The name that `cursor` stands before, in canonical form (RFC 4034 6.2); the cursor moves behind it.
std::optional<Octets> read_name(Bytes message, ByteCursor& cursor) {
  Octets name;
  ByteCursor reader(message, ByteOrder::big);
  (void)reader.seek(cursor.position());
  if (!skip_name(cursor)) return std::nullopt;
  std::size_t lowest = reader.position();  // pointers lead to what came before, so they end
  while (name.size() < longest_domain) {
    const auto length = reader.u8();
    if (!length) return std::nullopt;
    if (*length >= 0xc0) {
      const auto rest = reader.u8();
      const std::size_t target = (*length & 0x3fU) << 8U | rest.value_or(0);
      if (!rest || target >= lowest || !reader.seek(target)) return std::nullopt;
      lowest = target;
      continue;
    }
    const auto label = reader.take(*length);
    if (*length > 63 || !label) return std::nullopt;
    name.push_back(std::byte{*length});
    for (const std::byte octet : *label) {
      const bool is_capital = octet >= std::byte{'A'} && octet <= std::byte{'Z'};
      name.push_back(is_capital ? octet | std::byte{0x20} : octet);
    }
    if (*length == 0) return name;
  }
  return std::nullopt;
}

const Algorithm* mac_algorithm(const Octets& name) {
  const std::string_view text(reinterpret_cast<const char*>(name.data()), name.size());
  const auto found = std::ranges::find(algorithms, text, &Algorithm::name);
  return found == algorithms.end() ? nullptr : &*found;
}

void add_to(Octets& to, Bytes more) { to.insert(to.end(), more.begin(), more.end()); }

// The record's data (RFC 8945 4.2), read as far as the MAC covers it.
struct Record {
  const Algorithm* algorithm = nullptr;
  Octets algorithm_name{};
  Bytes times{};  // time signed and fudge
  Bytes mac{};
  Bytes original_id{};
  Bytes rest{};  // error, length of other data, other data
};

std::optional<Record> read_data(Bytes message, ByteCursor& cursor, std::size_t size) {
  Record record;
  const std::size_t end = cursor.position() + size;
  auto name = read_name(message, cursor);
  if (!name) return std::nullopt;
  record.algorithm = mac_algorithm(*name);
  record.algorithm_name = std::move(*name);
  if (record.algorithm == nullptr) return std::nullopt;
  const auto take = [&](std::size_t count, Bytes& out) {
    const auto taken = cursor.take(count);
    if (taken) out = *taken;
    return taken.has_value();
  };
  if (!take(8, record.times)) return std::nullopt;
  const auto mac_size = cursor.u16();
  if (!mac_size || *mac_size < least_mac || *mac_size > record.algorithm->size) return std::nullopt;
  if (!take(*mac_size, record.mac) || !take(2, record.original_id)) return std::nullopt;
  if (cursor.position() + 4 > end || !take(end - cursor.position(), record.rest)) return std::nullopt;
  const bool is_whole = load<std::uint16_t>(record.rest.data() + 2, ByteOrder::big) == record.rest.size() - 4;
  return is_whole ? std::optional(std::move(record)) : std::nullopt;
}

bool has_fields(Bytes bytes, std::size_t at) {
  return at + tsig_fields.size() <= bytes.size() &&
         std::memcmp(bytes.data() + at, tsig_fields.data(), tsig_fields.size()) == 0;
}

}  // namespace

std::optional<TsigMessage> tsig_message(Bytes bytes) {
  std::size_t budget = most_records;
  const auto begin = last_record(bytes, budget);
  if (!begin) return std::nullopt;
  ByteCursor cursor(bytes, ByteOrder::big);
  (void)cursor.seek(*begin);
  auto key_name = read_name(bytes, cursor);
  if (!key_name || !has_fields(bytes, cursor.position())) return std::nullopt;
  (void)cursor.skip(tsig_fields.size());
  const auto size = cursor.u8();
  if (!size || *size > cursor.left()) return std::nullopt;
  const auto record = read_data(bytes, cursor, *size);
  if (!record) return std::nullopt;

  TsigMessage message;
  message.digest = record->algorithm->digest;
  message.mac.assign(record->mac.begin(), record->mac.end());
  message.size = cursor.position();
  // The message as it was before the record was added, with the identifier that it had then.
  add_to(message.signed_part, record->original_id);
  add_to(message.signed_part, bytes.subspan(2, *begin - 2));
  const unsigned additional = load<std::uint16_t>(bytes.data() + 10, ByteOrder::big) - 1U;
  message.signed_part[10] = static_cast<std::byte>(additional >> 8U);
  message.signed_part[11] = static_cast<std::byte>(additional & 0xffU);
  // The TSIG variables.
  add_to(message.signed_part, *key_name);
  add_to(message.signed_part, std::as_bytes(std::span(tsig_fields)).subspan(2, 6));  // class and TTL
  add_to(message.signed_part, record->algorithm_name);
  add_to(message.signed_part, record->times);
  add_to(message.signed_part, record->rest);
  message.key_name = std::move(*key_name);
  return message;
}

std::optional<std::size_t> tsig_message_begin(Bytes bytes, std::size_t at) {
  if (!has_fields(bytes, at)) return std::nullopt;
  std::size_t budget = most_walked;
  for (std::size_t before = shortest_before; before <= std::min(at, longest_tsig_message); ++before) {
    const Bytes message = bytes.subspan(at - before);
    const auto last = last_record(message, budget);
    if (!last) continue;
    ByteCursor cursor(message, ByteOrder::big);
    (void)cursor.seek(*last);
    if (skip_name(cursor) && cursor.position() == before && tsig_message(message)) return at - before;
  }
  return std::nullopt;
}

}  // namespace dumpgate
