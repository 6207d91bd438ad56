// RetroChances: how probable it is that a filter of a dump without the secret fits the secret as well as this
// one does. The one rule: the bound holds whatever the forms have in common. It sums, over all ways of
// looking, the probability that chance alone gets as far there; nothing is taken as independent but different
// windows, whose hashes are.

#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace dumpgate {

// One way of looking: some windows of one form, each of which a filter holds by chance with probability
// `of_one`.
struct RetroTrial {
  std::size_t asked = 0;
  double of_one = 0;
  // Of all pairs of these windows, how many count as a fit of two; all unless it is said.
  std::optional<double> pairs{};
  // Trials that are seldom the right one count for less: what they find must be so many times less probable.
  double handicap = 1;

  // A bound of the probability that `matched` windows or more are held by chance: C(n, m) p^m, in which only
  // `pairs` of two count. From 1 (0 matched) downwards.
  double chance(std::size_t matched) const;
  // What trials are compared by: the lower, the better the fit.
  double score(std::size_t matched) const { return handicap * chance(matched); }
};

class RetroChances {
 public:
  void add(const RetroTrial& trial) { trials_.push_back(trial); }
  // A bound of the probability that chance alone reaches this score, or a lower one, in any of the trials:
  // the sum of the chances of what each would need for it. At most 1.
  double of_score(double score) const;

 private:
  std::vector<RetroTrial> trials_{};
};

}  // namespace dumpgate
