#include "scanner/evidence/dump_fate.h"

#include "scanner/verdict/verdict.h"

namespace dumpgate {

std::string_view fate_without_release(std::string_view channel, std::string_view result) {
  return channel == "check" && result == to_string(Decision::release) ? "let pass" : "not released";
}

}  // namespace dumpgate
