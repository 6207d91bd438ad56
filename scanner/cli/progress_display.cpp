#include "scanner/cli/progress_display.h"

#include <unistd.h>

#include <algorithm>

#include "scanner/base/printable.h"
#include "scanner/cli/command.h"
#include "scanner/cli/settings.h"

namespace dumpgate {

ProgressDisplay::ProgressDisplay(const std::string& input, std::optional<std::uint64_t> size,
                                 const Progress& progress, const std::string& when)
    : input_(printable(input)),
      size_(size),
      progress_(progress),
      bar_(when == "always" || (when == "auto" && isatty(STDERR_FILENO) == 1)),
      begin_(std::chrono::steady_clock::now()) {
  thread_ = std::thread([this] { watch(); });
}

ProgressDisplay::~ProgressDisplay() {
  {
    const std::scoped_lock lock(mutex_);
    done_ = true;
  }
  ended_.notify_one();
  thread_.join();
  if (bar_) write_stderr("\r\033[K");
}

std::string ProgressDisplay::line() const {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  const std::uint64_t in = progress_.bytes_in;
  std::string text = input_ + ": ";
  if (size_ && *size_ > 0) text += std::to_string(std::min<std::uint64_t>(100, in * 100 / *size_)) + "%, ";
  text += human_size(progress_.bytes_examined) + " examined";
  if (seconds > 0.5) {
    const double rate = static_cast<double>(in) / seconds;
    text += ", " + human_size(static_cast<std::uint64_t>(rate)) + "/s";
    if (size_ && rate > 0 && *size_ > in)
      text += ", " + human_seconds(static_cast<double>(*size_ - in) / rate) + " left";
  }
  const std::uint64_t findings = progress_.findings;
  text += ", " + std::to_string(findings) + (findings == 1 ? " finding" : " findings");
  if (progress_.pass == 2) text += ", second pass";
  return text;
}

// Woken at the end, so that the examination of a small file does not last until the next tick.
void ProgressDisplay::watch() {
  std::unique_lock lock(mutex_);
  for (unsigned tick = 0; !ended_.wait_for(lock, std::chrono::milliseconds(20), [this] { return done_; });
       ++tick) {
    if (status_requested.exchange(false)) write_stderr((bar_ ? "\r\033[K" : "") + line() + "\n");
    if (bar_ && tick % 10 == 9) write_stderr("\r\033[K" + line());
  }
}

}  // namespace dumpgate
