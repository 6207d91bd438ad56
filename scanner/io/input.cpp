#include "scanner/io/input.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "scanner/base/descriptor.h"
#include "scanner/base/system_error.h"

namespace dumpgate {
namespace {

// What must stay the same while a file is examined. The change time is included because the modification time
// can be set back by anybody who owns the file.
struct FileState {
  off_t size = 0;
  timespec modified{};
  timespec changed{};

  explicit FileState(const struct stat& status)
      : size(status.st_size), modified(status.st_mtim), changed(status.st_ctim) {}
  bool operator==(const FileState& other) const {
    const auto same = [](const timespec& a, const timespec& b) {
      return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
    };
    return size == other.size && same(modified, other.modified) && same(changed, other.changed);
  }
};

// Reads a regular file from `origin` (where a redirected standard input stood) to its size at opening. Bytes
// that were promised and are gone are an Error; bytes that came later are for Input::changed() to report.
class FileView final : public ByteView {
 public:
  FileView(int descriptor, std::uint64_t origin, std::uint64_t size)
      : descriptor_(descriptor), origin_(origin), size_(size) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override {
    if (offset >= size_) return std::size_t{0};
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_ - offset));
    std::size_t filled = 0;
    while (filled < wanted) {
      const auto at = static_cast<off_t>(origin_ + offset + filled);
      const ssize_t got = ::pread(descriptor_, out.data() + filled, wanted - filled, at);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return located(io_error("cannot read", errno), offset + filled);
      if (got == 0)
        return located({.code = ErrorCode::io, .message = "the file became shorter while it was read"},
                       offset + filled);
      filled += static_cast<std::size_t>(got);
    }
    return filled;
  }

  std::optional<std::uint64_t> size() const override { return size_; }

 private:
  static Error located(Error error, std::uint64_t offset) {
    error.offset = offset;
    return error;
  }

  int descriptor_;
  std::uint64_t origin_;
  std::uint64_t size_;
};

class MemoryView final : public ByteView {
 public:
  explicit MemoryView(std::span<const std::byte> bytes) : bytes_(bytes) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override {
    if (offset >= bytes_.size()) return std::size_t{0};
    const auto from = bytes_.subspan(static_cast<std::size_t>(offset));
    const std::size_t count = std::min(from.size(), out.size());
    std::copy_n(from.begin(), count, out.begin());
    return count;
  }
  std::optional<std::uint64_t> size() const override { return bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
};

// A stream over a view. When a read fails in the middle, what lies before the failure is delivered first.
class ViewStream final : public ByteStream {
 public:
  explicit ViewStream(ByteView& view) : view_(view) {}

  Result<std::size_t> read(std::span<std::byte> out) override {
    auto got = view_.read_at(position_, out);
    if (!got && got.error().offset && *got.error().offset > position_)
      got = view_.read_at(position_, out.first(static_cast<std::size_t>(*got.error().offset - position_)));
    if (got) position_ += *got;
    return got;
  }

 private:
  ByteView& view_;
  std::uint64_t position_ = 0;
};

class FileInput final : public Input {
 public:
  FileInput(int descriptor, std::string name, const struct stat& status, off_t origin)
      : descriptor_(descriptor),
        name_(std::move(name)),
        at_opening_(status),
        view_(descriptor, static_cast<std::uint64_t>(origin),
              static_cast<std::uint64_t>(std::max(status.st_size, origin) - origin)) {}

  const std::string& name() const override { return name_; }
  std::optional<std::uint64_t> size() const override { return view_.size(); }
  ByteView* view() override { return &view_; }

  Result<std::unique_ptr<ByteStream>> stream() override {
    (void)::posix_fadvise(descriptor_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    return std::unique_ptr<ByteStream>(std::make_unique<ViewStream>(view_));
  }

  bool changed() const override {
    struct stat now{};
    return ::fstat(descriptor_.get(), &now) != 0 || !(FileState(now) == at_opening_);
  }

 private:
  Descriptor descriptor_;
  std::string name_;
  FileState at_opening_;
  FileView view_;
};

// A pipe's stream. It waits by poll() and not in read(), so that a request to stop ends the wait, and so that
// a descriptor which was left non-blocking, or a named pipe that no writer has opened yet, makes no
// difference.
class PipeStream final : public ByteStream {
 public:
  PipeStream(int descriptor, const std::atomic<bool>* stop) : descriptor_(descriptor), stop_(stop) {}

  Result<std::size_t> read(std::span<std::byte> out) override {
    while (!ended_) {
      if (stop_ != nullptr && stop_->load()) return Error{.code = ErrorCode::io, .message = "stopped"};
      if (!ready()) continue;
      const ssize_t got = ::read(descriptor_, out.data(), out.size());
      if (got > 0) return static_cast<std::size_t>(got);
      if (got == 0)
        ended_ = true;
      else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
        return io_error("cannot read", errno);
    }
    return std::size_t{0};
  }

 private:
  // A signal can come just before poll() begins to wait, so the wait is short when somebody may ask to stop.
  static constexpr int look_up_ms = 200;

  // Whether read() would return at once: bytes, the end or an error (then read() tells which).
  bool ready() const {
    pollfd wait{.fd = descriptor_, .events = POLLIN, .revents = 0};
    const int events = ::poll(&wait, 1, stop_ != nullptr ? look_up_ms : -1);
    return events > 0 || (events < 0 && errno != EINTR);
  }

  int descriptor_;
  const std::atomic<bool>* stop_;
  bool ended_ = false;
};

Error read_twice() { return {.code = ErrorCode::usage, .message = "this input can be read once only"}; }

class PipeInput final : public Input {
 public:
  PipeInput(int descriptor, std::string name, const std::atomic<bool>* stop)
      : descriptor_(descriptor), name_(std::move(name)), stop_(stop) {}

  const std::string& name() const override { return name_; }
  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  ByteView* view() override { return nullptr; }
  bool changed() const override { return false; }

  Result<std::unique_ptr<ByteStream>> stream() override {
    if (std::exchange(taken_, true)) return read_twice();
    return std::unique_ptr<ByteStream>(std::make_unique<PipeStream>(descriptor_.get(), stop_));
  }

 private:
  Descriptor descriptor_;
  std::string name_;
  const std::atomic<bool>* stop_;
  bool taken_ = false;
};

class MemoryInput final : public Input {
 public:
  MemoryInput(std::string name, std::span<const std::byte> bytes, bool once)
      : name_(std::move(name)), view_(bytes), once_(once) {}

  const std::string& name() const override { return name_; }
  std::optional<std::uint64_t> size() const override { return once_ ? std::nullopt : view_.size(); }
  ByteView* view() override { return once_ ? nullptr : &view_; }
  bool changed() const override { return false; }

  Result<std::unique_ptr<ByteStream>> stream() override {
    if (std::exchange(taken_, true) && once_) return read_twice();
    return std::unique_ptr<ByteStream>(std::make_unique<ViewStream>(view_));
  }

 private:
  std::string name_;
  MemoryView view_;
  bool once_;
  bool taken_ = false;
};

std::string_view kind_word(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  if (S_ISSOCK(mode)) return "a socket";
  return "not a regular file";
}

Error wrong_kind(const std::string& name, mode_t mode) {
  return {.code = ErrorCode::io, .message = name + " is " + std::string(kind_word(mode)) + ", not a dump"};
}

// A file of a virtual file system (/proc) says that it is empty and then delivers bytes: neither its size nor
// its lack of change can be trusted.
bool holds_more_than_it_says(int descriptor, const struct stat& status) {
  std::byte probe{};
  return status.st_size == 0 && ::pread(descriptor, &probe, 1, 0) > 0;
}

}  // namespace

Result<std::unique_ptr<Input>> open_descriptor(int descriptor, std::string name,
                                               const std::atomic<bool>* stop) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) {
    const int number = errno;
    if (descriptor >= 0) (void)::close(descriptor);
    return io_error("cannot examine " + name, number);
  }
  if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode))
    return std::unique_ptr<Input>(std::make_unique<PipeInput>(descriptor, std::move(name), stop));
  if (!S_ISREG(status.st_mode)) {
    (void)::close(descriptor);
    return wrong_kind(name, status.st_mode);
  }
  if (holds_more_than_it_says(descriptor, status)) {
    (void)::close(descriptor);
    return Error{.code = ErrorCode::io,
                 .message = name + " holds more bytes than its size says; copy it first"};
  }
  const off_t origin = std::max<off_t>(::lseek(descriptor, 0, SEEK_CUR), 0);
  return std::unique_ptr<Input>(std::make_unique<FileInput>(descriptor, std::move(name), status, origin));
}

Result<std::unique_ptr<Input>> open_input(const std::string& path, const std::atomic<bool>* stop) {
  if (path == "-") {
    const int copy = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return io_error("cannot read standard input", errno);
    if (::isatty(copy) != 0) {
      (void)::close(copy);
      return Error{.code = ErrorCode::io, .message = "standard input is a terminal, not a dump"};
    }
    return open_descriptor(copy, path, stop);
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return io_error("cannot open " + path, errno);
  // Judged before it is opened, because opening a device can act on it, and opened so that nothing can make
  // it wait: a named pipe's writer is waited for where its bytes are.
  if (!S_ISFIFO(status.st_mode) && !S_ISREG(status.st_mode)) return wrong_kind(path, status.st_mode);
  const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), flags);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) return io_error("cannot open " + path, errno);
  return open_descriptor(descriptor, path, stop);
}

std::unique_ptr<Input> memory_input(std::string name, std::span<const std::byte> bytes, bool once) {
  return std::make_unique<MemoryInput>(std::move(name), bytes, once);
}

}  // namespace dumpgate
