// Binary openssh-key-v1 is found whole and cut; the magic alone is a hint.

#include <gtest/gtest.h>
#include <openssl/rand.h>

#include "tests/detect/window_runs.h"

namespace dumpgate {

extern const Detector& openssh_detector;

namespace {

using testing_support::find_with;
using testing_support::summaries;

std::string random_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  EXPECT_EQ(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size)), 1);
  return bytes;
}

std::string ssh_string(std::string_view text) {
  std::string bytes{0, 0, static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 0xff)};
  return bytes.append(text);
}

const std::string magic("openssh-key-v1\0", 15);

std::string key(bool encrypted, std::string_view count = std::string_view("\0\0\0\1", 4)) {
  const std::string check = random_bytes(4);
  const std::string private_part = check + check + random_bytes(120);
  return magic + ssh_string(encrypted ? "aes256-ctr" : "none") + ssh_string(encrypted ? "bcrypt" : "none") +
         ssh_string(encrypted ? random_bytes(24) : "") + std::string(count) + ssh_string(random_bytes(51)) +
         ssh_string(private_part);
}

TEST(Openssh, AWholeKeyIsAStructure) {
  for (const bool encrypted : {false, true}) {
    const std::string bytes = key(encrypted);
    const auto found = find_with(openssh_detector, "before" + bytes + "after");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].signature, "openssh-private-key");
    EXPECT_EQ(found[0].form, Form::openssh_private);
    EXPECT_EQ(found[0].evidence, Evidence::structure);
    EXPECT_EQ(found[0].encrypted, encrypted);
    EXPECT_FALSE(found[0].cut);
    EXPECT_EQ(found[0].begin, 6U);
    EXPECT_EQ(found[0].size, bytes.size());
  }
}

TEST(Openssh, ACutKeyIsAMarkerAndAMagicIsAHint) {
  const std::string bytes = key(false);
  const std::size_t names = magic.size() + 8 + 8;
  for (std::size_t size = magic.size(); size < bytes.size(); ++size) {
    const auto found = find_with(openssh_detector, bytes.substr(0, size));
    ASSERT_EQ(found.size(), 1U) << size;
    EXPECT_EQ(found[0].evidence, size < names ? Evidence::hint : Evidence::marker) << size;
    EXPECT_EQ(found[0].cut, size >= names);
    EXPECT_LE(found[0].size, size);
  }
  const auto found = find_with(openssh_detector, magic + "unsupported key format" + std::string(40, '\0'));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].evidence, Evidence::hint);
}

// dropbearconvert holds the beginning of the encoding, followed by its messages.
TEST(Openssh, TheBeginningOfAnEncodingAmongConstantsIsAHint) {
  const std::string head = magic + ssh_string("none") + ssh_string("none") + ssh_string("") +
                           std::string(std::string_view("\0\0\0\1", 4));
  const auto found = find_with(openssh_detector, head + "signkey.c" + std::string(200, 'x'));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].evidence, Evidence::hint);
}

TEST(Openssh, LengthsThatLieAreBounded) {
  for (const std::string_view count :
       {std::string_view("\xff\xff\xff\xff", 4), std::string_view("\0\0\0\0", 4)}) {
    const auto found = find_with(openssh_detector, key(false, count));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].evidence, Evidence::marker);
    EXPECT_TRUE(found[0].cut);
  }
  for (std::size_t at = magic.size(); at < 60; ++at) {
    std::string bytes = key(true);
    bytes[at] = '\xff';
    EXPECT_EQ(find_with(openssh_detector, bytes).size(), 1U);
  }
}

TEST(Openssh, TheSizeOfWindowsDoesNotShow) {
  std::string bytes;
  for (int i = 0; i < 40; ++i)
    bytes += std::string(5000, 'x') + key(i % 2 == 0).substr(0, i % 3 == 0 ? 90 : std::string::npos);
  const auto whole = summaries(find_with(openssh_detector, bytes));
  EXPECT_EQ(whole.size(), 40U);
  for (const std::size_t own : {1024U, 4099U, 65'536U}) {
    EXPECT_TRUE(summaries(find_with(openssh_detector, bytes, own)) == whole) << own;
  }
}

}  // namespace
}  // namespace dumpgate
