// The dump-verdict statement. The one rule: it always fits into a leaf. Lists are cut, blocking findings and
// gaps that hold a dump first in line, and what was cut is counted; the report artifact names all.

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "scanner/evidence/dsse.h"
#include "scanner/evidence/statement.h"
#include "scanner/evidence/statement_writer.h"

namespace dumpgate {
namespace {

constexpr std::size_t most_entries = 200;
// What a payload may hold, so that in base64, with a signature's 300 bytes, it stays below
// most_envelope_bytes.
constexpr std::size_t most_statement_bytes = (most_envelope_bytes - 512) / 4 * 3;

class VerdictStatement {
 public:
  VerdictStatement(const VerdictFacts& facts, const ScanRecord& record, const Verdict& verdict,
                   std::size_t entries)
      : facts_(facts), record_(record), verdict_(verdict), entries_(entries) {}

  std::string text() {
    {
      const JsonWriter::Scope statement = json_.object();
      const std::string& name = facts_.source.name;
      const bool known = record_.sha256.has_value() && is_sha256_hex(*record_.sha256);
      write_statement_head(json_, known && !name.empty() ? name : facts_.scan_id,
                           known ? *record_.sha256 : std::string(), verdict_predicate);
      const JsonWriter::Scope predicate = json_.object("predicate");
      json_.text("scanId", facts_.scan_id);
      write_gate(json_, facts_.gate);
      write_origin();
      write_conditions();
      write_coverage();
      json_.text("result", to_string(verdict_.decision()));
      write_strings("reasons", verdict_.reasons());
      write_findings();
      json_.number("publicKeysSeen", record_.public_keys.size());
      write_protected();
      write_artifacts();
    }
    return json_.take();
  }

 private:
  void write_strings(std::string_view key, const std::vector<std::string>& texts) {
    const JsonWriter::Scope scope = json_.array(key);
    for (std::size_t i = 0; i < std::min(texts.size(), entries_); ++i) json_.text(bounded_name(texts[i]));
  }

  void write_origin() {
    {
      const JsonWriter::Scope source = json_.object("source");
      write_name(json_, "channel", facts_.source.channel);
      write_name(json_, "name", facts_.source.name);
      write_name(json_, "requester", facts_.source.requester);
      if (!facts_.source.producer.empty()) write_map(json_, "producer", facts_.source.producer);
    }
    const JsonWriter::Scope times = json_.object("times");
    write_name(json_, "received", facts_.received);
    write_name(json_, "started", facts_.started);
    write_name(json_, "finished", facts_.finished);
  }

  void write_conditions() {
    {
      const JsonWriter::Scope detectors = json_.object("detectors");
      write_name(json_, "version", facts_.gate.version);
      write_name(json_, "signaturesSha256", record_.signatures_sha256);
      write_name(json_, "knownTestKeysSha256", verdict_.known_test_keys_sha256());
    }
    {
      const JsonWriter::Scope policy = json_.object("policy");
      write_name(json_, "sha256", verdict_.policy_sha256());
    }
    write_map(json_, "limits", facts_.limits);
    write_strings("sandbox", facts_.sandbox);
    write_strings("problems", facts_.problems);
  }

  void write_coverage() {
    const JsonWriter::Scope coverage = json_.object("coverage");
    if (record_.size) json_.number("size", *record_.size);
    json_.number("bytesIn", record_.bytes_in);
    json_.number("bytesExamined", record_.bytes_examined);
    json_.boolean("complete", verdict_.complete());
    json_.boolean("selfTestPassed", record_.self_test_passed);
    write_layers();
    write_images();
    write_gaps();
  }

  void write_layers() {
    json_.number("layerCount", record_.layers.size());
    const JsonWriter::Scope layers = json_.array("layers");
    for (std::size_t i = 0; i < std::min(record_.layers.size(), entries_); ++i) {
      const JsonWriter::Scope entry = json_.object();
      json_.text("layer", bounded_name(record_.layers[i].path));
      json_.number("members", record_.layers[i].members);
      json_.number("bytesIn", record_.layers[i].bytes_in);
      json_.number("bytesOut", record_.layers[i].bytes_out);
    }
  }

  void write_images() {
    json_.number("imageCount", record_.images.size());
    const JsonWriter::Scope images = json_.array("images");
    for (std::size_t i = 0; i < std::min(record_.images.size(), entries_); ++i) {
      const ImageRecord& image = record_.images[i];
      const JsonWriter::Scope entry = json_.object();
      json_.text("layer", bounded_name(image.layer));
      json_.number("offset", image.base);
      json_.number("bytes", image.bytes);
      json_.number("regions", image.regions);
      json_.number("regionBytes", image.region_bytes);
    }
  }

  void write_gaps() {
    json_.number("gapCount", record_.gaps.size());
    std::vector<const Gap*> gaps;
    gaps.reserve(record_.gaps.size());
    for (const Gap& gap : record_.gaps) gaps.push_back(&gap);
    std::ranges::stable_partition(gaps, [](const Gap* gap) { return gap->reason != GapReason::absent; });
    const JsonWriter::Scope list = json_.array("gaps");
    for (std::size_t i = 0; i < std::min(gaps.size(), entries_); ++i) {
      const JsonWriter::Scope entry = json_.object();
      json_.text("reason", to_string(gaps[i]->reason));
      write_name(json_, "layer", gaps[i]->layer);
      json_.number("offset", gaps[i]->offset);
      if (gaps[i]->length) json_.number("length", *gaps[i]->length);
      write_name(json_, "detail", gaps[i]->detail);
    }
  }

  // A finding that nobody judged blocks (report/fields.h says the same).
  bool blocks(std::size_t index) const {
    return verdict_.findings().size() != record_.findings.size() || verdict_.findings()[index].blocks;
  }

  std::string key_text(const Finding& finding, bool blocking) const {
    JsonWriter json;
    {
      const JsonWriter::Scope entry = json.object();
      write_key(json, finding, blocking);
    }
    return json.take();
  }

  static void write_key(JsonWriter& json, const Finding& finding, bool blocking) {
    if (is_sha256_hex(finding.public_key_sha256)) json.text("publicKeySha256", finding.public_key_sha256);
    if (finding.secret_id_is_public) write_name(json, "secretId", finding.secret_id);
    json.text("signature", finding.signature);
    json.text("kind", to_string(finding.kind));
    json.text("use", to_string(finding.use));
    write_name(json, "algorithm", finding.algorithm);
    if (finding.bits != 0) json.number("bits", finding.bits);
    json.text("evidence", to_string(finding.evidence));
    write_name(json, "relation", finding.relation);
    json.boolean("blocks", blocking);
  }

  // Each different entry once: what tells findings apart beside it (place, representation) is in the report.
  void write_findings() {
    struct Key {
      std::size_t finding = 0;
      bool blocking = true;
    };
    std::vector<Key> keys;
    std::set<std::string> seen;
    std::size_t blocking = 0;
    for (const bool turn : {true, false}) {
      for (std::size_t i = 0; i < record_.findings.size(); ++i) {
        if (blocks(i) != turn) continue;
        if (turn) ++blocking;
        if (seen.insert(key_text(record_.findings[i], turn)).second) keys.push_back({i, turn});
      }
    }
    const JsonWriter::Scope findings = json_.object("findings");
    json_.number("count", record_.findings.size());
    json_.number("blocking", blocking);
    json_.number("keyCount", keys.size());
    const JsonWriter::Scope list = json_.array("keys");
    for (std::size_t i = 0; i < std::min(keys.size(), entries_); ++i) {
      const JsonWriter::Scope entry = json_.object();
      write_key(json_, record_.findings[keys[i].finding], keys[i].blocking);
    }
  }

  void write_protected() {
    json_.number("protectedCount", record_.protected_keys.size());
    std::vector<const ProtectedKeyRecord*> keys;
    keys.reserve(record_.protected_keys.size());
    for (const ProtectedKeyRecord& key : record_.protected_keys) keys.push_back(&key);
    std::ranges::stable_partition(keys, [](const ProtectedKeyRecord* key) { return key->found; });
    const JsonWriter::Scope list = json_.array("protected");
    for (std::size_t i = 0; i < std::min(keys.size(), entries_); ++i) {
      const JsonWriter::Scope entry = json_.object();
      json_.text("publicKeySha256", keys[i]->public_key_sha256);
      json_.boolean("found", keys[i]->found);
    }
  }

  void write_artifacts() {
    const JsonWriter::Scope list = json_.array("artifacts");
    for (const ArtifactReference& artifact : facts_.artifacts) {
      const JsonWriter::Scope entry = json_.object();
      json_.text("name", artifact.name);
      {
        const JsonWriter::Scope digest = json_.object("digest");
        json_.text("sha256", artifact.sha256);
      }
      json_.text("mediaType", artifact.media_type);
    }
  }

  const VerdictFacts& facts_;
  const ScanRecord& record_;
  const Verdict& verdict_;
  std::size_t entries_;
  JsonWriter json_{};
};

}  // namespace

std::string verdict_statement(const VerdictFacts& facts, const ScanRecord& record, const Verdict& verdict) {
  std::string text;
  for (std::size_t entries = most_entries;; entries /= 2) {
    text = VerdictStatement(facts, record, verdict, entries).text();
    if (text.size() <= most_statement_bytes || entries == 0) return text;
  }
}

}  // namespace dumpgate
