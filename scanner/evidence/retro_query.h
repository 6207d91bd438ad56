// RetroQuery: asks retro filters whether the dumps they were made of held a secret. The one rule: an answer
// carries the probability that it is false, computed from the number of windows that were there, of windows
// that were asked, and of ways that were tried; "not contained" is said only where nearly all forms, had
// they lain whole in the dump, would have been seen.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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
  // Text: at each alignment, without line breaks.
  Reach reach() const { return reach_; }

 private:
  // A window of a form that is remembered, and where in the form it begins: in steps of the form's kind.
  struct Place {
    std::uint64_t hash = 0;
    std::uint32_t position = 0;
  };
  struct Form {
    std::string number{};
    std::string_view layout{};
    RetroKind kind = RetroKind::bytes;
    std::optional<double> pairs{};  // of text: pairs of windows that can lie in memory together
    std::vector<Place> places{};
  };
  struct Judged;

  static void judge(const Form& form, const RetroFilter& filter, Judged& judged);

  void find_reach();

  RetroKeyId key_id_{};
  Reach reach_{};
  std::vector<Form> forms_{};
};

}  // namespace dumpgate
