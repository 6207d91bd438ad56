#include "scanner/hunt/leads.h"

namespace dumpgate {

int rank(KeyOrigin origin) {
  switch (origin) {
    case KeyOrigin::protect:
      return 7;
    case KeyOrigin::certificate:
      return 6;
    case KeyOrigin::spki:
      return 5;
    case KeyOrigin::ssh:
      return 4;
    case KeyOrigin::pkcs1:
      return 3;
    case KeyOrigin::stated:
      return 2;
    case KeyOrigin::private_key:
      return 1;
    case KeyOrigin::number:
      return 0;
  }
  return 0;
}

bool LeadSet::add(const PublicKey& key, KeyOrigin origin, const std::string& protect_name) {
  const auto found = keys_.find(key.sha256);
  if (found == keys_.end()) {
    if (keys_.size() >= bound) return false;
    keys_.emplace(key.sha256, KnownKey{key, origin, protect_name, origin != KeyOrigin::protect});
    return true;
  }
  KnownKey& known = found->second;
  if (rank(origin) > rank(known.origin)) known.origin = origin;
  known.seen = known.seen || origin != KeyOrigin::protect;
  if (known.protect_name.empty()) known.protect_name = protect_name;
  return true;
}

bool LeadSet::add(const Oracle& oracle) {
  if (oracles_.contains(oracle)) return true;
  std::size_t& count = oracle_counts_[oracle.kind];
  if (oracle.kind != Oracle::Kind::openssh_shield && count >= enough_messages) return true;
  if (count >= most_shields) return false;
  ++count;
  oracles_.insert(oracle);
  return true;
}

const KnownKey* LeadSet::by_sha256(const std::string& sha256) const {
  const auto found = keys_.find(sha256);
  return found == keys_.end() ? nullptr : &found->second;
}

KeyUse use_of_origin(KeyOrigin origin) {
  return origin == KeyOrigin::number ? KeyUse::unknown : KeyUse::signing;
}

}  // namespace dumpgate
