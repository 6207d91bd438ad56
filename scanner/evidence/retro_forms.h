// RetroForm: one way in which software holds a secret number, as the bytes or characters that would lie in
// memory. The one rule: all of a form's bytes follow from the secret alone, and none from the public key, so
// that a dump with the certificate is never taken for one with the key.
//
// Encodings need no form of their own: DER, SSH, S-expressions and PKCS #8 hold the number's big-endian
// bytes; PEM and JWK hold base64 of bytes at one of three positions in a group of three.

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/base/secret_bytes.h"
#include "scanner/evidence/retro_windows.h"

namespace dumpgate {

struct RetroForm {
  std::string number{};       // "p", "d", "seed": from constants
  std::string_view layout{};  // "limbs-le64", "base64", ...: a constant
  RetroKind kind = RetroKind::bytes;
  SecretBytes bytes{};  // or characters in normal form
};

struct RetroSecret {
  std::string kind{};               // "rsa 2048", "ec prime256v1", "ed25519", "raw 32"
  std::string public_key_sha256{};  // "" for raw secrets
  std::vector<RetroForm> forms{};
};

enum class SecretEncoding : std::uint8_t {
  key,  // a private key: PEM or DER, PKCS #8, PKCS #1, SEC 1 or OpenSSL's own; not encrypted
  raw,  // the file's bytes are the secret
  hex,  // the file is the secret in hexadecimal digits; white space around them does not count
};

// Reads a secret of at most 64 KiB from a file. ErrorCode::usage for anything else, encrypted keys among it.
Result<RetroSecret> read_retro_secret(const std::string& path, SecretEncoding encoding);

// A private key's forms; `bytes` as a file would hold them.
Result<RetroSecret> retro_secret_of_key(std::span<const std::byte> bytes);
// The forms of 16 to 4096 bytes that are no key pair: as they are, reversed, as text, and as HMAC's pads.
Result<RetroSecret> retro_secret_of_bytes(std::span<const std::byte> bytes);

}  // namespace dumpgate
