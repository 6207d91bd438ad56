#include "scanner/evidence/retro_chance.h"

#include <algorithm>

namespace dumpgate {
namespace {

// The chances of 1, 2, 3... matched windows, one after the other.
class Chances {
 public:
  explicit Chances(const RetroTrial& trial) : trial_(trial) {}

  // Of one more matched window than before.
  double next() {
    ++matched_;
    const auto left = static_cast<double>(trial_.asked - std::min(trial_.asked, matched_ - 1));
    all_ *= trial_.of_one * left / static_cast<double>(matched_);
    if (matched_ != 2 || !trial_.pairs) return all_;
    // Two that are no pair do not count, three do.
    const double three = all_ * trial_.of_one * (left - 1) / 3;
    return std::min(all_, *trial_.pairs * trial_.of_one * trial_.of_one + three);
  }

 private:
  const RetroTrial& trial_;
  std::size_t matched_ = 0;
  double all_ = 1;
};

}  // namespace

double RetroTrial::chance(std::size_t matched) const {
  Chances chances(*this);
  double chance = 1;
  for (std::size_t i = 0; i < matched; ++i) chance = chances.next();
  return std::min(1.0, chance);
}

double RetroChances::of_score(double score) const {
  if (score >= 1) return 1;
  double sum = 0;
  for (const RetroTrial& trial : trials_) {
    Chances chances(trial);
    for (std::size_t matched = 1; matched <= trial.asked; ++matched) {
      const double chance = chances.next();
      if (trial.handicap * chance > score) continue;
      sum += chance;
      break;
    }
  }
  return std::min(1.0, sum);
}

}  // namespace dumpgate
