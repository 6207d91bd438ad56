#include "scanner/detect/candidate.h"

namespace dumpgate {

std::string_view to_string(Evidence evidence) {
  switch (evidence) {
    case Evidence::hint:
      return "hint";
    case Evidence::marker:
      return "marker";
    case Evidence::structure:
      return "structure";
    case Evidence::proof:
      return "proof";
  }
  return "hint";
}

}  // namespace dumpgate
