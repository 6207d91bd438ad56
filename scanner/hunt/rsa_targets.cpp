#include "scanner/hunt/rsa_targets.h"

namespace dumpgate {

std::map<std::size_t, RsaTargets> rsa_targets(const LeadSet& leads) {
  std::map<std::size_t, RsaTargets> by_limbs;
  std::map<std::size_t, std::size_t> seen, alone;
  std::size_t seen_in_all = 0;
  for (const auto& [name, known] : leads.all()) {
    if (known.key.algorithm != KeyAlgorithm::rsa && known.key.algorithm != KeyAlgorithm::rsa_pss) continue;
    const std::size_t limbs = (known.key.n.size() + 15) / 16;
    if (limbs < 4 || limbs > 512) continue;
    std::size_t& count = known.seen ? seen[limbs] : alone[limbs];
    const bool room = known.seen ? count < RsaTargets::seen && seen_in_all < RsaTargets::seen_in_all
                                 : count < RsaTargets::alone;
    if (room) ++count;
    if (room && known.seen) ++seen_in_all;
    (room ? by_limbs[limbs].one_by_one : by_limbs[limbs].together).push_back(&known);
  }
  return by_limbs;
}

}  // namespace dumpgate
