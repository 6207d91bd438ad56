// The arithmetic relations between the numbers of a private key, independent of the encoding they came in.
// For .cpp files of proof and hunt only (see bignum.h). The one rule: a number that is missing, zero or cut
// is absent, and absence never refutes.

#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "scanner/proof/bignum.h"
#include "scanner/proof/ec_curve.h"
#include "scanner/proof/prove.h"
#include "scanner/proof/public_key.h"

namespace dumpgate {

struct Outcome {
  bool proven = false;
  bool refuted = false;            // the numbers are all there, and no two of them belong together
  bool doubtful = false;           // the numbers at hand should have related, and do not
  std::string_view relation{};     // which one proved it
  std::optional<PublicKey> key{};  // the public half, when known
  bool derived = false;            // ... and computed from the private part
  // The public half that stands beside a private part to which it does not belong, or that is lost: a wiped
  // encoding still says which key to look for.
  std::optional<PublicKey> stated{};
};

// RFC 8017 A.1.2; an absent number is an empty optional.
struct RsaNumbers {
  std::optional<BigNumber> n{}, e{}, d{}, p{}, q{}, dp{}, dq{}, qinv{};
  std::vector<BigNumber> other_primes{};
};
// Any of: n=p*q, p|n, e*d=1 mod lcm(p-1,q-1), e*dP=1 mod p-1, q*qInv=1 mod p; a key that states all of its
// numbers must hold in one beside n=p*q and p|n. Costs products and divisions of at most 16448 bits. Numbers
// that are lost are computed when the others determine them, so that half of a key still names its public
// half.
Outcome relate_rsa(RsaNumbers numbers);

// Consecutive numbers of an RSAPrivateKey whose first is unknown; tries each place they may begin at.
Outcome relate_rsa_chain(std::span<const BigNumber> numbers);

// d*G = Q on one of `curves`; `encoded_point` may be empty: then Q is computed on the first curve and nothing
// proven.
Outcome relate_ec(std::span<const std::shared_ptr<const EcCurve>> curves, std::span<const std::byte> scalar,
                  std::span<const std::byte> encoded_point);

// seed -> A (RFC 8032) and k -> k*B (RFC 7748): proven when `known_public` is not empty and equal.
Outcome relate_raw(KeyAlgorithm algorithm, std::span<const std::byte> secret,
                   std::span<const std::byte> known_public);

inline constexpr unsigned most_discrete_log_bits = 10000;  // of p: OpenSSL's own limit for DSA and DH

// g^x = y mod p. Without y it is computed, and nothing proven; nor is a larger p, or an x of key exchange
// that takes long to compute with. `algorithm_identifier` is the DER that names the public key; empty: it is
// made for DSA from p, q and g.
struct DiscreteLogNumbers {
  std::optional<BigNumber> p{}, q{}, g{}, y{}, x{};
};
Outcome relate_discrete_log(const DiscreteLogNumbers& numbers,
                            std::span<const std::byte> algorithm_identifier);

// The KeyAlgorithm of a raw key's OBJECT IDENTIFIER (RFC 8410 section 3), else `other`.
KeyAlgorithm raw_algorithm(std::span<const std::byte> oid);

// Writes the outcome into the finding and adds the lead. false: refuted.
bool apply(Outcome outcome, Finding& finding, std::vector<Lead>& leads);

}  // namespace dumpgate
