// Verdict: may this dump leave? Made only by decide(), from everything found and everything not examined. The
// one rule: whatever is missing, unknown or contradictory holds; a release is the only decision that must be
// earned.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/verdict/known_test_keys.h"
#include "scanner/verdict/policy.h"
#include "scanner/verdict/scan_record.h"

namespace dumpgate {

// hold is zero on purpose: a decision that nobody made does not release.
enum class Decision : std::uint8_t { hold = 0, block, release };

std::string_view to_string(Decision decision);  // "hold", "block", "release"

// Design 4.1: 0 release, 1 block, 3 hold. Any other value, which no code of ours makes, is 4 (internal
// error).
int exit_code(Decision decision);

// The decision for several inputs together: block before hold before release; hold for none at all.
Decision worst(std::span<const Decision> decisions);

// What decide() said about one finding.
struct FindingVerdict {
  bool blocks = true;
  std::string reason{};                      // why it blocks or does not, in words
  std::string known_test_key{};              // its origin, when the finding is one; then it does not block
  std::string protected_key{};               // name of the --protect entry that it matches; then it blocks
  std::optional<Suppression> suppression{};  // the one that was honoured; then it does not block
};

class Verdict {
 public:
  Verdict() = default;  // holds

  Decision decision() const { return decision_; }
  // Every byte of the input was examined: no gap but `absent`, read to its end, hashed, by a scanner whose
  // self-test passed. A block may be complete or not; a release always is.
  bool complete() const { return complete_; }
  // Why, in words for a person, most important first; never empty when made by decide(). May quote names that
  // came with the dump: reports make them printable.
  const std::vector<std::string>& reasons() const { return reasons_; }
  // One for each of ScanRecord::findings, in the same order.
  const std::vector<FindingVerdict>& findings() const { return findings_; }
  // Suppressions of the policy that had expired and were not honoured, whether or not their key was found.
  const std::vector<Suppression>& expired_suppressions() const { return expired_suppressions_; }
  const std::string& policy_sha256() const { return policy_sha256_; }
  const std::string& known_test_keys_sha256() const {
    return known_test_keys_sha256_;
  }  // "" when switched off

 private:
  friend Verdict decide(const ScanRecord&, const Policy&, const KnownTestKeys&, Date);

  Decision decision_ = Decision::hold;
  bool complete_ = false;
  std::vector<std::string> reasons_{};
  std::vector<FindingVerdict> findings_{};
  std::vector<Suppression> expired_suppressions_{};
  std::string policy_sha256_{};
  std::string known_test_keys_sha256_{};
};

// decide: block if a finding reaches the policy, else hold if anything was not examined, else release
// (design 3.7). A finding is judged in this order: a key named with --protect blocks; a suppressed key and a
// known test key do not; otherwise the policy's evidence, kinds and uses decide. Only a name that the private
// part vouches for (by proof, or computed from it) can suppress: a public half that merely lies beside other
// bytes proves nothing about them. `today` is the date by which suppressions expire; an invalid one honours
// none. Reads neither clock nor files.
[[nodiscard]] Verdict decide(const ScanRecord& record, const Policy& policy, const KnownTestKeys& known,
                             Date today);

}  // namespace dumpgate
