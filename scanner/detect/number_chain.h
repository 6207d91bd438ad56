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
  static constexpr std::size_t most_behind = 10;  // with e and some strangers between them
  static constexpr std::size_t longest_number = 2048 + 64;

  // The numbers around the header at bytes.at; nothing when none can be read there.
  static std::vector<NumberPlace> around(const GroupBytes& bytes, const Reader& reader = {}) {
    std::vector<NumberPlace> chain;
    auto place = reader.at(bytes.bytes, bytes.at);
    if (!place) return chain;
    chain.push_back(*place);
    for (std::size_t i = 0; i < most_behind; ++i) {
      place = next(bytes.bytes, chain.back().end, bytes.at, reader);
      if (!place) break;
      chain.push_back(*place);
    }
    for (std::size_t i = 0; i < most_before; ++i) {
      place = previous(bytes.bytes, chain.front().begin, reader);
      if (!place) break;
      chain.insert(chain.begin(), *place);
    }
    return chain;
  }

  // Whether an anchor before the one at bytes.at sees the same chain.
  static bool is_reported_before(const Window& window, const GroupBytes& bytes,
                                 const std::vector<NumberPlace>& chain, const Reader& reader = {}) {
    for (const auto& place : chain) {
      if (place.begin >= bytes.at) return false;
      if (!Reader::is_anchor(bytes.bytes, place.begin)) continue;
      const auto there = group_bytes(window, bytes.begin + place.begin);
      const auto other = around(there, reader);
      if (other.size() == chain.size() &&
          there.begin + other.front().begin == bytes.begin + chain.front().begin &&
          there.begin + other.back().end == bytes.begin + chain.back().end)
        return true;
    }
    return false;
  }

  static Candidate candidate(const GroupBytes& bytes, const std::vector<NumberPlace>& chain,
                             std::string_view representation) {
    NumberSetWriter writer;
    for (const auto& place : chain) {
      if (place.little)
        writer.add_reversed(NumberRole::any, place.number);
      else
        writer.add(NumberRole::any, place.number);
    }
    Candidate candidate;
    candidate.signature = "rsa-private-key";
    candidate.algorithm = "rsa";
    candidate.representation = representation;
    candidate.begin = bytes.begin + chain.front().begin;
    candidate.size = chain.back().end - chain.front().begin;
    candidate.evidence = Evidence::hint;
    candidate.form = Form::number_set;
    candidate.payload = writer.take();
    return candidate;
  }

 private:
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
