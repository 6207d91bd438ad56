#include "scanner/proof/mac_check.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <new>
#include <string>
#include <vector>

#include "scanner/base/secret_bytes.h"
#include "scanner/detect/jws.h"
#include "scanner/detect/tsig.h"
#include "scanner/proof/bignum.h"

namespace dumpgate {
namespace {

struct Free {
  void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

// HMAC by hand (RFC 2104): EVP_MAC costs several times the hashing of a short message.
struct MacCheck::State {
  std::vector<std::byte> signed_part{};
  std::vector<std::byte> mac{};
  std::vector<std::byte> signer{};
  std::size_t block = 0;  // of the hash, bytes
  std::unique_ptr<EVP_MD, Free> digest{};
  std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};

  // Two parts, so that no copy is made of the message.
  std::size_t hash(std::span<const std::byte> first, std::span<const std::byte> second,
                   std::span<std::byte> out) {
    unsigned size = 0;
    const bool done =
        EVP_DigestInit_ex2(context.get(), digest.get(), nullptr) == 1 &&
        EVP_DigestUpdate(context.get(), first.data(), first.size()) == 1 &&
        EVP_DigestUpdate(context.get(), second.data(), second.size()) == 1 &&
        EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size) == 1;
    if (!done) throw std::bad_alloc();
    return size;
  }
};

MacCheck::MacCheck() : state_(std::make_unique<State>()) {}
MacCheck::~MacCheck() = default;
MacCheck::MacCheck(MacCheck&&) noexcept = default;
MacCheck& MacCheck::operator=(MacCheck&&) noexcept = default;

std::optional<MacCheck> MacCheck::make(Oracle::Kind kind, std::span<const std::byte> message) {
  MacCheck check;
  State& state = *check.state_;
  std::string digest;
  if (kind == Oracle::Kind::hmac_token) {
    auto token = jws_at(message);
    if (!token) return std::nullopt;
    digest = "SHA" + std::to_string(token->bits);
    state.signed_part = bytes_of(token->signed_part);
    state.signer = bytes_of(token->header);
    state.mac = std::move(token->signature);
  } else if (kind == Oracle::Kind::tsig_message) {
    auto request = tsig_message(message);
    if (!request) return std::nullopt;
    digest = request->digest;
    state.signed_part = std::move(request->signed_part);
    state.signer = std::move(request->key_name);
    state.mac = std::move(request->mac);
  } else {
    return std::nullopt;
  }
  state.digest.reset(EVP_MD_fetch(crypto_library(), digest.c_str(), nullptr));
  if (!state.digest || !state.context) throw std::bad_alloc();
  state.block = static_cast<std::size_t>(EVP_MD_get_block_size(state.digest.get()));
  return check;
}

std::span<const std::byte> MacCheck::signer() const { return state_->signer; }

bool MacCheck::signed_by(std::span<const std::byte> key) {
  State& state = *state_;
  std::array<std::byte, 128> pad{};
  std::array<std::byte, EVP_MAX_MD_SIZE> mac{};
  if (key.size() > state.block)
    (void)state.hash(key, {}, pad);
  else
    std::ranges::copy(key, pad.begin());
  const auto block = std::span(pad).first(state.block);
  for (std::byte& byte : block) byte ^= std::byte{0x36};
  const std::size_t size = state.hash(block, state.signed_part, mac);
  for (std::byte& byte : block) byte ^= std::byte{0x6a};
  (void)state.hash(block, std::span(mac).first(size), mac);
  wipe(pad.data(), pad.size());
  // The MAC of a DNS message may be cut; readers of both kinds see to its least length.
  return state.mac.size() <= size && std::equal(state.mac.begin(), state.mac.end(), mac.begin());
}

std::string_view mac_relation(Oracle::Kind kind) {
  if (kind == Oracle::Kind::hmac_token) return "hmac(token)";
  return kind == Oracle::Kind::tsig_message ? "hmac(message)" : "";
}

std::string_view mac_purpose(Oracle::Kind kind) {
  if (kind == Oracle::Kind::hmac_token) return "it signs JSON Web Tokens";
  return kind == Oracle::Kind::tsig_message ? "it signs DNS messages (TSIG)" : "";
}

}  // namespace dumpgate
