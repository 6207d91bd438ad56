// RetroQuery: asks retro filters whether the dumps they were made of held a secret. The one rule: an answer
// carries the probability that it is false, computed from the number of windows that were there, of windows
// that were asked, and of ways that were tried; "not contained" is said only where a form that lay whole in
// the dump would have been seen.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/evidence/retro_filter.h"
#include "scanner/evidence/retro_forms.h"

namespace dumpgate {

// "contained" is said when chance alone would say it of a dump without the secret less often than this.
inline constexpr double most_false_contained = 1e-5;

enum class RetroResult : std::uint8_t { contained, not_contained, undecidable };
std::string_view to_string(RetroResult result);  // "contained", "not contained", "undecidable"

struct RetroAnswer {
  RetroResult result = RetroResult::undecidable;
  std::string reason{};  // why undecidable; for a person, from constants
  // The form that fits best, its windows that the filter holds and that were asked for, and an upper bound of
  // the probability that any form of a secret that is not in the dump fits as well.
  std::string number{};
  std::string_view layout{};
  std::size_t matched = 0;
  std::size_t asked = 0;
  double false_probability = 1;
};

class RetroQuery {
 public:
  // Hashes all windows of all forms; the secret may be released afterwards. The hash outlives nothing.
  RetroQuery(const RetroSecret& secret, const RetroHash& hash);

  RetroAnswer ask(const RetroFilter& filter) const;

  // Of the forms' ways to lie in memory, how many a complete filter would recognise.
  struct Reach {
    std::size_t recognised = 0;
    std::size_t all = 0;
  };
  Reach reach() const;
  // How many ways are tried: each form at each alignment, and once whatever the alignment.
  std::size_t trials() const { return trials_; }

 private:
  // A window of a form that is remembered, and how the form then lies to multiples of eight bytes.
  struct Place {
    std::uint64_t hash = 0;
    std::uint32_t phase = 0;
  };
  struct Form {
    std::string number{};
    std::string_view layout{};
    unsigned phases = 1;
    std::vector<Place> places{};
  };
  // Bound of the probability that at least `matched` of `asked` foreign windows are held, in any trial.
  double chance(std::size_t matched, std::size_t asked, double of_one) const;

  RetroKeyId key_id_{};
  std::size_t trials_ = 0;
  std::vector<Form> forms_{};
};

}  // namespace dumpgate
