// ClamdParser: what clients send, whole and in pieces, and what they get wrong.

#include "scanner/gate/adapters/clamd_protocol.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dumpgate {
namespace {

using Event = ClamdParser::Event;

struct Told {
  std::vector<ClamdCommand> commands{};
  std::string data{};
  int ends = 0;
  int descriptors = 0;
  bool malformed = false;
};

void feed(ClamdParser& parser, std::string_view bytes, Told& told) {
  auto input = std::as_bytes(std::span(bytes));
  for (;;) switch (parser.next(input)) {
      case Event::more:
        return;
      case Event::command:
        told.commands.push_back(parser.command());
        break;
      case Event::data:
        for (const std::byte b : parser.data()) told.data += static_cast<char>(b);
        break;
      case Event::data_end:
        ++told.ends;
        break;
      case Event::descriptor:
        ++told.descriptors;
        break;
      case Event::malformed:
        told.malformed = true;
        return;
    }
}

Told all_of(std::string_view bytes) {
  ClamdParser parser;
  Told told;
  feed(parser, bytes, told);
  return told;
}

using namespace std::string_view_literals;

TEST(ClamdParser, KnowsTheThreeDelimiters) {
  const Told told = all_of("zPING\0nVERSION\nVERSIONCOMMANDS\r\n"sv);
  ASSERT_EQ(told.commands.size(), 3U);
  EXPECT_EQ(told.commands[0], (ClamdCommand{.verb = ClamdVerb::ping, .end_mark = '\0'}));
  EXPECT_EQ(told.commands[1], (ClamdCommand{.verb = ClamdVerb::version}));
  EXPECT_EQ(told.commands[2], (ClamdCommand{.verb = ClamdVerb::version_commands}));
}

TEST(ClamdParser, TakesABareWordOnlyOnceTheClientIsQuiet) {
  ClamdParser parser;
  Told told;
  feed(parser, "PI", told);
  EXPECT_FALSE(parser.quiet());
  feed(parser, "NG", told);
  EXPECT_TRUE(told.commands.empty());
  EXPECT_TRUE(parser.quiet());
  EXPECT_EQ(parser.command().verb, ClamdVerb::ping);
  feed(parser, "\nnVERSION\n", told);  // the delimiter, late, is no command
  ASSERT_EQ(told.commands.size(), 1U);
  EXPECT_EQ(told.commands[0].verb, ClamdVerb::version);
}

TEST(ClamdParser, NeverTakesABareCommandThatMayGoOn) {
  for (const std::string_view text : {"SCAN /a", "INSTREAM", "FILDES", "nPING", "zPING", "END"}) {
    ClamdParser parser;
    Told told;
    feed(parser, text, told);
    EXPECT_FALSE(parser.quiet()) << text;
  }
}

TEST(ClamdParser, UndoesChunksHoweverTheyAreCut) {
  const std::string bytes("zINSTREAM\0\0\0\0\3abc\0\0\0\1d\0\0\0\0nPING\n"sv);
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    ClamdParser parser;
    Told told;
    for (std::size_t at = 0; at < bytes.size(); at += size) feed(parser, bytes.substr(at, size), told);
    EXPECT_EQ(told.data, "abcd") << size;
    EXPECT_EQ(told.ends, 1);
    EXPECT_EQ(told.commands.size(), 2U);
  }
}

TEST(ClamdParser, ALengthThatLiesWaitsForMore) {
  ClamdParser parser;
  Told told;
  feed(parser,
       "nINSTREAM\n\xff\xff\xff\xff"
       "abc",
       told);
  EXPECT_EQ(told.data, "abc");
  EXPECT_EQ(told.ends, 0);
  EXPECT_FALSE(parser.between_commands());
}

TEST(ClamdParser, PathsAreOneEach) {
  const Told told = all_of("zSCAN /spool/a b\0nMULTISCAN /c\nnALLMATCHSCAN /d\nCONTSCAN /e\n"sv);
  ASSERT_EQ(told.commands.size(), 4U);
  EXPECT_EQ(told.commands[0].path, "/spool/a b");
  for (const ClamdCommand& command : told.commands) EXPECT_EQ(command.verb, ClamdVerb::scan);
}

TEST(ClamdParser, WhatItDoesNotKnowIsUnknown) {
  for (const std::string_view text :
       {"nSHUTDOWN\n"sv, "nSCAN\n"sv, "nSCAN \n"sv, "nSCAN /a\0b\n"sv, "nping\n"sv, "nPING \n"sv, "n\n"sv,
        "xyz\n"sv, "GET / HTTP/1.1\r\n"sv}) {
    const Told told = all_of(text);
    ASSERT_EQ(told.commands.size(), 1U) << text;
    EXPECT_EQ(told.commands[0].verb, ClamdVerb::unknown) << text;
  }
}

TEST(ClamdParser, ALineWithoutEndIsMalformedForGood) {
  ClamdParser parser;
  Told told;
  feed(parser, std::string(ClamdParser::most_line + 1, 'n'), told);
  EXPECT_TRUE(told.malformed);
  told.malformed = false;
  feed(parser, "\nnPING\n", told);
  EXPECT_TRUE(told.malformed);
  EXPECT_TRUE(told.commands.empty());
}

TEST(ClamdParser, TheByteThatCarriesADescriptorIsNoCommand) {
  const Told told = all_of("zFILDES\0\0zPING\0"sv);
  EXPECT_EQ(told.descriptors, 1);
  ASSERT_EQ(told.commands.size(), 2U);
  EXPECT_EQ(told.commands[1].verb, ClamdVerb::ping);
}

}  // namespace
}  // namespace dumpgate
