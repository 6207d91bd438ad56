#include "scanner/evidence/retro_hunt.h"

#include <nlohmann/json.hpp>

#include <utility>

#include "scanner/base/hex.h"
#include "scanner/evidence/dump_fate.h"
#include "scanner/evidence/statement.h"

namespace dumpgate {
namespace {

using Json = nlohmann::json;

// A member that is an object or array; an empty object where there is none.
const Json& part(const Json& of, const char* name) {
  static const Json none = Json::object();
  const auto found = of.is_object() ? of.find(name) : of.end();
  return found == of.end() ? none : *found;
}

std::string text(const Json& of, const char* name) {
  const Json& value = part(of, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::string fate_of(const std::string& stage) {
  if (stage == "complete") return "released";
  if (stage == "aborted") return "release aborted";
  return "release intended";
}

RetroAnswer undecidable(std::string reason) {
  RetroAnswer answer;
  answer.reason = std::move(reason);
  return answer;
}

}  // namespace

Result<void> RetroHunt::see(std::uint64_t index, std::string_view statement) {
  const Json json = Json::parse(statement, nullptr, false);
  if (!json.is_object())
    return Error{ErrorCode::corrupt, "leaf " + std::to_string(index) + " is no statement", std::nullopt};
  const std::string type = text(json, "predicateType");
  const Json& predicate = part(json, "predicate");
  const std::string scan_id = text(predicate, "scanId");
  if (type == release_predicate) fates_[scan_id] = fate_of(text(predicate, "stage"));
  if (type != verdict_predicate) return {};

  Examined examined;
  RetroDump& dump = examined.dump;
  dump.index = index;
  dump.scan_id = scan_id;
  const Json& subjects = part(json, "subject");
  if (subjects.is_array() && !subjects.empty()) {
    dump.name = text(subjects.front(), "name");
    dump.sha256 = text(part(subjects.front(), "digest"), "sha256");
  }
  dump.decision = text(predicate, "result");
  examined.channel = text(part(predicate, "source"), "channel");
  dump.finished = text(part(predicate, "times"), "finished");
  const Json& coverage = part(predicate, "coverage");
  const Json& bytes = part(coverage, "bytesExamined");
  if (bytes.is_number_unsigned()) examined.bytes_examined = bytes.get<std::uint64_t>();
  examined.complete = part(coverage, "complete") == true;
  const Json& artifacts = part(predicate, "artifacts");
  if (artifacts.is_array())
    for (const Json& artifact : artifacts)
      if (text(artifact, "name") == retro_filter_name)
        examined.filter_sha256 = text(part(artifact, "digest"), "sha256");
  verdicts_.push_back(std::move(examined));
  return {};
}

std::vector<RetroDump> RetroHunt::ask(const RetroQuery& query, const ArtifactReader& read) const {
  std::vector<RetroDump> dumps;
  dumps.reserve(verdicts_.size());
  for (const Examined& examined : verdicts_) {
    RetroDump dump = examined.dump;
    const auto fate = fates_.find(dump.scan_id);
    dump.fate = fate == fates_.end() ? fate_without_release(examined.channel, dump.decision) : fate->second;
    dump.answer = answer_for(examined, query, read);
    dumps.push_back(std::move(dump));
  }
  return dumps;
}

RetroAnswer RetroHunt::answer_for(const Examined& examined, const RetroQuery& query,
                                  const ArtifactReader& read) {
  if (!is_sha256_hex(examined.filter_sha256)) return undecidable("no filter was made of it");
  const auto bytes = read(examined.filter_sha256);
  if (!bytes) return undecidable("its filter cannot be read: " + bytes.error().message);
  if (!bytes->has_value()) return undecidable("its filter is not in the store");
  const auto filter = RetroFilter::parse(**bytes);
  if (!filter) return undecidable(filter.error().message);
  RetroAnswer answer = query.ask(*filter);
  if (answer.result != RetroResult::not_contained) return answer;
  // What was not looked at may hold anything.
  if (filter->bytes != examined.bytes_examined)
    return undecidable("the filter is not of as many bytes as were examined");
  if (!examined.complete) return undecidable("the dump was not examined whole");
  return answer;
}

}  // namespace dumpgate
