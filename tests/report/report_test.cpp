// What every report form owes its readers: the whole truth, valid documents, and nothing that attacks them.

#include "scanner/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>

#include "scanner/base/printable.h"
#include "tests/support/report_cases.h"

namespace dumpgate {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

std::string rendered(std::string_view form, const ReportCase& report) {
  const ReportForm* const found = form_by_name(form);
  if (found == nullptr) return "no such form";
  return render_document(*found, report.record, report.verdict, report_context());
}

Json parsed(std::string_view form, const ReportCase& report) { return Json::parse(rendered(form, report)); }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// A record with anything in it: hostile names, extreme numbers, fields that contradict each other.
class RandomReports {
 public:
  ReportCase next() {
    ScanRecord record = clean_record();
    record.input = name();
    if (coin()) record.size = number();
    if (coin()) record.sha256 = coin() ? "not a digest" : digest_of('9');
    record.bytes_in = coin() ? *record.size : number();
    record.examined = !coin() || !coin();
    for (std::size_t i = below(4); i != 0; --i) record.gaps.push_back(gap());
    for (std::size_t i = below(4); i != 0; --i) record.findings.push_back(finding());
    if (coin()) record.layers.push_back({name(), number(), number(), number()});
    if (coin()) record.images.push_back({name(), number(), number(), number(), number(), 32, true});
    if (coin()) record.protected_keys.push_back({name(), digest_of('a'), coin(), {name()}});
    Policy policy;
    policy.strict = coin();
    const Verdict verdict = decide(record, policy, KnownTestKeys{}, report_day());
    // Now and then a verdict that was made from another record.
    return {"random", record, below(8) == 0 ? Verdict{} : verdict};
  }

 private:
  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }
  bool coin() { return below(2) == 0; }
  std::uint64_t number() { return random_() >> below(64); }
  std::string name() {
    static const std::vector<std::string> pieces{"a",
                                                 "!",
                                                 "\x1b[2J",
                                                 "\n",
                                                 "\xff",
                                                 "\xe2\x80\xae",
                                                 "\"",
                                                 "\\",
                                                 "..",
                                                 "/",
                                                 "\xf0\x9f\x94\x91",
                                                 "%",
                                                 "\x7f",
                                                 "\xc2",
                                                 "{0}",
                                                 "[b](",
                                                 "\xc2\x85",
                                                 std::string(1, '\0')};
    std::string text;
    for (std::size_t i = below(6); i != 0; --i) text += pieces.at(below(pieces.size()));
    return text;
  }
  Gap gap() {
    Gap made = gap_of(static_cast<GapReason>(below(8)));
    made.layer = name();
    made.offset = number();
    if (coin()) made.length = number();
    made.detail = name();
    return made;
  }
  Finding finding() {
    Finding made = proven_key();
    made.signature = coin() ? "rsa-private-key" : name();
    made.kind = static_cast<KeyKind>(below(5));
    made.use = static_cast<KeyUse>(below(5));
    made.evidence = static_cast<Evidence>(below(4));
    made.algorithm = name();
    made.curve = name();
    made.representation = name();
    made.relation = name();
    made.detail = name();
    made.layer = coin() ? "" : name();
    made.offset = number();
    made.length = number();
    made.bits = static_cast<unsigned>(below(9000));
    made.address_space = coin() ? "virtual" : name();
    made.address = number();
    made.mapping = name();
    made.public_key_sha256 = coin() ? digest_of('b') : name();
    made.occurrences = below(3);
    return made;
  }

  std::mt19937_64 random_{7};
};

// Runs tests/report/validate.py over the documents; its exit code and what it printed.
std::pair<int, std::string> validate(const std::string& schema, const std::vector<std::string>& documents) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / ("dumpgate-validate-" + std::to_string(::getpid()));
  const std::filesystem::path log = folder.string() + ".log";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  for (std::size_t i = 0; i < documents.size(); ++i) {
    std::ofstream(folder / (std::to_string(i) + ".json"), std::ios::binary) << documents[i];
  }
  // The system's own interpreter: the Debian package does not serve others.
  const std::string command = "/usr/bin/python3 '" DUMPGATE_SOURCE_DIR "/tests/report/validate.py' '" +
                              schema + "' '" + folder.string() + "' >'" + log.string() + "' 2>&1";
  const int status = std::system(command.c_str());
  std::ifstream file(log);
  const std::string output((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::filesystem::remove_all(folder);
  std::filesystem::remove(log);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, output};
}

std::vector<std::string> many_documents(std::string_view form) {
  std::vector<std::string> documents;
  for (const ReportCase& report : report_cases()) documents.push_back(rendered(form, report));
  RandomReports random;
  for (int i = 0; i < 300; ++i) documents.push_back(rendered(form, random.next()));
  ReportCase unjudged = block_case();
  unjudged.verdict = Verdict{};
  documents.push_back(rendered(form, unjudged));
  documents.push_back(rendered(form, ReportCase{}));
  return documents;
}

TEST(ReportForms, AreKnownByName) {
  for (const std::string_view name : {"text", "json", "jsonl", "sarif"}) {
    const ReportForm* const form = form_by_name(name);
    ASSERT_NE(form, nullptr) << name;
    EXPECT_EQ(form->name(), name);
  }
  EXPECT_EQ(form_by_name("xml"), nullptr);
  EXPECT_EQ(form_by_name(""), nullptr);
}

TEST(ReportForms, NothingHostileReachesTheOutput) {
  RandomReports random;
  std::vector<ReportCase> cases = report_cases();
  for (int i = 0; i < 300; ++i) cases.push_back(random.next());
  for (const ReportForm* const form : all_forms()) {
    for (const ReportCase& report : cases) {
      const std::string document = render_document(*form, report.record, report.verdict, report_context());
      for (const std::string& line : lines_of(document)) {
        // What printable() would change, apart from its own backslashes, must not be there.
        std::string_view rest = line;
        while (!rest.empty()) {
          const std::string_view before = rest;
          ASSERT_TRUE(next_code_point(rest).has_value()) << form->name();
          const std::string_view one = before.substr(0, before.size() - rest.size());
          ASSERT_TRUE(one == "\\" || printable(one) == one) << form->name();
        }
      }
    }
  }
}

TEST(ReportForms, AVerdictThatDoesNotFitReportsEveryFindingAsBlocking) {
  ReportCase report = block_case();
  report.verdict = Verdict{};
  const Json json = parsed("json", report);
  EXPECT_EQ(json["verdict"], "hold");
  EXPECT_EQ(json["complete"], false);
  for (const Json& finding : json["findings"]) EXPECT_EQ(finding["blocks"], true);
  const Json sarif = parsed("sarif", report);  // a range-for does not keep the owner of the member it walks
  for (const Json& result : sarif["runs"][0]["results"]) EXPECT_EQ(result["level"], "error");
}

TEST(JsonReport, ValidatesAgainstItsSchema) {
  const auto [code, output] =
      validate(DUMPGATE_SOURCE_DIR "/docs/report.schema.json", many_documents("json"));
  if (code == 77) GTEST_SKIP() << output;
  EXPECT_EQ(code, 0) << output;
}

TEST(JsonReport, TheValidatorCanSayNo) {
  Json report = parsed("json", block_case());
  report["findings"][0]["evidence"] = "certain";
  const auto [code, output] = validate(DUMPGATE_SOURCE_DIR "/docs/report.schema.json", {report.dump()});
  if (code == 77) GTEST_SKIP() << output;
  EXPECT_EQ(code, 1);
  EXPECT_THAT(output, HasSubstr("evidence"));
}

TEST(JsonReport, LeavesOutWhatIsUnknown) {
  const Json json = parsed("json", hold_case());
  EXPECT_TRUE(json["input"]["size"].is_null());
  EXPECT_TRUE(json["input"]["sha256"].is_null());
  const Json label = parsed("json", block_case())["findings"][3];
  for (const char* const absent :
       {"algorithm", "bits", "curve", "relation", "length", "address", "address_space", "mapping",
        "public_key_sha256", "known_test_key", "protected_key"}) {
    EXPECT_FALSE(label.contains(absent)) << absent;
  }
}

TEST(JsonReport, SaysWhatExemptedAFinding) {
  const Json findings = parsed("json", hostile_case())["findings"];
  EXPECT_EQ(findings[0]["suppressed"]["reason"], "key of the payment simulator");
  EXPECT_EQ(findings[0]["suppressed"]["expires"], "2027-02-22");
  EXPECT_EQ(findings[1]["known_test_key"], "libexample 1.0 self-test");
  for (const Json& finding : findings) EXPECT_EQ(finding["blocks"], false);
  EXPECT_EQ(parsed("json", hostile_case())["expired_suppressions"][0]["expires"], "2026-01-31");
}

TEST(JsonReport, KeepsAddressesAboveTwoToThe63) {
  EXPECT_EQ(parsed("json", block_case())["findings"][0]["address"], "0xffff8000a4f0c8ff");
}

TEST(JsonLines, EndWithOneSummary) {
  for (const ReportCase& report : report_cases()) {
    const std::string text = rendered("jsonl", report);
    EXPECT_EQ(text.back(), '\n');
    const std::vector<std::string> lines = lines_of(text);
    ASSERT_EQ(lines.size(), report.record.findings.size() + 1);
    for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
      EXPECT_EQ(Json::parse(lines[i])["schema"], "dumpgate.finding/1");
    }
    const Json summary = Json::parse(lines.back());
    EXPECT_EQ(summary["schema"], "dumpgate.summary/1");
    EXPECT_EQ(summary["findings"], report.record.findings.size());
    EXPECT_EQ(summary["verdict"], std::string(to_string(report.verdict.decision())));
  }
}

// The lines and the one object say the same.
TEST(JsonLines, AgreeWithTheJsonReport) {
  for (const ReportCase& report : report_cases()) {
    const Json json = parsed("json", report);
    const std::vector<std::string> lines = lines_of(rendered("jsonl", report));
    for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
      Json line = Json::parse(lines[i]);
      line.erase("schema");
      line.erase("input");
      EXPECT_EQ(line, json["findings"][i]);
    }
    const Json summary = Json::parse(lines.back());
    for (const auto& [key, value] : json.items()) {
      if (key == "schema" || key == "findings") continue;
      EXPECT_EQ(summary[key], value) << key;
    }
  }
}

TEST(TextReport, NamesTheKeyTheProofAndTheVerdict) {
  const std::string text = rendered("text", block_case());
  for (const std::string& wanted :
       {std::string("/var/crash/signer.core.zst: BLOCK\n"), std::string("RSA private key: blocks"),
        std::string("proof: n=p*q"), std::string("0xffff8000a4f0c8ff virtual, [heap]"), digest_of('a'),
        std::string("3 times"), std::string("payments.pem: FOUND"), std::string("login.pem: not found\n"),
        std::string("2 x armour label without a key"), std::string("(19.1 GiB)"),
        std::string("limbs-le64")}) {
    EXPECT_THAT(text, HasSubstr(wanted));
  }
}

TEST(TextReport, SaysThatAnIncompleteSearchProvesNothing) {
  const std::string text = rendered("text", hold_case());
  EXPECT_THAT(text, HasSubstr("NOT the whole of the input"));
  EXPECT_THAT(text, HasSubstr("login.pem: not found, and NOT the whole of the input was examined"));
}

TEST(TextReport, ShowsGapsThatHoldBeforeAbsentMemory) {
  ReportCase report = hold_case();
  report.record.gaps.insert(report.record.gaps.begin(), 100, gap_of(GapReason::absent));
  const std::string text = rendered("text", report);
  EXPECT_THAT(text, HasSubstr("truncated at offset 4096 in gzip!xz"));
  EXPECT_THAT(text, HasSubstr("and 83 more gaps"));
}

TEST(TextReport, HasColourOnlyWhenAsked) {
  const ReportCase report = block_case();
  ReportContext context = report_context();
  EXPECT_THAT(form_by_name("text")->render(report.record, report.verdict, context), Not(HasSubstr("\x1b")));
  context.colour = true;
  EXPECT_THAT(form_by_name("text")->render(report.record, report.verdict, context),
              HasSubstr("\x1b[1;31mBLOCK\x1b[0m"));
}

// Where the schema of the standard may lie; it is not ours to distribute.
std::string sarif_schema() {
  const char* const named = std::getenv("DUMPGATE_SARIF_SCHEMA");
  for (const std::string& path : {std::string(named == nullptr ? "" : named),
                                  std::string("/usr/share/dumpgate/sarif-schema-2.1.0.json")}) {
    if (!path.empty() && std::filesystem::exists(path)) return path;
  }
  return "";
}

TEST(SarifReport, ValidatesAgainstTheStandardsSchema) {
  const std::string schema = sarif_schema();
  if (schema.empty()) GTEST_SKIP() << "set DUMPGATE_SARIF_SCHEMA to the OASIS sarif-schema-2.1.0.json";
  const auto [code, output] = validate(schema, many_documents("sarif"));
  if (code == 77) GTEST_SKIP() << output;
  EXPECT_EQ(code, 0) << output;
}

// Without the standard's schema at hand: the properties that consumers rely on.
TEST(SarifReport, HoldsTogether) {
  for (const std::string& document : many_documents("sarif")) {
    const Json log = Json::parse(document);
    EXPECT_EQ(log["version"], "2.1.0");
    ASSERT_EQ(log["runs"].size(), 1U);
    const Json& run = log["runs"][0];
    const Json& rules = run["tool"]["driver"]["rules"];
    const Json& artifacts = run["artifacts"];
    std::set<std::string> rule_ids;
    for (const Json& rule : rules) EXPECT_TRUE(rule_ids.insert(rule["id"]).second);
    EXPECT_EQ(artifacts[0]["roles"][0], "analysisTarget");
    for (std::size_t i = 1; i < artifacts.size(); ++i) EXPECT_LT(artifacts[i]["parentIndex"], i);
    std::set<std::string> identities;
    for (const Json& result : run["results"]) {
      EXPECT_EQ(rules[result["ruleIndex"].get<std::size_t>()]["id"], result["ruleId"]);
      const Json& place = result["locations"][0]["physicalLocation"];
      EXPECT_EQ(artifacts[place["artifactLocation"]["index"].get<std::size_t>()]["location"]["uri"],
                place["artifactLocation"]["uri"]);
      EXPECT_EQ(place["region"]["startLine"], 1);
      EXPECT_TRUE(place["region"].contains("byteOffset"));
      EXPECT_TRUE(identities.insert(result["partialFingerprints"]["dumpgate.finding/1"]).second);
      EXPECT_FALSE(result["message"]["text"].get<std::string>().empty());
      EXPECT_EQ(result["message"]["text"].get<std::string>().find_first_of("[]{}"), std::string::npos);
    }
    const Json& invocation = run["invocations"][0];
    EXPECT_EQ(invocation["executionSuccessful"], run["properties"]["complete"]);
    EXPECT_TRUE(invocation["executionSuccessful"] == true ||
                !invocation["toolExecutionNotifications"].empty());
    EXPECT_EQ(document.find("snippet"), std::string::npos);
  }
}

TEST(SarifReport, SuppressesWhatIsSuppressedAndNothingElse) {
  const Json hostile = parsed("sarif", hostile_case())["runs"][0];
  EXPECT_EQ(hostile["results"][0]["suppressions"][0]["kind"], "external");
  EXPECT_THAT(hostile["results"][0]["suppressions"][0]["justification"], HasSubstr("payment simulator"));
  EXPECT_THAT(hostile["results"][1]["suppressions"][0]["justification"], HasSubstr("libexample"));
  EXPECT_FALSE(hostile["results"][2].contains("suppressions"));
  EXPECT_EQ(hostile["invocations"][0]["toolConfigurationNotifications"].size(), 1U);
  const Json without = parsed("sarif", block_case());
  for (const Json& result : without["runs"][0]["results"]) {
    EXPECT_FALSE(result.contains("suppressions"));
  }
}

TEST(SarifReport, NamesTheInputByAReferenceThatIsOne) {
  const auto uri = [](const ReportCase& report) {
    return parsed("sarif", report)["runs"][0]["artifacts"][0]["location"]["uri"].get<std::string>();
  };
  EXPECT_EQ(uri(block_case()), "file:///var/crash/signer.core.zst");
  EXPECT_EQ(uri(release_case()), "core.4711");
  EXPECT_EQ(uri(hostile_case()), "dir/co%1B%5B2Jre%0A%FF%20%E2%80%AE%25%5Bx%5D%281%29%7B0%7D");
  ReportCase odd = release_case();
  odd.record.input = "c:a!b";
  EXPECT_EQ(uri(odd), "c%3Aa%21b");
}

TEST(SarifReport, SeveralInputsAreRunsOfOneLog) {
  const ReportForm& form = *form_by_name("sarif");
  std::string log(form.opening());
  for (const ReportCase& report : report_cases()) {
    if (log.size() != form.opening().size()) log += form.separator();
    log += form.render(report.record, report.verdict, report_context());
  }
  log += form.closing();
  EXPECT_EQ(Json::parse(log)["runs"].size(), 4U);
}

}  // namespace
}  // namespace dumpgate
