// read_public_keys: the files that people have their public keys in. The one rule: a file with a private key
// is refused, for such a file has no business on the machine that scans.

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "scanner/base/secret_bytes.h"
#include "scanner/detect/der_shapes.h"
#include "scanner/proof/public_key.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;
using Json = nlohmann::json;

constexpr std::uintmax_t most_file_bytes = std::uintmax_t{16} << 20U;
constexpr std::size_t most_keys = 100000;

Error private_key_error(const std::string& path) {
  return {.code = ErrorCode::usage,
          .message = path +
                     " holds a private key: give the public key or the certificate, and do not leave private "
                     "keys on a machine that scans dumps"};
}

struct Found {
  std::vector<PublicKey> keys{};
  bool private_key = false;

  void add(std::optional<PublicKey> key) {
    if (key && keys.size() < most_keys) keys.push_back(std::move(*key));
  }
};

// Base64 and base64url (RFC 4648 sections 4 and 5), padding optional, white space ignored.
std::optional<std::vector<std::byte>> decode_base64(std::string_view text) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<std::byte> bytes;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char raw : text) {
    if (raw == '=' || raw == ' ' || raw == '\n' || raw == '\r' || raw == '\t') continue;
    const char c = raw == '-' ? '+' : raw == '_' ? '/' : raw;
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<std::byte>((bits >> count) & 0xffU));
    }
  }
  return bytes;
}

void read_pem(std::string_view text, Found& found) {
  struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(char* text_) const { OPENSSL_free(text_); }
  };
  const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  ERR_set_mark();
  while (bio) {
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    if (PEM_read_bio(bio.get(), &name, &header, &data, &size) != 1) break;
    const std::unique_ptr<char, Free> name_owner(name);
    const std::unique_ptr<char, Free> header_owner(header);
    const Bytes der = std::as_bytes(std::span(data, static_cast<std::size_t>(size)));
    const std::string_view label = name;
    if (label.find("PRIVATE KEY") != std::string_view::npos) found.private_key = true;
    if (label.ends_with("CERTIFICATE")) found.add(parse_certificate(der));
    if (label == "PUBLIC KEY") found.add(parse_spki(der));
    if (label == "RSA PUBLIC KEY") found.add(parse_pkcs1_public(der));
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  }
  ERR_pop_to_mark();
}

bool is_private_der(Bytes bytes) {
  DerReader reader(bytes, DerReader::Rules::ber);
  const auto outer = reader.next(der::sequence);
  if (!outer) return false;
  const auto inside = static_cast<std::size_t>(outer->content.data() - bytes.data());
  return integers_key_at(bytes, inside) || sec1_key_at(bytes, inside) || pkcs8_key_at(bytes, inside);
}

void read_der(Bytes bytes, Found& found) {
  found.private_key = is_private_der(bytes);
  auto key = parse_certificate(bytes);
  if (!key) key = parse_spki(bytes);
  if (!key) key = parse_pkcs1_public(bytes);
  found.add(std::move(key));
}

std::vector<std::byte> member(const Json& jwk, const char* name) {
  const auto at = jwk.find(name);
  if (at == jwk.end() || !at->is_string()) return {};
  return decode_base64(at->get_ref<const std::string&>()).value_or(std::vector<std::byte>{});
}

std::string word(const Json& jwk, const char* name) {
  const auto at = jwk.find(name);
  return at != jwk.end() && at->is_string() ? at->get<std::string>() : std::string();
}

// RFC 7517, 7518 section 6, 8037 section 2, 8812 section 3.
void read_jwk(const Json& jwk, Found& found) {
  const std::string type = word(jwk, "kty");
  if (jwk.contains("d") || type == "oct") found.private_key = true;
  if (type == "RSA") found.add(rsa_public_key(member(jwk, "n"), member(jwk, "e")));
  const std::string curve = word(jwk, "crv");
  static constexpr std::pair<std::string_view, std::string_view> curves[] = {
      {"P-256", "prime256v1"}, {"P-384", "secp384r1"}, {"P-521", "secp521r1"}, {"secp256k1", "secp256k1"}};
  static constexpr std::pair<std::string_view, KeyAlgorithm> raw[] = {{"Ed25519", KeyAlgorithm::ed25519},
                                                                      {"Ed448", KeyAlgorithm::ed448},
                                                                      {"X25519", KeyAlgorithm::x25519},
                                                                      {"X448", KeyAlgorithm::x448}};
  for (const auto& [name, openssl] : curves) {
    if (type == "EC" && curve == name) found.add(ec_public_key(openssl, member(jwk, "x"), member(jwk, "y")));
  }
  for (const auto& [name, algorithm] : raw) {
    if (type == "OKP" && curve == name) found.add(raw_public_key(algorithm, member(jwk, "x")));
  }
}

void read_json(std::string_view text, Found& found) {
  const Json document = Json::parse(text, nullptr, false);
  if (document.is_discarded()) return;
  const auto keys = document.is_object() && document.contains("keys") ? document["keys"] : document;
  if (keys.is_object()) read_jwk(keys, found);
  if (!keys.is_array()) return;
  for (const auto& jwk : keys) {
    if (jwk.is_object()) read_jwk(jwk, found);
  }
}

// .pub, authorized_keys (options first) and known_hosts (host first): the blob follows the key type.
void read_ssh_lines(const std::string& text, Found& found) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    bool type_seen = false;
    for (std::string token; words >> token;) {
      if (type_seen) {
        const auto blob = decode_base64(token);
        if (blob) found.add(parse_ssh_public(*blob));
        break;
      }
      type_seen = token.starts_with("ssh-") || token.starts_with("ecdsa-sha2-") || token.starts_with("sk-");
    }
  }
}

Result<SecretBytes> read_file(const std::string& path) {
  std::error_code code;
  const auto size = std::filesystem::file_size(path, code);
  if (code) return Error{.code = ErrorCode::io, .message = path + ": " + code.message()};
  if (size > most_file_bytes)
    return Error{.code = ErrorCode::limit, .message = path + ": too large for public keys"};
  std::ifstream in(path, std::ios::binary);
  SecretBytes bytes(static_cast<std::size_t>(size));
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!in) return Error{.code = ErrorCode::io, .message = path + ": cannot be read"};
  return bytes;
}

Found read_any(const SecretBytes& bytes) {
  Found found;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return found;
  if (bytes[0] == std::byte{der::sequence}) read_der(bytes, found);
  if (text[first] == '{' || text[first] == '[') read_json(text, found);
  if (text.find("-----BEGIN ") != std::string_view::npos) read_pem(text, found);
  if (text.find("PRIVATE KEY-----") != std::string_view::npos) found.private_key = true;
  if (found.keys.empty() && !found.private_key) read_ssh_lines(std::string(text), found);
  return found;
}

}  // namespace

Result<std::vector<NamedPublicKey>> read_public_keys(const std::string& path) {
  try {
    const auto bytes = read_file(path);
    if (!bytes) return bytes.error();
    Found found = read_any(*bytes);
    if (found.private_key) return private_key_error(path);
    if (found.keys.empty()) {
      return Error{.code = ErrorCode::usage,
                   .message = path + ": no public key or certificate in it that is understood"};
    }
    const std::string name = std::filesystem::path(path).filename().string();
    std::vector<NamedPublicKey> named;
    for (auto& key : found.keys) {
      const std::string suffix = found.keys.size() > 1 ? "#" + std::to_string(named.size() + 1) : "";
      named.push_back({.name = name + suffix, .key = std::move(key)});
    }
    return named;
  } catch (const std::exception&) {
    return Error{.code = ErrorCode::internal, .message = path + ": out of memory"};
  }
}

}  // namespace dumpgate
