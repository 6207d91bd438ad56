// The members that statements of every predicate type share. The one rule: a name that came from outside is
// printable and of bounded length before it is written, and what is unknown is left out.

#pragma once

#include <map>
#include <string>
#include <string_view>

#include "scanner/base/hex.h"
#include "scanner/evidence/statement.h"
#include "scanner/report/json_writer.h"

namespace dumpgate {

// Printable and at most 512 bytes long; a longer one ends in "...".
std::string bounded_name(std::string_view name);

// Nothing for an empty one.
void write_name(JsonWriter& json, std::string_view key, std::string_view name);
// In the order of the names, up to 4,096 bytes in all: what a way in is told about a dump has no other bound.
void write_map(JsonWriter& json, std::string_view key, const std::map<std::string, std::string>& entries);
void write_gate(JsonWriter& json, const GateIdentity& gate);

// _type, subject and predicateType, into the statement that is open. A digest that is none is left out.
void write_statement_head(JsonWriter& json, std::string_view name, std::string_view sha256,
                          std::string_view predicate_type);

}  // namespace dumpgate
