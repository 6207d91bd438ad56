#include "scanner/report/report.h"

namespace dumpgate {

const ReportForm* form_by_name(std::string_view name) {
  for (const ReportForm* const form : all_forms()) {
    if (form->name() == name) return form;
  }
  return nullptr;
}

std::string render_document(const ReportForm& form, const ScanRecord& record, const Verdict& verdict,
                            const ReportContext& context) {
  std::string document(form.opening());
  document += form.render(record, verdict, context);
  document += form.closing();
  return document;
}

}  // namespace dumpgate
