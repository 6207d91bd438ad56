// SipHash-2-4 (Aumasson and Bernstein 2012): a keyed 64-bit hash that is cheap for a few bytes. The one rule:
// who does not hold the key can neither tell what was hashed nor try guesses.

#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "scanner/base/byte_cursor.h"
#include "scanner/base/secret_bytes.h"

namespace dumpgate {

// The key is wiped when released. const means safe for concurrent use.
class SipHash {
 public:
  explicit SipHash(std::span<const std::byte, 16> key)
      : k0_(load<std::uint64_t>(key.data(), ByteOrder::little)),
        k1_(load<std::uint64_t>(key.data() + 8, ByteOrder::little)) {}
  SipHash(const SipHash&) = default;
  SipHash& operator=(const SipHash&) = default;
  ~SipHash() {
    wipe(&k0_, sizeof k0_);
    wipe(&k1_, sizeof k1_);
  }

  std::uint64_t operator()(std::span<const std::byte> message) const {
    State state{k0_ ^ 0x736f6d6570736575U, k1_ ^ 0x646f72616e646f6dU, k0_ ^ 0x6c7967656e657261U,
                k1_ ^ 0x7465646279746573U};
    const std::size_t whole = message.size() / 8 * 8;
    for (std::size_t at = 0; at < whole; at += 8)
      state.absorb(load<std::uint64_t>(message.data() + at, ByteOrder::little));
    std::array<std::byte, 8> last{};
    for (std::size_t at = whole; at < message.size(); ++at) last.at(at - whole) = message[at];
    last[7] = static_cast<std::byte>(message.size());
    state.absorb(load<std::uint64_t>(last.data(), ByteOrder::little));
    state.v2 ^= 0xffU;
    for (int i = 0; i < 4; ++i) state.round();
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
  }

 private:
  struct State {
    std::uint64_t v0, v1, v2, v3;
    void round() {
      v0 += v1, v1 = std::rotl(v1, 13) ^ v0, v0 = std::rotl(v0, 32);
      v2 += v3, v3 = std::rotl(v3, 16) ^ v2;
      v0 += v3, v3 = std::rotl(v3, 21) ^ v0;
      v2 += v1, v1 = std::rotl(v1, 17) ^ v2, v2 = std::rotl(v2, 32);
    }
    void absorb(std::uint64_t word) {
      v3 ^= word;
      round();
      round();
      v0 ^= word;
    }
  };
  std::uint64_t k0_;
  std::uint64_t k1_;
};

}  // namespace dumpgate
