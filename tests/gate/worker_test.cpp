// The examining process: an honest one is believed, and each way of failing leaves a record that holds.

#include "scanner/gate/worker.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>

#include "scanner/base/hex.h"
#include "scanner/evidence/retro_filter.h"
#include "scanner/gate/confined_process.h"
#include "scanner/io/digest.h"
#include "scanner/verdict/verdict.h"

namespace dumpgate {
namespace {

class Examination : public testing::Test {
 protected:
  Examination() : signatures_(*SignatureSet::builtin()) {
    options_.signatures = &signatures_;
    options_.threads = 2;
    options_.limits.max_memory = std::uint64_t{128} << 20;
  }

  WorkerReport examine(const std::string& content, unsigned seconds = 60) {
    const int file = ::memfd_create("dump", MFD_CLOEXEC);
    EXPECT_TRUE(write_whole(file, std::as_bytes(std::span(content))));
    const WorkerOrder order{
        .descriptor = file, .name = "core", .scan = &options_, .sandbox = {}, .seconds = seconds};
    auto report = examine_confined(order);
    (void)::close(file);
    return report;
  }
  Decision decided(const WorkerReport& report) const {
    using namespace std::chrono;
    return decide(report.answer.record, Policy{}, KnownTestKeys{},
                  year_month_day{year{2026}, month{1}, day{1}})
        .decision();
  }

  SignatureSet signatures_;
  ScanOptions options_{};
};

TEST_F(Examination, OfAnOrdinaryFileReleases) {
  std::string text;
  for (int i = 0; i < 60'000; ++i) text += "ordinary text, line " + std::to_string(i) + "\n";
  const WorkerReport report = examine(text);
  EXPECT_EQ(report.answer.problems, std::vector<std::string>());
  EXPECT_EQ(decided(report), Decision::release);
  EXPECT_EQ(report.size, text.size());
  EXPECT_EQ(report.dump_sha256, to_hex(Sha256::of(std::as_bytes(std::span(text)))));
  EXPECT_FALSE(report.answer.sandbox.empty());
}

TEST_F(Examination, WithASiteKeyAnswersWithAFilterOfTheDump) {
  options_.site_key.assign(32, std::byte{0x5a});
  const std::string text(300'000, 'x');
  const WorkerReport report = examine(text);
  EXPECT_EQ(report.answer.problems, std::vector<std::string>());
  const auto filter = RetroFilter::parse(report.answer.retro_filter);
  ASSERT_TRUE(filter) << filter.error().message;
  EXPECT_TRUE(filter->complete);
  EXPECT_EQ(filter->bytes, text.size());
  EXPECT_EQ(filter->key_id, RetroHash(options_.site_key).id());
  options_.site_key.clear();
  EXPECT_TRUE(examine(text).answer.retro_filter.empty());
}

TEST_F(Examination, OfAnEmptyFileReleasesNothingAndHidesNothing) {
  const WorkerReport report = examine("");
  EXPECT_EQ(report.answer.problems, std::vector<std::string>());
  EXPECT_EQ(report.size, 0U);
}

TEST_F(Examination, ThatTakesTooLongHolds) {
  const WorkerReport report = examine("text", 0);
  ASSERT_EQ(report.answer.problems.size(), 1U);
  EXPECT_NE(report.answer.problems[0].find("in time"), std::string::npos);
  EXPECT_EQ(decided(report), Decision::hold);
}

TEST_F(Examination, ThatRunsOutOfMemoryHolds) {
  // The worker has what this process' heap has free, which may be enough for a scan: not for this filter.
  options_.site_key.assign(32, std::byte{0x5a});
  options_.limits.max_memory = std::uint64_t{16} << 30;
  const std::string text(1 << 20, 'x');
  const int file = ::memfd_create("dump", MFD_CLOEXEC);
  ASSERT_TRUE(write_whole(file, std::as_bytes(std::span(text))));
  WorkerOrder order{.descriptor = file, .name = "core", .scan = &options_, .sandbox = {}, .seconds = 60};
  order.sandbox.address_space = 1 << 20;
  const WorkerReport report = examine_confined(order);
  EXPECT_EQ(decided(report), Decision::hold);
  EXPECT_FALSE(report.answer.problems.empty() && report.answer.record.gaps.empty());
  (void)::close(file);
}

TEST_F(Examination, ThatIsStoppedHolds) {
  std::atomic<bool> stop{true};
  options_.stop = &stop;
  const WorkerReport report = examine("text");
  EXPECT_EQ(decided(report), Decision::hold);
  EXPECT_EQ(report.answer.problems, std::vector<std::string>{"the examination was stopped"});
}

// --- dishonest bodies ---

ConfinedProcess::Ending ending_of(const ConfinedProcess::Body& body, std::size_t most = 1000,
                                  std::chrono::milliseconds time = std::chrono::seconds(60)) {
  auto process = ConfinedProcess::start({}, body);
  EXPECT_TRUE(process);
  return process->finish(
      most, std::chrono::steady_clock::now() + time, [] { return false; }, [] { return false; });
}

TEST(ConfinedProcess, GivesTheAnswerOfAnHonestEnd) {
  const auto ending = ending_of([](auto, int answer) {
    return write_whole(answer, std::as_bytes(std::span(std::string_view("yes"))));
  });
  EXPECT_EQ(ending.problem, "");
  EXPECT_EQ(ending.answer.size(), 3U);
}

TEST(ConfinedProcess, SaysHowABadEndCame) {
  EXPECT_EQ(ending_of([](auto, int) { return false; }).problem, "worker ended with status 1");
  EXPECT_EQ(ending_of([](auto, int) -> bool { throw std::runtime_error("x"); }).problem,
            "worker ended with status 1");
  EXPECT_EQ(ending_of([](auto, int) {
              (void)::raise(SIGKILL);
              return true;
            }).problem,
            "worker killed by signal 9");
  EXPECT_EQ(ending_of([](auto, int) {
              if (!confine({})) return false;
              (void)::open("/etc/passwd", O_RDONLY | O_CLOEXEC);
              return true;
            }).problem,
            "worker killed by signal 31 (forbidden system call)");
}

TEST(ConfinedProcess, KillsWhoAnswersAndDoesNotEnd) {
  const auto ending = ending_of(
      [](auto, int answer) {
        (void)::close(answer);
        for (;;) (void)::pause();
        return true;
      },
      1000, std::chrono::milliseconds(300));
  EXPECT_NE(ending.problem.find("in time"), std::string::npos);
}

TEST(ConfinedProcess, KillsWhoAnswersTooMuch) {
  const auto ending = ending_of([](auto, int answer) {
    for (;;)
      if (!write_whole(answer, std::as_bytes(std::span(std::string_view("more and more"))))) return false;
  });
  EXPECT_EQ(ending.problem, "worker killed: its answer is too long");
}

}  // namespace
}  // namespace dumpgate
