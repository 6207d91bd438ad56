#include "scanner/cli/gate_setup.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "scanner/base/descriptor.h"
#include "scanner/base/printable.h"
#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"
#include "scanner/evidence/key_directory.h"
#include "scanner/gate/file_copy.h"
#include "scanner/io/durable_file.h"

namespace dumpgate {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  (void)::gethostname(name.data(), name.size() - 1);
  return name.data();
}

Result<std::string> program_digest() {
  const Descriptor program(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  if (!program) return Error{ErrorCode::io, "cannot read this program's own file", std::nullopt};
  auto hashed = hash_file(program.get());
  if (!hashed) return hashed.error();
  return hashed->sha256;
}

}  // namespace

int gate_failure(const Error& error) {
  write_stderr("dumpgate: " + printable(error.message) + "\n");
  return error.code == ErrorCode::usage || error.code == ErrorCode::unsupported ? exit_usage : exit_internal;
}

void LogSetup::declare(CommandLine& app, GateOptions& options) {
  options.need("evidence", app.add_option("--log", log_directory_, "directory of the evidence log"));
  options.need("evidence",
               app.add_option("--keys", keys_directory_, "directory of the log's and the site's key"));
  options.bind("sandbox", app.add_flag("--weaker-sandbox", weaker_sandbox_,
                                       "go on although the kernel lacks a mechanism; the log says so"));
}

Result<void> LogSetup::prepare(GateContext& context) {
  context.sandbox.require_all = !weaker_sandbox_;
  const auto reader = LogReader::open(log_directory_);
  if (!reader) return Error{ErrorCode::usage, log_directory_ + ": " + reader.error().message, std::nullopt};
  const std::string& origin = reader->verifier().name;
  auto signer =
      SignerProcess::start(keys_directory_ + "/" + std::string(signing_key_file), origin, context.sandbox);
  if (!signer) return signer.error();
  signer_ = std::move(*signer);
  auto log = EvidenceLog::open(log_directory_, *signer_);
  if (!log) return Error{ErrorCode::usage, log_directory_ + ": " + log.error().message, std::nullopt};
  log_.emplace(std::move(*log));
  auto digest = program_digest();
  if (!digest) return digest.error();
  context.identity = {.id = origin,
                      .host = host_name(),
                      .version = std::string(program_version),
                      .program_sha256 = std::move(*digest)};
  context.log = &*log_;
  return {};
}

void GateSetup::declare(CommandLine& app, GateOptions& options) {
  log_.declare(app, options);
  app.add_option("--tmp", temporary_, "where what comes through a pipe is kept, without a name");
  app.add_option("--timeout", timeout_,
                 "seconds for an examination, beside 240 for each begun GiB on the disk; default 120");
  settings_.declare(app);
  for (const char* const name :
       {"--tmp", "--timeout", "--policy", "--strict", "--no-known-test-keys", "--protect", "--site-key",
        "--signatures", "--jobs", "--max-memory", "--max-expanded", "--max-layers"})
    options.bind("examination", app.option(name));
}

Result<void> GateSetup::prepare() {
  if (settings_.site_key_file.empty())
    settings_.site_key_file = log_.keys_directory() + "/" + std::string(site_key_file);
  auto prepared = settings_.prepare();
  if (!prepared) return prepared.error();
  prepared_ = std::move(*prepared);
  context_.scan = std::move(prepared_.options);
  context_.scan.signatures = &prepared_.signatures;
  context_.scan.stop = &stop_requested;
  context_.policy = prepared_.policy;
  context_.known_test_keys = prepared_.known_test_keys;
  context_.seconds_per_dump = timeout_;
  context_.private_directory = temporary_;
  return log_.prepare(context_);
}

}  // namespace dumpgate
