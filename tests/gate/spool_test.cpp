// What lies in quarantine: one dump is in one pair of hands, its state is read whole or not at all, and a
// core gets its place only when it is whole.

#include "scanner/gate/spool.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "scanner/gate/intake.h"
#include "scanner/gate/spool_state.h"
#include "tests/support/temporary_directory.h"

namespace dumpgate {
namespace {

namespace fs = std::filesystem;

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() {
    for (const char* const name : {"in", "quarantine", "release"}) fs::create_directory(home_.file(name));
  }
  Spool spool() const { return Spool::open(home_.file("quarantine"), home_.file("release")).value(); }
  static SpoolState fresh() {
    return {.scan_id = new_scan_id(),
            .name = std::string("core\xff\n\0.1", 9),
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
