#include "scanner/evidence/receiver.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "scanner/base/hex.h"
#include "scanner/evidence/dsse.h"
#include "scanner/evidence/receipt.h"
#include "scanner/io/durable_file.h"

namespace dumpgate {
namespace {

constexpr std::size_t read_size = std::size_t{1} << 20U;

struct FileIdentity {
  std::string sha256{};
  std::uint64_t size = 0;
};

Result<FileIdentity> identify(const std::string& path) {
  const auto failed = [&] {
    return Error{ErrorCode::usage, path + ": " + std::generic_category().message(errno), std::nullopt};
  };
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return failed();
  Sha256 hash;
  FileIdentity file;
  std::vector<std::byte> buffer(read_size);
  for (;;) {
    const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const Error error = failed();
      (void)::close(descriptor);
      return error;
    }
    if (got == 0) break;
    hash.update(std::span(buffer).first(static_cast<std::size_t>(got)));
    file.size += static_cast<std::uint64_t>(got);
  }
  (void)::close(descriptor);
  file.sha256 = to_hex(hash.finish());
  return file;
}

// One check of one file; each step says what is wrong, or nothing.
class Check {
 public:
  Check(const std::string& path, const ReceiverOptions& options) : path_(path), options_(options) {}

  Result<ReceiptCheck> run() {
    const auto file = identify(path_);
    if (!file) return file.error();
    file_ = *file;
    check_.file_sha256 = file_.sha256;
    if (read_receipt() && statements_are_of_this_file() && is_in_the_log() && was_allowed() &&
        fits_the_memory())
      check_.answer = Answer::verified;
    return check_;
  }

 private:
  bool refuse(std::string reason) {
    check_.answer = Answer::refused;
    check_.reason = std::move(reason);
    return false;
  }

  bool undecided(std::string reason) {
    check_.answer = Answer::undecided;
    check_.reason = std::move(reason);
    return false;
  }

  bool read_receipt() {
    std::array<std::string, 2> texts;
    const std::array<std::string_view, 2> suffixes{envelopes_suffix, proof_suffix};
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::string path = path_ + std::string(suffixes.at(i));
      const auto bytes = read_file(path, most_receipt_bytes);
      if (!bytes) return undecided("there is no receipt to be read: " + bytes.error().message);
      texts.at(i).assign(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    }
    auto receipt = parse_receipt(texts[0], texts[1]);
    if (!receipt) return refuse(receipt.error().message);
    receipt_ = std::move(*receipt);
    return true;
  }

  // The fields of an envelope that the log signed, about this file.
  template <typename Fields>
  bool open(const std::string& envelope, const char* what, Fields& fields) {
    const std::array<Ed25519PublicKey, 1> own{options_.log.key};
    const auto opened = open_envelope(envelope, own);
    if (!opened) return refuse(std::string(what) + " is not signed by the log: " + opened.error().message);
    auto statement = read_statement(opened->payload);
    if (!statement) return refuse(std::string(what) + ": " + statement.error().message);
    auto* const found = std::get_if<Fields>(&statement->fields);
    if (found == nullptr) return refuse(std::string("the receipt holds another statement than ") + what);
    if (statement->subject_sha256 != file_.sha256)
      return refuse(std::string(what) + " is about another file, of SHA-256 " + statement->subject_sha256);
    fields = std::move(*found);
    return true;
  }

  bool statements_are_of_this_file() {
    if (!open(receipt_.verdict, "the verdict", check_.verdict) ||
        !open(receipt_.intent, "the release", check_.release))
      return false;
    if (check_.release.stage != "intent") return refuse("the release in the receipt is not the intent");
    if (check_.release.size != file_.size) return refuse("the release is of a file of another size");
    if (check_.release.scan_id != check_.verdict.scan_id ||
        check_.release.verdict_leaf_sha256 != to_hex(leaf_hash(std::as_bytes(std::span(receipt_.verdict)))))
      return refuse("the release was allowed by another verdict than the one in the receipt");
    return true;
  }

  bool is_in_the_log() {
    const TreeHash leaf = leaf_hash(std::as_bytes(std::span(receipt_.intent)));
    auto checkpoint = verify_tlog_proof(receipt_.proof, leaf, options_.log);
    if (!checkpoint) return refuse(checkpoint.error().message);
    check_.leaf = receipt_.proof.index;
    check_.checkpoint = std::move(*checkpoint);
    if (check_.release.verdict_index >= check_.leaf) return refuse("the release is older than its verdict");
    for (const Beginning& beginning : receipt_.beginnings)
      if (!verify_consistency(beginning.size, check_.checkpoint.size, beginning.root, check_.checkpoint.root,
                              beginning.proof))
        return refuse("the receipt claims an earlier tree of the log that is not a beginning of it");
    return true;
  }

  bool was_allowed() {
    if (check_.release.waiver_index) return waiver_allows();
    if (check_.verdict.result != "release")
      return refuse("the verdict is " + check_.verdict.result + ", and no waiver is named");
    if (!check_.verdict.complete) return refuse("the verdict releases what was not examined whole");
    return true;
  }

  bool waiver_allows() {
    if (!receipt_.waiver) return refuse("the release names a waiver that is not in the receipt");
    const auto day = parse_day(std::string_view(check_.release.time).substr(0, 10));
    if (!day) return refuse("the release does not say when it was");
    if (options_.approvers.empty())
      return undecided("released by a waiver: whether it is valid takes the approvers' public keys");
    auto waiver = open_waiver(*receipt_.waiver, approvers_other_than(options_.log.key, options_.approvers),
                              file_.sha256, *day);
    if (!waiver) return refuse(waiver.error().message);
    check_.waiver = std::move(*waiver);
    return true;
  }

  bool fits_the_memory() {
    if (options_.state_directory.empty()) {
      check_.consistency_reason = "not asked: nothing is remembered without a state directory";
      return true;
    }
    std::optional<LogReader> log;
    if (!options_.log_directory.empty()) {
      auto opened = LogReader::open(options_.log_directory, options_.log);
      if (!opened) return undecided("the copy of the log cannot be used: " + opened.error().message);
      log = std::move(*opened);
    }
    auto memory = ReceiverMemory::open(options_.state_directory, options_.log);
    if (!memory) return undecided(memory.error().message);
    const ConsistencyAnswer answer =
        check_consistency(memory->trees(), check_.checkpoint, receipt_.beginnings, log);
    check_.consistency = answer.consistency;
    check_.consistency_reason = answer.reason;
    if (answer.consistency == Consistency::broken) return refuse(answer.reason);
    if (answer.consistency == Consistency::unknown ||
        (answer.consistency == Consistency::first && !options_.first))
      return undecided(answer.reason);
    const auto kept =
        memory->keep(remember(memory->trees(), check_.checkpoint, receipt_.proof.note, receipt_.beginnings));
    if (!kept) return undecided("the checkpoint cannot be remembered: " + kept.error().message);
    return true;
  }

  const std::string& path_;
  const ReceiverOptions& options_;
  FileIdentity file_{};
  ParsedReceipt receipt_{};
  ReceiptCheck check_{};
};

}  // namespace

Result<ReceiptCheck> check_received_file(const std::string& path, const ReceiverOptions& options) {
  return Check(path, options).run();
}

}  // namespace dumpgate
