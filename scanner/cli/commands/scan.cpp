// dumpgate scan: examines dumps and says for each whether it may leave.

#include <algorithm>
#include <chrono>
#include <future>
#include <string>
#include <vector>

#include "scanner/base/printable.h"
#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/progress_display.h"
#include "scanner/cli/report_files.h"
#include "scanner/cli/settings.h"
#include "scanner/engine/scan.h"
#include "scanner/engine/self_test.h"
#include "scanner/verdict/verdict.h"

namespace dumpgate {
namespace {

class ScanCommand final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.add_option("INPUT", inputs_, "dump files; '-' is standard input, examined while it streams")
        .required();
    settings_.declare(app);
    reports_.declare(app);
    app.add_flag("-q,--quiet", quiet_, "no summary line on stderr");
  }

  int run() override {
    auto prepared = settings_.prepare();
    if (!prepared) return fail(prepared.error());
    if (const auto opened = reports_.open(prepared->signatures.all(), inputs_); !opened)
      return fail(opened.error());
    // Beside the first examination, whose verdict waits for it: the two start on what one thread can do.
    // Where no thread can be had, libstdc++ leaves it to whoever asks first.
    const std::shared_future<bool> self_tested =
        std::async(std::launch::async | std::launch::deferred, [&signatures = prepared->signatures] {
          const SelfTest tested = self_test(signatures);
          if (!tested.passed) write_stderr("dumpgate: " + tested.detail + ": nothing will be released\n");
          return tested.passed;
        });
    std::vector<Decision> decisions;
    for (const std::string& path : inputs_) {
      decisions.push_back(examine(path, *prepared, self_tested));
      if (stop_requested) break;
    }
    reports_.close();
    if (decisions.size() < inputs_.size()) decisions.push_back(Decision::hold);
    return exit_code(worst(decisions));
  }

 private:
  static int fail(const Error& error) {
    write_stderr("dumpgate: " + printable(error.message) + "\n");
    return error.code == ErrorCode::usage ? exit_usage : exit_internal;
  }

  Decision examine(const std::string& path, const Prepared& prepared,
                   const std::shared_future<bool>& self_tested) {
    ScanRecord record;
    const auto begin = std::chrono::steady_clock::now();
    const auto input = open_input(path, &stop_requested);
    if (!input) {
      record.input = path;
      record.signatures_sha256 = prepared.signatures.sha256();
      record.gaps.push_back({.reason = gap_reason(input.error().code), .detail = input.error().message});
    } else {
      Progress progress;
      ScanOptions options = prepared.options;
      options.signatures = &prepared.signatures;
      options.progress = &progress;
      options.stop = &stop_requested;
      const ProgressDisplay display(path, (*input)->size(), progress, settings_.progress);
      record = scan(**input, options);
    }
    record.self_test_passed = self_tested.get();
    const Verdict verdict = decide(record, prepared.policy, prepared.known_test_keys, utc_today());
    reports_.write(record, verdict);
    if (!quiet_) summarise(record, verdict, std::chrono::steady_clock::now() - begin);
    return verdict.decision();
  }

  static void summarise(const ScanRecord& record, const Verdict& verdict,
                        std::chrono::duration<double> took) {
    write_stderr(printable(record.input) + ": " + std::string(to_string(verdict.decision())) + ", " +
                 human_size(record.bytes_examined) + " examined in " + human_seconds(took.count()) + " (" +
                 human_size(static_cast<std::uint64_t>(static_cast<double>(record.bytes_examined) /
                                                       std::max(took.count(), 1e-3))) +
                 "/s), " + std::to_string(record.findings.size()) +
                 (record.findings.size() == 1 ? " finding, " : " findings, ") +
                 (verdict.complete() ? "complete" : "incomplete") + "\n");
  }

  std::vector<std::string> inputs_{};
  ScanSettings settings_{};
  ReportFiles reports_{};
  bool quiet_ = false;
};

constinit const CommandEntry scan_instance{"scan", "examine dumps and say whether they may leave",
                                           &make_command<ScanCommand>};

}  // namespace

constinit const CommandEntry& scan_command = scan_instance;

}  // namespace dumpgate
