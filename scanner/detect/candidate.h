// Candidate: something that looks like a key, or a public key that the hunt can use. Detectors make
// candidates, proofs judge them. A candidate may hold decoded key bytes, so it never leaves the thread that
// made it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/secret_bytes.h"

namespace dumpgate {

// How much is known, weakest first, so that they compare with <. design 4.3 defines them.
enum class Evidence : std::uint8_t { hint, marker, structure, proof };
std::string_view to_string(Evidence evidence);

// What the payload of a candidate is, so that the right proof takes it.
enum class Form : std::uint8_t {
  none,  // nothing to prove: a bare label, statistics, an opaque container
  // private
  pkcs1_private,    // RSAPrivateKey, RFC 8017 A.1.2 (two-prime or multi-prime)
  pkcs8_private,    // OneAsymmetricKey, RFC 5958 (v1 and v2), any algorithm
  sec1_private,     // ECPrivateKey, RFC 5915
  dsa_private,      // OpenSSL's SEQUENCE { 0, p, q, g, y, x }
  openssh_private,  // openssh-key-v1, decoded from its armour
  rsa_chain,        // consecutive INTEGERs of an RSAPrivateKey whose head is lost or damaged
  ec_tail,          // the inside of an ECPrivateKey whose head is lost: OCTET STRING d ... [1] BIT STRING Q
  number_set,       // numbers out of another structure, one by one (detect/number_set.h)
  // containers, provable only as well-formed
  pkcs8_encrypted,  // EncryptedPrivateKeyInfo, RFC 5958 section 3
  pkcs12,           // PFX, RFC 7292
  // secrets without a public half
  aes_schedule,     // the round keys of FIPS 197 section 5.2, in any order that detect/aes_schedule.h reads
  hmac_pad,         // a block of 64 or 128 bytes: an HMAC key, zeros behind it, all xor 0x36 or all xor 0x5c
  hmac_pads,        // two such blocks of one key, joined: the second is the first xor 0x6a
  jws_token,        // a compact JWS signed with HMAC (RFC 7515): public, and a test for keys
  tsig_message,     // a DNS request signed with HMAC (RFC 8945): public, and a test for keys
  shield_prekey,    // 16 KiB from which OpenSSH derives the key of a shielded private key
  shield_pointers,  // where struct sshkey says that a shielded key and its prekey are
  // public: leads for the hunt, never findings
  spki,          // SubjectPublicKeyInfo, RFC 5280 4.1.2.7
  certificate,   // X.509, RFC 5280
  pkcs1_public,  // RSAPublicKey, RFC 8017 A.1.1
  ssh_public,    // RFC 4253 6.6 public key blob
  bare_point,    // an uncompressed point (SEC 1 2.3.3) that no structure names
};

struct Candidate {
  std::string signature{};               // id in signatures/, "" for public forms
  std::string algorithm{};               // "rsa", "ec", "ed25519", ... when the detector knows
  std::string representation{};          // "pem", "der", "openssh", "pem-utf16le", "pem-base64", ...
  std::size_t begin = 0;                 // in Window::bytes; the candidate may begin outside the own bytes,
  std::size_t size = 0;                  // its anchor does not
  Evidence evidence = Evidence::marker;  // what the detector itself established
  Form form = Form::none;
  bool cut = false;        // the encoding ends (or begins) before it should
  bool encrypted = false;  // the body needs a passphrase
  SecretBytes payload{};   // decoded bytes of `form`; empty: they are Window::bytes[begin, begin + size)
  std::string detail{};    // for a person; from constants only
};

// Takes what detectors find in one window, within a bound. Full means that the engine records a gap.
class CandidateSink {
 public:
  explicit CandidateSink(std::size_t bound) : bound_(bound) {}
  void add(Candidate candidate) {
    if (found_.size() >= bound_) {
      full_ = true;
      return;
    }
    found_.push_back(std::move(candidate));
  }
  bool full() const { return full_; }
  std::vector<Candidate>& found() { return found_; }

 private:
  std::size_t bound_;
  bool full_ = false;
  std::vector<Candidate> found_{};
};

}  // namespace dumpgate
