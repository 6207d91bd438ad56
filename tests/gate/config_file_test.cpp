// A configuration is tables of settings, and whatever is not is an error that says where.

#include "scanner/gate/config_file.h"

#include <gtest/gtest.h>

#include <string>

namespace dumpgate {
namespace {

using Kind = ConfigValue::Kind;

TEST(ConfigFile, ReadsTheFourKindsOfValues) {
  const auto file = parse_config_file(
      "[spool]\nin = \"/srv/in\"\n[run]\nworkers = 3\nonce = true\n"
      "[examination]\nprotect = [\"a\", \"b\"]\n",
      "gate.toml");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->values.size(), 4U);
  const auto is = [&](const char* key, Kind kind, const std::vector<std::string>& texts, std::size_t line) {
    const ConfigValue& value = file->values.at(key);
    EXPECT_EQ(value.kind, kind) << key;
    EXPECT_EQ(value.texts, texts) << key;
    EXPECT_EQ(value.line, line) << key;
  };
  is("spool.in", Kind::text, {"/srv/in"}, 2);
  is("run.workers", Kind::number, {"3"}, 4);
  is("run.once", Kind::flag, {"true"}, 5);
  is("examination.protect", Kind::texts, {"a", "b"}, 7);
}

TEST(ConfigFile, RefusesEverythingElseAndSaysWhere) {
  for (const char* const bad :
       {"\n[run]\nworkers = 1.5\n", "\n[run]\nworkers = -1\n", "\n[run]\nworkers = 2026-01-01\n",
        "\n[run]\nworkers = [1]\n", "\n[run]\nworkers = {}\n", "\n[run]\nworkers =\n",
        "\n[run]\nworkers = \"1\n", "\n[run]\n[run]\n"}) {
    const auto file = parse_config_file(bad, "gate.toml");
    ASSERT_FALSE(file) << bad;
    EXPECT_EQ(file.error().code, ErrorCode::usage);
    EXPECT_TRUE(file.error().message.starts_with("gate.toml:3: ")) << file.error().message;
  }
  EXPECT_FALSE(parse_config_file("workers = 1\n", "gate.toml"));
  EXPECT_FALSE(parse_config_file("[run]\na = 1\na = 2\n", "gate.toml"));
  EXPECT_FALSE(parse_config_file(std::string("[run]\na = \"\xff\"\n"), "gate.toml"));
  // A parser that goes down such a key would not come back.
  std::string deep = "\n[run]\na";
  for (int i = 0; i < 200'000; ++i) deep += ".a";
  const auto nested = parse_config_file(deep + " = 1\n", "gate.toml");
  ASSERT_FALSE(nested);
  EXPECT_EQ(nested.error().message, "gate.toml:3: nested deeper than 32 levels");
  EXPECT_FALSE(read_config_file("/nonexistent/gate.toml"));
}

}  // namespace
}  // namespace dumpgate
