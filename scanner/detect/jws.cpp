#include "scanner/detect/jws.h"

#include <algorithm>
#include <string>

#include "scanner/base/secret_bytes.h"
#include "scanner/detect/text_view.h"

namespace dumpgate {
namespace {

bool is_base64url(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// The base64url characters at the front, `most` and one more at the most.
std::string_view segment(std::string_view text, std::size_t most) {
  const std::string_view seen = text.substr(0, most + 1);
  const auto end = std::ranges::find_if_not(seen, is_base64url);
  return seen.substr(0, static_cast<std::size_t>(end - seen.begin()));
}

// The hash of "alg" in a header; 0 when it is no HMAC. Only the member "alg" has such a value in practice,
// and a header that is misread costs a few vain trials: the MAC decides.
unsigned hash_bits(std::string_view header) {
  const SecretBytes decoded = decode_base64(header);
  const std::string_view json(reinterpret_cast<const char*>(decoded.data()), decoded.size());
  const std::size_t name = json.find("\"alg\"");
  if (name == json.npos) return 0;
  const std::string_view value = json.substr(name + 5, 16);
  if (value.find("\"HS256\"") != value.npos) return 256;
  if (value.find("\"HS384\"") != value.npos) return 384;
  if (value.find("\"HS512\"") != value.npos) return 512;
  return 0;
}

}  // namespace

std::optional<Jws> jws_at(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with("eyJ")) return std::nullopt;
  Jws token;
  token.header = segment(text, longest_jws_header);
  const std::size_t payload_at = token.header.size() + 1;
  if (payload_at > longest_jws_header || payload_at >= text.size() || text[payload_at - 1] != '.')
    return std::nullopt;
  const std::string_view payload = segment(text.substr(payload_at), longest_jws_payload);
  const std::size_t signature_at = payload_at + payload.size() + 1;
  if (payload.size() > longest_jws_payload || signature_at >= text.size() || text[signature_at - 1] != '.')
    return std::nullopt;
  constexpr std::size_t longest_signature = 86;
  const std::string_view signature = segment(text.substr(signature_at), longest_signature);
  token.bits = hash_bits(token.header);
  if (token.bits == 0 || signature.size() != (token.bits / 8 * 4 + 2) / 3) return std::nullopt;
  const SecretBytes decoded = decode_base64(signature);
  if (decoded.size() != token.bits / 8) return std::nullopt;
  token.signature.assign(decoded.begin(), decoded.end());
  token.signed_part = text.substr(0, signature_at - 1);
  token.size = signature_at + signature.size();
  return token;
}

}  // namespace dumpgate
