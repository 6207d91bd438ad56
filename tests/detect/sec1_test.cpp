// A version and an OCTET STRING alone are no key: tables of programs hold such bytes.

#include <gtest/gtest.h>
#include <openssl/rand.h>

#include "tests/detect/window_runs.h"

namespace dumpgate {

extern const Detector& sec1_detector;

namespace {

using testing_support::find_with;

std::string secret(std::size_t size) {
  std::string bytes(size, '\0');
  EXPECT_EQ(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size)), 1);
  return std::string("\x02\x01\x01\x04") + static_cast<char>(size) + bytes;
}

TEST(Sec1, WithoutItsHeaderAScalarNeedsAPublicKey) {
  const std::string point = secret(65).substr(5);
  const std::string with_point = "\xa1\x44\x03\x42" + std::string(1, '\0') + "\x04" + point.substr(1);
  const std::string with_other = "\xa1\x44\x62\x42" + std::string(1, '\0') + "\x04" + point.substr(1);
  const std::string before(64, 'x'), after(64, 'y');
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(find_with(sec1_detector, before + secret(32) + with_point + after).size(), 1U);
    EXPECT_TRUE(find_with(sec1_detector, before + secret(32) + with_other + after).empty());
    EXPECT_TRUE(find_with(sec1_detector, before + secret(22) + "\xa1\x02\x62\x04" + after).empty());
  }
}

}  // namespace
}  // namespace dumpgate
