// The JSON form: one object for each input, as docs/report.schema.json (dumpgate.report/1) says.

#include "scanner/report/fields.h"
#include "scanner/report/json_writer.h"
#include "scanner/report/report.h"

namespace dumpgate {
namespace {

class JsonForm : public ReportForm {
 public:
  std::string_view name() const noexcept override { return "json"; }
  std::string_view media_type() const noexcept override { return "application/json"; }

  std::string render(const ScanRecord& record, const Verdict& verdict,
                     const ReportContext& context) const override {
    JsonWriter json(2);
    {
      const JsonWriter::Scope report = json.object();
      json.text("schema", "dumpgate.report/1");
      write_tool(json, record, verdict, context);
      write_input(json, record);
      write_decision(json, verdict);
      write_coverage(json, record);
      write_layers(json, record);
      write_findings(json, record, verdict);
      write_protected_keys(json, record, verdict);
      write_expired_suppressions(json, verdict);
    }
    return json.take() + "\n";
  }

 private:
  static void write_findings(JsonWriter& json, const ScanRecord& record, const Verdict& verdict) {
    const JsonWriter::Scope findings = json.array("findings");
    for (std::size_t i = 0; i < record.findings.size(); ++i) {
      const JsonWriter::Scope finding = json.object();
      write_finding(json, record.findings[i], verdict_of(record, verdict, i));
    }
  }
};

constinit const JsonForm json_instance;

}  // namespace

constinit const ReportForm& json_form = json_instance;

}  // namespace dumpgate
