#include "scanner/evidence/consistency.h"

#include <utility>

namespace dumpgate {
namespace {

ConsistencyAnswer broken(std::uint64_t size) {
  return {Consistency::broken, "the log shows another tree of " + std::to_string(size) +
                                   " entries than the one that was accepted before: it was rewritten, or "
                                   "shows different trees to different people"};
}

// Whether the copy of the log begins with the tree.
ConsistencyAnswer begins_with(const LogReader& log, std::uint64_t size, const TreeHash& root) {
  if (log.checkpoint().size < size)
    return {Consistency::unknown, "the copy of the log has " + std::to_string(log.checkpoint().size) +
                                      " entries, and " + std::to_string(size) + " were seen before"};
  const auto proof = log.consistency_from(size);
  if (!proof) return {Consistency::unknown, "the copy of the log is damaged: " + proof.error().message};
  if (!verify_consistency(size, log.checkpoint().size, root, log.checkpoint().root, *proof))
    return broken(size);
  return {Consistency::proven, {}};
}

ConsistencyAnswer through_log(const LogReader& log, const Checkpoint& newest, const Checkpoint& shown) {
  ConsistencyAnswer answer = begins_with(log, newest.size, newest.root);
  if (answer.consistency != Consistency::proven) return answer;
  answer = begins_with(log, shown.size, shown.root);
  if (answer.consistency == Consistency::proven) answer.reason = "by the copy of the log";
  return answer;
}

}  // namespace

ConsistencyAnswer check_consistency(const RememberedTrees& remembered, const Checkpoint& shown,
                                    std::span<const Beginning> beginnings,
                                    const std::optional<LogReader>& log) {
  if (remembered.note.empty()) return {Consistency::first, "no checkpoint of this log was accepted before"};
  const Checkpoint& newest = remembered.newest;
  bool connected = false;
  if (const auto known = remembered.known.find(shown.size); known != remembered.known.end()) {
    if (known->second != shown.root) return broken(shown.size);
    connected = true;
  }
  // A known tree that is a beginning of the shown one says nothing about trees between them: only the newest
  // one connects. But each of them may contradict.
  for (const Beginning& beginning : beginnings) {
    const auto known = remembered.known.find(beginning.size);
    if (known == remembered.known.end()) continue;
    if (known->second != beginning.root) return broken(beginning.size);
    connected = connected || beginning.size == newest.size;
  }
  if (connected) return {Consistency::proven, "by the receipt"};
  if (log) return through_log(*log, newest, shown);
  return {Consistency::unknown, "no proof connects the tree of " + std::to_string(shown.size) +
                                    " entries with that of " + std::to_string(newest.size) +
                                    " entries, the newest that was accepted"};
}

RememberedTrees remember(RememberedTrees remembered, const Checkpoint& shown, const std::string& note,
                         std::span<const Beginning> beginnings) {
  remembered.known[shown.size] = shown.root;
  for (const Beginning& beginning : beginnings) remembered.known[beginning.size] = beginning.root;
  if (remembered.note.empty() || shown.size > remembered.newest.size) {
    remembered.newest = shown;
    remembered.note = note;
  }
  return remembered;
}

}  // namespace dumpgate
