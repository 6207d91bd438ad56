// Signature: one kind of key as data: signatures/<id>.toml. Labels, magic bytes, object identifiers, use and
// severity are data and never code; walking a structure and arithmetic are code. The texts are compiled in; a
// directory given by the user may add signatures, and never replaces or weakens one.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"

namespace dumpgate {

enum class KeyKind : std::uint8_t {
  private_key,
  encrypted_private_key,
  keystore,
  symmetric_signing_key,
  random_data
};
enum class KeyUse : std::uint8_t { signing, agreement, symmetric, container, unknown };
std::string_view to_string(KeyKind kind);  // "private-key": the words of report.schema.json
std::string_view to_string(KeyUse use);

struct Signature {
  std::string id{};     // the file's name: "rsa-private-key"
  std::string title{};  // "RSA private key"
  KeyKind kind = KeyKind::private_key;
  KeyUse use = KeyUse::unknown;
  std::string algorithm{};            // "rsa"; "" when the encoding decides
  std::vector<std::string> labels{};  // armour labels: "RSA PRIVATE KEY" of "-----BEGIN RSA PRIVATE KEY-----"
  std::vector<std::string> oids{};    // dotted object identifiers of the algorithm
  std::vector<std::vector<std::byte>> magics{};  // bytes that begin the binary form
  std::string reference{};                       // "RFC 8017 A.1.2"
  std::vector<std::string> specimens{};  // names that samples/ and the self-test can make: must be found
  std::vector<std::string> counter_specimens{};  // must not be found as a private key
};

// parse_signature reads one TOML text. Unknown, repeated and missing keys and wrong types are Errors naming
// the line.
Result<Signature> parse_signature(std::string_view id, std::string_view text);

struct SignatureText {
  std::string_view id{};
  std::string_view text{};
};
// The texts of signatures/*.toml, sorted by id, compiled in by the build.
std::span<const SignatureText> builtin_signature_texts();

// SignatureSet: immutable after building; shared by all threads.
class SignatureSet {
 public:
  // The compiled-in set. Error: a defect of the build (a test checks every file).
  static Result<SignatureSet> builtin();

  // add reads further texts; an id that exists, or a label or OID that exists, is an Error.
  Result<void> add(std::string_view id, std::string_view text);

  const std::vector<Signature>& all() const { return signatures_; }
  const Signature* by_id(std::string_view id) const;
  const Signature* by_label(
      std::string_view label) const;  // exact armour label; nullptr when no kind claims it
  const Signature* by_oid(std::string_view dotted) const;

  // Lower-case hex SHA-256 over all ids and texts in order: names the set in reports.
  const std::string& sha256() const { return sha256_; }

 private:
  std::vector<Signature> signatures_{};
  std::string texts_{};
  std::string sha256_{};
};

}  // namespace dumpgate
