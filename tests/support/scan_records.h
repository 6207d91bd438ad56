// Scan records for tests of verdicts and reports: made by hand, from constants. No digest here belongs to a
// real key.

#pragma once

#include <string>

#include "scanner/verdict/scan_record.h"

namespace dumpgate {

inline std::string digest_of(char digit) { return std::string(64, digit); }

// An input that was examined whole and in which nothing was found.
inline ScanRecord clean_record() {
  ScanRecord record;
  record.input = "core.4711";
  record.size = 1'048'576;
  record.sha256 = digest_of('1');
  record.bytes_in = 1'048'576;
  record.bytes_examined = 1'048'576;
  record.examined = true;
  record.self_test_passed = true;
  record.signatures_sha256 = digest_of('2');
  return record;
}

// An RSA signing key that its numbers prove.
inline Finding proven_key() {
  Finding finding;
  finding.signature = "rsa-private-key";
  finding.kind = KeyKind::private_key;
  finding.use = KeyUse::signing;
  finding.algorithm = "rsa";
  finding.bits = 2048;
  finding.representation = "limbs-le64";
  finding.evidence = Evidence::proof;
  finding.relation = "n=p*q";
  finding.offset = 0x3a40;
  finding.length = 128;
  finding.public_key_sha256 = digest_of('a');
  return finding;
}

inline Gap gap_of(GapReason reason) {
  Gap gap;
  gap.reason = reason;
  gap.offset = 4096;
  gap.length = 512;
  gap.detail = "made by a test";
  return gap;
}

}  // namespace dumpgate
