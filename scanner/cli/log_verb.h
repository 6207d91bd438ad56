// The verbs of `dumpgate log`, one for each file of scanner/cli/log_verbs/: x.cpp defines `x_log_verb`, a
// CommandEntry as those of scanner/cli/commands/. The one rule: a verb ends with 0 only when what it was
// asked for is done and durable, or checked whole.

#pragma once

#include <memory>
#include <span>
#include <string>

#include "scanner/base/result.h"
#include "scanner/cli/command.h"
#include "scanner/evidence/evidence_log.h"
#include "scanner/evidence/signer.h"

namespace dumpgate {

// The build lists the folder.
std::span<const CommandEntry* const> all_log_verbs();

// Says on standard error what went wrong, and gives the exit code for it: exit_block when the evidence is not
// what it claims to be, exit_usage when the person asked for what cannot be, else exit_internal.
int log_failure(const Error& error);

// A log that can be written to, with the key that it is written with.
struct WritableLog {
  std::unique_ptr<Signer> signer{};
  EvidenceLog log;
};
// Run by root, the process has the rights of the log's owner from here on, so that the gate can go on with
// it.
Result<WritableLog> open_writable_log(const std::string& directory, const std::string& keys);

// Opens a log to read it; one that is not there is ErrorCode::usage. `verifier_key` as people give it; ""
// trusts the one in the log's own directory.
Result<LogReader> open_log_reader(const std::string& directory, const std::string& verifier_key);

// A file, or standard input for "-". ErrorCode::limit when it is longer than `most`.
Result<std::string> read_input_text(const std::string& path, std::size_t most);

}  // namespace dumpgate
