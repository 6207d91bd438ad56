#include "scanner/evidence/statement_form.h"

#include <nlohmann/json.hpp>
#include <string>

namespace dumpgate {
namespace {

bool is_text(const nlohmann::json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() && !at->get_ref<const std::string&>().empty();
}

}  // namespace

Result<void> check_statement(std::string_view text) {
  const auto refused = [](const char* why) {
    return Error{ErrorCode::usage, std::string("not an in-toto statement: ") + why, std::nullopt};
  };
  if (text.find('\n') != std::string_view::npos) return refused("more than one line");
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object()) return refused("no JSON object");
  if (!is_text(json, "_type") || json["_type"] != statement_type) return refused("another _type");
  if (!is_text(json, "predicateType")) return refused("no predicateType");
  const auto subject = json.find("subject");
  if (subject == json.end() || !subject->is_array() || subject->empty()) return refused("no subject");
  return {};
}

}  // namespace dumpgate
