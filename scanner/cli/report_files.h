// ReportFiles: where the reports of one run go: one form to stdout, any number to files. The one rule: a
// report that cannot be written whole ends the program with an error; no verdict is announced by half a file.

#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/report/report.h"

namespace dumpgate {

class CommandLine;

class ReportFiles {
 public:
  ReportFiles();
  ~ReportFiles();

  void declare(CommandLine& app);

  // open checks forms and creates or empties the files (0600). Error (usage): an unknown form, a file that
  // cannot be created, or that is one of the `inputs` or another report under any name; then none is emptied.
  // `signatures` outlive this.
  Result<void> open(std::span<const Signature> signatures, std::span<const std::string> inputs);

  // Each throws std::runtime_error when a write fails.
  void write(const ScanRecord& record, const Verdict& verdict);
  void close();

 private:
  struct Target;
  Result<void> add(const std::string& form, const std::string& path);
  Result<void> check_apart(std::span<const std::string> inputs) const;
  std::string format_ = "text";
  std::vector<std::string> reports_{};
  std::string colour_ = "auto";
  std::vector<std::unique_ptr<Target>> targets_{};
  ReportContext context_{};
};

}  // namespace dumpgate
