#include "scanner/dump/shown_name.h"

#include <gtest/gtest.h>

namespace dumpgate {
namespace {

TEST(ShownName, ShowsPathsAreasAndModules) {
  for (const std::string name :
       {"/usr/lib/x86_64-linux-gnu/libc.so.6", "/memfd:x (deleted)", "[stack]", "app-1.exe"})
    EXPECT_EQ(shown_name(name), name);
  EXPECT_EQ(shown_name("C:\\Windows\\x.dll"), "C:\\\\Windows\\\\x.dll");
}

TEST(ShownName, ShowsNothingElse) {
  for (const std::string_view name :
       {"", "abcdefgh", "MIIEvQIBADAN", "[half", "/tmp/\x1b]0;", "/\xff\xfe", "a.b\nc"})
    EXPECT_EQ(shown_name(name), "");
  EXPECT_EQ(shown_name("/" + std::string(256, '~')), "");
  EXPECT_EQ(shown_name("/" + std::string(255, '~')).size(), 256U);
}

TEST(ShownName, LeavesOutRunsAsLongAsKeyMaterial) {
  EXPECT_EQ(shown_name("/a/" + std::string(32, 'f') + ".debug"), "/a/....debug");
  EXPECT_EQ(shown_name("/a/" + std::string(31, 'f')), "/a/" + std::string(31, 'f'));
  EXPECT_EQ(shown_name("/" + std::string(40, 'Z') + "/x"), "/.../x");
  EXPECT_EQ(shown_name(std::string(50, 'Z') + ".dll"), "....dll");
}

}  // namespace
}  // namespace dumpgate
