// TokenCheck: whether a key signed a given JSON Web Token. The one rule: the whole MAC of 256 bits or more
// must be equal, so no number of trials gives a wrong key.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

namespace dumpgate {

class TokenCheck {
 public:
  // `token` is a compact JWS from its first byte on (detect/jws.h); nothing when it is none. Copies what it
  // needs. Throws std::bad_alloc when OpenSSL has no memory, here and below.
  static std::optional<TokenCheck> make(std::span<const std::byte> token);
  ~TokenCheck();
  TokenCheck(TokenCheck&&) noexcept;
  TokenCheck& operator=(TokenCheck&&) noexcept;

  std::span<const std::byte> header() const;  // base64url: tokens of one key mostly share it

  // One to two microseconds for a token of 200 bytes. One thread at a time.
  bool signed_by(std::span<const std::byte> key);

 private:
  TokenCheck();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dumpgate
