#include "scanner/evidence/receiver_memory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <system_error>
#include <utility>

#include "scanner/base/hex.h"
#include "scanner/base/strict_text.h"
#include "scanner/evidence/beginnings.h"
#include "scanner/io/durable_file.h"

namespace dumpgate {
namespace {

constexpr std::string_view first_line = "dumpgate-receiver@v1";
constexpr std::size_t most_trees = 100'000;
constexpr std::size_t most_bytes = most_trees * 80 + most_note_bytes;

std::string name_of(const NoteVerifier& log) {
  const std::string text = log.text();
  return to_hex(Sha256::of(std::as_bytes(std::span(text)))).substr(0, 32) + ".memory";
}

Result<int> locked(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  int status = descriptor < 0 ? -1 : 0;
  if (descriptor >= 0) do
      status = ::flock(descriptor, LOCK_EX);
    while (status != 0 && errno == EINTR);
  if (status == 0) return descriptor;
  const int number = errno;
  if (descriptor >= 0) (void)::close(descriptor);
  return Error{ErrorCode::io, path + ": " + std::generic_category().message(number), std::nullopt};
}

}  // namespace

std::string remembered_text(const RememberedTrees& trees) {
  std::string text = std::string(first_line) + "\n";
  std::size_t left_out = trees.known.size() - std::min(trees.known.size(), most_trees);
  for (const auto& [size, root] : trees.known) {
    if (left_out > 0) {
      --left_out;
      continue;
    }
    text += tree_line(size, root) + "\n";
  }
  return text + "\n" + trees.note;
}

Result<RememberedTrees> parse_remembered(std::string_view text, const NoteVerifier& log) {
  const Error bad{ErrorCode::corrupt, "the memory of this log's checkpoints is damaged", std::nullopt};
  if (take_line(text) != first_line) return bad;
  RememberedTrees trees;
  auto line = take_line(text);
  for (; line && !line->empty(); line = take_line(text)) {
    std::uint64_t size = 0;
    TreeHash root{};
    if (!parse_tree_line(*line, size, root) || (!trees.known.empty() && size <= trees.known.rbegin()->first))
      return bad;
    trees.known.emplace_hint(trees.known.end(), size, root);
  }
  auto newest = open_checkpoint(text, log);
  if (!line || !newest || trees.known.empty() || trees.known.rbegin()->first != newest->size ||
      trees.known.rbegin()->second != newest->root)
    return bad;
  trees.note = std::string(text);
  trees.newest = std::move(*newest);
  return trees;
}

Result<ReceiverMemory> ReceiverMemory::open(const std::string& directory, const NoteVerifier& log) {
  if (const auto made = make_directories(directory, 0700); !made) return made.error();
  ReceiverMemory memory;
  memory.path_ = directory + "/" + name_of(log);
  const auto lock = locked(memory.path_ + ".lock");
  if (!lock) return lock.error();
  memory.lock_ = *lock;
  if (!path_exists(memory.path_)) return memory;
  const auto bytes = read_file(memory.path_, most_bytes);
  if (!bytes) return bytes.error();
  auto trees =
      parse_remembered(std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size()), log);
  if (!trees) return Error{ErrorCode::corrupt, memory.path_ + ": " + trees.error().message, std::nullopt};
  memory.trees_ = std::move(*trees);
  return memory;
}

ReceiverMemory::ReceiverMemory(ReceiverMemory&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)), trees_(std::move(other.trees_)) {}

ReceiverMemory::~ReceiverMemory() {
  if (lock_ >= 0) (void)::close(lock_);
}

Result<void> ReceiverMemory::keep(RememberedTrees trees) {
  const std::string text = remembered_text(trees);
  if (const auto written = replace_file(path_, std::as_bytes(std::span(text)), 0600); !written)
    return written.error();
  trees_ = std::move(trees);
  return {};
}

}  // namespace dumpgate
