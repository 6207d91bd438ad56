// ReportForm: one way of writing down what was found and decided. The one rule: a report is a function of the
// scan record, the verdict and the context, and of nothing else: no time, no threads, no host, so that the
// same scan gives the same bytes; and it holds no byte of the dump beyond names, which are made harmless.
//
// A whole document is opening(), then render() for each input with separator() between, then closing(); so
// that several inputs can be reported while they are scanned, in every form.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "scanner/detect/signature.h"
#include "scanner/verdict/scan_record.h"
#include "scanner/verdict/verdict.h"

namespace dumpgate {

struct ReportContext {
  std::string version{};                    // of the program
  std::span<const Signature> signatures{};  // those in force: titles and rules. Outlive the call
  bool colour = false;                      // terminal colours; only the text form has any
};

// Stateless; shared by all threads. `verdict` is the one decided from `record`; a verdict that does not fit
// it (not one entry for each finding) is reported with every finding blocking.
class ReportForm {
 public:
  virtual ~ReportForm() = default;
  virtual std::string_view name() const noexcept = 0;  // as on the command line: "json"
  virtual std::string_view media_type() const noexcept = 0;

  virtual std::string_view opening() const noexcept { return {}; }
  virtual std::string_view separator() const noexcept { return {}; }
  virtual std::string_view closing() const noexcept { return {}; }
  virtual std::string render(const ScanRecord& record, const Verdict& verdict,
                             const ReportContext& context) const = 0;
};

// The forms, one for each file of scanner/report/forms/; the build lists the folder.
std::span<const ReportForm* const> all_forms();
const ReportForm* form_by_name(std::string_view name);  // nullptr when there is none

// One whole document about one input.
std::string render_document(const ReportForm& form, const ScanRecord& record, const Verdict& verdict,
                            const ReportContext& context);

}  // namespace dumpgate
