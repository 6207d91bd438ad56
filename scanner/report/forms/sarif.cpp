// The SARIF 2.1.0 form (OASIS Standard, errata 01): one log, one run for each input. The one rule: never a
// snippet; and names that came with the dump stand in properties and locations only, because viewers follow
// links and placeholders in message texts (section 3.11).

#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include "scanner/base/hex.h"
#include "scanner/io/digest.h"
#include "scanner/report/fields.h"
#include "scanner/report/json_writer.h"
#include "scanner/report/report.h"

namespace dumpgate {
namespace {

// A viewer reads the first of many gaps; the JSON form lists them all.
constexpr std::size_t most_sarif_gaps = 1000;

// RFC 3986: everything but unreserved characters and '/' is percent-encoded, byte by byte, so that no name is
// lost and none ends or starts another part of the reference.
std::string percent_encoded(std::string_view path) {
  static constexpr std::string_view unreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : path) {
    if (unreserved.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto value = static_cast<unsigned char>(c);
      out += '%';
      out += digits[value >> 4U];
      out += digits[value & 15U];
    }
  }
  return out;
}

std::string uri_of(std::string_view name) {
  return (name.starts_with('/') ? "file://" : "") + percent_encoded(name);
}

// The artifacts of one run: the input, and each layer of it that a location names, its parents before it.
class Artifacts {
 public:
  explicit Artifacts(const ScanRecord& record) : uri_(uri_of(record.input)) {
    paths_.emplace_back();
    index_[""] = 0;
    for (const Finding& finding : record.findings) add(finding.layer);
    for (const Gap& gap : record.gaps) add(gap.layer);
  }

  std::span<const std::string> paths() const { return paths_; }
  std::size_t index(const std::string& path) const { return index_.at(path); }
  std::size_t parent(const std::string& path) const { return index_.at(parent_path(path)); }
  // '!' joins layers here as it does in `layer` everywhere; in a name it is encoded.
  std::string uri(const std::string& path) const {
    std::string text = uri_;
    std::string_view rest = path;
    while (!rest.empty()) {
      const std::size_t end = rest.find('!');
      text += "!" + percent_encoded(rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return text;
  }

 private:
  static std::string parent_path(const std::string& path) {
    const std::size_t at = path.rfind('!');
    return at == std::string::npos ? "" : path.substr(0, at);
  }
  void add(const std::string& path) {
    std::vector<std::string> missing;
    for (std::string at = path; !index_.contains(at); at = parent_path(at)) missing.push_back(at);
    for (; !missing.empty(); missing.pop_back()) {
      index_[missing.back()] = paths_.size();
      paths_.push_back(missing.back());
    }
  }

  std::string uri_;
  std::vector<std::string> paths_{};
  std::map<std::string, std::size_t> index_{};
};

// The rules: every signature in force, then the id of any finding that none of them bears.
class Rules {
 public:
  Rules(const ScanRecord& record, std::span<const Signature> signatures) : signatures_(signatures) {
    for (const Signature& signature : signatures) add(signature.id);
    for (const Finding& finding : record.findings) add(finding.signature);
  }
  std::size_t index(const std::string& id) const { return index_.at(id); }

  void write(JsonWriter& json) const {
    const JsonWriter::Scope rules = json.array("rules");
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      const JsonWriter::Scope rule = json.object();
      json.text("id", ids_[i]);
      if (i < signatures_.size() && signatures_[i].id == ids_[i]) write_details(json, signatures_[i]);
    }
  }

 private:
  void add(const std::string& id) {
    if (index_.emplace(id, ids_.size()).second) ids_.push_back(id);
  }
  static void write_details(JsonWriter& json, const Signature& signature) {
    {
      const JsonWriter::Scope description = json.object("shortDescription");
      json.text("text", signature.title.empty() ? signature.id : signature.title);
    }
    if (!signature.reference.empty()) {
      const JsonWriter::Scope help = json.object("help");
      json.text("text", signature.reference);
    }
    {
      const JsonWriter::Scope configuration = json.object("defaultConfiguration");
      json.text("level", signature.kind == KeyKind::random_data ? "note" : "error");
    }
    const JsonWriter::Scope properties = json.object("properties");
    json.text("kind", to_string(signature.kind));
    json.text("use", to_string(signature.use));
    const JsonWriter::Scope tags = json.array("tags");
    json.text("security");
  }

  std::span<const Signature> signatures_;
  std::vector<std::string> ids_{};
  std::map<std::string, std::size_t> index_{};
};

std::string message_of(const Finding& finding, const FindingVerdict& verdict) {
  std::string text = "A key of the kind " + std::string(to_string(finding.kind));
  if (finding.bits != 0) text += " with " + std::to_string(finding.bits) + " bits";
  text += ", evidence " + std::string(to_string(finding.evidence));
  text += ", at offset " + std::to_string(finding.offset);
  text += finding.layer.empty() ? " of the input." : " of the bytes that unwrapping the input gave.";
  if (is_sha256_hex(finding.public_key_sha256)) {
    text += " SHA-256 of its public half: " + finding.public_key_sha256 + ".";
  }
  return text + (verdict.blocks ? " It blocks." : " It does not block.");
}

// Tells one result of an input from another; made of nothing but what the report shows anyway.
std::string identity_of(const Finding& finding) {
  std::string text = "dumpgate.finding/1";
  for (const std::string_view part :
       {std::string_view(finding.signature), std::string_view(finding.representation),
        std::string_view(finding.public_key_sha256), std::string_view(finding.layer)}) {
    text += '\n';
    text += part;
  }
  text += "\n" + std::to_string(finding.offset) + "\n" + std::to_string(finding.length);
  return to_hex(Sha256::of(std::as_bytes(std::span(text))));
}

void write_artifacts(JsonWriter& json, const ScanRecord& record, const Artifacts& artifacts) {
  const JsonWriter::Scope array = json.array("artifacts");
  for (const std::string& path : artifacts.paths()) {
    const JsonWriter::Scope artifact = json.object();
    {
      const JsonWriter::Scope location = json.object("location");
      json.text("uri", artifacts.uri(path));
    }
    if (!path.empty()) {
      json.number("parentIndex", artifacts.parent(path));
      continue;
    }
    {
      const JsonWriter::Scope roles = json.array("roles");
      json.text("analysisTarget");
    }
    if (record.size) json.number("length", *record.size);
    if (record.sha256 && is_sha256_hex(*record.sha256)) {
      const JsonWriter::Scope hashes = json.object("hashes");
      json.text("sha-256", *record.sha256);
    }
  }
}

// The members of a physicalLocation. Lines mean nothing in a dump, but some consumers insist on one.
void write_physical(JsonWriter& json, const Artifacts& artifacts, const std::string& layer,
                    std::uint64_t offset, std::optional<std::uint64_t> length) {
  const JsonWriter::Scope physical = json.object("physicalLocation");
  {
    const JsonWriter::Scope artifact = json.object("artifactLocation");
    json.text("uri", artifacts.uri(layer));
    json.number("index", artifacts.index(layer));
  }
  const JsonWriter::Scope region = json.object("region");
  json.number("startLine", 1);
  json.number("byteOffset", offset);
  if (length) json.number("byteLength", *length);
}

void write_logical(JsonWriter& json, const Finding& finding) {
  if (finding.layer.empty() && finding.mapping.empty()) return;
  const JsonWriter::Scope logical = json.array("logicalLocations");
  if (!finding.layer.empty()) {
    const JsonWriter::Scope member = json.object();
    json.text("fullyQualifiedName", finding.layer);
    json.text("kind", "member");
  }
  if (!finding.mapping.empty()) {
    const JsonWriter::Scope mapping = json.object();
    json.text("name", finding.mapping);
    json.text("kind", "module");
  }
}

void write_suppressions(JsonWriter& json, const FindingVerdict& verdict) {
  if (!verdict.suppression && verdict.known_test_key.empty()) return;
  const JsonWriter::Scope suppressions = json.array("suppressions");
  const JsonWriter::Scope suppression = json.object();
  json.text("kind", "external");
  json.text("status", "accepted");
  json.text("justification", verdict.reason);
}

void write_result(JsonWriter& json, const Finding& finding, const FindingVerdict& verdict, const Rules& rules,
                  const Artifacts& artifacts) {
  const JsonWriter::Scope result = json.object();
  json.text("ruleId", finding.signature);
  json.number("ruleIndex", rules.index(finding.signature));
  json.text("level", verdict.blocks ? "error" : "note");
  {
    const JsonWriter::Scope message = json.object("message");
    json.text("text", message_of(finding, verdict));
  }
  {
    const JsonWriter::Scope locations = json.array("locations");
    const JsonWriter::Scope location = json.object();
    write_physical(json, artifacts, finding.layer, finding.offset,
                   finding.length == 0 ? std::nullopt : std::optional(finding.length));
    write_logical(json, finding);
  }
  {
    const JsonWriter::Scope fingerprints = json.object("partialFingerprints");
    json.text("dumpgate.finding/1", identity_of(finding));
    if (is_sha256_hex(finding.public_key_sha256)) json.text("publicKeySha256/1", finding.public_key_sha256);
  }
  write_suppressions(json, verdict);
  const JsonWriter::Scope properties = json.object("properties");
  write_finding(json, finding, verdict);
}

void write_message(JsonWriter& json, std::string_view level, std::string_view id, std::string_view text) {
  json.text("level", level);
  {
    const JsonWriter::Scope descriptor = json.object("descriptor");
    json.text("id", id);
  }
  const JsonWriter::Scope message = json.object("message");
  json.text("text", text);
}

void write_gap(JsonWriter& json, const Gap& gap, const Artifacts& artifacts) {
  const std::string reason(to_string(gap.reason));
  const JsonWriter::Scope notification = json.object();
  write_message(json, gap.reason == GapReason::absent ? "note" : "error", "gap/" + reason,
                "Not examined (" + reason + ").");
  {
    const JsonWriter::Scope locations = json.array("locations");
    const JsonWriter::Scope location = json.object();
    write_physical(json, artifacts, gap.layer, gap.offset, gap.length);
  }
  const JsonWriter::Scope properties = json.object("properties");
  json.text("detail", gap.detail);
}

void write_invocation(JsonWriter& json, const ScanRecord& record, const Verdict& verdict,
                      const Artifacts& artifacts) {
  const JsonWriter::Scope invocations = json.array("invocations");
  const JsonWriter::Scope invocation = json.object();
  json.boolean("executionSuccessful", verdict.complete());
  json.number("exitCode", static_cast<std::uint64_t>(exit_code(verdict.decision())));
  {
    const JsonWriter::Scope notifications = json.array("toolExecutionNotifications");
    if (!verdict.complete()) {
      const JsonWriter::Scope notification = json.object();
      write_message(json, "error", "incomplete",
                    "The input was not examined whole: that nothing more was found means nothing.");
    }
    std::size_t written = 0;
    for (const Gap& gap : record.gaps) {
      if (written++ == most_sarif_gaps) break;
      write_gap(json, gap, artifacts);
    }
    if (record.gaps.size() > most_sarif_gaps) {
      const JsonWriter::Scope notification = json.object();
      write_message(json, "error", "gap/more",
                    std::to_string(record.gaps.size() - most_sarif_gaps) + " more gaps are not listed here.");
    }
  }
  const JsonWriter::Scope notifications = json.array("toolConfigurationNotifications");
  for (const Suppression& suppression : verdict.expired_suppressions()) {
    const JsonWriter::Scope notification = json.object();
    write_message(json, "warning", "suppression/expired",
                  "The suppression of " + suppression.public_key_sha256 + " expired on " +
                      iso_date(suppression.expires) + " and had no effect.");
  }
}

class SarifForm : public ReportForm {
 public:
  std::string_view name() const noexcept override { return "sarif"; }
  std::string_view media_type() const noexcept override { return "application/sarif+json"; }
  std::string_view opening() const noexcept override {
    return "{\"$schema\":\"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
           "sarif-schema-2.1.0.json\","
           "\n\"version\":\"2.1.0\",\"runs\":[\n";
  }
  std::string_view separator() const noexcept override { return ",\n"; }
  std::string_view closing() const noexcept override { return "\n]}\n"; }

  std::string render(const ScanRecord& record, const Verdict& verdict,
                     const ReportContext& context) const override {
    const Artifacts artifacts(record);
    const Rules rules(record, context.signatures);
    JsonWriter json(1);
    {
      const JsonWriter::Scope run = json.object();
      {
        const JsonWriter::Scope tool = json.object("tool");
        const JsonWriter::Scope driver = json.object("driver");
        json.text("name", "dumpgate");
        json.text("version", context.version);
        rules.write(json);
      }
      write_invocation(json, record, verdict, artifacts);
      write_artifacts(json, record, artifacts);
      {
        const JsonWriter::Scope results = json.array("results");
        for (std::size_t i = 0; i < record.findings.size(); ++i) {
          write_result(json, record.findings[i], verdict_of(record, verdict, i), rules, artifacts);
        }
      }
      const JsonWriter::Scope properties = json.object("properties");
      write_tool(json, record, verdict, context);
      write_decision(json, verdict);
      write_coverage_total(json, record);
      write_protected_keys(json, record, verdict);
    }
    return json.take();
  }

 private:
  static void write_coverage_total(JsonWriter& json, const ScanRecord& record) {
    json.number("bytes_in", record.bytes_in);
    json.number("bytes_examined", record.bytes_examined);
  }
};

constinit const SarifForm sarif_instance;

}  // namespace

constinit const ReportForm& sarif_form = sarif_instance;

}  // namespace dumpgate
