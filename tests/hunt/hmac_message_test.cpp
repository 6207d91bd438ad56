// Keys of signed messages, bare in memory, far from the message.

#include <gtest/gtest.h>

#include <string>

#include "scanner/proof/mac_check.h"
#include "tests/hunt/memory.h"
#include "tests/support/signed_dns.h"

namespace dumpgate {
namespace {

using hunt_test::Bytes;
using hunt_test::Memory;

SecretBytes secret_of(const std::string& text) { return secret_copy(std::as_bytes(std::span(text))); }

Oracle tsig(const test::SignedUpdate& update) {
  return {.kind = Oracle::Kind::tsig_message, .bytes = secret_of(test::signed_update(update))};
}

// A key that the filters' stated loss spares.
Bytes key_of(std::size_t size, std::uint64_t seed) {
  for (;; ++seed) {
    Bytes key = test::noise(size, seed * 0x9e3779b97f4a7c15U);
    if (hunt_test::spared(key)) return key;
  }
}

std::string text_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(HmacMessage, AKeyIsFoundByTheRequestThatItSigned) {
  for (const std::size_t size : {32U, 48U, 64U}) {
    const Bytes key = key_of(size, size);
    Memory memory;
    memory.junk();
    const std::uint64_t place = memory.put(key);
    memory.junk();
    LeadSet leads;
    ASSERT_TRUE(leads.add(tsig({.key = text_of(key)})));
    const auto found = memory.hunt(leads, "hmac");
    ASSERT_EQ(found.size(), 1U) << size;
    EXPECT_EQ(found[0].offset, place);
    EXPECT_EQ(found[0].length, size);
    EXPECT_EQ(found[0].bits, 8 * size);
    EXPECT_EQ(found[0].evidence, Evidence::proof);
    EXPECT_EQ(found[0].relation, "hmac(message)");
    EXPECT_EQ(found[0].use, KeyUse::signing);

    LeadSet others;
    ASSERT_TRUE(others.add(tsig({.key = text_of(key_of(size, size + 1))})));
    EXPECT_TRUE(memory.hunt(others, "hmac").empty());
  }
}

// Many messages of one key do not crowd out those of another, nor requests tokens.
TEST(HmacMessage, EachSignerHasItsTurn) {
  const Bytes key = key_of(32, 3);
  Memory memory;
  (void)memory.put(key);
  LeadSet leads;
  for (unsigned char i = 0; i < 100; ++i) ASSERT_TRUE(leads.add(tsig({.key = "another", .id = i})));
  const std::string name("\x01z\0", 3);
  ASSERT_TRUE(leads.add(tsig({.key = text_of(key), .key_name = name, .id = 255})));
  ASSERT_EQ(memory.hunt(leads, "hmac").size(), 1U);
}

TEST(HmacMessage, KindsOfOraclesAreNotMistaken) {
  const std::string request = test::signed_update({.key = "k"});
  const auto bytes = std::as_bytes(std::span(request));
  EXPECT_TRUE(MacCheck::make(Oracle::Kind::tsig_message, bytes));
  EXPECT_FALSE(MacCheck::make(Oracle::Kind::hmac_token, bytes));
  EXPECT_FALSE(MacCheck::make(Oracle::Kind::openssh_shield, bytes));
  const LeadSet none;
  EXPECT_TRUE(Memory().hunt(none, "hmac").empty());
}

}  // namespace
}  // namespace dumpgate
