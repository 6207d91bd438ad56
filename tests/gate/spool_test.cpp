// What lies in quarantine: one dump is in one pair of hands, its state is read whole or not at all, and a
// core gets its place only when it is whole.

#include "scanner/gate/spool.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "scanner/base/descriptor.h"
#include "scanner/gate/intake.h"
#include "scanner/gate/spool_state.h"
#include "tests/support/temporary_directory.h"

namespace dumpgate {
namespace {

namespace fs = std::filesystem;

void write_private(const std::string& path, std::string_view text) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  ASSERT_TRUE(file) << path;
  ASSERT_EQ(::write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() {
    for (const char* const name : {"in", "quarantine", "release"}) fs::create_directory(home_.file(name));
  }
  Spool spool() const { return Spool::open(home_.file("quarantine"), home_.file("release")).value(); }
  static SpoolState fresh() {
    return {.scan_id = new_scan_id(),
            .name = "core\xff\n.1",
            .source = {.channel = "core-pattern", .requester = "the kernel", .producer = {{"pid", "4711"}}},
            .received = utc_now()};
  }

  TemporaryDirectory home_{};
};

TEST_F(SpoolTest, ADumpIsInOnePairOfHands) {
  const Spool one = spool();
  const Spool other = spool();
  const SpoolState state = fresh();
  std::optional<Custody> custody = one.make_place(state).value();
  EXPECT_EQ(custody->scan_id(), state.scan_id);
  const auto second = other.custody(state.scan_id);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::io);
  custody.reset();
  EXPECT_TRUE(other.custody(state.scan_id));
  ASSERT_TRUE(one.forget(state.scan_id));
  const auto gone = other.custody(state.scan_id);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::usage);
}

TEST_F(SpoolTest, OnlyScanIdsAreNamesInQuarantine) {
  const Spool open = spool();
  fs::create_directory(home_.file("quarantine/elsewhere"));
  const std::string id = new_scan_id();
  fs::create_directory_symlink(home_.file("in"), home_.file("quarantine/" + id));
  for (const std::string& name : {std::string("elsewhere"), std::string("."), std::string(".."),
                                  std::string(""), "../" + id, id, new_scan_id()})
    EXPECT_FALSE(open.custody(name)) << name;
  EXPECT_EQ(open.scan_ids().value(), std::vector<std::string>{id});
}

TEST_F(SpoolTest, OneGateTakesIntoAQuarantine) {
  const Spool open = spool();
  const auto intake = Intake::open(open, home_.file("in"));
  ASSERT_TRUE(intake);
  EXPECT_FALSE(Intake::open(open, home_.file("in")));
  EXPECT_FALSE(Intake::open(open, home_.file("release")));
  EXPECT_FALSE(Spool::open(home_.file("in"), home_.file("in")));
  EXPECT_FALSE(Spool::open(home_.file("in"), home_.file("none")));
}

TEST_F(SpoolTest, AStateIsTheSameAfterItWasKept) {
  const Spool open = spool();
  SpoolState state = fresh();
  state.stage = SpoolStage::releasing;
  state.refuse = true;
  state.decision = "block";
  state.dump_sha256 = std::string(64, 'a');
  state.size = std::uint64_t{1} << 40;
  state.verdict_index = 7;
  state.release_name = state.name + ".x";
  state.waiver = 8;
  state.log_from = 9;
  const auto custody = open.make_place(state);
  ASSERT_TRUE(custody);
  const SpoolState read = open.state(state.scan_id).value();
  EXPECT_EQ(spool_state_text(read), spool_state_text(state));
  EXPECT_EQ(read.name, state.name);
  EXPECT_EQ(read.source.producer, state.source.producer);
  EXPECT_EQ(read.waiver, state.waiver);
  struct stat status{};
  ASSERT_EQ(::stat((open.place(state.scan_id) + "/state.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(SpoolTest, AStateThatIsNotWholeIsNone) {
  const std::string text = spool_state_text(fresh());
  const auto parsed = [](const std::string& bytes) {
    return parse_spool_state(std::as_bytes(std::span(bytes))).has_value();
  };
  EXPECT_TRUE(parsed(text));
  for (std::size_t size = 0; size + 2 < text.size(); ++size)
    EXPECT_FALSE(parsed(text.substr(0, size))) << size;
  std::string odd = text;
  odd.replace(odd.find("\"taking\""), 8, "\"gone\"");
  EXPECT_FALSE(parsed(odd));
}

TEST_F(SpoolTest, AStateThatLeadsElsewhereIsNone) {
  const auto parsed = [](const SpoolState& state) {
    const std::string text = spool_state_text(state);
    return parse_spool_state(std::as_bytes(std::span(text))).has_value();
  };
  for (const std::string& name : {std::string("/etc/passwd"), std::string("../x"), std::string("."),
                                  std::string(".."), std::string("a/b"), std::string("a\0b", 3)}) {
    SpoolState named = fresh();
    named.name = name;
    EXPECT_FALSE(parsed(named)) << name;
    SpoolState released = fresh();
    EXPECT_TRUE(parsed(released));
    released.release_name = name;
    EXPECT_FALSE(parsed(released)) << name;
  }
  SpoolState nameless = fresh();
  nameless.name.clear();
  EXPECT_FALSE(parsed(nameless));

  const Spool open = spool();
  const SpoolState state = fresh();
  const auto custody = open.make_place(state);
  ASSERT_TRUE(custody);
  EXPECT_TRUE(open.state(state.scan_id));
  fs::create_directory(home_.file("quarantine/other"));
  fs::copy_file(open.place(state.scan_id) + "/state.json", open.place("other") + "/state.json");
  EXPECT_FALSE(open.state("other"));
}

// What somebody could bring under a dump's name, and what the gate makes of it: nothing.
struct Foreign {
  const char* name;
  void (*make)(const std::string& path);
};

const Foreign foreign[] = {
    {"pipe", [](const std::string& path) { ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0); }},
    {"directory", [](const std::string& path) { fs::create_directory(path); }},
    {"link", [](const std::string& path) { fs::create_symlink("/etc/passwd", path); }},
    {"second name",
     [](const std::string& path) {
       write_private(path + ".other", "core");
       fs::create_hard_link(path + ".other", path);
     }},
    {"writable by others",
     [](const std::string& path) {
       write_private(path, "core");
       ASSERT_EQ(::chmod(path.c_str(), 0620), 0);
     }},
    {"owned by others",
     [](const std::string& path) {
       write_private(path, "core");
       ASSERT_EQ(::chown(path.c_str(), 65534, 65534), 0);
     }},
};

TEST_F(SpoolTest, OnlyAFileOfItsOwnIsADump) {
  const Spool open = spool();
  for (const Foreign& other : foreign) {
    if (::geteuid() != 0 && std::string_view(other.name) == "owned by others") continue;
    const SpoolState state = fresh();
    const auto custody = open.make_place(state);
    ASSERT_TRUE(custody);
    EXPECT_FALSE(open.open_dump(state.scan_id)) << "nothing yet";
    other.make(open.dump_of(state.scan_id));
    EXPECT_FALSE(open.open_dump(state.scan_id)) << other.name;
    fs::remove(open.dump_of(state.scan_id));
    write_private(open.dump_of(state.scan_id), "core");
    EXPECT_TRUE(open.open_dump(state.scan_id)) << other.name;
  }
}

// The rename that takes a file in moves whatever has the name at that instant, and a crash may follow.
TEST_F(SpoolTest, WhatWasMovedInInsteadOfTheFileGoesBack) {
  const Spool open = spool();
  const auto intake = Intake::open(open, home_.file("in"));
  ASSERT_TRUE(intake);
  write_private(home_.file("in/core"), "another");
  for (const Foreign& other : foreign) {
    if (::geteuid() != 0 && std::string_view(other.name) == "owned by others") continue;
    SpoolState state = fresh();
    state.name = "core";
    const auto custody = open.make_place(state);
    ASSERT_TRUE(custody);
    other.make(open.dump_of(state.scan_id));
    const auto settled = intake->settle(*custody);
    ASSERT_TRUE(settled);
    EXPECT_FALSE(*settled) << other.name;
    EXPECT_EQ(read_whole(home_.file("in/core")), "another");
    EXPECT_TRUE(fs::is_symlink(home_.file("in/core." + state.scan_id)) ||
                fs::exists(home_.file("in/core." + state.scan_id)))
        << other.name;
  }
}

TEST_F(SpoolTest, AFileThatWasMovedInBeforeACrashIsTaken) {
  const Spool open = spool();
  const auto intake = Intake::open(open, home_.file("in"));
  ASSERT_TRUE(intake);
  const SpoolState state = fresh();
  const auto custody = open.make_place(state);
  ASSERT_TRUE(custody);
  write_private(open.dump_of(state.scan_id), "core");
  {
    const Descriptor writer(::open(open.dump_of(state.scan_id).c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_TRUE(writer);
    const auto early = intake->settle(*custody);
    ASSERT_TRUE(early);
    EXPECT_FALSE(*early);
  }
  EXPECT_EQ(read_whole(home_.file("in/" + state.name)), "core");

  const SpoolState second = fresh();
  const auto taken = open.make_place(second);
  ASSERT_TRUE(taken);
  write_private(open.dump_of(second.scan_id), "core");
  const auto settled = intake->settle(*taken);
  ASSERT_TRUE(settled);
  ASSERT_TRUE(*settled);
  EXPECT_EQ((*settled)->stage, SpoolStage::taken);
  EXPECT_EQ(open.state(second.scan_id)->stage, SpoolStage::taken);
}

TEST_F(SpoolTest, AWholeCoreGetsItsPlace) {
  const Spool open = spool();
  const SpoolState state = fresh();
  {
    auto file = PrivateFile::create(open.quarantine_path(), 100).value();
    ASSERT_TRUE(file.append(std::as_bytes(std::span("core", 4))));
    EXPECT_TRUE(open.scan_ids().value().empty());
    const auto custody = take_unnamed(open, file, state);
    ASSERT_TRUE(custody) << custody.error().message;
    EXPECT_EQ(open.state(state.scan_id)->stage, SpoolStage::taken);
  }
  EXPECT_EQ(read_whole(open.dump_of(state.scan_id)), "core");
}

TEST_F(SpoolTest, DirectoriesThatAreReplacedAreNoticedAndNotWorkedIn) {
  for (const char* const replaced : {"quarantine", "release", "in"}) {
    const Spool open = spool();
    const auto intake = Intake::open(open, home_.file("in"));
    ASSERT_TRUE(intake);
    EXPECT_TRUE(open.in_place());
    EXPECT_TRUE(intake->in_place());
    const std::string aside = home_.file(std::string(replaced) + ".aside");
    fs::rename(home_.file(replaced), aside);
    fs::create_directory(home_.file(replaced));
    const auto same = std::string_view(replaced) == "in" ? intake->in_place() : open.in_place();
    ASSERT_FALSE(same) << replaced;
    EXPECT_EQ(same.error().code, ErrorCode::io);
    EXPECT_TRUE(same.error().message.starts_with(home_.file(replaced) + " is not the directory any more"));
    // What is under way goes on where it began.
    const SpoolState state = fresh();
    ASSERT_TRUE(open.make_place(state));
    write_private(open.dump_of(state.scan_id), "core");
    write_private(open.release_path() + "/released", "core");
    EXPECT_TRUE(open.open_dump(state.scan_id));
    EXPECT_TRUE(fs::is_empty(home_.file(replaced)));
    fs::remove_all(home_.file(replaced));
    fs::rename(aside, home_.file(replaced));
    EXPECT_TRUE(open.in_place());
    EXPECT_EQ(read_whole(home_.file("quarantine/" + state.scan_id + "/dump")), "core");
    fs::remove_all(home_.file("quarantine"));
    fs::remove(home_.file("release/released"));
    fs::create_directory(home_.file("quarantine"));
  }
}

TEST_F(SpoolTest, APlaceWithoutADumpIsCleared) {
  const Spool open = spool();
  const auto intake = Intake::open(open, home_.file("in"));
  ASSERT_TRUE(intake);
  const auto custody = open.make_place(fresh());
  ASSERT_TRUE(custody);
  const auto settled = intake->settle(*custody);
  ASSERT_TRUE(settled);
  EXPECT_FALSE(*settled);
  EXPECT_TRUE(open.scan_ids().value().empty());
  EXPECT_TRUE(fs::is_empty(home_.file("in")));
}

}  // namespace
}  // namespace dumpgate
