// The fast scan and the naive one call the same detectors at the same places in the same order, on any bytes.

#include "scanner/detect/anchor_scan.h"
#include "tests/support/windows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace dumpgate {
namespace {

using namespace std::string_view_literals;

// Reports each call as a candidate: which anchor in `size`, where in `begin`, who in `signature`.
class Recorder : public Detector {
 public:
  Recorder(std::string name, std::vector<std::string_view> anchors)
      : name_(std::move(name)), anchors_(std::move(anchors)) {}
  std::string_view name() const noexcept override { return name_; }
  std::span<const std::string_view> anchors() const noexcept override { return anchors_; }
  void at(const Window&, std::size_t position, std::size_t which, CandidateSink& sink) const override {
    add(sink, name_, position, which);
  }
  void sweep(const Window&, CandidateSink& sink) const override { add(sink, name_ + " sweep", 0, 0); }

 private:
  static void add(CandidateSink& sink, std::string who, std::size_t begin, std::size_t size) {
    Candidate candidate;
    candidate.signature = std::move(who);
    candidate.begin = begin;
    candidate.size = size;
    sink.add(std::move(candidate));
  }
  std::string name_;
  std::vector<std::string_view> anchors_;
};

using Calls = std::vector<std::tuple<std::string, std::size_t, std::size_t>>;

Calls calls_of(CandidateSink& sink) {
  Calls calls;
  for (const Candidate& each : sink.found()) calls.emplace_back(each.signature, each.begin, each.size);
  return calls;
}

Window window_of(std::string_view bytes) { return test::whole_window(std::as_bytes(std::span(bytes))); }

struct Both {
  Calls fast;
  Calls naive;
};

Both run(std::span<const Detector* const> detectors, const Window& window) {
  const auto scan = AnchorScan::compile(detectors);
  EXPECT_TRUE(scan) << scan.error().message;
  AnchorScan::Scratch scratch(**scan);
  CandidateSink fast(100'000'000);
  CandidateSink naive(100'000'000);
  EXPECT_TRUE((*scan)->scan(window, scratch, fast));
  (*scan)->scan_naive(window, naive);
  return {calls_of(fast), calls_of(naive)};
}

const Recorder first("first", {"abc"sv, "bcd"sv, "-----BEGIN"sv, "\0\0\0\7ssh-rsa"sv, "aaa"sv});
const Recorder second("second",
                      {"bcd"sv, "abcdabcd"sv, "\x30\x82\x04"sv, "---"sv, "\xff\xfe\xfd"sv, "\0a\0"sv});
const std::vector<const Detector*> recorders{&first, &second};

TEST(AnchorScan, CallsByPositionThenDetectorThenAnchorThenSweeps) {
  const Both both = run(recorders, window_of("xabcdx"));
  const Calls expected{
      {"first", 1, 0}, {"first", 2, 1}, {"second", 2, 0}, {"first sweep", 0, 0}, {"second sweep", 0, 0}};
  EXPECT_EQ(both.fast, expected);
  EXPECT_EQ(both.naive, expected);
}

TEST(AnchorScan, ReportsOverlappingOccurrences) {
  const Both both = run(recorders, window_of("aaaaa"));
  EXPECT_EQ(both.fast.size(), 5U);
  EXPECT_EQ(both.fast, both.naive);
}

TEST(AnchorScan, AnAnchorBelongsToTheWindowInWhichItBegins) {
  const std::string text = "..-----BEGIN..";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Window left = window_of(text);
    left.own_end = cut;
    Window right = window_of(text);
    right.own_begin = cut;
    std::size_t seen = 0;
    for (const Window& window : {left, right}) {
      const Both both = run(recorders, window);
      EXPECT_EQ(both.fast, both.naive);
      for (const auto& [who, where, which] : both.fast) seen += who == "first" && which == 2 ? 1U : 0U;
    }
    EXPECT_EQ(seen, 1U) << "cut at " << cut;
  }
}

TEST(AnchorScan, FastEqualsNaiveOnRandomRepetitiveAndHostileBytes) {
  std::mt19937 random(20260101);
  std::vector<std::string> inputs;
  for (int alphabet : {2, 4, 256}) {
    std::string bytes(300'000, '\0');
    for (char& c : bytes)
      c = static_cast<char>('a' + static_cast<int>(random() % static_cast<unsigned>(alphabet)));
    inputs.push_back(bytes);
  }
  const std::vector<std::string_view> pieces{
      "abc", "bcd", "-----BEGIN", "----", "\0\0\0\7ssh-rsa"sv, "a", "\x30\x82\x04", "\xff\xfe\xfd"};
  std::string mixed;
  while (mixed.size() < 300'000) {
    const std::string_view piece = pieces[random() % pieces.size()];
    mixed += piece.substr(0, 1 + random() % piece.size());
  }
  inputs.push_back(mixed);
  for (const std::string_view unit : {"a"sv, "abcd"sv, "-----BEGIN"sv, "\0"sv, "\0a"sv}) {
    std::string bytes;
    while (bytes.size() < 70'000) bytes += unit;
    inputs.push_back(bytes);
  }
  for (const std::string& input : inputs) {
    const Both both = run(recorders, window_of(input));
    EXPECT_TRUE(both.fast == both.naive);
    for (std::size_t size = 0; size < 40; ++size) {
      const Both small = run(recorders, window_of(std::string_view(input).substr(0, size)));
      EXPECT_EQ(small.fast, small.naive);
    }
  }
}

TEST(AnchorScan, TheSeamsOfItsOwnPiecesDoNotShow) {
  std::string bytes(3 << 20, '.');
  for (const std::size_t seam : {std::size_t{1} << 20, std::size_t{2} << 20}) {
    bytes.replace(seam - 5, 10, "-----BEGIN");
  }
  const Both both = run(recorders, window_of(bytes));
  EXPECT_EQ(both.fast, both.naive);
  EXPECT_THAT(both.fast, testing::Contains(testing::Eq(std::tuple("first", (std::size_t{1} << 20) - 5, 2))));
}

TEST(AnchorScan, RefusesAnchorsThatAreTooShortOrTooLong) {
  const std::string long_anchor(65, 'a');
  for (const std::string_view anchor : {"ab"sv, std::string_view(long_anchor)}) {
    const Recorder recorder("bad", {anchor});
    const std::vector<const Detector*> list{&recorder};
    EXPECT_FALSE(AnchorScan::compile(list));
  }
}

TEST(AnchorScan, WorksWithoutAnyAnchor) {
  const Recorder recorder("none", {});
  const std::vector<const Detector*> list{&recorder};
  const Both both = run(list, window_of("abc"));
  EXPECT_EQ(both.fast.size(), 1U);
  EXPECT_EQ(both.fast, both.naive);
}

TEST(AnchorScan, EveryDetectorOfTheProgramCompiles) { EXPECT_TRUE(AnchorScan::compile(all_detectors())); }

}  // namespace
}  // namespace dumpgate
