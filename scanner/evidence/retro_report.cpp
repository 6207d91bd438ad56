#include "scanner/evidence/retro_report.h"

#include <array>
#include <cstdio>

#include "scanner/base/printable.h"
#include "scanner/report/json_writer.h"

namespace dumpgate {
namespace {

// An upper bound with two digits, rounded up far enough that it stays one: "1.3e-40".
std::string bound(double probability) {
  std::array<char, 32> text{};
  const double shown = probability < 1e-300 ? 1e-300 : probability * 1.06;
  const int size = std::snprintf(text.data(), text.size(), "%.1e", shown > 1 ? 1.0 : shown);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string line(const RetroDump& dump) {
  const RetroAnswer& answer = dump.answer;
  const std::string out = std::string(to_string(answer.result)) + "  " + printable(dump.fate) + "  " +
                          printable(dump.name.empty() ? dump.scan_id : dump.name) +
                          "  sha256:" + (dump.sha256.empty() ? "unknown" : printable(dump.sha256)) +
                          "  leaf " + std::to_string(dump.index) + ", " + printable(dump.finished) + "\n    ";
  if (answer.result == RetroResult::contained)
    return out + answer.number + " as " + std::string(answer.layout) + ": " + std::to_string(answer.matched) +
           " of " + std::to_string(answer.asked) + " windows; by chance with probability below " +
           bound(answer.false_probability) + "\n";
  if (answer.result == RetroResult::undecidable) return out + printable(answer.reason) + "\n";
  return out + "examined as " + printable(dump.decision) + "\n";
}

}  // namespace

RetroCounts count_answers(std::span<const RetroDump> dumps) {
  RetroCounts counts;
  for (const RetroDump& dump : dumps) switch (dump.answer.result) {
      case RetroResult::contained:
        ++counts.contained;
        break;
      case RetroResult::not_contained:
        ++counts.not_contained;
        break;
      case RetroResult::undecidable:
        ++counts.undecidable;
        break;
    }
  return counts;
}

std::string retro_text(const RetroAsked& asked, std::span<const RetroDump> dumps) {
  std::string out = asked.kind;
  if (!asked.public_key_sha256.empty()) out += ", public key sha256:" + asked.public_key_sha256;
  out += "\n" + std::to_string(asked.reach.recognised) + " of " + std::to_string(asked.reach.all) +
         " ways in which it can lie in memory would be recognised\n\n";
  for (const RetroDump& dump : dumps) out += line(dump);
  const RetroCounts counts = count_answers(dumps);
  return out + "\n" + std::to_string(dumps.size()) + " dumps: " + std::to_string(counts.contained) +
         " contained it, " + std::to_string(counts.not_contained) + " did not, " +
         std::to_string(counts.undecidable) + " undecidable\n";
}

std::string retro_json(const RetroAsked& asked, std::span<const RetroDump> dumps) {
  JsonWriter json;
  {
    const auto whole = json.object();
    json.text("kind", asked.kind);
    if (!asked.public_key_sha256.empty()) json.text("publicKeySha256", asked.public_key_sha256);
    json.number("waysRecognised", asked.reach.recognised);
    json.number("ways", asked.reach.all);
    const auto list = json.array("dumps");
    for (const RetroDump& dump : dumps) {
      const auto one = json.object();
      const RetroAnswer& answer = dump.answer;
      json.text("answer", to_string(answer.result));
      json.text("fate", dump.fate);
      json.text("name", printable(dump.name));
      if (!dump.sha256.empty()) json.text("sha256", dump.sha256);
      json.text("scanId", dump.scan_id);
      json.number("leaf", dump.index);
      json.text("finished", dump.finished);
      json.text("decision", dump.decision);
      if (answer.result == RetroResult::undecidable) json.text("reason", printable(answer.reason));
      if (answer.result != RetroResult::contained) continue;
      json.text("number", answer.number);
      json.text("layout", answer.layout);
      json.number("windowsMatched", answer.matched);
      json.number("windowsAsked", answer.asked);
      json.text("falseProbabilityBelow", bound(answer.false_probability));
    }
  }
  return json.take() + "\n";
}

}  // namespace dumpgate
