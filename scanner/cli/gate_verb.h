// The verbs of `dumpgate gate`, one for each file of scanner/cli/gate_verbs/: x.cpp defines `x_gate_verb`, a
// CommandEntry as those of scanner/cli/commands/. The one rule: a verb that judges a dump ends with 0 only
// for a release.

#pragma once

#include <span>

#include "scanner/cli/command.h"

namespace dumpgate {

// The build lists the folder.
std::span<const CommandEntry* const> all_gate_verbs();

}  // namespace dumpgate
