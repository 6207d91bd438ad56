#include "scanner/evidence/statement_writer.h"

#include <algorithm>

#include "scanner/base/printable.h"

namespace dumpgate {
namespace {

constexpr std::size_t longest_name = 512;
constexpr std::size_t longest_map = 4096;  // names and values together

}  // namespace

std::string bounded_name(std::string_view name) {
  std::string shown = printable(name.substr(0, longest_name));
  if (shown.size() == name.size() || (name.size() <= longest_name && shown.size() <= longest_name))
    return shown;
  // The cut may have fallen into a character or an escape of ours: what is left of it stays readable.
  shown.resize(std::min(shown.size(), longest_name - 3));
  while (!shown.empty() && (static_cast<unsigned char>(shown.back()) & 0x80U) != 0) shown.pop_back();
  return shown + "...";
}

void write_name(JsonWriter& json, std::string_view key, std::string_view name) {
  if (!name.empty()) json.text(key, bounded_name(name));
}

void write_map(JsonWriter& json, std::string_view key, const std::map<std::string, std::string>& entries) {
  const JsonWriter::Scope scope = json.object(key);
  std::size_t bytes = 0;
  for (const auto& [name, value] : entries) {
    const std::string shown = bounded_name(name);
    const std::string shown_value = bounded_name(value);
    bytes += shown.size() + shown_value.size();
    if (bytes > longest_map) break;
    json.text(shown, shown_value);
  }
}

void write_gate(JsonWriter& json, const GateIdentity& gate) {
  const JsonWriter::Scope scope = json.object("gate");
  write_name(json, "id", gate.id);
  write_name(json, "host", gate.host);
  write_name(json, "version", gate.version);
  write_name(json, "programSha256", gate.program_sha256);
}

void write_statement_head(JsonWriter& json, std::string_view name, std::string_view sha256,
                          std::string_view predicate_type) {
  json.text("_type", "https://in-toto.io/Statement/v1");
  {
    const JsonWriter::Scope subjects = json.array("subject");
    const JsonWriter::Scope subject = json.object();
    json.text("name", bounded_name(name));
    if (is_sha256_hex(sha256)) {
      const JsonWriter::Scope digest = json.object("digest");
      json.text("sha256", sha256);
    }
  }
  json.text("predicateType", predicate_type);
}

}  // namespace dumpgate
