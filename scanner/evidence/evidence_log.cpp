#include "scanner/evidence/evidence_log.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "scanner/base/hex.h"
#include "scanner/base/printable.h"
#include "scanner/evidence/dsse.h"
#include "scanner/evidence/log_edge.h"
#include "scanner/evidence/log_tiles.h"
#include "scanner/evidence/statement_form.h"
#include "scanner/io/durable_file.h"

namespace dumpgate {
namespace {

// The log is public to who may enter its directory; artifacts are for a group at most.
constexpr mode_t public_file = 0644;
constexpr mode_t directory_mode = 0755;
constexpr mode_t artifact_mode = 0640;
constexpr mode_t store_mode = 0750;

// One writer at a time, of any process. Released when it goes, also by the death of the process.
class WriterLock {
 public:
  static Result<WriterLock> take(const std::string& directory) {
    const std::string path = below(directory, lock_file);
    // For nobody else: who can open it can lock it, and keep every writer waiting.
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    WriterLock lock(descriptor);
    if (descriptor < 0) return refused(path);
    if (const auto closed = close_to_others(descriptor, path); !closed) return closed.error();
    while (::flock(descriptor, LOCK_EX) != 0)
      if (errno != EINTR) return refused(path);
    return lock;
  }
  ~WriterLock() {
    if (descriptor_ >= 0) (void)::close(descriptor_);
  }
  WriterLock(WriterLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;
  WriterLock& operator=(WriterLock&&) = delete;

 private:
  explicit WriterLock(int descriptor) : descriptor_(descriptor) {}
  // Earlier versions made it for the group to read. A descriptor from then goes on locking, until its owner
  // ends.
  static Result<void> close_to_others(int descriptor, const std::string& path) {
    struct stat status{};
    if (::fstat(descriptor, &status) != 0) return refused(path);
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) == 0) return {};
    return ::fchmod(descriptor, S_IRUSR | S_IWUSR) == 0 ? Result<void>() : refused(path);
  }
  static Error refused(const std::string& path) {
    return {ErrorCode::io, "cannot lock " + path + ": " + std::generic_category().message(errno),
            std::nullopt};
  }
  int descriptor_;
};

// Whether nothing is there but what a creation leaves that was killed before it published a checkpoint.
Result<bool> is_new_directory(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), &::closedir);
  if (!directory)
    return Error{ErrorCode::io, "cannot read " + path + ": " + std::generic_category().message(errno),
                 std::nullopt};
  const std::array<std::string, 6> known{".",
                                         "..",
                                         std::string(lock_file),
                                         std::string(verifier_key_file),
                                         hidden_name(std::string(verifier_key_file)).substr(2),
                                         hidden_name(std::string(checkpoint_file)).substr(2)};
  while (const dirent* const entry = ::readdir(directory.get()))  // NOLINT(concurrency-mt-unsafe)
    if (std::ranges::find(known, std::string_view(&entry->d_name[0])) == known.end()) return false;
  return true;
}

Result<void> write_below(const std::string& directory, const std::string& name,
                         std::span<const std::byte> bytes, mode_t mode, mode_t mode_of_directories) {
  const std::string path = below(directory, name);
  if (const auto made = make_directories(directory_of(path), mode_of_directories); !made) return made.error();
  return replace_file(path, bytes, mode);
}

// The partial ones of what is full now. They may stay: nobody needs them, and a later append tries again.
void remove_partial(const std::string& directory, const std::string& path_of_full) {
  const std::string path = below(directory, partial_directory(path_of_full));
  if (!path_exists(path)) return;
  for (std::size_t width = 1; width < tile_width; ++width)
    (void)::unlink((path + "/" + std::to_string(width)).c_str());
  (void)::rmdir(path.c_str());
}

void remove_needless_files(const std::string& directory, std::uint64_t size) {
  if (size >= tile_width) remove_partial(directory, bundle_path(size / tile_width - 1, tile_width));
  for (unsigned level = 0; level < levels_of_tiles(size); ++level) {
    const std::uint64_t full = (size >> (tile_levels * level)) / tile_width;
    if (full != 0) remove_partial(directory, tile_path(level, full - 1, tile_width));
  }
}

// Signs the tree and makes that the log's state.
Result<std::string> publish(const std::string& directory, const Checkpoint& checkpoint, Signer& signer) {
  auto note = sign_checkpoint(checkpoint, signer);
  if (!note) return note.error();
  if (const auto written = replace_file(below(directory, checkpoint_file), bytes_of(*note), public_file);
      !written)
    return written.error();
  return note;
}

}  // namespace

Result<EvidenceLog> EvidenceLog::create(const std::string& directory, const std::string& origin,
                                        Signer& signer) {
  if (!is_note_name(origin)) return usage("not a name for a log (no spaces, no plus): " + printable(origin));
  if (const auto made = make_directories(directory, directory_mode); !made) return made.error();
  if (const auto vacant = check_vacant(directory); !vacant) return vacant.error();
  EvidenceLog log(directory, NoteVerifier{.name = origin, .key = signer.public_key()}, signer);
  const auto lock = WriterLock::take(directory);
  if (!lock) return lock.error();
  const std::string key = log.verifier_.text() + "\n";
  if (path_exists(below(directory, verifier_key_file))) {
    const auto begun = read_verifier_key(directory);
    if (!begun || begun->text() != log.verifier_.text())
      return usage(directory + " is the beginning of another log; remove it first");
  }
  if (const auto written = replace_file(below(directory, verifier_key_file), bytes_of(key), public_file);
      !written)
    return written.error();
  const auto root = tree_root(0, {});
  if (!root) return root.error();
  const auto note = publish(directory, Checkpoint{.origin = origin, .size = 0, .root = *root}, signer);
  if (!note) return note.error();
  return log;
}

Result<void> EvidenceLog::check_vacant(const std::string& directory) {
  if (!path_exists(directory)) return {};
  const auto fresh = is_new_directory(directory);
  if (!fresh) return fresh.error();
  if (!*fresh) return usage(directory + " is not empty");
  return {};
}

Result<EvidenceLog> EvidenceLog::open(const std::string& directory, Signer& signer) {
  const auto reader = LogReader::open(directory);
  if (!reader) return reader.error();
  if (reader->verifier().key != signer.public_key())
    return usage("the signing key is not that of the log in " + directory);
  return EvidenceLog(directory, reader->verifier(), signer);
}

Result<LeafPlace> EvidenceLog::append(std::string_view statement) {
  if (const auto formed = check_statement(statement); !formed) return formed.error();
  const std::array signers{signer_};
  const auto envelope = seal_envelope(statement, signers);
  if (!envelope) return envelope.error();
  return extend(*envelope);
}

Result<LeafPlace> EvidenceLog::append_envelope(std::string_view envelope) {
  const std::array<Ed25519PublicKey, 1> own{verifier_.key};
  std::string sealed(envelope);
  if (!open_envelope(sealed, own)) {
    auto countersigned = add_signature(sealed, *signer_);
    if (!countersigned) return countersigned.error();
    sealed = std::move(*countersigned);
  }
  const auto opened = open_envelope(sealed, own);
  if (!opened) return opened.error();
  if (const auto formed = check_statement(opened->payload); !formed) return formed.error();
  return extend(sealed);
}

Result<LeafPlace> EvidenceLog::extend(std::string_view entry) {
  if (entry.empty() || entry.size() > most_entry_bytes)
    return Error{ErrorCode::limit, "the entry is too long for the log", std::nullopt};
  const auto lock = WriterLock::take(directory_);
  if (!lock) return lock.error();
  const auto state = LogReader::open(directory_, verifier_);
  if (!state) return state.error();
  auto edge = LogEdge::read(directory_, state->checkpoint());
  if (!edge) return edge.error();
  LeafPlace place{.index = edge->size(), .hash = leaf_hash(bytes_of(entry))};
  for (const LogEdge::File& file : edge->add(entry))
    if (const auto written =
            write_below(directory_, file.path, bytes_of(file.bytes), public_file, directory_mode);
        !written)
      return written.error();
  const auto root = edge->root();
  if (!root) return root.error();
  auto note = publish(directory_, {.origin = verifier_.name, .size = edge->size(), .root = *root}, *signer_);
  if (!note) return note.error();
  remove_needless_files(directory_, edge->size());
  place.checkpoint = std::move(*note);
  return place;
}

Result<std::string> EvidenceLog::sign_now() {
  const auto lock = WriterLock::take(directory_);
  if (!lock) return lock.error();
  const auto state = LogReader::open(directory_, verifier_);
  if (!state) return state.error();
  if (const auto edge = LogEdge::read(directory_, state->checkpoint()); !edge) return edge.error();
  return publish(directory_, state->checkpoint(), *signer_);
}

Result<std::string> EvidenceLog::store(std::span<const std::byte> artifact) {
  const std::string sha256 = to_hex(Sha256::of(artifact));
  const auto lock = WriterLock::take(directory_);
  if (!lock) return lock.error();
  if (const auto written =
          write_below(directory_, artifact_path(sha256), artifact, artifact_mode, store_mode);
      !written)
    return written.error();
  return sha256;
}

Result<LogReader> EvidenceLog::reader() const { return LogReader::open(directory_, verifier_); }

}  // namespace dumpgate
