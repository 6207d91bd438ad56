// Whole reports in every form, compared with tests/golden/. After a change that is meant, run the test once
// with DUMPGATE_UPDATE_GOLDEN=1 and read the difference before committing it.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "scanner/report/report.h"
#include "tests/support/report_cases.h"

namespace dumpgate {
namespace {

std::string golden_path(const ReportCase& report, const ReportForm& form) {
  return std::string(DUMPGATE_SOURCE_DIR) + "/tests/golden/" + report.name + "." + std::string(form.name());
}

TEST(Golden, EveryFormWritesEveryReportAsBefore) {
  const bool update = std::getenv("DUMPGATE_UPDATE_GOLDEN") != nullptr;
  ASSERT_FALSE(all_forms().empty());
  for (const ReportCase& report : report_cases()) {
    for (const ReportForm* const form : all_forms()) {
      const std::string path = golden_path(report, *form);
      const std::string now = render_document(*form, report.record, report.verdict, report_context());
      if (update) std::ofstream(path, std::ios::binary) << now;
      std::ifstream file(path, std::ios::binary);
      const std::string golden((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
      EXPECT_EQ(now, golden) << path;
    }
  }
}

}  // namespace
}  // namespace dumpgate
