// A log as a gate keeps it, for tests: dumps with verdicts, releases and what travels with them.

#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scanner/base/hex.h"
#include "scanner/evidence/public_key_list.h"
#include "scanner/evidence/receipt.h"
#include "scanner/evidence/statement.h"
#include "tests/support/evidence.h"
#include "tests/support/scan_records.h"

namespace dumpgate {

inline std::string sha256_of(std::string_view bytes) {
  return to_hex(Sha256::of(std::as_bytes(std::span(bytes))));
}

inline Date gate_day() { return {std::chrono::year(2026), std::chrono::month(11), std::chrono::day(28)}; }

class TestGate {
 public:
  TestLog log{};

  const std::string& scan_id() const { return scan_id_; }  // of the last dump
  GateIdentity identity() const { return {"gate.example.org/test", "gate1", "0.0.0-test", digest_of('5')}; }

  // Logs the verdict on a dump of these bytes; what was found and seen is in `record` already.
  LeafPlace judge(const std::string& name, std::string_view bytes, ScanRecord record) {
    record.input = name;
    record.size = record.bytes_in = record.bytes_examined = bytes.size();
    record.sha256 = sha256_of(bytes);
    VerdictFacts facts;
    facts.scan_id = scan_id_ = new_scan_id();
    facts.gate = identity();
    facts.source = {"spool", name, "uid 1000", {}};
    facts.received = facts.started = facts.finished = "2026-11-28T01:00:00.000Z";
    if (!record.public_keys.empty()) {
      const std::string list = public_key_list(record.public_keys);
      const auto stored = log.log().store(std::as_bytes(std::span(list)));
      EXPECT_TRUE(stored);
      facts.artifacts.push_back(
          {std::string(public_keys_artifact), *stored, std::string(public_keys_media_type)});
    }
    return append(verdict_statement(facts, record, decide(record, Policy{}, KnownTestKeys{}, gate_day())));
  }

  LeafPlace release(ReleaseStage stage, const std::string& name, std::string_view bytes,
                    const LeafPlace& verdict, std::optional<std::uint64_t> intent = {},
                    std::optional<std::uint64_t> waiver = {}) {
    ReleaseFacts facts;
    facts.stage = stage;
    facts.scan_id = scan_id_;
    facts.gate = identity();
    facts.dump_sha256 = sha256_of(bytes);
    facts.size = bytes.size();
    facts.name = name;
    facts.destination = "directory out";
    facts.time = "2026-11-28T01:00:03.000Z";
    facts.verdict_index = verdict.index;
    facts.verdict_leaf_sha256 = to_hex(verdict.hash);
    facts.intent_index = intent;
    facts.waiver_index = waiver;
    return append(release_statement(facts));
  }

  LeafPlace heartbeat() { return append(control_statement({"heartbeat", identity(), utc_now(), {}})); }

  // Examines, releases and writes the file with its receipt into the directory.
  std::uint64_t deliver(const std::string& name, std::string_view bytes, const TemporaryDirectory& to) {
    const LeafPlace verdict = judge(name, bytes, clean_record());
    const LeafPlace intent = release(ReleaseStage::intent, name, bytes, verdict);
    write_with_receipt(name, bytes, intent.index, to);
    release(ReleaseStage::complete, name, bytes, verdict, intent.index);
    return intent.index;
  }

  void write_with_receipt(const std::string& name, std::string_view bytes, std::uint64_t intent,
                          const TemporaryDirectory& to) {
    const auto receipt = make_receipt(log.log(), intent);
    ASSERT_TRUE(receipt) << receipt.error().message;
    to.write(name, bytes);
    to.write(name + std::string(envelopes_suffix), receipt->envelopes);
    to.write(name + std::string(proof_suffix), receipt->proof);
  }

  LeafPlace append(const std::string& statement) {
    const auto place = log.log().append(statement);
    EXPECT_TRUE(place) << place.error().message;
    return place ? *place : LeafPlace{};
  }

 private:
  std::string scan_id_{};
};

}  // namespace dumpgate
