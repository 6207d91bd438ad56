// Digit runs: stretches of words that all leave the bits of one digit layout (hunt/layouts.h) unused. The one
// rule: a run is gathered where it begins, whatever window shows it, and only if some number in it may have
// its top digit there.

#pragma once

#include "scanner/hunt/number_runs.h"
#include "scanner/hunt/stretch_reader.h"
#include "scanner/hunt/word_marks.h"

namespace dumpgate {

// Adds the digit runs that begin in the stretch's own bytes.
void gather_digit_runs(const StretchReader& reader, const MarkedStretch& marked, RunStore& runs);

}  // namespace dumpgate
