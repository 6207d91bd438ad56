#include "scanner/evidence/retro_query.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace dumpgate {
namespace {

// Positions of a form's windows: every byte or character; of digits that were spaced, every digit.
std::size_t stride(RetroKind kind) { return kind == RetroKind::spaced ? 4 : 1; }

// In how many ways windows at multiples of eight can lie to a form. Text is cut by line breaks, so that its
// windows lie in all ways at once.
unsigned phases_of(RetroKind kind) {
  return kind == RetroKind::bytes ? 8 : kind == RetroKind::spaced ? 2 : 1;
}

// The probability that a filter holds the hash of a window that its dump did not hold.
double chance_of_one(const RetroFilter& filter) {
  const double one = std::ldexp(1.0, -static_cast<int>(retro_bits));
  return (filter.scattered.values.empty() ? 0 : one) +
         (filter.inside.values.empty() ? 0 : std::ldexp(one, -static_cast<int>(filter.inside.level)));
}

}  // namespace

std::string_view to_string(RetroResult result) {
  switch (result) {
    case RetroResult::contained:
      return "contained";
    case RetroResult::not_contained:
      return "not contained";
    case RetroResult::undecidable:
      return "undecidable";
  }
  return "";
}

RetroQuery::RetroQuery(const RetroSecret& secret, const RetroHash& hash) : key_id_(hash.id()) {
  for (const RetroForm& form : secret.forms) {
    Form asked{.number = form.number, .layout = form.layout, .phases = phases_of(form.kind)};
    const std::size_t size = retro_window_size(form.kind);
    const std::size_t step = stride(form.kind);
    for (std::size_t at = 0; at + size <= form.bytes.size(); at += step) {
      const std::span<const std::byte> window(form.bytes.data() + at, size);
      if (retro_remembered(form.kind, window))
        asked.places.push_back(
            {hash(form.kind, window), static_cast<std::uint32_t>(at / step % asked.phases)});
    }
    // Each phase, and all of them together: a number may be cut by the end of a page of the dump.
    trials_ += asked.phases > 1 ? asked.phases + 1 : 1;
    forms_.push_back(std::move(asked));
  }
}

double RetroQuery::chance(std::size_t matched, std::size_t asked, double of_one) const {
  if (matched == 0) return 1;
  // P(at least m of n) <= C(n, m) p^m, and the sum over all trials bounds their union.
  double logarithm = std::log(static_cast<double>(trials_));
  for (std::size_t i = 1; i <= matched; ++i)
    logarithm += std::log(of_one * static_cast<double>(asked - matched + i) / static_cast<double>(i));
  return std::min(1.0, std::exp(logarithm));
}

RetroAnswer RetroQuery::ask(const RetroFilter& filter) const {
  RetroAnswer answer;
  if (filter.key_id != key_id_) {
    answer.reason = "the filter was made with another site key";
    return answer;
  }
  const double of_one = chance_of_one(filter);
  const auto judge = [&](const Form& form, std::size_t matched, std::size_t asked) {
    const double probability = chance(matched, asked, of_one);
    if (probability >= answer.false_probability) return;
    answer.number = form.number;
    answer.layout = form.layout;
    answer.matched = matched;
    answer.asked = asked;
    answer.false_probability = probability;
  };
  for (const Form& form : forms_) {
    std::array<std::size_t, 8> matched{};
    std::array<std::size_t, 8> asked{};
    for (const Place& place : form.places) {
      if (!filter.scattered.covers(place.hash) && !filter.inside.covers(place.hash)) continue;
      ++asked.at(place.phase);
      if (filter.scattered.holds(place.hash) || filter.inside.holds(place.hash)) ++matched.at(place.phase);
    }
    std::size_t all_matched = 0;
    std::size_t all_asked = 0;
    for (unsigned phase = 0; phase < form.phases; ++phase) {
      judge(form, matched.at(phase), asked.at(phase));
      all_matched += matched.at(phase);
      all_asked += asked.at(phase);
    }
    if (form.phases > 1) judge(form, all_matched, all_asked);
  }
  if (answer.false_probability < most_false_contained) {
    answer.result = RetroResult::contained;
  } else if (!filter.complete) {
    answer.reason = "the filter covers only a part of what was examined";
  } else if (reach().recognised == 0) {
    answer.reason = "too little of the secret looks random: no filter could tell";
  } else {
    answer.result = RetroResult::not_contained;
  }
  return answer;
}

RetroQuery::Reach RetroQuery::reach() const {
  const double of_one = std::ldexp(1.0, 1 - static_cast<int>(retro_bits));
  Reach reach;
  for (const Form& form : forms_) {
    std::array<std::size_t, 8> there{};
    for (const Place& place : form.places) ++there.at(place.phase);
    for (unsigned phase = 0; phase < form.phases; ++phase) {
      ++reach.all;
      // Of text one window in eight lies in memory.
      const std::size_t asked = there.at(phase);
      const std::size_t seen = form.phases == 1 ? asked / 8 : asked;
      if (seen > 0 && chance(seen, asked, of_one) < most_false_contained) ++reach.recognised;
    }
  }
  return reach;
}

}  // namespace dumpgate
