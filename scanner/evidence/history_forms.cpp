// How the history of a key is written, for people and for programs.

#include <algorithm>

#include "scanner/base/printable.h"
#include "scanner/evidence/key_history.h"
#include "scanner/report/json_writer.h"

namespace dumpgate {
namespace {

constexpr std::size_t most_shown = 50;  // of those that nobody can say anything about

std::string_view word(KeyRelation relation) {
  switch (relation) {
    case KeyRelation::held:
      return "held";
    case KeyRelation::seen:
      return "seen";
    case KeyRelation::sought:
      return "not found";
  }
  return "seen";
}

std::string in_words(KeyRelation relation) {
  switch (relation) {
    case KeyRelation::held:
      return "HELD the private key";
    case KeyRelation::seen:
      return "held its public half; no part of the private key was found";
    case KeyRelation::sought:
      return "was searched for it: not found";
  }
  return {};
}

void line(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out += "    ";
  out += name;
  out.append(12 - std::min<std::size_t>(name.size(), 11), ' ');
  out += printable(value);
  out += '\n';
}

std::string found_in_words(const StatedKey& key) {
  std::string text = key.algorithm.empty() ? key.kind : key.algorithm;
  if (key.bits != 0) text += " " + std::to_string(key.bits) + " bits";
  text += ", " + key.use + ", " + key.evidence;
  if (!key.relation.empty()) text += " by " + key.relation;
  return text + (key.blocks ? "; blocks" : "; does not block");
}

std::string thoroughness(const VerdictFields& verdict) {
  return std::to_string(verdict.bytes_examined) + " bytes, " +
         (verdict.complete ? "the whole of it" : "NOT the whole of it") + ", " +
         std::to_string(verdict.gap_count) + (verdict.gap_count == 1 ? " gap" : " gaps") + "; dumpgate " +
         verdict.version + ", signatures " + verdict.signatures_sha256.substr(0, 16) + ", policy " +
         verdict.policy_sha256.substr(0, 16);
}

void dump_text(std::string& out, const DumpHistory& dump, const std::string& what) {
  out += "  " + printable(dump.name) + "\n";
  line(out, "dump", dump.sha256.empty() ? "never read to its end" : "sha256 " + dump.sha256);
  line(out, "key", what);
  if (dump.key) line(out, "found", found_in_words(*dump.key));
  line(out, "verdict",
       dump.verdict.result + " at " + dump.verdict.finished + ", scan " + dump.verdict.scan_id + ", entry " +
           std::to_string(dump.leaf));
  for (const std::string& problem : dump.verdict.problems) line(out, "problem", problem);
  line(out, "examined", thoroughness(dump.verdict));
  line(out, "became", fate_of(dump));
  for (const StatedRelease& at : dump.releases)
    line(out, "release",
         at.release.stage + " at " + at.release.time +
             (at.release.destination.empty() ? "" : ", to " + at.release.destination) +
             (at.release.waiver_index ? ", by a waiver" : "") +
             (at.release.reason.empty() ? "" : ": " + at.release.reason) + ", entry " +
             std::to_string(at.leaf));
}

void known(JsonWriter& json, std::string_view key, std::string_view value) {
  if (!value.empty()) json.text(key, value);
}

void examination_json(JsonWriter& json, const VerdictFields& verdict) {
  const JsonWriter::Scope examined = json.object("examined");
  known(json, "version", verdict.version);
  known(json, "signatures_sha256", verdict.signatures_sha256);
  known(json, "policy_sha256", verdict.policy_sha256);
  if (verdict.size) json.number("size", *verdict.size);
  json.number("bytes_examined", verdict.bytes_examined);
  json.boolean("complete", verdict.complete);
  json.number("gaps", verdict.gap_count);
  const JsonWriter::Scope problems = json.array("problems");
  for (const std::string& problem : verdict.problems) json.text(problem);
}

void releases_json(JsonWriter& json, const DumpHistory& dump) {
  const JsonWriter::Scope list = json.array("releases");
  for (const StatedRelease& at : dump.releases) {
    const JsonWriter::Scope entry = json.object();
    json.text("stage", at.release.stage);
    json.text("time", at.release.time);
    known(json, "destination", at.release.destination);
    known(json, "reason", at.release.reason);
    if (at.release.waiver_index) json.number("waiver_entry", *at.release.waiver_index);
    json.number("entry", at.leaf);
  }
}

void dump_json(JsonWriter& json, const DumpHistory& dump, bool answered) {
  const JsonWriter::Scope object = json.object();
  if (answered) json.text("relation", word(dump.relation));
  json.text("name", dump.name);
  known(json, "sha256", dump.sha256);
  json.text("scan_id", dump.verdict.scan_id);
  json.number("entry", dump.leaf);
  json.text("verdict", dump.verdict.result);
  known(json, "finished", dump.verdict.finished);
  json.text("became", fate_of(dump));
  if (dump.key) {
    const JsonWriter::Scope found = json.object("found");
    json.text("kind", dump.key->kind);
    json.text("use", dump.key->use);
    known(json, "algorithm", dump.key->algorithm);
    json.text("evidence", dump.key->evidence);
    known(json, "relation", dump.key->relation);
    json.boolean("blocks", dump.key->blocks);
  }
  examination_json(json, dump.verdict);
  releases_json(json, dump);
}

}  // namespace

std::string history_text(const KeyHistory& history, const std::string& key_name, const Checkpoint& log) {
  std::string out = "key " + history.key + (key_name.empty() ? "" : " (" + printable(key_name) + ")") + "\n";
  out += "log " + printable(log.origin) + ", " + std::to_string(log.size) + " entries, " +
         std::to_string(history.verdicts) + " verdicts\n\n";
  if (history.dumps.empty()) out += "No dump in the log is known to have held it or its public half.\n";
  for (const DumpHistory& dump : history.dumps) dump_text(out, dump, in_words(dump.relation));
  if (history.unanswerable.empty()) return out;
  out += "\n" + std::to_string(history.unanswerable.size()) +
         " verdicts cannot say: the dump was not examined whole, or its list of keys cannot be read\n";
  for (std::size_t i = 0; i < std::min(history.unanswerable.size(), most_shown); ++i)
    dump_text(out, history.unanswerable[i], "unknown");
  if (history.unanswerable.size() > most_shown)
    out += "  and " + std::to_string(history.unanswerable.size() - most_shown) + " more (--format json)\n";
  return out;
}

std::string history_json(const KeyHistory& history, const std::string& key_name, const Checkpoint& log) {
  JsonWriter json(2);
  {
    const JsonWriter::Scope root = json.object();
    json.text("schema", "dumpgate.key-history/1");
    json.text("key", history.key);
    known(json, "key_name", key_name);
    {
      const JsonWriter::Scope at = json.object("log");
      json.text("origin", log.origin);
      json.number("entries", log.size);
      json.number("verdicts", history.verdicts);
    }
    {
      const JsonWriter::Scope dumps = json.array("dumps");
      for (const DumpHistory& dump : history.dumps) dump_json(json, dump, true);
    }
    const JsonWriter::Scope open = json.array("unanswerable");
    for (const DumpHistory& dump : history.unanswerable) dump_json(json, dump, false);
  }
  return json.take() + "\n";
}

}  // namespace dumpgate
