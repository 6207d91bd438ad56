#include "scanner/gate/spool_state.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "scanner/base/hex.h"
#include "scanner/base/printable.h"

namespace dumpgate {
namespace {

constexpr std::array<std::string_view, 6> stage_words{"taking",    "taken",  "kept",
                                                      "releasing", "placed", "dropping"};

Error unreadable() { return corrupt("a state in quarantine cannot be read"); }

// Names are any bytes, and a JSON text is not: they are kept in hexadecimal, with a readable form beside it.
std::string hex_of(const std::string& name) { return to_hex(std::as_bytes(std::span(name))); }

std::string name_from(const nlohmann::json& hex) {
  const auto bytes = from_hex(hex.get<std::string>());
  if (!bytes) throw std::invalid_argument("not hexadecimal");
  std::string name(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  // It becomes part of a path.
  if (name == "." || name == ".." || name.find_first_of(std::string_view("/\0", 2)) != std::string::npos)
    throw std::invalid_argument("no name of a file");
  return name;
}

}  // namespace

std::string spool_state_text(const SpoolState& state) {
  nlohmann::json json{{"scan_id", state.scan_id},
                      {"name", printable(state.name)},
                      {"name_hex", hex_of(state.name)},
                      {"channel", state.source.channel},
                      {"requester", state.source.requester},
                      {"producer", state.source.producer},
                      {"received", state.received},
                      {"stage", stage_words.at(static_cast<std::size_t>(state.stage))},
                      {"refuse", state.refuse},
                      {"decision", state.decision},
                      {"dump_sha256", state.dump_sha256},
                      {"size", state.size},
                      {"verdict_index", state.verdict_index},
                      {"release_name_hex", hex_of(state.release_name)},
                      {"log_from", state.log_from}};
  if (!state.release_directory.empty()) json["release_directory"] = state.release_directory;
  if (state.waiver) json["waiver"] = *state.waiver;
  return json.dump(2) + "\n";
}

Result<SpoolState> parse_spool_state(std::span<const std::byte> text) {
  try {
    const auto json = nlohmann::json::parse(reinterpret_cast<const char*>(text.data()),
                                            reinterpret_cast<const char*>(text.data()) + text.size());
    SpoolState state;
    const auto stage = std::ranges::find(stage_words, json.at("stage").get<std::string>());
    if (stage == stage_words.end()) return unreadable();
    state.stage = static_cast<SpoolStage>(stage - stage_words.begin());
    state.scan_id = json.at("scan_id");
    state.name = name_from(json.at("name_hex"));
    if (state.name.empty()) return unreadable();
    state.source.channel = json.at("channel");
    state.source.requester = json.at("requester");
    json.at("producer").get_to(state.source.producer);
    state.received = json.at("received");
    state.refuse = json.at("refuse");
    state.decision = json.at("decision");
    state.dump_sha256 = json.at("dump_sha256");
    state.size = json.at("size");
    state.release_name = name_from(json.at("release_name_hex"));
    state.verdict_index = json.at("verdict_index");
    state.log_from = json.at("log_from");
    if (json.contains("release_directory")) state.release_directory = json.at("release_directory");
    if (json.contains("waiver")) state.waiver = json.at("waiver").get<std::uint64_t>();
    return state;
  } catch (const std::exception&) {
    return unreadable();
  }
}

}  // namespace dumpgate
