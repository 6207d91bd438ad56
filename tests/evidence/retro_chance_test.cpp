// The bound of what chance alone would fit: it is never below what chance really does.

#include "scanner/evidence/retro_chance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace dumpgate {
namespace {

TEST(RetroChance, NothingMatchedIsCertain) {
  RetroChances chances;
  EXPECT_EQ(chances.of_score(1), 1);
  chances.add({.asked = 20, .of_one = 1e-4});
  EXPECT_EQ(chances.of_score(RetroTrial{.asked = 20, .of_one = 1e-4}.score(0)), 1);
}

TEST(RetroChance, OneTrialIsTheUsualBound) {
  const RetroTrial trial{.asked = 10, .of_one = 1e-4};
  EXPECT_DOUBLE_EQ(trial.chance(1), 10e-4);
  EXPECT_DOUBLE_EQ(trial.chance(2), 45e-8);
  EXPECT_DOUBLE_EQ(trial.chance(3), 120e-12);
  RetroChances chances;
  chances.add(trial);
  EXPECT_DOUBLE_EQ(chances.of_score(trial.score(2)), 45e-8);
}

TEST(RetroChance, OfTwoOnlyPairsCount) {
  const RetroTrial trial{.asked = 10, .of_one = 1e-4, .pairs = 5};
  EXPECT_DOUBLE_EQ(trial.chance(1), 10e-4);
  EXPECT_DOUBLE_EQ(trial.chance(2), 5e-8 + 120e-12);
  EXPECT_DOUBLE_EQ(trial.chance(3), 120e-12);
}

TEST(RetroChance, EachTrialCountsWithWhatItWouldNeed) {
  RetroChances chances;
  const RetroTrial small{.asked = 2, .of_one = 1e-4};
  chances.add(small);
  chances.add({.asked = 20, .of_one = 1e-4});                   // two are 190e-8, three 1140e-12
  chances.add({.asked = 2, .of_one = 1e-4, .handicap = 64.0});  // cannot come as far
  EXPECT_DOUBLE_EQ(chances.of_score(small.score(2)), 1e-8 + 1140e-12);
}

// Trials of many forms with common probabilities, played: how often the best score is as low as one that was
// found is no more than was said.
TEST(RetroChance, ChanceComesNoFurtherThanSaid) {
  std::mt19937 random(1);
  std::bernoulli_distribution held(0.01);
  std::vector<RetroTrial> trials(40);
  for (unsigned i = 0; i < 40; ++i)
    trials[i] = {.asked = 2 + i % 5, .of_one = 0.01, .handicap = i % 3 == 0 ? 8.0 : 1.0};
  RetroChances chances;
  for (const RetroTrial& trial : trials) chances.add(trial);
  constexpr unsigned plays = 50'000;
  std::vector<double> best(plays, 1);
  for (double& score : best)
    for (const RetroTrial& trial : trials) {
      std::size_t matched = 0;
      for (std::size_t i = 0; i < trial.asked; ++i) matched += held(random) ? 1U : 0U;
      score = std::min(score, trial.score(matched));
    }
  unsigned tried = 0;
  for (const double limit :
       {trials[5].score(2), trials[1].score(2), trials[0].score(2), trials[4].score(2)}) {
    const double said = chances.of_score(limit);
    const auto reached =
        static_cast<double>(std::ranges::count_if(best, [&](double s) { return s <= limit; }));
    EXPECT_GT(reached, 0) << limit;
    // Five standard deviations of the count.
    EXPECT_LE(reached, plays * said + 5 * std::sqrt(plays * said)) << limit;
    ++tried;
  }
  EXPECT_EQ(tried, 4U);
}

}  // namespace
}  // namespace dumpgate
