#include "scanner/evidence/retro_query.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "scanner/evidence/retro_chance.h"

namespace dumpgate {
namespace {

// From one place of a form to the next: bytes or characters; of digits that were spaced, every digit.
std::size_t stride(RetroKind kind) { return kind == RetroKind::spaced ? 4 : 1; }

// In how many ways windows at multiples of eight can lie to a form.
constexpr unsigned most_phases = 8;
unsigned phases_of(RetroKind kind) { return kind == RetroKind::spaced ? 2 : most_phases; }

// Text is cut by line breaks, so that its windows lie in several ways at once.
bool is_text(RetroKind kind) { return kind == RetroKind::base64 || kind == RetroKind::digits; }

// Whether two windows of a text can both begin at multiples of eight: with nothing, or a line break of one or
// two characters, between their begins. Memory of other forms (UTF-16, indented lines) has more windows than
// two.
bool is_pair(std::uint32_t position, std::uint32_t later) { return (later - position + 2) % 8 <= 2; }

// Of windows in order of their positions.
template <class Places>
std::size_t count_pairs(const Places& places) {
  std::size_t pairs = 0;
  for (std::size_t i = 0; i < places.size(); ++i)
    for (std::size_t j = i + 1; j < places.size(); ++j)
      pairs += is_pair(places[i].position, places[j].position) ? 1U : 0U;
  return pairs;
}

// Of the ways in which a secret can lie in memory, the part that must be recognised before its absence is
// said. Scalars of 256 bits reach 86 % or more (of 300 keys; half of them 98 %), of 224 bits 75 to 84 %; of
// 192 bits 44 %.
constexpr double least_reach = 0.75;

// All alignments together: a number may be cut by the end of a page of the dump. It seldom is.
constexpr double handicap_of_cut = most_phases * most_phases;

// The probability that a filter holds the hash of a window that its dump did not hold, of windows that are
// asked for: those that one of the sets would have kept. A set of a higher level than the other's kept only a
// part of them.
double chance_of(const RetroFilter& filter, bool in_both) {
  const unsigned level =
      in_both ? std::min(filter.scattered.level, filter.inside.level) : filter.scattered.level;
  const auto of_set = [level](const RetroSet& set) {
    return set.values.empty() ? 0 : std::ldexp(1.0, -static_cast<int>(retro_bits + set.level - level));
  };
  return of_set(filter.scattered) + (in_both ? of_set(filter.inside) : 0);
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

// What one filter has of the forms.
struct RetroQuery::Judged {
  RetroChances chances{};
  RetroAnswer best{};
  double score = 2;  // of the best trial

  void take(const Form& form, const RetroTrial& trial, std::size_t matched) {
    chances.add(trial);
    const double its = trial.score(matched);
    if (its >= score) return;
    score = its;
    best.number = form.number;
    best.layout = form.layout;
    best.matched = matched;
    best.asked = trial.asked;
  }
};

RetroQuery::RetroQuery(const RetroSecret& secret, const RetroHash& hash) : key_id_(hash.id()) {
  for (const RetroForm& form : secret.forms) {
    Form asked{.number = form.number, .layout = form.layout, .kind = form.kind};
    const std::size_t size = retro_window_size(form.kind);
    const std::size_t step = stride(form.kind);
    for (std::size_t at = 0; at + size <= form.bytes.size(); at += step) {
      const std::span<const std::byte> window(form.bytes.data() + at, size);
      if (retro_remembered(form.kind, window))
        asked.places.push_back({hash(form.kind, window), static_cast<std::uint32_t>(at / step)});
    }
    if (is_text(form.kind)) asked.pairs = static_cast<double>(count_pairs(asked.places));
    forms_.push_back(std::move(asked));
  }
  find_reach();
}

void RetroQuery::judge(const Form& form, const RetroFilter& filter, Judged& judged) {
  // Only bytes are ever inside of random stretches.
  const bool bytes = form.kind == RetroKind::bytes;
  const double of_one = chance_of(filter, bytes);
  std::array<std::size_t, most_phases> matched{};
  std::array<std::size_t, most_phases> asked{};
  std::size_t all_matched = 0;
  std::size_t all_asked = 0;
  std::vector<Place> held;
  for (const Place& place : form.places) {
    if (!filter.scattered.covers(place.hash) && !(bytes && filter.inside.covers(place.hash))) continue;
    const std::size_t phase = place.position % phases_of(form.kind);
    ++asked.at(phase);
    ++all_asked;
    if (!filter.scattered.holds(place.hash) && !(bytes && filter.inside.holds(place.hash))) continue;
    ++matched.at(phase);
    ++all_matched;
    if (held.size() < 3) held.push_back(place);
  }
  if (is_text(form.kind)) {
    if (all_matched == 2 && count_pairs(held) == 0) all_matched = 1;
    return judged.take(form, {.asked = all_asked, .of_one = of_one, .pairs = form.pairs}, all_matched);
  }
  for (unsigned phase = 0; phase < phases_of(form.kind); ++phase)
    judged.take(form, {.asked = asked.at(phase), .of_one = of_one}, matched.at(phase));
  judged.take(form, {.asked = all_asked, .of_one = of_one, .handicap = handicap_of_cut}, all_matched);
}

RetroAnswer RetroQuery::ask(const RetroFilter& filter) const {
  Judged judged;
  if (filter.key_id != key_id_) {
    judged.best.reason = "the filter was made with another site key";
    return judged.best;
  }
  for (const Form& form : forms_) judge(form, filter, judged);
  RetroAnswer& answer = judged.best;
  answer.false_probability = judged.chances.of_score(judged.score);
  if (answer.false_probability < most_false_contained) {
    answer.result = RetroResult::contained;
  } else if (!filter.complete) {
    answer.reason = "the filter covers only a part of what was examined";
  } else if (reach_.recognised == 0) {
    answer.reason = "too little of the secret looks random: no filter could tell";
  } else if (static_cast<double>(reach_.recognised) < least_reach * static_cast<double>(reach_.all)) {
    answer.reason = "not found, but in too many of the ways in which it can lie in memory it would not be";
  } else {
    answer.result = RetroResult::not_contained;
  }
  return answer;
}

void RetroQuery::find_reach() {
  const double text = std::ldexp(1.0, -static_cast<int>(retro_bits));
  const double bytes = 2 * text;  // either set may hold them
  struct Way {
    RetroTrial trial{};
    std::size_t held = 0;
  };
  RetroChances chances;
  std::vector<Way> ways;
  for (const Form& form : forms_) {
    std::array<std::size_t, most_phases> there{};
    for (const Place& place : form.places) ++there.at(place.position % phases_of(form.kind));
    const double of_one = form.kind == RetroKind::bytes ? bytes : text;
    RetroTrial whole{.asked = form.places.size(), .of_one = of_one, .pairs = form.pairs};
    for (unsigned phase = 0; phase < phases_of(form.kind); ++phase) {
      const RetroTrial aligned{.asked = there.at(phase), .of_one = of_one};
      ways.push_back({is_text(form.kind) ? whole : aligned, there.at(phase)});
      if (!is_text(form.kind)) chances.add(aligned);
    }
    if (!is_text(form.kind)) whole.handicap = handicap_of_cut;
    chances.add(whole);
  }
  reach_.all = ways.size();
  for (const Way& way : ways)
    if (chances.of_score(way.trial.score(way.held)) < most_false_contained) ++reach_.recognised;
}

}  // namespace dumpgate
