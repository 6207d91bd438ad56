#include "scanner/base/der_reader.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

#include "scanner/base/der_writer.h"
#include "scanner/base/hex.h"

namespace dumpgate {
namespace {

std::vector<std::byte> hex(std::string_view text) { return from_hex(text).value(); }

TEST(DerReader, ReadsShortAndLongLengths) {
  const auto bytes = hex("0201050400");
  DerReader reader(bytes);
  EXPECT_EQ(der_small(*reader.whole(der::integer)), 5U);
  EXPECT_TRUE(reader.whole(der::octet_string)->content.empty());
  EXPECT_TRUE(reader.empty());

  std::vector<std::byte> content(300);
  const auto written = der_element(der::octet_string, {content});
  EXPECT_EQ(to_hex(std::span(written).first(4)), "0482012c");
  DerReader again(written);
  EXPECT_EQ(again.whole(der::octet_string)->content.size(), 300U);
}

TEST(DerReader, RefusesLengthsThatAreNotTheShortest) {
  for (const auto* const text : {"048105", "04820005", "0481050102030405", "04820080"}) {
    const auto bytes = hex(text);
    EXPECT_FALSE(DerReader(bytes).next()) << text;
  }
  const auto long_form = hex("0481020102");
  EXPECT_TRUE(DerReader(long_form, DerReader::Rules::ber).whole(der::octet_string));
}

TEST(DerReader, RefusesHugeLengthsAndHighTags) {
  for (const auto* const text : {"0485ffffffffff", "1f0100", "04ff", "0480"}) {
    const auto bytes = hex(text);
    EXPECT_FALSE(DerReader(bytes).next()) << text;
  }
}

TEST(DerReader, SaysThatAnElementIsCut) {
  const auto bytes = hex("3006020105");
  DerReader reader(bytes);
  EXPECT_FALSE(reader.whole(der::sequence));
  const auto outer = reader.next(der::sequence);
  ASSERT_TRUE(outer);
  EXPECT_TRUE(outer->cut);
  EXPECT_EQ(outer->claimed, 6U);
  EXPECT_EQ(outer->content.size(), 3U);
}

// A child that is longer than its whole parent is malformed; one that is longer than what is left of a cut
// parent is cut.
TEST(DerReader, TellsAMalformedChildFromACutOne) {
  const auto malformed = hex("3003020405");
  DerReader outer(malformed);
  EXPECT_FALSE(DerReader(*outer.next()).next());
  const auto cut = hex("3009020405");
  DerReader cut_outer(cut);
  const auto child = DerReader(*cut_outer.next()).next();
  ASSERT_TRUE(child);
  EXPECT_TRUE(child->cut);
}

TEST(DerReader, FindsTheEndOfNestedIndefiniteForms) {
  const auto bytes =
      hex("3080"
          "2480"
          "040101"
          "0000"
          "0201"
          "07"
          "0000"
          "0500");
  DerReader reader(bytes, DerReader::Rules::ber);
  const auto outer = reader.next(der::sequence);
  ASSERT_TRUE(outer);
  EXPECT_FALSE(outer->cut);
  EXPECT_EQ(outer->content.size(), 10U);
  DerReader inside(*outer, DerReader::Rules::ber);
  EXPECT_TRUE(inside.next(0x24));
  EXPECT_EQ(der_small(*inside.next(der::integer)), 7U);
  EXPECT_TRUE(reader.next(der::null));
}

TEST(DerReader, AnIndefiniteFormWithoutItsEndIsCut) {
  const auto bytes = hex("3080020107");
  EXPECT_TRUE(DerReader(bytes, DerReader::Rules::ber).next()->cut);
  EXPECT_FALSE(DerReader(bytes).next());
}

TEST(DerReader, IndefiniteFormsNestedWithoutEndCostNoStack) {
  std::vector<std::byte> bytes;
  for (int i = 0; i < 100000; ++i) {
    bytes.push_back(std::byte{0x30});
    bytes.push_back(std::byte{0x80});
  }
  EXPECT_TRUE(DerReader(bytes, DerReader::Rules::ber).next()->cut);
}

TEST(DerUnsigned, TakesOnlyShortestNonNegativeNumbers) {
  const auto value = [](const char* text) -> std::string {
    const auto bytes = hex(text);
    const auto digits = der_unsigned(*DerReader(bytes).next());
    return digits ? to_hex(*digits) : "refused";
  };
  EXPECT_EQ(value("020100"), "00");
  EXPECT_EQ(value("02020080"), "80");
  EXPECT_EQ(value("02020001"), "refused");
  EXPECT_EQ(value("020180"), "refused");
  EXPECT_EQ(value("0200"), "refused");
  EXPECT_EQ(value("040101"), "refused");
}

TEST(DerBits, TakesOnlyWholeOctets) {
  const auto whole = hex("0303000102");
  EXPECT_EQ(der_bits(*DerReader(whole).next())->size(), 2U);
  const auto odd = hex("0303040102");
  EXPECT_FALSE(der_bits(*DerReader(odd).next()));
}

TEST(OidText, WritesDottedArcs) {
  EXPECT_EQ(oid_text(hex("2a864886f70d010101")), "1.2.840.113549.1.1.1");
  EXPECT_EQ(oid_text(hex("2b6570")), "1.3.101.112");
  EXPECT_EQ(oid_text(hex("608648016503040312")), "2.16.840.1.101.3.4.3.18");
  EXPECT_EQ(oid_text(hex("883703")), "2.999.3");
}

TEST(OidText, RefusesWhatIsNoOid) {
  for (const auto* const text : {"", "2a86", "2a8001", "2affffffffffffffffff7f"}) {
    EXPECT_FALSE(oid_text(hex(text))) << text;
  }
}

TEST(DerWriter, WritesNumbersWithTheSignOctetTheyNeed) {
  EXPECT_EQ(to_hex(der_integer(hex("0000"))), "020100");
  EXPECT_EQ(to_hex(der_integer(hex("007f"))), "02017f");
  EXPECT_EQ(to_hex(der_integer(hex("ff"))), "020200ff");
}

}  // namespace
}  // namespace dumpgate
