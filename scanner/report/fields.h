// The members of docs/report.schema.json, written in one place for every form that speaks JSON. The one rule:
// what is unknown is left out, never written as an empty string or a zero that a reader could take for a
// fact.

#pragma once

#include <cstddef>

#include "scanner/report/json_writer.h"
#include "scanner/report/report.h"

namespace dumpgate {

// The judgement of record.findings[index]; one that blocks, when the verdict was not made from this record.
FindingVerdict verdict_of(const ScanRecord& record, const Verdict& verdict, std::size_t index);

// Each writes members into the object that is open.
void write_tool(JsonWriter& json, const ScanRecord& record, const Verdict& verdict,
                const ReportContext& context);
void write_input(JsonWriter& json, const ScanRecord& record);
void write_decision(JsonWriter& json, const Verdict& verdict);  // verdict, exit_code, reasons, complete
void write_coverage(JsonWriter& json, const ScanRecord& record);
void write_finding(JsonWriter& json, const Finding& finding, const FindingVerdict& verdict);
void write_layers(JsonWriter& json, const ScanRecord& record);  // layers, images
void write_protected_keys(JsonWriter& json, const ScanRecord& record, const Verdict& verdict);
void write_expired_suppressions(JsonWriter& json, const Verdict& verdict);

}  // namespace dumpgate
