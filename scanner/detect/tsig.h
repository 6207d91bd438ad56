// DNS messages signed with a shared secret (TSIG, RFC 8945): what clients of name servers send for updates
// and zone transfers. They are no secret, but each tells the key that signed it from all others. The one
// rule: only requests are read, for the MAC of an answer covers its request's MAC too, and that lies
// elsewhere.

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace dumpgate {

// TYPE, CLASS, TTL and the upper byte of RDLENGTH of every TSIG record (RFC 8945 4.2): its anchor.
inline constexpr std::string_view tsig_fields{"\x00\xfa\x00\xff\x00\x00\x00\x00\x00", 9};

inline constexpr std::size_t longest_tsig_message = 4096;  // bytes in front of tsig_fields

struct TsigMessage {
  std::string_view digest{};             // OpenSSL's name of the hash
  std::vector<std::byte> key_name{};     // in lower case, uncompressed
  std::vector<std::byte> signed_part{};  // what the MAC is over (RFC 8945 4.3)
  std::vector<std::byte> mac{};          // 16 bytes or more: it may be cut (RFC 8945 5.2.2.1)
  std::size_t size = 0;                  // of the message with its TSIG record
};

// The request that begins with the first byte and ends with a TSIG record. Copies what it returns. Costs no
// more than the message's length.
std::optional<TsigMessage> tsig_message(std::span<const std::byte> bytes);

// Where the request begins whose TSIG record has its tsig_fields at bytes[at]. Costs microseconds, and a
// tenth of a millisecond of bytes made to look like many messages.
std::optional<std::size_t> tsig_message_begin(std::span<const std::byte> bytes, std::size_t at);

}  // namespace dumpgate
