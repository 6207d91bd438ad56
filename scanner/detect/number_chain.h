// Numbers without names that stand near each other in memory, each behind a small header: which of them are
// taken together for the proof (Form::number_set, role `any`), and which header reports them. The rule is
// that of detect/number_reach.h. A candidate made here is a hint until arithmetic proves it.
//
// A Reader has
//   std::optional<NumberPlace> at(Bytes, std::size_t) const;  // cheap where no header stands
//   static constexpr std::size_t gap;                         // most bytes between two numbers of one key
//   static constexpr std::size_t step;                        // alignment of headers relative to each other
//   static bool is_anchor(Bytes, std::size_t);                // whether the detector is called there

#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/detect/candidate.h"
#include "scanner/detect/number_reach.h"
#include "scanner/detect/number_set.h"

namespace dumpgate {

struct NumberPlace {
  std::size_t begin = 0;  // of the header
  std::size_t end = 0;    // of the number
  std::span<const std::byte> number{};
  bool little = false;
};

template <typename Reader>
class NumberChain {
 public:
  static constexpr std::size_t most_before = 8;   // numbers of one key, RFC 8017 A.1.2
  static constexpr std::size_t most_behind = 10;  // with some strangers between them
  static constexpr std::size_t longest_number = 2048 + 64;

  // Of a chain that goes on and on only the numbers next to the anchor are taken: the proof's work grows with
  // the cube of their number.
  static constexpr std::size_t kept_before = 4;
  static constexpr std::size_t kept_behind = 7;

  struct Numbers {
    std::vector<NumberPlace> places{};
    bool is_all = true;  // no bound ended it: all of its anchors see the same chain
  };

  // The numbers around the header at bytes.at; none when none can be read there.
  static Numbers around(const GroupBytes& bytes, const Reader& reader = {}) {
    Numbers chain;
    auto place = reader.at(bytes.bytes, bytes.at);
    if (!place) return chain;
    auto& places = chain.places;
    places.push_back(*place);
    for (std::size_t i = 0; place && i <= most_behind; ++i) {
      place = next(bytes.bytes, places.back().end, bytes.at, reader);
      if (place && i == most_behind)
        chain.is_all = false;
      else if (place)
        places.push_back(*place);
    }
    place = places.front();
    for (std::size_t i = 0; place && i <= most_before; ++i) {
      place = previous(bytes.bytes, places.front().begin, reader);
      if (place && i == most_before)
        chain.is_all = false;
      else if (place)
        places.insert(places.begin(), *place);
    }
    if (!chain.is_all) trim(places, bytes.at);
    return chain;
  }

  // Whether an anchor before the one at bytes.at sees the same chain.
  static bool is_reported_before(const Window& window, const GroupBytes& bytes, const Numbers& chain,
                                 const Reader& reader = {}) {
    if (!chain.is_all) return false;
    const auto& places = chain.places;
    for (const auto& place : places) {
      if (place.begin >= bytes.at) return false;
      if (!Reader::is_anchor(bytes.bytes, place.begin)) continue;
      const auto there = group_bytes(window, bytes.begin + place.begin);
      const auto other = around(there, reader);
      if (other.is_all && other.places.size() == places.size() &&
          there.begin + other.places.front().begin == bytes.begin + places.front().begin &&
          there.begin + other.places.back().end == bytes.begin + places.back().end)
        return true;
    }
    return false;
  }

  static Candidate candidate(const GroupBytes& bytes, const Numbers& chain, std::string_view representation) {
    NumberSetWriter writer;
    for (const auto& place : chain.places) {
      if (place.little)
        writer.add_reversed(NumberRole::any, place.number);
      else
        writer.add(NumberRole::any, place.number);
    }
    Candidate candidate;
    candidate.signature = "rsa-private-key";
    candidate.algorithm = "rsa";
    candidate.representation = representation;
    candidate.begin = bytes.begin + chain.places.front().begin;
    candidate.size = chain.places.back().end - chain.places.front().begin;
    candidate.evidence = Evidence::hint;
    candidate.form = Form::number_set;
    candidate.payload = writer.take();
    return candidate;
  }

 private:
  static void trim(std::vector<NumberPlace>& places, std::size_t anchor) {
    const auto at = std::ranges::find(places, anchor, &NumberPlace::begin) - places.begin();
    const auto before = static_cast<std::ptrdiff_t>(kept_before);
    const auto behind = static_cast<std::ptrdiff_t>(kept_behind);
    if (std::ssize(places) - at - 1 > behind) places.erase(places.begin() + at + 1 + behind, places.end());
    if (at > before) places.erase(places.begin(), places.begin() + at - before);
  }

  static std::optional<NumberPlace> next(std::span<const std::byte> bytes, std::size_t from,
                                         std::size_t anchor, const Reader& reader) {
    const std::size_t last = std::min(bytes.size(), from + Reader::gap);
    const std::size_t first = from + (Reader::step - (from - anchor) % Reader::step) % Reader::step;
    for (std::size_t at = first; at <= last && at < bytes.size(); at += Reader::step)
      if (const auto place = reader.at(bytes, at)) return place;
    return std::nullopt;
  }

  static std::optional<NumberPlace> previous(std::span<const std::byte> bytes, std::size_t begin,
                                             const Reader& reader) {
    const std::size_t reach = std::min(begin, Reader::gap + longest_number);
    for (std::size_t back = Reader::step; back <= reach; back += Reader::step) {
      const auto place = reader.at(bytes, begin - back);
      if (place && place->end <= begin && begin - place->end <= Reader::gap) return place;
    }
    return std::nullopt;
  }
};

}  // namespace dumpgate
