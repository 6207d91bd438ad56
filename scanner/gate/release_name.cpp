#include "scanner/gate/release_name.h"

#include <algorithm>
#include <climits>
#include <cstddef>
#include <string_view>

#include "scanner/evidence/receipt.h"

namespace dumpgate {
namespace {

// The longest of the files beside a dump is the hidden one that becomes its envelopes (io/durable_file.h).
constexpr std::size_t most_bytes =
    NAME_MAX - std::max(envelopes_suffix.size(), proof_suffix.size()) - std::string_view("..tmp").size();

}  // namespace

std::string release_name(const std::string& name, const std::string& scan_id) {
  const bool is_receipt = name.ends_with(envelopes_suffix) || name.ends_with(proof_suffix);
  return is_receipt || name.size() > most_bytes ? longer_name(name, scan_id) : name;
}

std::string longer_name(const std::string& name, const std::string& scan_id) {
  return name.substr(0, most_bytes - scan_id.size() - 1) + "." + scan_id;
}

}  // namespace dumpgate
