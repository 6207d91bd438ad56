// The names under which dumps leave. The one rule: a name leaves room for those of its receipt, and is never
// that of a receipt: what is called "x.tlog-proof" would stand where the proof of "x" has to lie.

#pragma once

#include <string>

namespace dumpgate {

// The name that a dump leaves under when it is free: `name` as it came, or the longer one.
std::string release_name(const std::string& name, const std::string& scan_id);

// For a name that another dump has: with the scan id behind it, of its beginning where the whole is too long.
std::string longer_name(const std::string& name, const std::string& scan_id);

}  // namespace dumpgate
