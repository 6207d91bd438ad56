// MacCheck: whether a key signed a given message with HMAC: a JSON Web Token or a DNS request. The one rule:
// the whole MAC of the message, 128 bits or more, must be equal, so no number of trials gives a wrong key.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "scanner/proof/prove.h"

namespace dumpgate {

class MacCheck {
 public:
  // `message` is that of an oracle of this kind, from its first byte on: a compact JWS (detect/jws.h) or a
  // signed request (detect/tsig.h); nothing when it is none. Copies what it needs. Throws std::bad_alloc when
  // OpenSSL has no memory, here and below.
  static std::optional<MacCheck> make(Oracle::Kind kind, std::span<const std::byte> message);
  ~MacCheck();
  MacCheck(MacCheck&&) noexcept;
  MacCheck& operator=(MacCheck&&) noexcept;

  // What messages of one key mostly share: a token's header, the name of a DNS key.
  std::span<const std::byte> signer() const;

  // One to two microseconds for a message of 200 bytes. One thread at a time.
  bool signed_by(std::span<const std::byte> key);

 private:
  MacCheck();
  struct State;
  std::unique_ptr<State> state_;
};

// How a finding names the relation, and what the key is for; "" for other oracles.
std::string_view mac_relation(Oracle::Kind kind);
std::string_view mac_purpose(Oracle::Kind kind);

}  // namespace dumpgate
