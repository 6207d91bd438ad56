// Collector: brings together what the windows of one input yield, in the order of the input. The one rule: it
// keeps one entry for each different finding with a count, so that neither ten thousand copies of a key nor a
// hostile dump can grow the record without bound; running out of room is a gap.
//
// Used by one thread at a time, in the order of the dump, so that nothing depends on the order of threads.

#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "scanner/hunt/leads.h"
#include "scanner/io/gap.h"
#include "scanner/proof/finding.h"
#include "scanner/proof/prove.h"

namespace dumpgate {

class Collector {
 public:
  static constexpr std::size_t most_findings = 20'000;
  static constexpr std::size_t most_gaps = 20'000;    // that hold; further ones change nothing
  static constexpr std::size_t most_absent = 20'000;  // of the reason `absent`; further ones are summed up

  void add(Finding finding);
  void add(Gap gap);
  void add(const Lead& lead);
  void add(const NamedPublicKey& protect);
  void name_secrets(const SecretBytes& site_key) { leads_.site_key = site_key; }

  const LeadSet& leads() const { return leads_; }
  std::size_t findings() const { return findings_.size(); }
  std::vector<std::string> public_keys_seen() const;  // names of those in the dump itself, sorted

  // settle uses all leads together: a public half that was computed from a private part and is also found on
  // its own proves the pair; a modulus found as a bare number takes its exponent from an encoding that names
  // both; what may be a product of a proven key's prime is named after nobody (hunt/byproducts.h).
  void settle();

  std::vector<Finding> take_findings();  // sorted by layer, offset, signature
  std::vector<Gap> take_gaps();          // sorted by layer, offset, reason; each once

 private:
  void adopt_exponents();
  void join_relations();
  void unname_byproducts();

  std::map<std::string, Finding> findings_{};  // by what makes a finding different from another
  std::vector<Gap> gaps_{};                    // that hold a dump
  std::vector<Gap> absent_{};      // that do not: kept apart, so that they cannot crowd out the others
  std::uint64_t more_absent_ = 0;  // not kept
  LeadSet leads_{};
  std::set<std::string> nobodys_{};  // names that were taken from findings
  bool full_ = false;
};

}  // namespace dumpgate
