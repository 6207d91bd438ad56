// Short base64 texts as number runs: a seed or a scalar that a program keeps as the text it came as, with no
// label and no encoding left around it (the last line of an Ed25519 key file, a binary in Erlang's crash
// dump, a member of a document). The one rule: text is only another layout, so the hunters' relations decide
// what it is.

#pragma once

#include "scanner/detect/window.h"
#include "scanner/hunt/number_runs.h"

namespace dumpgate {

// gather_text_runs adds the last 32 to 72 bytes of each base64 or base64url text of 43 to 96 characters that
// begins in the window's own bytes and looks random.
void gather_text_runs(const Window& window, RunStore& runs);

}  // namespace dumpgate
