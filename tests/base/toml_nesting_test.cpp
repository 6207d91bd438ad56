// Documents that nest deep are told from those that only look so, with the line.

#include "scanner/base/toml_nesting.h"

#include <gtest/gtest.h>

#include <string>

namespace dumpgate {
namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

const std::string deep_key = "a" + repeated(".a", most_toml_nesting);
const std::string key = "a" + repeated(".a", most_toml_nesting - 1);

TEST(TomlNesting, ADeepKeyIsFoundWhereverKeysStand) {
  for (const std::string& text :
       {deep_key + " = 1\n", "[" + deep_key + "]\n", "[[" + deep_key + "]]\n",
        "x = { " + deep_key + " = 1 }\n", "x = [ 1, {b = 1, " + deep_key + " = 1 } ]\n",
        "'a' . " + deep_key + " = 1\n", "x = \"a\" # b\n" + deep_key + " = 1\n",
        "x = \"\"\n" + deep_key + " = 1\n", "x = \"\\\"\"\n" + deep_key + " = 1\n",
        "x = '\\'\n" + deep_key + " = 1\n", "x = \"\"\"\n\"\" \\\"\"\"\"\"\"\n" + deep_key + " = 1\n",
        "x = '''''a'''''\n" + deep_key + " = 1\n", "x = \"unended\n" + deep_key + " = 1\n"})
    EXPECT_TRUE(line_of_deep_toml(text)) << text;
  EXPECT_EQ(line_of_deep_toml("a = 1\n\"b\" = '''\n\n'''\n[" + deep_key + "]\n"), 5U);
}

TEST(TomlNesting, DeepBracketsAreFound) {
  EXPECT_TRUE(line_of_deep_toml("x = " + repeated("[", most_toml_nesting + 1)));
  EXPECT_TRUE(line_of_deep_toml("x = " + repeated("{a=[\n", most_toml_nesting / 2) + "["));
  EXPECT_FALSE(
      line_of_deep_toml("x = " + repeated("[", most_toml_nesting) + repeated("]", most_toml_nesting)));
  EXPECT_FALSE(line_of_deep_toml(repeated("[[a.b]]\nx = [[1.5], [{}]]\n", 100)));
}

TEST(TomlNesting, DotsElsewhereAreNoNesting) {
  for (const std::string& text :
       {std::string(), key + " = 1\n", "x = \"" + deep_key + "\"\n", "x = '" + deep_key + "'\n",
        "# " + deep_key + "\n", "x = \"\"\"\n" + deep_key + "\n\"\"\"\n", "x = '''\n" + deep_key + "'''\n",
        "x = [" + repeated("1.5, ", 100) + "]\n", repeated("a.b = 1\n", 100), "'" + deep_key + "'.b = 1\n"})
    EXPECT_FALSE(line_of_deep_toml(text)) << text;
}

}  // namespace
}  // namespace dumpgate
