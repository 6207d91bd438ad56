// The text of a SpoolState: one JSON object. The one rule: a state that cannot be read whole is an Error; the
// dump then stays where it is.

#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "scanner/base/result.h"
#include "scanner/gate/spool.h"

namespace dumpgate {

std::string spool_state_text(const SpoolState& state);
Result<SpoolState> parse_spool_state(std::span<const std::byte> text);  // ErrorCode::corrupt

}  // namespace dumpgate
