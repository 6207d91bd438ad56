// Hunter: finds one kind of private key by its relation to a public number. It works on number runs, after
// all public keys of the dump are known (the second pass). The one rule: a hunter reports nothing that
// arithmetic on the whole numbers did not confirm, so every hit is evidence `proof`.

#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "scanner/hunt/leads.h"
#include "scanner/hunt/number_runs.h"
#include "scanner/proof/finding.h"

namespace dumpgate {

// What is looked for, prepared once for a set of leads. const means shared by all threads.
class Hunt {
 public:
  virtual ~Hunt() = default;
  // examine adds a finding for each hit; offset and length are in the runs' layer, everything about layers
  // and addresses is left to the engine. Findings depend only on the runs, and come in their order.
  virtual void examine(const RunStore& runs, std::vector<Finding>& findings) const = 0;
};

class Hunter {
 public:
  virtual ~Hunter() = default;
  virtual std::string_view name() const noexcept = 0;
  // The representations it recognises, as reports name them: "limbs-le64".
  virtual std::span<const std::string_view> representations(const PublicKey& key) const noexcept = 0;
  // prepare returns nothing when no lead is of its kind.
  virtual std::unique_ptr<Hunt> prepare(const LeadSet& leads) const = 0;
};

// The hunters, one for each file of scanner/hunt/hunters/; the build lists the folder.
std::span<const Hunter* const> all_hunters();

}  // namespace dumpgate
