#include "scanner/cli/log_verb.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "scanner/base/printable.h"
#include "scanner/evidence/key_directory.h"
#include "scanner/gate/owner_rights.h"
#include "scanner/io/durable_file.h"

namespace dumpgate {

int log_failure(const Error& error) {
  write_stderr("dumpgate: " + printable(error.message) + "\n");
  switch (error.code) {
    case ErrorCode::corrupt:
    case ErrorCode::truncated:
      return exit_block;
    case ErrorCode::usage:
      return exit_usage;
    case ErrorCode::io:
    case ErrorCode::encrypted:
    case ErrorCode::unsupported:
    case ErrorCode::limit:
    case ErrorCode::internal:
      break;
  }
  return exit_internal;
}

Result<WritableLog> open_writable_log(const std::string& directory, const std::string& keys) {
  auto signer = open_signing_key(keys);
  if (!signer) return signer.error();
  // What root alone may read has been read.
  if (path_exists(directory))
    if (const auto taken = take_owner_rights(directory); !taken) return taken.error();
  auto log = EvidenceLog::open(directory, **signer);
  if (!log) return log.error();
  return WritableLog{.signer = std::move(*signer), .log = std::move(*log)};
}

Result<LogReader> open_log_reader(const std::string& directory, const std::string& verifier_key) {
  if (!path_exists(directory)) return Error{ErrorCode::usage, "there is no log " + directory, std::nullopt};
  if (verifier_key.empty()) return LogReader::open(directory);
  const auto verifier = parse_note_verifier(verifier_key);
  if (!verifier) return verifier.error();
  return LogReader::open(directory, *verifier);
}

Result<std::string> read_input_text(const std::string& path, std::size_t most) {
  if (path != "-") {
    const auto bytes = read_file(path, most);
    if (!bytes) return bytes.error();
    return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  }
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR && !stop_requested) continue;
    if (got < 0)
      return Error{ErrorCode::io, "cannot read standard input: " + std::generic_category().message(errno),
                   std::nullopt};
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > most) return Error{ErrorCode::limit, "standard input is too long", std::nullopt};
  }
}

}  // namespace dumpgate
