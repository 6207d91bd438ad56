// NumberSet: the numbers of one key, taken out of a structure that is neither DER nor SSH's, in one form that
// a single proof understands (Form::number_set). The one rule: a detector says what each number is called
// there, never what it is worth; a number whose place the structure does not tell has the role `any`.
//
// The payload is a sequence of entries: one octet for the role, the size as a big-endian uint32, the bytes.
// Numbers are big-endian. It lives in memory only and is no format that anybody else reads.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "scanner/base/secret_bytes.h"

namespace dumpgate {

enum class NumberRole : std::uint8_t {
  any,  // one of RFC 8017 A.1.2, nobody knows which
  // RSA
  n,
  e,
  d,  // also an EC scalar or the raw secret of an Edwards or Montgomery curve
  p,
  q,
  dp,
  dq,
  qinv,
  // DSA and ElGamal, beside p and q
  g,
  y,
  x,
  // elliptic curves, beside d
  curve,  // its name, as libgcrypt, SSH or OpenSSL write it
  point,  // SEC 1 2.3.3, or RFC 8032's octets with or without libgcrypt's prefix 0x40
};

struct NumberEntry {
  NumberRole role = NumberRole::any;
  std::span<const std::byte> bytes{};
};

class NumberSetWriter {
 public:
  void add(NumberRole role, std::span<const std::byte> bytes);
  void add_reversed(NumberRole role, std::span<const std::byte> bytes);  // for little-endian numbers
  void add(NumberRole role, std::string_view text);
  SecretBytes take() { return std::move(payload_); }

 private:
  void begin(NumberRole role, std::size_t size);

  SecretBytes payload_{};
};

// Views into `payload`; stops at the first entry that does not fit, and after 64.
std::vector<NumberEntry> read_number_set(std::span<const std::byte> payload);

}  // namespace dumpgate
