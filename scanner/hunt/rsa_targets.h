// RsaTargets: which known moduli are tried one by one, and which only together. The one rule: what is tried
// does not depend on anything but the set of leads.
//
// Trying a number against a modulus costs 10 to 200 ns, so a thousand moduli are too many for every number of
// a dump. Those that the dump itself holds come first: software that keeps a private number keeps its
// modulus. A protected key that the dump does not name is tried one by one among the first `alone` of its
// size, and else by pairs of factors, whose cost does not depend on the number of keys.

#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "scanner/hunt/leads.h"

namespace dumpgate {

struct RsaTargets {
  static constexpr std::size_t alone = 64;   // protected keys that the dump does not name, of one size
  static constexpr std::size_t seen = 1024;  // moduli in the dump, of one size
  static constexpr std::size_t seen_in_all = 4096;

  std::vector<const KnownKey*> one_by_one{};
  std::vector<const KnownKey*> together{};
};

// By the number of 64-bit limbs of a factor of half the modulus' length, rounded up: 4 to 512.
std::map<std::size_t, RsaTargets> rsa_targets(const LeadSet& leads);

}  // namespace dumpgate
