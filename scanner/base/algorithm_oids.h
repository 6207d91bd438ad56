// Object identifiers of key algorithms: the content octets as DER encodes them, to be compared with bytes.

#pragma once

#include <string_view>

namespace dumpgate {

inline constexpr std::string_view oid_rsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";       // RFC 3279 2.3.1
inline constexpr std::string_view oid_rsa_pss = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";   // RFC 4055 1.2
inline constexpr std::string_view oid_ec = "\x2a\x86\x48\xce\x3d\x02\x01";                // RFC 5480 2.1.1
inline constexpr std::string_view oid_dsa = "\x2a\x86\x48\xce\x38\x04\x01";               // RFC 3279 2.3.2
inline constexpr std::string_view oid_dh_pkcs3 = "\x2a\x86\x48\x86\xf7\x0d\x01\x03\x01";  // PKCS #3
inline constexpr std::string_view oid_dh_x942 = "\x2a\x86\x48\xce\x3e\x02\x01";           // RFC 3279 2.3.3
inline constexpr std::string_view oid_x25519 = "\x2b\x65\x6e";                            // RFC 8410 3
inline constexpr std::string_view oid_x448 = "\x2b\x65\x6f";                              // RFC 8410 3
inline constexpr std::string_view oid_ed25519 = "\x2b\x65\x70";                           // RFC 8410 3
inline constexpr std::string_view oid_ed448 = "\x2b\x65\x71";                             // RFC 8410 3

}  // namespace dumpgate
