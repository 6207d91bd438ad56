// Inbox: what arrived whole gets a visible name, once, and never another's; everything else stays out.

#include "scanner/gate/adapters/inbox.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "scanner/gate/private_file.h"
#include "tests/support/temporary_directory.h"

namespace dumpgate {
namespace {

namespace fs = std::filesystem;

class InboxTest : public ::testing::Test {
 protected:
  Inbox inbox() const {
    auto opened = Inbox::open(home_.file(""));
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }
  std::vector<std::string> visible() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(home_.file("")))
      if (!entry.path().filename().string().starts_with('.')) names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
  }
  static void put(const fs::path& path, std::string_view content) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
  }
  PrivateFile unnamed(std::string_view content) const {
    auto file = PrivateFile::create(home_.file(""), 1 << 20);
    EXPECT_TRUE(file && file->append(std::as_bytes(std::span(content))));
    return std::move(*file);
  }

  TemporaryDirectory home_{};
};

TEST_F(InboxTest, DeliversRegularFilesUnderSafeNames) {
  Inbox box = inbox();
  const fs::path session = *box.session_directory();
  put(session / "core", "one");
  put(session / "host a" / "core", "two");
  const auto delivery = box.deliver({});
  EXPECT_TRUE(delivery.left_out.empty());
  EXPECT_EQ(visible(), (std::vector<std::string>{"core", "host_a_core"}));
  EXPECT_EQ(read_whole(home_.file("host_a_core")), "two");
}

TEST_F(InboxTest, LeavesOutWhatIsNotWholeOrNoFile) {
  Inbox box = inbox();
  const fs::path session = *box.session_directory();
  put(session / "whole", "1");
  put(session / "half", "2");
  put(session / ".core.Xa8Bzq", "3");
  put(session / "core.part", "4");
  put(session / "linked", "5");
  put(home_.file(".secret"), "6");
  fs::create_hard_link(session / "linked", session / "twice");
  fs::create_symlink(home_.file(".secret"), session / "symbolic");
  ASSERT_EQ(::mkfifo((session / "fifo").c_str(), 0600), 0);
  const auto delivery = box.deliver({(session / "half").string()});
  EXPECT_EQ(visible(), std::vector<std::string>{"whole"});
  EXPECT_EQ(delivery.left_out.size(), 7U);
}

TEST_F(InboxTest, DeliversNothingWhenItCannotTellWhatWasCutOff) {
  for (const char* const logged : {"renamed-meanwhile", "odd\\040name"}) {
    Inbox box = inbox();
    put(fs::path(*box.session_directory()) / "core", "half");
    const auto delivery = box.deliver({logged});
    EXPECT_TRUE(delivery.names.empty());
    EXPECT_FALSE(delivery.left_out.empty());
  }
  EXPECT_TRUE(visible().empty());
}

TEST_F(InboxTest, ATakenNameIsNeverTakenOver) {
  put(home_.file("core"), "first");
  Inbox box = inbox();
  put(fs::path(*box.session_directory()) / "core", "second");
  const auto delivery = box.deliver({});
  ASSERT_EQ(delivery.names.size(), 1U);
  EXPECT_EQ(read_whole(home_.file("core")), "first");
  EXPECT_EQ(read_whole(home_.file(delivery.names[0])), "second");
  const PrivateFile third = unnamed("third");
  const auto name = box.publish(third.descriptor(), "core");
  ASSERT_TRUE(name);
  EXPECT_EQ(read_whole(home_.file(*name)), "third");
  EXPECT_EQ(visible().size(), 3U);
}

TEST_F(InboxTest, HiddenUntilPromoted) {
  const Inbox box = inbox();
  ASSERT_TRUE(box.keep_hidden(unnamed("old").descriptor(), "dump-incomplete"));
  ASSERT_TRUE(box.keep_hidden(unnamed("new").descriptor(), "dump-incomplete"));
  EXPECT_TRUE(visible().empty());
  EXPECT_FALSE(box.promote("another", "dump"));
  ASSERT_TRUE(box.promote("dump-incomplete", "dump"));
  EXPECT_EQ(visible(), std::vector<std::string>{"dump"});
  EXPECT_EQ(read_whole(home_.file("dump")), "new");
  EXPECT_FALSE(box.promote("dump-incomplete", "dump"));
}

TEST_F(InboxTest, ASessionsDirectoryEndsWithItAndOneLeftBehindWithTheNext) {
  put(home_.file(".receive-abandoned/core"), "half");
  std::optional<Inbox> first(inbox());
  const std::string one = *first->session_directory();
  EXPECT_FALSE(fs::exists(home_.file(".receive-abandoned")));
  Inbox second = inbox();
  ASSERT_TRUE(second.session_directory());
  EXPECT_TRUE(fs::exists(one));  // still in use
  first.reset();
  EXPECT_FALSE(fs::exists(one));
  EXPECT_TRUE(visible().empty());
}

}  // namespace
}  // namespace dumpgate
