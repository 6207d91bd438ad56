// What the decoded body of an armour is. The one rule: the label is a claim, the bytes decide where they are
// clear.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "scanner/base/secret_bytes.h"
#include "scanner/detect/candidate.h"
#include "scanner/detect/signature.h"

namespace dumpgate {

struct PayloadKind {
  Form form = Form::none;
  std::string signature{};  // the kind the bytes show; "" when they do not
  std::string algorithm{};
  bool encrypted = false;
  Evidence evidence = Evidence::marker;
};

// What bytes that begin with the encoding's first byte are; form none when nothing is recognised.
PayloadKind recognise_payload(std::span<const std::byte> bytes, const SignatureSet* signatures);

// Whether bytes begin as an encoding of a private key must, though too little of it is there to recognise
// more.
bool begins_like_key(std::span<const std::byte> bytes);

// The form that a label promises; none when it promises no form that a proof takes.
Form form_of_label(std::string_view label);
bool is_public(Form form);

// The last part of an encoding whose beginning is lost: cuts `bytes` down to the INTEGERs of an RSA key or to
// the inside of an ECPrivateKey and says which; leaves them as they are when they are neither.
PayloadKind recognise_tail(SecretBytes& bytes);

// CRC24 of RFC 9580 section 6.1.
std::uint32_t crc24(std::span<const std::byte> bytes);

}  // namespace dumpgate
