#include "scanner/verdict/verdict.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <utility>

namespace dumpgate {
namespace {

// A dump can hold thousands of keys; the first few are enough for a person, and each finding has its own
// reason.
constexpr std::size_t reasons_in_full = 20;

std::string quantity(std::uint64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

std::string describe(const Finding& finding) {
  std::string text(to_string(finding.kind));
  if (!finding.algorithm.empty()) text += ", " + finding.algorithm;
  if (finding.bits != 0) text += ", " + std::to_string(finding.bits) + " bits";
  text += ", evidence " + std::string(to_string(finding.evidence));
  if (!finding.relation.empty()) text += " (" + finding.relation + ")";
  text += ", at offset " + std::to_string(finding.offset);
  if (!finding.layer.empty()) text += " in " + finding.layer;
  return text;
}

// The private part at hand is the one that the digest names, and the only one.
bool name_is_vouched_for(const Finding& finding) {
  return finding.exemptible && !finding.public_key_sha256.empty() &&
         (finding.evidence == Evidence::proof || finding.public_key_derived);
}

bool is_expired(const Suppression& suppression, Date today) {
  return !today.ok() || !suppression.expires.ok() || today > suppression.expires;
}

const Suppression* find_suppression(const ScanRecord& record, const Policy& policy, const Finding& finding,
                                    Date today) {
  if (!name_is_vouched_for(finding)) return nullptr;
  for (const Suppression& suppression : policy.suppressions) {
    if (suppression.public_key_sha256 != finding.public_key_sha256 || is_expired(suppression, today))
      continue;
    if (suppression.input_sha256 && suppression.input_sha256 != record.sha256) continue;
    return &suppression;
  }
  return nullptr;
}

const KnownTestKey* find_known(const KnownTestKeys& known, const Finding& finding) {
  const KnownTestKey* const by_name =
      name_is_vouched_for(finding) ? known.by_public_key(finding.public_key_sha256) : nullptr;
  return by_name != nullptr ? by_name : known.by_encoding(finding.encoding_sha256);
}

const ProtectedKeyRecord* find_protected(const ScanRecord& record, const Finding& finding) {
  if (finding.public_key_sha256.empty()) return nullptr;
  const auto at = std::find_if(
      record.protected_keys.begin(), record.protected_keys.end(),
      [&](const ProtectedKeyRecord& key) { return key.public_key_sha256 == finding.public_key_sha256; });
  return at == record.protected_keys.end() ? nullptr : &*at;
}

// What the policy says of a finding that nothing exempts.
FindingVerdict apply_policy(const Policy& policy, const Finding& finding) {
  FindingVerdict verdict;
  const std::string evidence(to_string(finding.evidence));
  if (finding.evidence < policy.threshold()) {
    verdict.blocks = false;
    verdict.reason = "reported only: the policy blocks from evidence " +
                     std::string(to_string(policy.threshold())) + " upwards, and this is a " + evidence;
  } else if (policy.report_only_kinds.contains(finding.kind)) {
    verdict.blocks = false;
    verdict.reason = "reported only: so the policy says for the kind " + std::string(to_string(finding.kind));
  } else if (policy.report_only_uses.contains(finding.use)) {
    verdict.blocks = false;
    verdict.reason = "reported only: so the policy says for the use " + std::string(to_string(finding.use));
  } else if (finding.use == KeyUse::unknown) {
    verdict.reason =
        "blocks: evidence " + evidence + "; its use is unknown, because nothing in the dump names it";
  } else {
    verdict.reason = "blocks: evidence " + evidence;
  }
  return verdict;
}

FindingVerdict judge(const ScanRecord& record, const Policy& policy, const KnownTestKeys& known, Date today,
                     const Finding& finding) {
  FindingVerdict verdict = apply_policy(policy, finding);
  if (const ProtectedKeyRecord* const key = find_protected(record, finding)) {
    verdict.blocks = true;
    verdict.protected_key = key->name;
    verdict.reason = "blocks: it is a protected key";
  } else if (const Suppression* const suppression = find_suppression(record, policy, finding, today)) {
    verdict.blocks = false;
    verdict.suppression = *suppression;
    verdict.reason =
        "suppressed by the policy until " + iso_date(suppression->expires) + ": " + suppression->reason;
  } else if (const KnownTestKey* const test_key =
                 policy.known_test_keys ? find_known(known, finding) : nullptr) {
    verdict.blocks = false;
    verdict.known_test_key = test_key->origin;
    verdict.reason = "a published test key: " + test_key->origin;
  }
  return verdict;
}

// Why the input was not examined whole, or may not have been; empty when it was.
std::vector<std::string> reasons_to_hold(const ScanRecord& record) {
  std::vector<std::string> reasons;
  if (!record.examined) reasons.emplace_back("the examination did not come to its end");
  if (!record.self_test_passed) reasons.emplace_back("the scanner's self-test did not pass");
  if (!record.sha256) reasons.emplace_back("the input was not read to its end: it has no digest");
  if (!record.size) {
    reasons.emplace_back("the size of the input is not known");
  } else if (*record.size != record.bytes_in) {
    reasons.push_back("the input has " + quantity(*record.size, "byte", "bytes") + ", of which " +
                      std::to_string(record.bytes_in) + " were read");
  } else if (record.bytes_in == 0) {
    reasons.emplace_back("the input is empty: nothing was examined");
  }
  std::map<GapReason, std::pair<std::uint64_t, const Gap*>> gaps;  // how many, and the first
  for (const Gap& gap : record.gaps) {
    if (gap.reason == GapReason::absent) continue;
    auto& [count, first] = gaps[gap.reason];
    if (count++ == 0) first = &gap;
  }
  for (const auto& [reason, group] : gaps) {
    const auto& [count, first] = group;
    std::string text = quantity(count, "gap", "gaps") + " (" + std::string(to_string(reason)) + "): ";
    text += first->detail.empty() ? "not examined" : first->detail;
    text += ", at offset " + std::to_string(first->offset);
    if (!first->layer.empty()) text += " in " + first->layer;
    if (count > 1) text += ", and others";
    reasons.push_back(std::move(text));
  }
  return reasons;
}

std::vector<std::string> reasons_to_block(const ScanRecord& record,
                                          const std::vector<FindingVerdict>& verdicts) {
  std::vector<std::string> reasons;
  std::uint64_t more = 0;
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (!verdicts[i].blocks) continue;
    if (reasons.size() < reasons_in_full) {
      reasons.push_back(describe(record.findings[i]));
      if (!verdicts[i].protected_key.empty()) reasons.back() += ", protected as " + verdicts[i].protected_key;
    } else {
      ++more;
    }
  }
  if (more != 0) reasons.push_back(quantity(more, "further finding blocks", "further findings block"));
  return reasons;
}

void append_what_did_not_block(const std::vector<FindingVerdict>& verdicts,
                               std::vector<std::string>& reasons) {
  std::uint64_t suppressed = 0;
  std::uint64_t known = 0;
  std::uint64_t reported = 0;
  for (const FindingVerdict& verdict : verdicts) {
    if (verdict.blocks) continue;
    ++(verdict.suppression ? suppressed : verdict.known_test_key.empty() ? reported : known);
  }
  if (suppressed != 0) {
    reasons.push_back(quantity(suppressed, "finding is", "findings are") + " suppressed by the policy");
  }
  if (known != 0) {
    reasons.push_back(quantity(known, "finding is a published test key", "findings are published test keys"));
  }
  if (reported != 0) {
    reasons.push_back(quantity(reported, "finding is", "findings are") +
                      " reported only, as the policy says");
  }
}

}  // namespace

std::string_view to_string(Decision decision) {
  switch (decision) {
    case Decision::hold:
      return "hold";
    case Decision::block:
      return "block";
    case Decision::release:
      return "release";
  }
  return "hold";
}

int exit_code(Decision decision) {
  switch (decision) {
    case Decision::hold:
      return 3;
    case Decision::block:
      return 1;
    case Decision::release:
      return 0;
  }
  return 4;
}

Decision worst(std::span<const Decision> decisions) {
  const auto has = [&](Decision wanted) {
    return std::find(decisions.begin(), decisions.end(), wanted) != decisions.end();
  };
  if (has(Decision::block)) return Decision::block;
  const bool all_released =
      !decisions.empty() && std::all_of(decisions.begin(), decisions.end(),
                                        [](Decision decision) { return decision == Decision::release; });
  return all_released ? Decision::release : Decision::hold;
}

Verdict decide(const ScanRecord& record, const Policy& policy, const KnownTestKeys& known, Date today) {
  Verdict verdict;
  verdict.policy_sha256_ = policy.sha256();
  if (policy.known_test_keys) verdict.known_test_keys_sha256_ = known.sha256();
  std::copy_if(policy.suppressions.begin(), policy.suppressions.end(),
               std::back_inserter(verdict.expired_suppressions_),
               [&](const Suppression& suppression) { return is_expired(suppression, today); });
  verdict.findings_.reserve(record.findings.size());
  for (const Finding& finding : record.findings) {
    verdict.findings_.push_back(judge(record, policy, known, today, finding));
  }

  std::vector<std::string> hold = reasons_to_hold(record);
  verdict.complete_ = hold.empty();
  verdict.reasons_ = reasons_to_block(record, verdict.findings_);
  if (!verdict.reasons_.empty()) {
    verdict.decision_ = Decision::block;
  } else if (verdict.complete_) {
    verdict.decision_ = Decision::release;
    verdict.reasons_.emplace_back("examined whole, and nothing in it is forbidden");
  }
  verdict.reasons_.insert(verdict.reasons_.end(), hold.begin(), hold.end());
  append_what_did_not_block(verdict.findings_, verdict.reasons_);
  if (!verdict.expired_suppressions_.empty()) {
    verdict.reasons_.push_back(
        quantity(verdict.expired_suppressions_.size(), "suppression has", "suppressions have") +
        " expired and had no effect");
  }
  return verdict;
}

}  // namespace dumpgate
