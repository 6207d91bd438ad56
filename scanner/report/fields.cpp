#include "scanner/report/fields.h"

#include <algorithm>

#include "scanner/base/hex.h"

namespace dumpgate {
namespace {

void write_known(JsonWriter& json, std::string_view key, std::string_view text) {
  if (!text.empty()) json.text(key, text);
}

void write_suppression(JsonWriter& json, const Suppression& suppression) {
  json.text("public_key_sha256", suppression.public_key_sha256);
  json.text("reason", suppression.reason);
  json.text("expires", iso_date(suppression.expires));
  if (suppression.input_sha256) json.text("input_sha256", *suppression.input_sha256);
}

void write_place(JsonWriter& json, const Finding& finding) {
  json.text("layer", finding.layer);
  json.number("offset", finding.offset);
  if (finding.length != 0) json.number("length", finding.length);
  if (finding.address_space == "virtual" || finding.address_space == "physical") {
    json.text("address", hex_address(finding.address));
    json.text("address_space", finding.address_space);
  }
  write_known(json, "mapping", finding.mapping);
}

}  // namespace

FindingVerdict verdict_of(const ScanRecord& record, const Verdict& verdict, std::size_t index) {
  if (verdict.findings().size() == record.findings.size()) return verdict.findings()[index];
  FindingVerdict unjudged;
  unjudged.reason = "blocks: nobody judged it";
  return unjudged;
}

void write_tool(JsonWriter& json, const ScanRecord& record, const Verdict& verdict,
                const ReportContext& context) {
  const JsonWriter::Scope tool = json.object("tool");
  json.text("name", "dumpgate");
  json.text("version", context.version);
  json.text("signatures_sha256", record.signatures_sha256);
  json.text("policy_sha256", verdict.policy_sha256());
  write_known(json, "known_test_keys_sha256", verdict.known_test_keys_sha256());
}

void write_input(JsonWriter& json, const ScanRecord& record) {
  const JsonWriter::Scope input = json.object("input");
  json.text("name", record.input);
  if (record.size) {
    json.number("size", *record.size);
  } else {
    json.null("size");
  }
  if (record.sha256 && is_sha256_hex(*record.sha256)) {
    json.text("sha256", *record.sha256);
  } else {
    json.null("sha256");
  }
}

void write_decision(JsonWriter& json, const Verdict& verdict) {
  json.text("verdict", to_string(verdict.decision()));
  json.number("exit_code", static_cast<std::uint64_t>(exit_code(verdict.decision())));
  {
    const JsonWriter::Scope reasons = json.array("reasons");
    for (const std::string& reason : verdict.reasons()) json.text(reason);
  }
  json.boolean("complete", verdict.complete());
}

void write_coverage(JsonWriter& json, const ScanRecord& record) {
  const JsonWriter::Scope coverage = json.object("coverage");
  json.number("bytes_in", record.bytes_in);
  json.number("bytes_examined", record.bytes_examined);
  const JsonWriter::Scope gaps = json.array("gaps");
  for (const Gap& gap : record.gaps) {
    const JsonWriter::Scope entry = json.object();
    json.text("reason", to_string(gap.reason));
    json.text("layer", gap.layer);
    json.number("offset", gap.offset);
    if (gap.length) json.number("length", *gap.length);
    write_known(json, "detail", gap.detail);
  }
}

void write_finding(JsonWriter& json, const Finding& finding, const FindingVerdict& verdict) {
  json.text("signature", finding.signature);
  json.text("kind", to_string(finding.kind));
  json.text("use", to_string(finding.use));
  write_known(json, "algorithm", finding.algorithm);
  if (finding.bits != 0) json.number("bits", finding.bits);
  write_known(json, "curve", finding.curve);
  write_known(json, "representation", finding.representation);
  json.text("evidence", to_string(finding.evidence));
  write_known(json, "relation", finding.relation);
  if (finding.cut) json.boolean("cut", true);
  write_known(json, "detail", finding.detail);
  write_place(json, finding);
  if (is_sha256_hex(finding.public_key_sha256)) json.text("public_key_sha256", finding.public_key_sha256);
  if (is_sha256_hex(finding.encoding_sha256)) json.text("encoding_sha256", finding.encoding_sha256);
  if (finding.secret_id_is_public && is_sha256_hex(finding.secret_id))
    json.text("secret_hmac_sha256", finding.secret_id);
  json.number("occurrences", std::max<std::uint64_t>(finding.occurrences, 1));
  write_known(json, "known_test_key", verdict.known_test_key);
  write_known(json, "protected_key", verdict.protected_key);
  if (verdict.suppression) {
    const JsonWriter::Scope suppressed = json.object("suppressed");
    write_suppression(json, *verdict.suppression);
  }
  json.boolean("blocks", verdict.blocks);
  write_known(json, "reason", verdict.reason);
}

void write_layers(JsonWriter& json, const ScanRecord& record) {
  {
    const JsonWriter::Scope layers = json.array("layers");
    for (const LayerRecord& layer : record.layers) {
      const JsonWriter::Scope entry = json.object();
      json.text("layer", layer.path);
      json.number("members", layer.members);
      json.number("bytes_in", layer.bytes_in);
      json.number("bytes_out", layer.bytes_out);
    }
  }
  const JsonWriter::Scope images = json.array("images");
  for (const ImageRecord& image : record.images) {
    const JsonWriter::Scope entry = json.object();
    json.text("layer", image.layer);
    json.number("offset", image.base);
    json.number("bytes", image.bytes);
    json.number("regions", image.regions);
    json.number("region_bytes", image.region_bytes);
    json.number("word_bits", image.word_bits);
    json.text("byte_order", image.big_endian ? "big" : "little");
  }
}

void write_protected_keys(JsonWriter& json, const ScanRecord& record, const Verdict& verdict) {
  if (record.protected_keys.empty()) return;
  const JsonWriter::Scope keys = json.array("protected_keys");
  for (const ProtectedKeyRecord& key : record.protected_keys) {
    const JsonWriter::Scope entry = json.object();
    json.text("name", key.name);
    json.text("public_key_sha256", key.public_key_sha256);
    json.boolean("found", key.found);
    json.boolean("complete", verdict.complete());
    const JsonWriter::Scope representations = json.array("representations");
    for (const std::string& representation : key.representations) json.text(representation);
  }
}

void write_expired_suppressions(JsonWriter& json, const Verdict& verdict) {
  if (verdict.expired_suppressions().empty()) return;
  const JsonWriter::Scope expired = json.array("expired_suppressions");
  for (const Suppression& suppression : verdict.expired_suppressions()) {
    const JsonWriter::Scope entry = json.object();
    write_suppression(json, suppression);
  }
}

}  // namespace dumpgate
