// EC keys in Erlang's crash dumps: the record and the binary that it points at, and neither alone.

#include <gtest/gtest.h>

#include "tests/detect/window_runs.h"

namespace dumpgate {

extern const Detector& erlang_record_detector;

namespace {

using testing_support::find_with;
using testing_support::summaries;

constexpr std::string_view secret = "q7Rk0mVnQz3pX9sLw2TfHy8JbUeGcD5aKoN1iMvZ4x4=";  // made up for this test

std::string dump_of(std::string_view record_address, std::string_view binary, std::size_t between = 200) {
  return "=proc_heap:<0.9.0>\n7FE4545A2E28:Yh20:" + std::string(binary) + "\n" + std::string(between, '.') +
         "\n7FE4545A30F0:t6:AC:ECPrivateKey,I1,H" + std::string(record_address) +
         ",H7FE4545A30C0,H7FE4545A2EA8,AC:asn1_NOVALUE\n";
}

TEST(ErlangRecord, TheBinaryOfARecordIsAStructure) {
  for (const std::size_t between : {0U, 200U, 12'000U}) {
    const auto found = find_with(erlang_record_detector, dump_of("7FE4545A2E28", secret, between));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].evidence, Evidence::structure);
    EXPECT_EQ(found[0].representation, "erlang-record");
    EXPECT_EQ(found[0].begin, 19U);
    EXPECT_EQ(found[0].size, 18 + secret.size() - 1);
  }
}

TEST(ErlangRecord, ARecordWithoutItsBinaryAndABinaryWithoutARecordAreNothing) {
  EXPECT_TRUE(find_with(erlang_record_detector, dump_of("7FE4545A2E29", secret)).empty());
  EXPECT_TRUE(find_with(erlang_record_detector, dump_of("", secret)).empty());
  EXPECT_TRUE(find_with(erlang_record_detector,
                        dump_of("7FE4545A2E28", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))
                  .empty());
  EXPECT_TRUE(find_with(erlang_record_detector, dump_of("7FE4545A2E28", "AAAA")).empty());
  EXPECT_TRUE(find_with(erlang_record_detector, "7FE4545A2E28:Yh20:" + std::string(secret)).empty());
  EXPECT_TRUE(find_with(erlang_record_detector, ":AC:ECPrivateKey,I1,H").empty());
  EXPECT_TRUE(find_with(erlang_record_detector, ":AC:ECPrivateKey,").empty());
}

TEST(ErlangRecord, TheSizeOfWindowsDoesNotShow) {
  std::string bytes;
  for (int i = 0; i < 20; ++i) bytes += dump_of("7FE4545A2E28", secret, 900);
  const auto whole = summaries(find_with(erlang_record_detector, bytes));
  EXPECT_EQ(whole.size(), 20U);
  for (const std::size_t own : {512U, 4099U})
    EXPECT_TRUE(summaries(find_with(erlang_record_detector, bytes, own)) == whole) << own;
}

}  // namespace
}  // namespace dumpgate
