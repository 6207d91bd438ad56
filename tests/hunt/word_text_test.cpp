// Names are not taken for keys as text, and keys as text are not taken for names.

#include "scanner/hunt/word_text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace dumpgate {
namespace {

std::string random_text(std::mt19937_64& random, std::size_t size) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text(size, ' ');
  for (char& c : text) c = digits[random() % 64];
  return text;
}

TEST(WordText, RandomTextIsHardlyEverLost) {
  std::mt19937_64 random(1);
  unsigned lost = 0;
  for (int i = 0; i < 100'000; ++i)
    if (!may_encode_bytes(random_text(random, 43))) ++lost;
  EXPECT_LE(lost, 6U);  // 1 is expected; more than 6 in 1 of 10,000 such samples
}

TEST(WordText, ANameBesideAKeyHidesNothing) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(may_encode_bytes("the_signing_key_of_the_service_is_" + random_text(random, 43)));
    EXPECT_TRUE(may_encode_bytes(random_text(random, 43) + "/usr/lib/python3/dist-packages/cryptography"));
  }
}

TEST(WordText, NamesAreRefused) {
  for (const char* const name : {"/usr/include/x86_64-linux-gnu/bits/types/struct_FILE",
                                 "cryptography_HAS_EVP_PKEY_get_set_tls_encodedpoint",
                                 "/usr/lib/python3/dist-packages/Cryptodome/Cipher/ChaCha20_Poly1305",
                                 "_ZNKSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE7compareEPKc",
                                 "/usr/lib/gcc/x86_64-linux-gnu/12/include/bits/time64"})
    EXPECT_FALSE(may_encode_bytes(name)) << name;
}

TEST(WordText, ShortTextEncodesNoKey) { EXPECT_FALSE(may_encode_bytes(std::string(42, 'Q'))); }

}  // namespace
}  // namespace dumpgate
