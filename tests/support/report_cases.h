// The four reports that the goldens show: a release, a block, a hold, and a dump whose names attack the
// reader.

#pragma once

#include <string>
#include <vector>

#include "scanner/report/report.h"
#include "tests/support/scan_records.h"

namespace dumpgate {

struct ReportCase {
  std::string name{};
  ScanRecord record{};
  Verdict verdict{};
};

inline const std::vector<Signature>& report_signatures() {
  static const std::vector<Signature> signatures = [] {
    Signature rsa;
    rsa.id = "rsa-private-key";
    rsa.title = "RSA private key";
    rsa.use = KeyUse::signing;
    rsa.reference = "RFC 8017 A.1.2";
    Signature label;
    label.id = "pem-label";
    label.title = "armour label without a key";
    return std::vector<Signature>{rsa, label};
  }();
  return signatures;
}

inline ReportContext report_context() { return {"0.0.0-test", report_signatures(), false}; }

inline Date report_day() { return {std::chrono::year(2026), std::chrono::month(11), std::chrono::day(22)}; }

inline ReportCase release_case() {
  ScanRecord record = clean_record();
  record.images.push_back({"elf-core", 0, 1'048'576, 12, 1'000'000, 64, false});
  record.public_keys = {digest_of('7'), digest_of('8'), digest_of('9')};
  Gap absent = gap_of(GapReason::absent);
  absent.detail = "memory that the dump does not hold";
  record.gaps.push_back(absent);
  return {"release", record, decide(record, Policy{}, KnownTestKeys{}, report_day())};
}

inline ReportCase block_case() {
  ScanRecord record = clean_record();
  record.input = "/var/crash/signer.core.zst";
  record.bytes_examined = 20'615'843'020;
  record.layers.push_back({"zstd", 1, 1'048'576, 20'615'843'020});
  record.images.push_back({"zstd!elf-core", 0, 20'615'843'020, 312, 20'615'800'000, 64, false});
  Finding key = proven_key();
  key.layer = "zstd";
  key.address_space = "virtual";
  key.address = 0xffff'8000'a4f0'c8ff;
  key.mapping = "[heap]";
  key.occurrences = 3;
  Finding scalar = proven_key();
  scalar.signature = "ec-private-key";
  scalar.algorithm = "ec";
  scalar.bits = 256;
  scalar.curve = "prime256v1";
  scalar.use = KeyUse::unknown;
  scalar.relation = "d*G=Q";
  scalar.layer = "zstd";
  scalar.offset = 977'400'008;
  scalar.length = 32;
  scalar.public_key_sha256 = digest_of('b');
  Finding ephemeral = scalar;
  ephemeral.signature = "x25519-private-key";
  ephemeral.algorithm = "x25519";
  ephemeral.curve.clear();
  ephemeral.use = KeyUse::agreement;
  ephemeral.relation = "seed->A";
  ephemeral.public_key_sha256 = digest_of('c');
  ephemeral.offset = 977'500'008;
  Finding label;
  label.signature = "pem-label";
  label.representation = "pem";
  label.layer = "zstd";
  label.offset = 977'600'000;
  Finding other_label = label;
  other_label.offset = 977'600'100;
  record.findings = {key, scalar, ephemeral, label, other_label};
  record.protected_keys = {{"payments.pem", digest_of('a'), true, {"der", "limbs-le64", "pem"}},
                           {"login.pem", digest_of('d'), false, {"der", "limbs-le64", "pem"}}};
  return {"block", record, decide(record, Policy{}, KnownTestKeys{}, report_day())};
}

inline ReportCase hold_case() {
  ScanRecord record = clean_record();
  record.input = "-";
  record.size.reset();
  record.sha256.reset();
  record.examined = false;
  record.layers.push_back({"gzip", 2, 4'096, 16'384});
  Gap truncated = gap_of(GapReason::truncated);
  truncated.layer = "gzip!xz";
  truncated.length.reset();
  truncated.detail = "the member ends before its trailer";
  record.gaps = {gap_of(GapReason::absent), gap_of(GapReason::limit), truncated};
  record.protected_keys = {{"login.pem", digest_of('d'), false, {"der"}}};
  return {"hold", record, decide(record, Policy{}, KnownTestKeys{}, report_day())};
}

inline ReportCase hostile_case() {
  ScanRecord record = clean_record();
  record.input = "dir/co\x1b[2Jre\n\xff \xe2\x80\xae%[x](1){0}";
  Finding suppressed = proven_key();
  suppressed.mapping = "/tmp/\x1b]0;owned\x07\xc2\x9b[x](http://example.invalid)\xed\xa0\x80";
  suppressed.address_space = "physical";
  suppressed.address = 0x1000;
  Finding known = proven_key();
  known.offset += 4096;
  known.public_key_sha256 = digest_of('b');
  known.layer = "zip:a\r\nb!gzip";
  Finding encrypted = proven_key();
  encrypted.signature = "encrypted-private-key";
  encrypted.kind = KeyKind::encrypted_private_key;
  encrypted.use = KeyUse::container;
  encrypted.evidence = Evidence::structure;
  encrypted.relation.clear();
  encrypted.public_key_sha256.clear();
  encrypted.encoding_sha256 = digest_of('e');
  encrypted.offset += 8192;
  encrypted.length = 0;
  encrypted.cut = true;
  encrypted.detail = "PBES2 with AES-256-CBC";
  record.findings = {suppressed, known, encrypted};
  Policy policy;
  policy.report_only_kinds.insert(KeyKind::encrypted_private_key);
  const Date later(std::chrono::year(2027), std::chrono::month(2), std::chrono::day(22));
  const Date before(std::chrono::year(2026), std::chrono::month(1), std::chrono::day(31));
  policy.suppressions = {{digest_of('a'), "key of the payment simulator", later, digest_of('1')},
                         {digest_of('f'), "was only for the migration", before, std::nullopt}};
  const Result<KnownTestKeys> keys =
      KnownTestKeys::parse("spki\t" + digest_of('b') + "\trsa/2048\tlibexample 1.0 self-test\n", "test");
  return {"hostile", record, decide(record, policy, keys ? *keys : KnownTestKeys{}, report_day())};
}

inline std::vector<ReportCase> report_cases() {
  return {release_case(), block_case(), hold_case(), hostile_case()};
}

}  // namespace dumpgate
