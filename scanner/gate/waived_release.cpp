#include "scanner/gate/waived_release.h"

#include <sys/stat.h>

#include <utility>

#include "scanner/base/descriptor.h"
#include "scanner/evidence/waiver.h"
#include "scanner/gate/file_copy.h"
#include "scanner/gate/file_state.h"
#include "scanner/gate/read_lease.h"
#include "scanner/gate/release_trace.h"

namespace dumpgate {
namespace {

Error refused(const std::string& why) { return {ErrorCode::usage, why, std::nullopt}; }

class WaivedRelease {
 public:
  WaivedRelease(const Spool& spool, const GateContext& context, const std::string& scan_id,
                const std::function<Date()>& today)
      : spool_(spool), context_(context), scan_id_(scan_id), today_(today) {}

  Result<PassageOutcome> run(std::string_view envelope, std::span<const Approver> approvers) {
    // Without custody first: a dump that is just examined shall not be put off by a question about it.
    if (const auto known = waivable(); !known) return known.error();
    const auto custody = spool_.custody(scan_id_);
    if (!custody) return custody.error();
    auto state = waivable();
    if (!state) return state.error();
    const auto verdict = logged_verdict(*context_.log, scan_id_, state->verdict_index);
    if (!verdict) return verdict.error();
    if (verdict->dump_sha256.empty())
      return refused(scan_id_ + " was never read to its end: no verdict names a digest that could be waived");
    const Ed25519PublicKey& log_key = context_.log->verifier().key;
    const auto waiver =
        open_waiver(envelope, approvers_other_than(log_key, approvers), verdict->dump_sha256, today_());
    if (!waiver) return waiver.error();
    if (state->stage != SpoolStage::kept) {
      const PassageOutcome resumed = Passage(spool_, context_).run(*custody);
      if (resumed.end != PassageEnd::kept) return resumed;
      state = waivable();
      if (!state) return state.error();
    }
    return release(std::move(*state), *verdict, *waiver, envelope);
  }

 private:
  // The state of a dump that a waiver can be for, as far as the state goes.
  Result<SpoolState> waivable() const {
    auto state = is_scan_id(scan_id_) ? spool_.state(scan_id_) : Result<SpoolState>(refused(""));
    if (!state) return not_there();
    switch (state->stage) {
      case SpoolStage::kept:
        return state;
      case SpoolStage::releasing:
      case SpoolStage::placed:
        if (state->waiver) return state;
        return refused("the release of " + scan_id_ + " is under way; the gate goes on with it");
      case SpoolStage::taking:
      case SpoolStage::taken:
        return refused("nothing was decided of " + scan_id_ + " yet");
      case SpoolStage::dropping:
        break;
    }
    return refused(scan_id_ + " is being dropped");
  }

  Error not_there() const {
    const auto trace = release_trace(*context_.log, scan_id_, 0);
    if (trace && trace->intent && trace->ended)
      return refused(scan_id_ + " does not lie in quarantine: the log says that its release ended");
    return refused("nothing lies in quarantine as " + scan_id_);
  }

  // The digest is taken anew, of the open file that is then released.
  Result<PassageOutcome> release(SpoolState state, GateVerdict verdict, const Waiver& waiver,
                                 std::string_view envelope) {
    const Descriptor dump = spool_.open_dump(scan_id_);
    struct stat before{};
    struct stat after{};
    if (!dump || ::fstat(dump.get(), &before) != 0)
      return refused("the dump of " + scan_id_ + " cannot be opened, or is no file of its own");
    const WriteState writers = take_read_lease(dump.get());
    if (writers == WriteState::somebody) return refused("somebody writes to the dump of " + scan_id_);
    const auto hashed = hash_file(dump.get());
    if (!hashed) return hashed.error();
    if (hashed->sha256 != verdict.dump_sha256 || hashed->size != verdict.size)
      return refused("the dump of " + scan_id_ +
                     " is not the one that was examined and that the waiver is for");
    if (::fstat(dump.get(), &after) != 0 || !untouched(before, after) ||
        (writers == WriteState::nobody && !read_lease_held(dump.get())))
      return refused("the dump of " + scan_id_ + " changed while it was read");
    if (const Date now = today_(); !now.ok() || waiver.expires < now)
      return refused("the waiver expired while the dump of " + scan_id_ + " was read");
    const auto leaf = context_.log->append_envelope(envelope);
    if (!leaf) return leaf.error();
    state.waiver = verdict.waiver = leaf->index;
    state.log_from = leaf->index;
    state.dump_sha256 = verdict.dump_sha256;
    state.size = verdict.size;
    return Passage(spool_, context_).release(std::move(state), verdict, dump.get());
  }

  const Spool& spool_;
  const GateContext& context_;
  const std::string& scan_id_;
  const std::function<Date()>& today_;
};

}  // namespace

Result<PassageOutcome> release_by_waiver(const Spool& spool, const GateContext& context,
                                         const std::string& scan_id, std::string_view envelope,
                                         std::span<const Approver> approvers,
                                         const std::function<Date()>& today) {
  return WaivedRelease(spool, context, scan_id, today).run(envelope, approvers);
}

}  // namespace dumpgate
