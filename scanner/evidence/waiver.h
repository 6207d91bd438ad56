// Waivers: two people allow one dump to leave although it was not released, by its digest, until a day. The
// one rule: a waiver counts only with valid signatures of at least two different people, and for nothing but
// the dump whose digest it names.
//
// A waiver is a DSSE envelope around an in-toto Statement of urn:x-dumpgate:waiver:v1. Approvers sign one
// after the other; none of them needs the gate, its log or the dump.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/evidence/approvers.h"
#include "scanner/evidence/signer.h"
#include "scanner/verdict/policy.h"

namespace dumpgate {

inline constexpr std::string_view waiver_predicate = "urn:x-dumpgate:waiver:v1";

struct Waiver {
  std::string dump_sha256{};
  std::string reason{};
  Date expires{};                     // the last day on which it is honoured
  std::vector<Approver> approvers{};  // whose signatures are valid, each key once
};

// The envelope with the first approver's signature, one line without its newline. ErrorCode::usage: a digest,
// a reason or a date that is none.
Result<std::string> create_waiver(const std::string& dump_sha256, const std::string& reason, Date expires,
                                  Signer& approver);
// The envelope with one more signature, of an approver who has not signed yet (ErrorCode::usage otherwise).
// What it says is checked for being a waiver: nobody signs something else by mistake.
Result<std::string> sign_waiver(std::string_view envelope, Signer& approver);

// What a waiver says, whoever signed it. For showing it to who is about to sign; it allows nothing.
Result<Waiver> read_unverified_waiver(std::string_view envelope);

// The waiver, when it is valid for this dump on this day. Takes bytes nobody vouches for. ErrorCode::usage
// says in words why it is not valid.
Result<Waiver> open_waiver(std::string_view envelope, std::span<const Approver> approvers,
                           std::string_view dump_sha256, Date today);

// "2026-12-31"; nothing for a text that is no day.
std::optional<Date> parse_day(std::string_view text);

}  // namespace dumpgate
