// LeadSet: the public keys that the hunt looks for the private halves of: all that were seen in the dump and
// all that the user protects. Each key is kept once, with the best that is known of its origin. Not
// thread-safe: it is built by one thread and then only read.

#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "scanner/proof/prove.h"
#include "scanner/proof/public_key.h"

namespace dumpgate {

// How much an origin says of a key: the higher the more.
int rank(KeyOrigin origin);

struct KnownKey {
  PublicKey key{};
  KeyOrigin origin = KeyOrigin::number;
  std::string protect_name{};  // name of the --protect entry, "" for none
  bool seen = false;           // in the dump itself
};

class LeadSet {
 public:
  // More different keys than this are not kept: add returns false and the engine records a gap.
  static constexpr std::size_t bound = 200'000;

  bool add(const PublicKey& key, KeyOrigin origin, const std::string& protect_name = {});

  // Ordered by name (digest), so that nothing depends on the order of adding.
  const std::map<std::string, KnownKey>& all() const { return keys_; }
  // Oracles for secrets without a public key, each once. More signed messages of a kind than enough_messages,
  // of which the hunt tries a few, are left out; more shields than most_shields are not kept: add returns
  // false.
  static constexpr std::size_t enough_messages = 256;
  static constexpr std::size_t most_shields = 10'000;
  bool add(const Oracle& oracle);
  const std::set<Oracle>& oracles() const { return oracles_; }

  // Names secrets in findings (proof/secret_name.h); empty: they get no name.
  SecretBytes site_key{};

  const KnownKey* by_sha256(const std::string& sha256) const;

 private:
  std::map<std::string, KnownKey> keys_{};
  std::set<Oracle> oracles_{};
  std::map<Oracle::Kind, std::size_t> oracle_counts_{};
};

// Whether a private key whose public half was seen there is a signing key (design 4.3): certificates,
// public-key encodings and protected keys are made to verify signatures; a neighbouring number may belong to
// a key agreement.
KeyUse use_of_origin(KeyOrigin origin);

}  // namespace dumpgate
