// The answer of an examining process: what is written is read again, and nothing else is.

#include "scanner/gate/record_wire.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "tests/support/scan_records.h"

namespace dumpgate {
namespace {

WorkerAnswer full_answer() {
  WorkerAnswer answer;
  answer.record = clean_record();
  Finding finding = proven_key();
  finding.mapping = "/usr/lib/\x1b[31m\xff";
  finding.address_space = "virtual";
  finding.address = 0x7f31c0a4f0c8;
  finding.public_key_derived = true;
  finding.occurrences = 3;
  answer.record.findings = {finding, proven_key()};
  Gap endless = gap_of(GapReason::truncated);
  endless.length.reset();
  answer.record.gaps = {gap_of(GapReason::absent), endless};
  answer.record.layers = {{.path = "gzip!zstd", .members = 2, .bytes_in = 10, .bytes_out = 1000}};
  answer.record.images = {{.layer = "elf-core", .base = 1, .bytes = 2, .regions = 3, .big_endian = true}};
  answer.record.protected_keys = {{.name = "ca.pem",
                                   .public_key_sha256 = digest_of('c'),
                                   .found = true,
                                   .representations = {"pem", "der"}}};
  answer.record.public_keys = {digest_of('d'), digest_of('e')};
  answer.retro_filter = {std::byte{1}, std::byte{0}, std::byte{255}};
  answer.sandbox = {"seccomp"};
  answer.problems = {"a problem"};
  return answer;
}

std::vector<std::byte> bytes_of(const WorkerAnswer& answer) {
  auto bytes = write_answer(answer);
  EXPECT_TRUE(bytes);
  return bytes ? *bytes : std::vector<std::byte>();
}

TEST(RecordWire, ReadsWhatWasWritten) {
  const auto bytes = bytes_of(full_answer());
  const auto read = read_answer(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(bytes_of(*read), bytes);
  const ScanRecord& record = read->record;
  EXPECT_EQ(record.findings.at(0).mapping, "/usr/lib/\x1b[31m\xff");
  EXPECT_EQ(record.findings.at(0).evidence, Evidence::proof);
  EXPECT_EQ(record.findings.at(1).public_key_sha256, digest_of('a'));
  EXPECT_EQ(record.gaps.at(0).reason, GapReason::absent);
  EXPECT_FALSE(record.gaps.at(1).length);
  EXPECT_EQ(record.sha256, digest_of('1'));
  EXPECT_TRUE(record.examined);
  EXPECT_TRUE(record.images.at(0).big_endian);
  EXPECT_EQ(record.protected_keys.at(0).representations.size(), 2U);
  EXPECT_EQ(read->retro_filter.size(), 3U);
  EXPECT_EQ(read->problems.at(0), "a problem");
}

TEST(RecordWire, EveryShorterOrLongerAnswerIsRefused) {
  auto bytes = bytes_of(full_answer());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(read_answer(std::span(bytes).first(size))) << size;
  bytes.push_back(std::byte{0});
  EXPECT_FALSE(read_answer(bytes));
}

TEST(RecordWire, EveryFlippedByteIsRefusedOrReadAsItStands) {
  const auto bytes = bytes_of(full_answer());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const unsigned flip : {0x01U, 0x80U, 0xffU}) {
      auto other = bytes;
      other[at] ^= static_cast<std::byte>(flip);
      if (const auto read = read_answer(other)) {
        EXPECT_EQ(bytes_of(*read), other) << at;
      }
    }
  }
}

// Finds the bytes of `text` and puts `other`, of the same length, in their place.
void replace(std::vector<std::byte>& bytes, std::string_view text, std::string_view other) {
  ASSERT_EQ(text.size(), other.size());
  const auto wanted = std::as_bytes(std::span(text));
  const auto at = std::ranges::search(bytes, wanted);
  ASSERT_FALSE(at.empty());
  std::ranges::copy(std::as_bytes(std::span(other)), at.begin());
}

TEST(RecordWire, WordsThatAreNotPrintableAreRefused) {
  auto bytes = bytes_of(full_answer());
  replace(bytes, "n=p*q", "\x1b[31m");
  EXPECT_FALSE(read_answer(bytes));
}

TEST(RecordWire, DigestsThatAreNoDigestsAreRefused) {
  auto bytes = bytes_of(full_answer());
  replace(bytes, digest_of('a'), std::string(63, 'a') + "G");
  EXPECT_FALSE(read_answer(bytes));
}

TEST(RecordWire, ExtentsBeyondSixtyFourBitsAreRefused) {
  WorkerAnswer answer = full_answer();
  answer.record.findings[0].offset = ~std::uint64_t{0};
  EXPECT_FALSE(read_answer(bytes_of(answer)));
  answer = full_answer();
  answer.record.gaps[0].offset = ~std::uint64_t{0} - 10;
  EXPECT_FALSE(read_answer(bytes_of(answer)));
}

TEST(RecordWire, CountsBeyondTheMessageAreRefusedBeforeAnythingIsAllocated) {
  WorkerAnswer answer;
  auto bytes = bytes_of(answer);
  // An empty answer ends with the counts of two lists and of the filter.
  for (std::size_t list = 1; list <= 3; ++list) {
    auto other = bytes;
    other.at(other.size() - 8 * list + 6) = std::byte{0x7f};
    EXPECT_FALSE(read_answer(other)) << list;
  }
}

TEST(RecordWire, AWordThatAnHonestWorkerCannotShowIsMadePrintable) {
  WorkerAnswer answer = full_answer();
  answer.problems = {"cannot read \x1b name\n"};
  const auto read = read_answer(bytes_of(answer));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->problems.at(0), "cannot read \\x1b name\\n");
}

}  // namespace
}  // namespace dumpgate
