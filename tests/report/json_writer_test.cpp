// JsonWriter, checked by a parser that is not ours.

#include "scanner/report/json_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

namespace dumpgate {
namespace {

std::string written(std::string_view text) {
  JsonWriter json;
  json.text(text);
  return json.take();
}

TEST(JsonWriter, WritesInTheOrderItIsTold) {
  JsonWriter json;
  {
    const JsonWriter::Scope object = json.object();
    json.text("z", "text");
    json.number("a", 18'446'744'073'709'551'615U);
    json.boolean("m", false);
    json.null("n");
    {
      const JsonWriter::Scope array = json.array("list");
      json.text("one");
      {
        const JsonWriter::Scope inner = json.object();
        json.boolean("b", true);
      }
      {
        const JsonWriter::Scope empty = json.array();
      }
    }
    {
      const JsonWriter::Scope empty = json.object("empty");
    }
    json.number("last", 0);
  }
  EXPECT_EQ(json.take(),
            R"({"z":"text","a":18446744073709551615,"m":false,"n":null,"list":["one",{"b":true},[]],)"
            R"("empty":{},"last":0})");
}

TEST(JsonWriter, Indents) {
  JsonWriter json(2);
  {
    const JsonWriter::Scope object = json.object();
    json.number("a", 1);
    {
      const JsonWriter::Scope array = json.array("b");
      json.text("x");
    }
    {
      const JsonWriter::Scope empty = json.array("c");
    }
  }
  EXPECT_EQ(json.take(), "{\n  \"a\": 1,\n  \"b\": [\n    \"x\"\n  ],\n  \"c\": []\n}");
}

TEST(JsonWriter, EscapesWhatIsNotPrintableAscii) {
  EXPECT_EQ(written("a\"b\\c/"), R"("a\"b\\c/")");
  EXPECT_EQ(written(std::string_view("\0\n\x1f\x7f", 4)), R"("\u0000\u000a\u001f\u007f")");
  EXPECT_EQ(written("\xc3\xa9\xe2\x80\xae"), R"("\u00e9\u202e")");
  EXPECT_EQ(written("\xf0\x9f\x94\x91"), R"("\ud83d\udd11")");
  EXPECT_EQ(written("a\xff\xc3"), R"("a\ufffd\ufffd")");
}

TEST(JsonWriter, AnyBytesBecomeAsciiThatParsesToTheSameText) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> byte(0, 255);
  for (int round = 0; round < 3000; ++round) {
    std::string text(static_cast<std::size_t>(round % 30), '\0');
    for (char& c : text) c = static_cast<char>(round % 2 == 0 ? byte(random) : byte(random) & 0x7f);
    const std::string json = written(text);
    ASSERT_TRUE(std::all_of(json.begin(), json.end(), [](char c) { return c >= ' ' && c <= '~'; }));
    const nlohmann::json parsed = nlohmann::json::parse(json, nullptr, false);
    ASSERT_TRUE(parsed.is_string()) << json;
    if (round % 2 == 1) {
      ASSERT_EQ(parsed.get<std::string>(), text);
    }
  }
}

}  // namespace
}  // namespace dumpgate
