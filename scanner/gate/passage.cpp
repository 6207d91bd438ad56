#include "scanner/gate/passage.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <span>
#include <string_view>
#include <utility>

#include "scanner/base/descriptor.h"
#include "scanner/base/printable.h"
#include "scanner/base/system_error.h"
#include "scanner/evidence/receipt.h"
#include "scanner/gate/file_copy.h"
#include "scanner/gate/file_state.h"
#include "scanner/gate/read_lease.h"
#include "scanner/gate/release_name.h"
#include "scanner/io/durable_file.h"

namespace dumpgate {
namespace {

constexpr mode_t released_mode = S_IRUSR | S_IWUSR | S_IRGRP;

PassageOutcome postponed(const std::string& name, const std::string& why) {
  return {.end = PassageEnd::postponed, .message = printable(name) + ": not now: " + printable(why)};
}

std::string destination_of(const Spool& spool) { return "directory " + spool.release_name(); }

// What must be as it was when the examination began.
bool unchanged(const struct stat& before, int dump) {
  struct stat now{};
  return ::fstat(dump, &now) == 0 && untouched(before, now) && now.st_nlink == 1 && before.st_nlink == 1;
}

Decision decided(const SpoolState& state) {
  return state.decision == to_string(Decision::block) ? Decision::block : Decision::hold;
}

std::string logged_as(const SpoolState& state) {
  return ", scan " + state.scan_id + " (leaf " + std::to_string(state.verdict_index) + ")";
}

// A name in the release directory that is free, with those of its proofs.
std::string free_name(const Spool& spool, const SpoolState& state) {
  std::string name = release_name(state.name, state.scan_id);
  for (const std::string_view ending : {std::string_view(), envelopes_suffix, proof_suffix})
    if (path_exists(spool.release_path() + "/" + name + std::string(ending)))
      return longer_name(state.name, state.scan_id);
  return name;
}

}  // namespace

PassageOutcome Passage::run(const Custody& custody) {
  const std::string& scan_id = custody.scan_id();
  auto state = spool_.state(scan_id);
  if (!state) return postponed(scan_id, state.error().message);
  switch (state->stage) {
    case SpoolStage::taking:
      return postponed(state->name, "it is not whole in quarantine yet");
    case SpoolStage::releasing:
    case SpoolStage::placed:
      return resume(std::move(*state));
    case SpoolStage::kept:
      return {.end = PassageEnd::kept};
    case SpoolStage::dropping:
      return drop(*state, "refused");
    case SpoolStage::taken:
      break;
  }
  return examine(std::move(*state));
}

PassageOutcome Passage::examine(SpoolState state) {
  const Descriptor dump = spool_.open_dump(state.scan_id);
  struct stat before{};
  if (!dump || ::fstat(dump.get(), &before) != 0) return postponed(state.name, "its dump cannot be opened");
  const WriteState writers = take_read_lease(dump.get());
  if (writers == WriteState::somebody) return postponed(state.name, "somebody writes to it");

  const auto reader = context_.log->reader();
  if (!reader) return postponed(state.name, reader.error().message);
  state.log_from = reader->checkpoint().size;
  DumpSource source = state.source;
  source.name = state.name;
  Examiner examiner(context_);
  const GateVerdict verdict = examiner.examine_as(state.scan_id, dump.get(), source);
  if (!verdict.leaf) return postponed(state.name, verdict.reasons.empty() ? "" : verdict.reasons.front());
  // A request to stop is no judgement of the dump.
  if (context_.scan.stop != nullptr && context_.scan.stop->load())
    return postponed(state.name, "the gate is stopping");
  const bool untouched =
      unchanged(before, dump.get()) && (writers == WriteState::unknown || read_lease_held(dump.get()));
  state.decision = to_string(verdict.decision);
  state.dump_sha256 = verdict.dump_sha256;
  state.size = verdict.size;
  state.verdict_index = verdict.leaf->index;
  if (verdict.decision == Decision::release && untouched)
    return release(std::move(state), verdict, dump.get());
  std::string why = verdict.reasons.empty() ? std::string() : verdict.reasons.front();
  if (verdict.decision == Decision::release) {
    state.decision = to_string(Decision::hold);
    why = "it changed while it was examined";
  }
  return keep(std::move(state), why);
}

// What was decided not to leave stays, or goes for good where that was wished.
PassageOutcome Passage::keep(SpoolState state, const std::string& why) {
  state.waiver.reset();
  state.stage = state.refuse ? SpoolStage::dropping : SpoolStage::kept;
  if (const auto saved = spool_.save(state); !saved) return postponed(state.name, saved.error().message);
  if (state.refuse) return drop(state, why);
  return {.end = PassageEnd::kept,
          .message = printable(state.name) + ": " + std::string(to_string(decided(state))) + ", kept" +
                     logged_as(state) + ": " + printable(why),
          .decision = decided(state)};
}

PassageOutcome Passage::drop(const SpoolState& state, const std::string& why) {
  if (::unlink(spool_.dump_of(state.scan_id).c_str()) != 0 && errno != ENOENT)
    return postponed(state.name, "its dump cannot be removed");
  if (const auto synced = sync_directory(spool_.place(state.scan_id)); !synced)
    return postponed(state.name, synced.error().message);
  if (const auto gone = spool_.forget(state.scan_id); !gone)
    return postponed(state.name, gone.error().message);
  return {.end = PassageEnd::dropped,
          .message = printable(state.name) + ": " + std::string(to_string(decided(state))) + ", dropped" +
                     logged_as(state) + ": " + printable(why),
          .decision = decided(state)};
}

PassageOutcome Passage::release(SpoolState state, const GateVerdict& verdict, int dump) {
  struct stat before{};
  if (::fstat(dump, &before) != 0) return postponed(state.name, "its dump cannot be looked at");
  if (const auto same = spool_.in_place(); !same) return postponed(state.name, same.error().message);
  const bool leased = read_lease_held(dump);
  state.stage = SpoolStage::releasing;
  state.release_name = free_name(spool_, state);
  if (const auto saved = spool_.save(state); !saved) return postponed(state.name, saved.error().message);
  Examiner examiner(context_);
  const auto intent = examiner.intend_release(verdict, state.release_name, destination_of(spool_));
  if (!intent) return postponed(state.name, intent.error().message);
  // Once more, now that nothing but the renaming is left.
  auto placed =
      unchanged(before, dump) && leased == read_lease_held(dump)
          ? place_proofs(state)
          : Result<void>(Error{ErrorCode::corrupt, "the dump changed after it was examined", std::nullopt});
  if (placed) placed = place_dump(state, dump, state.dump_sha256);
  if (placed) return finish(state, verdict, *intent);
  if (placed.error().code != ErrorCode::corrupt) return postponed(state.name, placed.error().message);
  return abort(std::move(state), verdict, *intent, placed.error().message);
}

PassageOutcome Passage::abort(SpoolState state, const GateVerdict& verdict, const LeafPlace& intent,
                              const std::string& why) {
  const auto ended = Examiner(context_).end_release(verdict, intent, ReleaseStage::aborted,
                                                    state.release_name, destination_of(spool_), why);
  if (!ended) return postponed(state.name, why);
  state.decision = to_string(Decision::hold);
  return keep(std::move(state), why);
}

Result<void> Passage::place_proofs(SpoolState& state) const {
  if (auto same = spool_.in_place(); !same) return same;
  const auto trace = release_trace(*context_.log, state.scan_id, state.log_from);
  if (!trace) return trace.error();
  if (!trace->intent)
    return Error{ErrorCode::internal, "a receipt without an intent to release", std::nullopt};
  const auto receipt = make_receipt(*context_.log, trace->intent->index);
  if (!receipt) return receipt.error();
  if (auto claimed = claim_name(state, receipt->envelopes); !claimed) return claimed;
  return replace_file(spool_.release_path() + "/" + state.release_name + std::string(proof_suffix),
                      std::as_bytes(std::span(receipt->proof)), released_mode);
}

// Two dumps can be on their way out under one name at once, here or in two programs. It is that one's whose
// envelopes come to lie there first; they are the same in each passage of a release, and no other's.
Result<void> Passage::claim_name(SpoolState& state, std::string_view envelopes) const {
  const auto bytes = std::as_bytes(std::span(envelopes));
  const std::string aside = spool_.release_path() + "/." + state.scan_id + std::string(envelopes_suffix);
  for (;;) {
    const std::string file = spool_.release_path() + "/" + state.release_name + std::string(envelopes_suffix);
    const auto created = create_file(file, aside, bytes, released_mode);
    if (!created) return created.error();
    if (*created) return {};
    const auto found = read_file(file, bytes.size());
    if (found && std::ranges::equal(*found, bytes)) return sync_directory(spool_.release_path());
    if (auto longer = take_longer_name(state); !longer) return longer;
  }
}

// When another dump has the name. There is no third one.
Result<void> Passage::take_longer_name(SpoolState& state) const {
  std::string longer = longer_name(state.name, state.scan_id);
  if (state.release_name == longer) return io_error("cannot release a dump", EEXIST);
  state.release_name = std::move(longer);
  return spool_.save(state);
}

// By one rename that never replaces anything. `dump` is the very file that was examined.
Result<void> Passage::place_dump(SpoolState& state, int dump, const std::string& expected_sha256) {
  if (state.dump_sha256 != expected_sha256)
    return Error{ErrorCode::internal, "a release of another dump", std::nullopt};
  if (::fchmod(dump, released_mode) != 0) return io_error("cannot set the mode of a dump");
  const std::string from = spool_.dump_of(state.scan_id);
  while (::renameat2(AT_FDCWD, from.c_str(), spool_.release(), state.release_name.c_str(),
                     RENAME_NOREPLACE) != 0) {
    if (errno == EXDEV) return place_copy(state, dump);
    if (errno != EEXIST) return io_error("cannot release a dump");
    if (auto longer = take_longer_name(state); !longer) return longer;
    if (auto proofs = place_proofs(state); !proofs) return proofs;
  }
  if (auto synced = sync_directory(spool_.release_path()); !synced) return synced;
  return sync_directory(spool_.place(state.scan_id));
}

// To another file system: a hidden copy, hashed while it is written, and then one rename there.
Result<void> Passage::place_copy(SpoolState& state, int dump) {
  const std::string hidden = "." + state.scan_id + ".part";
  if (state.stage != SpoolStage::placed) {
    const std::string path = spool_.release_path() + "/" + hidden;
    const auto copied = copy_file(dump, path, state.size, released_mode);
    if (!copied) return copied.error();
    if (copied->sha256 != state.dump_sha256 || copied->size != state.size) {
      (void)::unlink(path.c_str());
      return Error{ErrorCode::corrupt, "the copy for release is not what was examined", std::nullopt};
    }
    if (auto synced = sync_directory(spool_.release_path()); !synced) return synced;
    auto identity = spool_.release_identity();
    if (!identity) return identity.error();
    state.release_directory = std::move(*identity);
    state.stage = SpoolStage::placed;
    if (auto saved = spool_.save(state); !saved) return saved;
  }
  // When the hidden copy is gone, an earlier passage gave it its name; the receiver may have taken it since.
  while (::renameat2(spool_.release(), hidden.c_str(), spool_.release(), state.release_name.c_str(),
                     RENAME_NOREPLACE) != 0 &&
         errno != ENOENT) {
    if (errno != EEXIST) return io_error("cannot release a dump");
    if (auto longer = take_longer_name(state); !longer) return longer;
    if (auto proofs = place_proofs(state); !proofs) return proofs;
  }
  if (auto synced = sync_directory(spool_.release_path()); !synced) return synced;
  if (::unlink(spool_.dump_of(state.scan_id).c_str()) != 0 && errno != ENOENT)
    return io_error("cannot remove a released dump from quarantine");
  return sync_directory(spool_.place(state.scan_id));
}

// Of a copy that was placed and is not to be found, only the directory that it was placed in tells whether it
// got its name and went on: in another one, a mount point without its file system, it never was.
Result<void> Passage::copy_is_here(const SpoolState& state) const {
  if (state.stage != SpoolStage::placed) return {};
  const auto identity = spool_.release_identity();
  if (!identity) return identity.error();
  if (*identity == state.release_directory) return {};
  return Error{ErrorCode::io,
               spool_.release_name() + " is not the directory in which its copy for release lies",
               std::nullopt};
}

PassageOutcome Passage::finish(const SpoolState& state, const GateVerdict& verdict, const LeafPlace& intent) {
  Examiner examiner(context_);
  const auto ended = examiner.end_release(verdict, intent, ReleaseStage::complete, state.release_name,
                                          destination_of(spool_));
  // The dump has left; what is missing is said at the next passage.
  if (!ended) return postponed(state.name, "released, and not yet logged so: " + ended.error().message);
  if (const auto gone = spool_.forget(state.scan_id); !gone)
    return postponed(state.name, "released; " + gone.error().message);
  return {.end = PassageEnd::released,
          .message = printable(state.name) + ": released as " + printable(state.release_name) +
                     (verdict.waiver ? " by the waiver of leaf " + std::to_string(*verdict.waiver) : "") +
                     logged_as(state),
          .decision = verdict.decision};
}

Result<void> Passage::log_recovery(const SpoolState& state, const std::string& what) const {
  const auto logged =
      context_.log->append(control_statement({.event = "recovery",
                                              .gate = context_.identity,
                                              .time = utc_now(),
                                              .details = {{"scan_id", state.scan_id}, {"done", what}}}));
  if (!logged) return logged.error();
  return {};
}

PassageOutcome Passage::resume(SpoolState state) {
  const auto trace = release_trace(*context_.log, state.scan_id, state.log_from);
  if (!trace) return postponed(state.name, trace.error().message);
  const bool holds_dump = path_exists(spool_.dump_of(state.scan_id));
  if (!trace->intent)
    return holds_dump ? resume_unintended(std::move(state))
                      : postponed(state.name, "its dump is gone, and no release was intended");
  if (holds_dump && !trace->ended) return complete(std::move(state), *trace);
  if (!trace->ended) {
    if (const auto logged = log_recovery(state, "the dump had been released"); !logged)
      return postponed(state.name, logged.error().message);
    return finish(state, trace->verdict, *trace->intent);
  }
  // An end that was logged before the state could say so: it left, or it stays.
  if (holds_dump) {
    state.decision = to_string(Decision::hold);
    return keep(std::move(state), "its release was aborted");
  }
  if (const auto gone = spool_.forget(state.scan_id); !gone)
    return postponed(state.name, gone.error().message);
  return {.end = PassageEnd::released,
          .message = printable(state.name) + ": its release was complete",
          .decision = trace->verdict.decision};
}

// A verdict alone is repeated, never trusted; a waiver that nothing was made of takes its two people again.
PassageOutcome Passage::resume_unintended(SpoolState state) {
  if (state.waiver) return keep(std::move(state), "its release by a waiver had not begun");
  state.stage = SpoolStage::taken;
  if (const auto saved = spool_.save(state); !saved) return postponed(state.name, saved.error().message);
  return examine(std::move(state));
}

// Of a release that is intended, with the dump still in quarantine.
PassageOutcome Passage::complete(SpoolState state, const ReleaseTrace& trace) {
  if (const auto here = copy_is_here(state); !here) return postponed(state.name, here.error().message);
  const Descriptor dump = spool_.open_dump(state.scan_id);
  if (!dump || take_read_lease(dump.get()) == WriteState::somebody)
    return postponed(state.name, "its dump cannot be opened, or somebody writes to it");
  const auto hashed = hash_file(dump.get());
  if (!hashed) return postponed(state.name, hashed.error().message);
  Result<void> placed =
      Error{ErrorCode::corrupt, "the dump is not the one that was decided on", std::nullopt};
  if (hashed->sha256 == trace.verdict.dump_sha256 && hashed->size == state.size) placed = place_proofs(state);
  if (placed)
    placed = state.stage == SpoolStage::placed ? place_copy(state, dump.get())
                                               : place_dump(state, dump.get(), trace.verdict.dump_sha256);
  if (placed) {
    if (const auto logged = log_recovery(state, "the release was completed"); !logged)
      return postponed(state.name, logged.error().message);
    return finish(state, trace.verdict, *trace.intent);
  }
  if (placed.error().code != ErrorCode::corrupt) return postponed(state.name, placed.error().message);
  if (const auto logged = log_recovery(state, "the release was aborted"); !logged)
    return postponed(state.name, logged.error().message);
  return abort(std::move(state), trace.verdict, *trace.intent, placed.error().message);
}

}  // namespace dumpgate
