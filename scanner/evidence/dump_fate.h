// What became of a dump of whose release the log says nothing. The one rule: nothing is said to be kept that
// somebody else has in his hands.

#pragma once

#include <string_view>

namespace dumpgate {

// By the verdict's channel and result: "let pass" when `gate check` told its caller that the dump may leave,
// who moves it and tells nobody; else "not released".
std::string_view fate_without_release(std::string_view channel, std::string_view result);

}  // namespace dumpgate
