// Finding: a candidate after verification. The one rule: it holds no byte of the dump, so no report can leak
// one; keys are named by the digest of their public half.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "scanner/detect/candidate.h"
#include "scanner/detect/signature.h"

namespace dumpgate {

struct Finding {
  std::string signature{};
  KeyKind kind = KeyKind::private_key;
  KeyUse use = KeyUse::unknown;
  std::string algorithm{};  // "rsa", "ec", "ed25519", ...; "" unknown
  unsigned bits = 0;        // 0 unknown
  std::string curve{};
  std::string representation{};
  Evidence evidence = Evidence::hint;
  std::string relation{};  // "n=p*q", "p|n", "d*G=Q", "seed->A", "g^x=y"; "" without proof
  bool cut = false;
  std::string detail{};  // for a person; from constants only

  std::string layer{};       // set by the engine
  std::uint64_t offset = 0;  // in the layer's bytes
  std::uint64_t length = 0;
  std::string address_space{};  // "virtual", "physical", "" none
  std::uint64_t address = 0;
  std::string mapping{};

  std::string public_key_sha256{};  // "" when unknown
  // The public half was computed from the private part at hand, not merely read beside it. Only such a name,
  // or one with Evidence::proof, may suppress a finding: otherwise a foreign public half could hide a key.
  bool public_key_derived = false;
  // The named key accounts for all that the encoding holds. false: there may be another one in it, so nothing
  // may suppress the finding by that name.
  bool exemptible = true;
  // For encodings that cannot be taken apart (GOST, ...): SHA-256 of the encoding, for the list of known test
  // keys.
  std::string encoding_sha256{};
  // Tells secrets without a public half apart: HMAC-SHA-256 under the site key (proof/secret_name.h).
  // Reported only when it is public; otherwise it means something in this process alone.
  std::string secret_id{};
  bool secret_id_is_public = false;
  std::uint64_t occurrences = 1;
};

}  // namespace dumpgate
