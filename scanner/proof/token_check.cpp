#include "scanner/proof/token_check.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <new>
#include <vector>

#include "scanner/base/secret_bytes.h"
#include "scanner/detect/jws.h"
#include "scanner/proof/bignum.h"

namespace dumpgate {
namespace {

struct Free {
  void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

const char* digest_name(unsigned bits) { return bits == 256 ? "SHA256" : bits == 384 ? "SHA384" : "SHA512"; }

}  // namespace

// HMAC by hand (RFC 2104): EVP_MAC costs several times the hashing of a short token.
struct TokenCheck::State {
  std::vector<std::byte> signed_part{};
  std::vector<std::byte> signature{};
  std::size_t header = 0;
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

TokenCheck::TokenCheck() : state_(std::make_unique<State>()) {}
TokenCheck::~TokenCheck() = default;
TokenCheck::TokenCheck(TokenCheck&&) noexcept = default;
TokenCheck& TokenCheck::operator=(TokenCheck&&) noexcept = default;

std::optional<TokenCheck> TokenCheck::make(std::span<const std::byte> token) {
  auto parsed = jws_at(token);
  if (!parsed) return std::nullopt;
  TokenCheck check;
  State& state = *check.state_;
  const auto text = std::as_bytes(std::span(parsed->signed_part));
  state.signed_part.assign(text.begin(), text.end());
  state.signature = std::move(parsed->signature);
  state.header = parsed->header.size();
  state.block = parsed->bits == 256 ? 64 : 128;
  state.digest.reset(EVP_MD_fetch(crypto_library(), digest_name(parsed->bits), nullptr));
  if (!state.digest || !state.context) throw std::bad_alloc();
  return check;
}

std::span<const std::byte> TokenCheck::header() const {
  return std::span(state_->signed_part).first(state_->header);
}

bool TokenCheck::signed_by(std::span<const std::byte> key) {
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
  return size == state.signature.size() &&
         std::equal(state.signature.begin(), state.signature.end(), mac.begin());
}

}  // namespace dumpgate
