#include "scanner/io/gap.h"

namespace dumpgate {

std::string_view to_string(GapReason reason) {
  switch (reason) {
    case GapReason::truncated:
      return "truncated";
    case GapReason::corrupt:
      return "corrupt";
    case GapReason::encrypted:
      return "encrypted";
    case GapReason::limit:
      return "limit";
    case GapReason::unsupported:
      return "unsupported";
    case GapReason::io:
      return "io";
    case GapReason::absent:
      return "absent";
    case GapReason::internal:
      return "internal";
  }
  return "internal";
}

GapReason gap_reason(ErrorCode code) {
  switch (code) {
    case ErrorCode::io:
      return GapReason::io;
    case ErrorCode::truncated:
      return GapReason::truncated;
    case ErrorCode::corrupt:
      return GapReason::corrupt;
    case ErrorCode::encrypted:
      return GapReason::encrypted;
    case ErrorCode::unsupported:
      return GapReason::unsupported;
    case ErrorCode::limit:
      return GapReason::limit;
    case ErrorCode::usage:
    case ErrorCode::internal:
      return GapReason::internal;
  }
  return GapReason::internal;
}

}  // namespace dumpgate
