// What a hunt through a log is answered with, as text and as JSON. The one rule: names out of leaves are made
// printable, and no byte of the secret that was asked for is in it.

#pragma once

#include <span>
#include <string>

#include "scanner/evidence/retro_hunt.h"

namespace dumpgate {

struct RetroCounts {
  std::size_t contained = 0;
  std::size_t not_contained = 0;
  std::size_t undecidable = 0;
};
RetroCounts count_answers(std::span<const RetroDump> dumps);

// The kind of the secret and its public name, and how many of the ways in which it can lie in memory a
// complete filter would recognise.
struct RetroAsked {
  std::string kind{};
  std::string public_key_sha256{};
  RetroQuery::Reach reach{};
};

std::string retro_text(const RetroAsked& asked, std::span<const RetroDump> dumps);
std::string retro_json(const RetroAsked& asked, std::span<const RetroDump> dumps);  // one object, one line

}  // namespace dumpgate
