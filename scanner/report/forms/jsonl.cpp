// The JSON lines form: one line for each finding (dumpgate.finding/1), then one summary line
// (dumpgate.summary/1) for the input. The one rule: the summary is always the last line of an input, so that
// its absence tells of a crash.

#include "scanner/report/fields.h"
#include "scanner/report/json_writer.h"
#include "scanner/report/report.h"

namespace dumpgate {
namespace {

class JsonlForm : public ReportForm {
 public:
  std::string_view name() const noexcept override { return "jsonl"; }
  std::string_view media_type() const noexcept override { return "application/jsonl"; }

  std::string render(const ScanRecord& record, const Verdict& verdict,
                     const ReportContext& context) const override {
    std::string lines;
    for (std::size_t i = 0; i < record.findings.size(); ++i) {
      lines += finding_line(record, record.findings[i], verdict_of(record, verdict, i));
    }
    return lines + summary_line(record, verdict, context);
  }

 private:
  static std::string finding_line(const ScanRecord& record, const Finding& finding,
                                  const FindingVerdict& verdict) {
    JsonWriter json;
    {
      const JsonWriter::Scope line = json.object();
      json.text("schema", "dumpgate.finding/1");
      json.text("input", record.input);
      write_finding(json, finding, verdict);
    }
    return json.take() + "\n";
  }

  static std::string summary_line(const ScanRecord& record, const Verdict& verdict,
                                  const ReportContext& context) {
    JsonWriter json;
    {
      const JsonWriter::Scope line = json.object();
      json.text("schema", "dumpgate.summary/1");
      write_tool(json, record, verdict, context);
      write_input(json, record);
      write_decision(json, verdict);
      write_coverage(json, record);
      write_layers(json, record);
      json.number("findings", record.findings.size());
      write_protected_keys(json, record, verdict);
      write_expired_suppressions(json, verdict);
    }
    return json.take() + "\n";
  }
};

constinit const JsonlForm jsonl_instance;

}  // namespace

constinit const ReportForm& jsonl_form = jsonl_instance;

}  // namespace dumpgate
