#include "scanner/cli/command.h"

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>

namespace dumpgate {

std::atomic<bool> stop_requested{false};
std::atomic<bool> status_requested{false};
const std::string_view program_version = DUMPGATE_VERSION;

void write_stdout(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw std::runtime_error("standard output cannot be written: " + std::generic_category().message(errno));
}

void write_stderr(std::string_view text) noexcept { (void)std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace dumpgate
