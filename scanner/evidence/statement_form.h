// What every in-toto Statement v1 has, whoever wrote it. The one rule: nothing gets into the log that its
// readers could not take for a statement.

#pragma once

#include <string_view>

#include "scanner/base/result.h"

namespace dumpgate {

inline constexpr std::string_view statement_type = "https://in-toto.io/Statement/v1";

// ErrorCode::usage unless the text is one JSON object on one line with this _type, a predicateType and at
// least one subject.
Result<void> check_statement(std::string_view text);

}  // namespace dumpgate
