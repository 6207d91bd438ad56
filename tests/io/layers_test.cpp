#include "scanner/io/layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "scanner/io/codec.h"
#include "scanner/io/header_search.h"
#include "scanner/io/leaf_reader.h"
#include "tests/support/compressors.h"

namespace dumpgate {
namespace {

using namespace dumpgate::testing;  // compressors and sample bytes

struct SeenLeaf {
  std::string path{};
  std::uint64_t base = 0;
  bool tail = false;
  Bytes content{};
  friend bool operator==(const SeenLeaf&, const SeenLeaf&) = default;
};
void PrintTo(const SeenLeaf& leaf, std::ostream* out) {
  *out << "{" << leaf.path << " base " << leaf.base << (leaf.tail ? " tail " : " ") << leaf.content.size()
       << " bytes}";
}

struct Walked {
  std::vector<SeenLeaf> leaves{};
  std::vector<Gap> gaps{};
  std::vector<LayerRecord> layers{};
  Bytes tapped{};
  std::uint64_t bytes_in = 0;
};

Walked walk(Input& input, const Limits& limits = {}, std::size_t read_size = 70'000) {
  Walked seen;
  LayerWalk layers(input, limits, [&](std::span<const std::byte> bytes) {
    seen.tapped.insert(seen.tapped.end(), bytes.begin(), bytes.end());
  });
  Bytes buffer(read_size);
  for (;;) {
    auto leaf = layers.next();
    EXPECT_TRUE(leaf) << leaf.error().message;
    if (!leaf || !*leaf) break;
    SeenLeaf& kept = seen.leaves.emplace_back();
    kept.path = (*leaf)->path;
    kept.base = (*leaf)->base;
    kept.tail = (*leaf)->tail;
    for (auto got = (*leaf)->stream->read(buffer); got && *got > 0; got = (*leaf)->stream->read(buffer))
      kept.content.insert(kept.content.end(), buffer.begin(),
                          buffer.begin() + static_cast<std::ptrdiff_t>(*got));
  }
  seen.gaps = layers.gaps();
  seen.layers = layers.layers();
  seen.bytes_in = layers.bytes_in();
  return seen;
}

Walked walk(const Bytes& bytes, const Limits& limits = {}, bool once = false,
            std::size_t read_size = 70'000) {
  const auto input = memory_input("memory", bytes, once);
  Walked seen = walk(*input, limits, read_size);
  EXPECT_EQ(seen.tapped, bytes) << "the digest must be taken of every byte, once, in order";
  EXPECT_EQ(seen.bytes_in, bytes.size());
  return seen;
}

std::vector<GapReason> reasons(const Walked& seen) {
  std::vector<GapReason> all;
  for (const Gap& gap : seen.gaps) all.push_back(gap.reason);
  return all;
}

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST(LayerWalk, PlainBytesAreOneLeaf) {
  const Bytes content = sample(300'000);
  const Walked seen = walk(content);
  EXPECT_THAT(seen.leaves, ElementsAre(SeenLeaf{"", 0, false, content}));
  EXPECT_THAT(seen.gaps, IsEmpty());
  EXPECT_THAT(seen.layers, IsEmpty());
}

TEST(LayerWalk, EmptyInputIsAGap) {
  const Walked seen = walk(Bytes());
  EXPECT_THAT(seen.leaves, IsEmpty());
  EXPECT_THAT(reasons(seen), ElementsAre(GapReason::truncated));
}

class EveryCodec : public ::testing::TestWithParam<Compressor> {
 protected:
  static std::string path() { return std::string(GetParam().codec); }
  static Bytes wrap(const Bytes& content) { return GetParam().compress(content); }
};
INSTANTIATE_TEST_SUITE_P(Codecs, EveryCodec, ::testing::ValuesIn(compressors),
                         [](const auto& codec) { return std::string(codec.param.codec); });

TEST_P(EveryCodec, WholeMemberGivesItsContent) {
  const Bytes content = sample(1'000'000);
  const Bytes wrapped = wrap(content);
  const Walked seen = walk(wrapped);
  EXPECT_THAT(seen.leaves, ElementsAre(SeenLeaf{path(), 0, false, content}));
  EXPECT_THAT(seen.gaps, IsEmpty());
  ASSERT_THAT(seen.layers, SizeIs(1));
  EXPECT_EQ(seen.layers[0].path, path());
  EXPECT_EQ(seen.layers[0].members, 1U);
  EXPECT_EQ(seen.layers[0].bytes_in, wrapped.size());
  EXPECT_EQ(seen.layers[0].bytes_out, content.size());
}

TEST_P(EveryCodec, CutAnywhereLeavesAGap) {
  const Bytes content = sample(400'000);
  const Bytes wrapped = wrap(content);
  for (std::size_t size = 0; size < wrapped.size();
       size += size < 64 || size + 64 > wrapped.size() ? 1U : 4'001U) {
    const Bytes cut(wrapped.begin(), wrapped.begin() + static_cast<std::ptrdiff_t>(size));
    const Walked seen = walk(cut);
    EXPECT_THAT(seen.gaps, Not(IsEmpty())) << "cut at " << size;
    if (seen.leaves.empty() || seen.leaves[0].path != path()) continue;
    const Bytes& shown = seen.leaves[0].content;
    EXPECT_TRUE(std::equal(shown.begin(), shown.end(), content.begin())) << "cut at " << size;
  }
}

TEST_P(EveryCodec, EverythingBeforeTheCutIsDelivered) {
  const Bytes content = sample(1'500'000);
  Bytes wrapped = wrap(content);
  wrapped.resize(wrapped.size() - 1);
  const Walked seen = walk(wrapped);
  ASSERT_FALSE(seen.leaves.empty());
  // Only a check value is missing (bzip2's blocks are of 900,000 bytes, each decoded whole).
  EXPECT_EQ(seen.leaves[0].content, content);
  ASSERT_THAT(seen.gaps, SizeIs(1));
  EXPECT_EQ(seen.gaps[0].reason, GapReason::truncated);
  EXPECT_EQ(seen.gaps[0].layer, path());
  EXPECT_EQ(seen.gaps[0].offset, content.size());
}

TEST_P(EveryCodec, AChangedBitIsSeenOrHarmless) {
  const Bytes content = sample(20'000);
  const Bytes wrapped = wrap(content);
  std::mt19937 random(7);
  for (std::size_t at = 0; at < wrapped.size(); at += at < 32 || at + 32 > wrapped.size() ? 1U : 61U) {
    Bytes changed = wrapped;
    changed[at] ^= static_cast<std::byte>(1U << (random() & 7U));
    const Walked seen = walk(changed);
    if (!seen.gaps.empty()) continue;
    // No gap: the content is whole, or the magic is gone and all bytes are seen as they are.
    const Bytes& shown = seen.leaves.at(0).content;
    EXPECT_TRUE(shown == content || (seen.leaves[0].path.empty() && shown == changed)) << "byte " << at;
  }
}

TEST_P(EveryCodec, MembersAreJoinedWithAndWithoutPadding) {
  const Bytes first = sample(100'000, 1);
  const Bytes second = sample(50'000, 2);
  for (const std::size_t padding : {std::size_t{0}, std::size_t{4}, std::size_t{512}, std::size_t{200'000}}) {
    const Bytes wrapped = joined(joined(wrap(first), Bytes(padding)), wrap(second));
    const Walked seen = walk(wrapped);
    EXPECT_THAT(seen.leaves, ElementsAre(SeenLeaf{path(), 0, false, joined(first, second)}));
    EXPECT_THAT(seen.gaps, IsEmpty());
    EXPECT_EQ(seen.layers.at(0).members, 2U);
  }
}

TEST_P(EveryCodec, TrailingBytesAreATail) {
  const Bytes content = sample(100'000);
  const Bytes wrapped = wrap(content);
  for (const Bytes& trailing :
       {bytes_of("x"), Bytes(700), joined(Bytes(9), sample(300'000, 3)), sample(17, 4)}) {
    const Walked seen = walk(joined(wrapped, trailing));
    EXPECT_THAT(seen.leaves, ElementsAre(SeenLeaf{path(), 0, false, content},
                                         SeenLeaf{"", wrapped.size(), true, trailing}));
    EXPECT_THAT(seen.gaps, IsEmpty());
  }
}

TEST_P(EveryCodec, ASecondMemberCutInsideItsMagicLeavesAGap) {
  const Bytes whole = wrap(sample(1000));
  for (std::size_t size = 1; size < 12; ++size) {
    Bytes cut = joined(whole, whole);
    cut.resize(whole.size() + size);
    EXPECT_THAT(walk(cut).gaps, Not(IsEmpty())) << size;
  }
}

TEST_P(EveryCodec, EmptyContentIsAGap) {
  const Walked seen = walk(wrap(Bytes()));
  EXPECT_THAT(seen.leaves, IsEmpty());
  EXPECT_THAT(reasons(seen), ElementsAre(GapReason::truncated));
}

TEST_P(EveryCodec, ADamagedMemberIsShownRawFromItsStart) {
  const Bytes content = sample(20'000);
  const Bytes wrapped = wrap(content);
  Bytes damaged = wrapped;
  for (std::size_t i = damaged.size() / 2; i < damaged.size() / 2 + 40; ++i) damaged[i] ^= std::byte{0xff};
  const Bytes input = joined(joined(wrapped, damaged), sample(5'000, 9));
  const Walked seen = walk(input);
  ASSERT_THAT(seen.leaves, SizeIs(2));
  EXPECT_TRUE(std::equal(content.begin(), content.end(), seen.leaves[0].content.begin()));
  EXPECT_EQ(seen.leaves[1],
            (SeenLeaf{"", wrapped.size(), true,
                      Bytes(input.begin() + static_cast<std::ptrdiff_t>(wrapped.size()), input.end())}));
  ASSERT_THAT(seen.gaps, SizeIs(1));
  EXPECT_EQ(seen.gaps[0].layer, path());
  EXPECT_EQ(seen.gaps[0].offset, seen.leaves[0].content.size());
}

TEST_P(EveryCodec, DamageFarInShowsTheRestFromTheDamageOn) {
  const Bytes content = sample(1'500'000);
  Bytes wrapped = wrap(content);
  const std::size_t at = wrapped.size() * 3 / 4;
  std::fill_n(wrapped.begin() + static_cast<std::ptrdiff_t>(at), 4'096, std::byte{0xff});
  const Walked seen = walk(wrapped);
  ASSERT_THAT(seen.gaps, SizeIs(1));
  // Deflate makes something of nearly any bits, and only the checksum at the very end tells: nothing is left
  // then.
  if (seen.leaves.size() == 1 && path() == "gzip") return;
  ASSERT_THAT(seen.leaves, SizeIs(2));
  const SeenLeaf& tail = seen.leaves[1];
  EXPECT_TRUE(tail.tail);
  EXPECT_EQ(tail.base + tail.content.size(), wrapped.size());
  EXPECT_EQ(tail.content, Bytes(wrapped.begin() + static_cast<std::ptrdiff_t>(tail.base), wrapped.end()));
  EXPECT_GT(seen.leaves[0].content.size(), content.size() / 4);
}

TEST_P(EveryCodec, PipeAndFileAndReadSizesGiveTheSame) {
  const Bytes content = sample(300'000);
  Bytes damaged = joined(wrap(content), wrap(content));
  for (std::size_t i = damaged.size() - 9'000; i < damaged.size() - 8'900; ++i) damaged[i] ^= std::byte{0x5a};
  for (const Bytes& input : {wrap(wrap(content)), damaged, joined(wrap(content), sample(99))}) {
    const Walked reference = walk(input);
    for (const std::size_t read_size : {1'000U, 4'096U, 1'000'000U}) {
      for (const bool once : {false, true}) {
        const Walked seen = walk(input, {}, once, read_size);
        EXPECT_EQ(seen.leaves, reference.leaves);
        EXPECT_EQ(seen.gaps, reference.gaps);
      }
    }
  }
}

TEST_P(EveryCodec, ManySmallMembersAreJoined) {
  const Bytes content = sample(50);
  const Bytes member = wrap(content);
  Bytes input;
  Bytes expected;
  for (int i = 0; i < 500; ++i) {
    input = joined(input, member);
    expected = joined(expected, content);
  }
  EXPECT_THAT(walk(input).leaves, ElementsAre(SeenLeaf{path(), 0, false, expected}));
}

TEST_P(EveryCodec, TheExpandedLimitIsAGapAndTheRestIsShown) {
  const Bytes content(3'000'000, std::byte{'a'});
  const Bytes wrapped = wrap(content);
  Limits limits;
  limits.expanded = 1'000'000;
  const Walked seen = walk(wrapped, limits);
  EXPECT_THAT(reasons(seen), ElementsAre(GapReason::limit));
  EXPECT_THAT(seen.gaps[0].detail, ::testing::HasSubstr("1000000 decoded bytes"));
  ASSERT_THAT(seen.leaves, SizeIs(2));
  EXPECT_EQ(seen.leaves[0].content.size(), limits.expanded);
  EXPECT_TRUE(seen.leaves[1].tail);
  EXPECT_TRUE(seen.leaves[1].path.empty());

  limits.expanded = content.size();
  EXPECT_THAT(walk(wrapped, limits).gaps, IsEmpty()) << "content that just fits is no bomb";
}

TEST_P(EveryCodec, AViewReadsAnyPlaceOfTheContent) {
  const Bytes content = sample(2'500'000);
  const Bytes wrapped = wrap(wrap(content));
  const auto input = memory_input("memory", wrapped);
  LayerWalk layers(*input, {}, nullptr);
  const auto leaf = layers.next();
  ASSERT_TRUE(leaf && *leaf);
  Bytes buffer(100'000);
  for (const std::size_t at : {0U, 2'450'000U, 10U, 1'040'000U, 2'000'000U, 990'000U, 2'500'000U}) {
    const auto got = (*leaf)->view->read_at(at, buffer);
    ASSERT_TRUE(got) << got.error().message;
    ASSERT_EQ(*got, std::min(buffer.size(), content.size() - at));
    EXPECT_TRUE(std::equal(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*got),
                           content.begin() + static_cast<std::ptrdiff_t>(at)));
  }
  Bytes streamed(content.size() + 1);
  const auto got = read_fully(*(*leaf)->stream, streamed);
  ASSERT_TRUE(got && *got == content.size()) << "looking took nothing from the stream";
  streamed.resize(*got);
  EXPECT_EQ(streamed, content);
}

// Counts what is read of the input: the measure of what decoding it again costs.
class CountedView final : public ByteView {
 public:
  explicit CountedView(ByteView& view) : view_(view) {}
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override {
    auto got = view_.read_at(offset, out);
    if (got) read += *got;
    return got;
  }
  std::optional<std::uint64_t> size() const override { return view_.size(); }

  std::uint64_t read = 0;

 private:
  ByteView& view_;
};

TEST(RedecodedView, LookingToAndFroIsBoundedForAllViewsTogether) {
  const Bytes content = sample(12'000'000);
  const Bytes wrapped = gzip(content);
  const auto input = memory_input("memory", wrapped);
  CountedView counted(*input->view());
  const auto codec = std::ranges::find(all_codecs(), "gzip", [](const Codec* c) { return c->name(); });
  ASSERT_NE(codec, all_codecs().end());
  RedecodeBudget budget(WorkBudget({}, wrapped.size()));
  Bytes buffer(100);
  std::size_t refused = 0;
  for (int views = 0; views < 4; ++views) {
    RedecodedView view(counted, {{.codec = *codec, .at = 0}}, 0, budget);
    for (int round = 0; round < 100; ++round)
      for (std::uint64_t at = 11'000'000; at > 1'000'000; at -= 1'000'000)
        if (!view.read_at(at, buffer)) ++refused;
  }
  EXPECT_TRUE(budget.exhausted);
  EXPECT_GT(refused, 0U);
  EXPECT_LE(counted.read, (RedecodeBudget::all_starts + 1) * wrapped.size());
}

TEST(RedecodedView, TwoTablesCanBeReadInTurns) {
  const Bytes content = sample(12'000'000);
  const Bytes wrapped = gzip(content);
  const auto input = memory_input("memory", wrapped);
  LayerWalk layers(*input, {}, nullptr);
  const auto leaf = layers.next();
  ASSERT_TRUE(leaf && *leaf);
  Bytes buffer(1000);
  for (std::ptrdiff_t i = 0; i < 1000; ++i)
    for (const std::ptrdiff_t table : {11'000'000, 2'000'000, 6'000'000}) {
      const auto got = (*leaf)->view->read_at(static_cast<std::uint64_t>(table + i), buffer);
      ASSERT_TRUE(got && *got == buffer.size());
      ASSERT_TRUE(std::equal(buffer.begin(), buffer.end(), content.begin() + table + i));
    }
  const auto end = layers.next();
  ASSERT_TRUE(end);
  ASSERT_THAT(layers.gaps(), SizeIs(1)) << "only that the content was not read";
}

TEST(LayerWalk, LookingToAndFroWithoutEndIsAGap) {
  const Bytes wrapped = gzip(sample(12'000'000));
  const auto input = memory_input("memory", wrapped);
  LayerWalk layers(*input, {}, nullptr);
  const auto leaf = layers.next();
  ASSERT_TRUE(leaf && *leaf);
  Bytes buffer(600'000);
  for (auto got = (*leaf)->stream->read(buffer); got && *got > 0; got = (*leaf)->stream->read(buffer)) {
  }
  bool refused = false;
  for (int round = 0; round < 20; ++round)
    for (std::uint64_t at = 11'000'000; at > 2'000'000; at -= 1'000'000) {
      const auto got = (*leaf)->view->read_at(at, std::span(buffer).first(100));
      refused = refused || (!got && got.error().code == ErrorCode::limit);
    }
  EXPECT_TRUE(refused);
  ASSERT_TRUE(layers.next());
  ASSERT_THAT(layers.gaps(), SizeIs(1));
  EXPECT_EQ(layers.gaps()[0].reason, GapReason::limit);
}

TEST_P(EveryCodec, APipeCanBeLookedAtAsFarAsItIsBuffered) {
  const Bytes content = sample(900'000);
  const Bytes wrapped = wrap(content);
  const auto input = memory_input("memory", wrapped, true);
  Limits limits;
  limits.table_memory = 300'000;
  LayerWalk layers(*input, limits, nullptr);
  const auto leaf = layers.next();
  ASSERT_TRUE(leaf && *leaf);
  Bytes buffer(1'000);
  const auto near = (*leaf)->view->read_at(299'000, buffer);
  ASSERT_TRUE(near && *near == buffer.size());
  EXPECT_TRUE(std::equal(buffer.begin(), buffer.end(), content.begin() + 299'000));
  const auto far = (*leaf)->view->read_at(299'001, buffer);
  ASSERT_FALSE(far);
  EXPECT_EQ(far.error().code, ErrorCode::limit);
  Bytes streamed(content.size());
  const auto got = read_fully(*(*leaf)->stream, streamed);
  EXPECT_TRUE(got && *got == content.size());
  EXPECT_EQ(streamed, content);
}

TEST(LayerWalk, AViewOfAShortPipeEndsWithIt) {
  const Bytes content = sample(500);
  const auto input = memory_input("memory", content, true);
  LayerWalk layers(*input, {}, nullptr);
  const auto leaf = layers.next();
  ASSERT_TRUE(leaf && *leaf);
  Bytes buffer(1'000);
  const auto some = (*leaf)->view->read_at(400, buffer);
  EXPECT_TRUE(some && *some == 100);
  const auto none = (*leaf)->view->read_at(1ULL << 60, buffer);
  EXPECT_TRUE(none && *none == 0);
}

TEST(LayerWalk, AViewOfATailCountsFromItsFirstByte) {
  const Bytes wrapped = gzip(sample(1000));
  const Bytes bytes = joined(wrapped, bytes_of("trailing"));
  const auto input = memory_input("memory", bytes);
  LayerWalk layers(*input, {}, nullptr);
  ASSERT_TRUE(layers.next());
  const auto tail = layers.next();
  ASSERT_TRUE(tail && *tail && (*tail)->tail);
  Bytes buffer(8);
  const auto got = (*tail)->view->read_at(0, buffer);
  EXPECT_TRUE(got && *got == 8);
  EXPECT_EQ(buffer, bytes_of("trailing"));
}

TEST(LayerWalk, WhatTheReaderLeavesIsAGap) {
  const Bytes wrapped = zstd(sample(100'000));
  const auto input = memory_input("memory", wrapped);
  Bytes tapped;
  LayerWalk layers(*input, {}, [&](auto bytes) { tapped.insert(tapped.end(), bytes.begin(), bytes.end()); });
  const auto leaf = layers.next();
  ASSERT_TRUE(leaf && *leaf);
  Bytes buffer(10);
  ASSERT_TRUE((*leaf)->stream->read(buffer));
  const auto end = layers.next();
  ASSERT_TRUE(end && !*end);
  ASSERT_THAT(layers.gaps(), SizeIs(1));
  EXPECT_EQ(layers.gaps()[0].reason, GapReason::internal);
  EXPECT_EQ(layers.gaps()[0].length, 99'990U);
  EXPECT_EQ(tapped, wrapped);
}

TEST(LayerWalk, LayersNestToTheLimit) {
  const Bytes content = sample(10'000);
  const Bytes three = gzip(xz(zstd(content)));
  const Walked seen = walk(three);
  EXPECT_THAT(seen.leaves, ElementsAre(SeenLeaf{"gzip!xz!zstd", 0, false, content}));
  EXPECT_THAT(seen.gaps, IsEmpty());
  ASSERT_THAT(seen.layers, SizeIs(3));
  EXPECT_EQ(seen.layers[2].path, "gzip!xz!zstd");

  Limits limits;
  limits.layers = 3;
  EXPECT_THAT(walk(three, limits).gaps, IsEmpty());
  limits.layers = 2;
  const Walked stopped = walk(three, limits);
  EXPECT_THAT(stopped.leaves, ElementsAre(SeenLeaf{"gzip!xz", 0, true, zstd(content)}));
  EXPECT_THAT(reasons(stopped), ElementsAre(GapReason::limit));
}

TEST(LayerWalk, AnotherCodecAfterTheLastMemberIsALayerOfItsOwn) {
  const Bytes first = sample(1'000, 1);
  const Bytes second = sample(2'000, 2);
  const Bytes packed = gzip(first);
  const Walked seen = walk(joined(joined(packed, Bytes(24)), xz(second)));
  EXPECT_THAT(seen.leaves,
              ElementsAre(SeenLeaf{"gzip", 0, false, first},
                          SeenLeaf{"xz@" + std::to_string(packed.size() + 24), 0, false, second}));
  EXPECT_THAT(seen.gaps, IsEmpty());
}

TEST(LayerWalk, DamageInAnOuterLayerCutsTheInnerOne) {
  const Bytes content = sample(3'000'000);
  Bytes wrapped = gzip(zstd(content));
  wrapped.resize(wrapped.size() / 2);
  const Walked seen = walk(wrapped);
  EXPECT_THAT(reasons(seen), ElementsAre(GapReason::truncated, GapReason::truncated));
  EXPECT_EQ(seen.gaps[0].layer, "gzip!zstd");
  EXPECT_EQ(seen.gaps[1].layer, "gzip");
}

TEST(LayerWalk, AHonestTenThousandfoldExpansionIsNotABomb) {
  const Bytes content(45'000'000);
  const Bytes wrapped = bzip2(content);
  ASSERT_GT(content.size() / wrapped.size(), 10'000U);
  const Walked seen = walk(wrapped);
  EXPECT_THAT(seen.gaps, IsEmpty());
  EXPECT_EQ(seen.leaves.at(0).content, content);
}

TEST(LayerWalk, SkippableFramesBelongToTheFrameThatFollows) {
  const Bytes content = sample(1'000);
  const Bytes extra = skippable(sample(30));
  EXPECT_THAT(walk(joined(extra, zstd(content))).leaves,
              ElementsAre(SeenLeaf{"zstd", 0, false, content}, SeenLeaf{"zstd!aside", 0, true, extra}));
  EXPECT_THAT(walk(joined(extra, lz4(content))).leaves,
              ElementsAre(SeenLeaf{"lz4", 0, false, content}, SeenLeaf{"lz4!aside", 0, true, extra}));
  const Walked alone = walk(extra);
  EXPECT_THAT(alone.leaves, ElementsAre(SeenLeaf{"zstd!aside", 0, true, extra}));
  EXPECT_THAT(reasons(alone), ElementsAre(GapReason::truncated)) << "no content to examine";
}

// Not a key, but as long and as shaped as one.
Bytes armoured(char letter) {
  std::string text = "-----BEGIN PRIVATE KEY-----\n";
  for (int line = 0; line < 26; ++line) text += std::string(64, letter) + "\n";
  return bytes_of(text + "-----END PRIVATE KEY-----\n");
}

TEST(LayerWalk, SkippableFramesAreShownWhereverTheyStand) {
  const Bytes first = sample(100'000, 1);
  const Bytes second = sample(1'000, 2);
  const Bytes before = skippable(armoured('A'));
  const Bytes between = joined(skippable(armoured('B')), skippable(Bytes()));
  const Bytes after = skippable(armoured('C'));
  const Bytes all = joined(joined(before, between), after);
  for (const Compressor& compressor : {compressors[3], compressors[4]}) {
    const std::string codec(compressor.codec);
    const Bytes encoded = joined(joined(before, compressor.compress(first)),
                                 joined(joined(between, compressor.compress(second)), after));
    const std::vector<SeenLeaf> expected{{codec, 0, false, joined(first, second)},
                                         {codec + "!aside", 0, true, all},
                                         {"", encoded.size(), true, bytes_of("trailing")}};
    for (const bool once : {false, true}) {
      const Walked seen = walk(joined(encoded, bytes_of("trailing")), {}, once, 999);
      EXPECT_EQ(seen.leaves, expected);
      EXPECT_THAT(seen.gaps, IsEmpty());
      EXPECT_EQ(seen.layers.at(0).bytes_in, encoded.size());
      EXPECT_EQ(seen.layers.at(0).bytes_out, first.size() + second.size());
    }
  }
}

TEST(LayerWalk, EachLayerOfANestShowsWhatItCarriesAside) {
  const Bytes content = sample(5'000);
  const Bytes inner = skippable(armoured('I'));
  const Bytes outer = skippable(armoured('O'));
  const Walked seen = walk(joined(lz4(joined(zstd(content), inner)), outer));
  EXPECT_THAT(seen.leaves,
              ElementsAre(SeenLeaf{"lz4!zstd", 0, false, content}, SeenLeaf{"lz4!zstd!aside", 0, true, inner},
                          SeenLeaf{"lz4!aside", 0, true, outer}));
  EXPECT_THAT(seen.gaps, IsEmpty());
}

// docs/limits.md and --help state these numbers.
TEST(WorkBudget, Allows64GiBAnd1000TimesTheInput) {
  constexpr std::uint64_t base = 64ULL << 30;
  EXPECT_EQ(WorkBudget({}, 0).limit(), base);
  EXPECT_EQ(WorkBudget({}, 7'000'000).limit(), base + 7'000'000'000);
  EXPECT_EQ(WorkBudget({}, ~0ULL).limit(), ~0ULL) << "no wrap-around";
  Limits own;
  own.expanded = 5000;
  EXPECT_EQ(WorkBudget(own, 7'000'000).limit(), 5000U);

  WorkBudget pipe({}, std::nullopt);
  EXPECT_EQ(pipe.limit(), base);
  pipe.grow(2'000'000);
  EXPECT_EQ(pipe.limit(), base + 2'000'000'000);
  WorkBudget bounded_pipe(own, std::nullopt);
  bounded_pipe.grow(2'000'000);
  EXPECT_EQ(bounded_pipe.limit(), 5000U);
}

TEST(LayerWalk, ASkippableFrameTooLargeToKeepIsShownRawWithAGap) {
  const Bytes content = sample(1'000);
  const Bytes small = skippable(armoured('S'));
  const Bytes large = skippable(joined(sample(100'000), armoured('L')));
  const Bytes front = joined(zstd(content), small);
  const Bytes rest = joined(large, zstd(content));
  Limits limits;
  limits.aside_memory = small.size() + large.size() - 1;
  for (const bool once : {false, true}) {
    const Walked seen = walk(joined(front, rest), limits, once);
    EXPECT_THAT(seen.leaves,
                ElementsAre(SeenLeaf{"zstd", 0, false, content}, SeenLeaf{"zstd!aside", 0, true, small},
                            SeenLeaf{"", front.size(), true, rest}));
    EXPECT_THAT(reasons(seen), ElementsAre(GapReason::limit));
  }
  ++limits.aside_memory;
  EXPECT_THAT(walk(joined(front, rest), limits).gaps, IsEmpty()) << "what just fits is kept";
}

TEST(LayerWalk, ASkippableFrameThatIsCutIsShownAsFarAsItGoes) {
  const Bytes content = sample(1'000);
  const Bytes frame = skippable(armoured('C'));
  for (const std::size_t size : {4UL, 7UL, 8UL, 100UL, frame.size() - 1}) {
    const Bytes cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
    const Bytes front = lz4(content);
    const Walked seen = walk(joined(front, cut));
    EXPECT_THAT(reasons(seen), ElementsAre(GapReason::truncated)) << size;
    EXPECT_EQ(seen.leaves.back(), (SeenLeaf{"", front.size(), true, cut})) << size;
  }
}

TEST(LayerWalk, AnAsideCanBeViewedAtAnyPlace) {
  const Bytes frame = skippable(armoured('V'));
  for (const bool once : {false, true}) {
    const Bytes bytes = joined(zstd(sample(10)), frame);
    const auto input = memory_input("memory", bytes, once);
    LayerWalk layers(*input, {}, nullptr);
    ASSERT_TRUE(layers.next());
    const auto leaf = layers.next();
    ASSERT_TRUE(leaf && *leaf);
    Bytes buffer(frame.size());
    const auto whole = (*leaf)->view->read_at(0, buffer);
    ASSERT_TRUE(whole && *whole == frame.size());
    EXPECT_EQ(buffer, frame);
    const auto last = (*leaf)->view->read_at(frame.size() - 1, buffer);
    EXPECT_TRUE(last && *last == 1);
    const auto none = (*leaf)->view->read_at(UINT64_MAX, buffer);
    EXPECT_TRUE(none && *none == 0);
  }
}

// A gzip member with these bytes between the fixed header and the deflated content.
Bytes gzip_with_fields(const Bytes& content, unsigned flags, const Bytes& fields) {
  const Bytes plain = gzip(content);
  Bytes header(plain.begin(), plain.begin() + 10);
  header[3] = static_cast<std::byte>(flags);
  return joined(joined(header, fields), Bytes(plain.begin() + 10, plain.end()));
}

TEST(LayerWalk, GzipHeaderFieldsAreShown) {
  const Bytes content = sample(10'000);
  const Bytes key = armoured('G');
  const auto size = static_cast<std::uint16_t>(key.size());
  const Bytes extra = joined({static_cast<std::byte>(size & 0xffU), static_cast<std::byte>(size >> 8U)}, key);
  const Bytes text = joined(key, Bytes(1));
  Bytes members;
  Bytes fields;
  Bytes contents;
  for (const auto& [flags, field] :
       {std::pair(4U, extra), std::pair(8U, text), std::pair(16U, text), std::pair(0U, Bytes()),
        std::pair(28U, joined(extra, joined(text, text)))}) {
    const Bytes member = gzip_with_fields(content, flags, field);
    members = joined(members, member);
    fields = joined(fields, field);
    contents = joined(contents, content);
    if (flags == 0) continue;
    for (const bool once : {false, true}) {
      const Walked seen = walk(member, {}, once);
      EXPECT_THAT(seen.leaves,
                  ElementsAre(SeenLeaf{"gzip", 0, false, content}, SeenLeaf{"gzip!aside", 0, true, field}));
      EXPECT_THAT(seen.gaps, IsEmpty());
    }
  }
  EXPECT_THAT(walk(members).leaves,
              ElementsAre(SeenLeaf{"gzip", 0, false, contents}, SeenLeaf{"gzip!aside", 0, true, fields}));
}

TEST(LayerWalk, AGzipNameTooLongToKeepIsShownRawWithAGap) {
  const Bytes name = joined(Bytes(300'000, std::byte{'n'}), joined(armoured('N'), Bytes(1)));
  const Bytes member = gzip_with_fields(sample(1'000), 8, name);
  Limits limits;
  limits.aside_memory = 299'000;  // beyond what a failed member is shown again of from its start
  const Walked seen = walk(member, limits);
  EXPECT_THAT(reasons(seen), ElementsAre(GapReason::limit));
  ASSERT_THAT(seen.leaves, SizeIs(2));
  EXPECT_EQ(seen.leaves[0], (SeenLeaf{"gzip!aside", 0, true, Bytes(299'000, std::byte{'n'})}));
  EXPECT_EQ(seen.leaves[1],
            (SeenLeaf{"", 10 + 299'000, true, Bytes(member.begin() + 10 + 299'000, member.end())}));
}

// Each bit of each header, at the beginning and behind a first member: a layer that is not recognised any
// more must not pass for plain bytes.
TEST(LayerWalk, AHeaderWithOneBitFlippedIsAGap) {
  for (const Compressor& compressor : compressors) {
    const Bytes member = compressor.compress(sample(3000));
    for (std::size_t bit = 0; bit < 4 * 8; ++bit) {
      Bytes first = member;
      first[bit / 8] ^= std::byte{1} << (bit % 8);
      Bytes second = joined(member, member);
      second[member.size() + bit / 8] ^= std::byte{1} << (bit % 8);
      for (const bool behind : {false, true}) {
        const Bytes& damaged = behind ? second : first;
        const Walked seen = walk(damaged);
        // What still decodes to the right bytes may pass (gzip's flags and time).
        const bool decoded = seen.layers.size() == 1 && !seen.leaves.empty() &&
                             seen.leaves.front().content.size() == (behind ? 6000U : 3000U);
        if (!decoded) {
          EXPECT_THAT(seen.gaps, Not(IsEmpty())) << compressor.codec << " bit " << bit;
        }
      }
    }
  }
}

TEST_P(EveryCodec, AMemberBehindDamagedPaddingIsAGap) {
  const Bytes first = wrap(sample(1000));
  const Bytes second = wrap(sample(2000, 2));
  for (const std::size_t damaged : {std::size_t{0}, std::size_t{200}, std::size_t{511}}) {
    Bytes padding(512);
    padding[damaged] ^= std::byte{4};
    for (const std::size_t read_size : {std::size_t{1}, std::size_t{7}, std::size_t{70'000}}) {
      const Walked seen = walk(joined(joined(first, padding), second), {}, false, read_size);
      ASSERT_THAT(seen.gaps, SizeIs(1)) << damaged;
      EXPECT_EQ(seen.gaps[0].reason, GapReason::corrupt);
      EXPECT_EQ(seen.gaps[0].layer, "");
      if (damaged != 511) {  // else the header may be taken to begin at the damaged byte
        EXPECT_EQ(seen.gaps[0].offset, first.size() + padding.size());
      }
      ASSERT_THAT(seen.leaves, SizeIs(2));
      EXPECT_EQ(seen.leaves[1].content, joined(padding, second)) << "examined raw all the same";
    }
  }
}

TEST_P(EveryCodec, AMemberAnywhereInATailIsAGap) {
  const Bytes member = wrap(sample(1000));
  for (const Bytes& stray : {bytes_of("x"), sample(300'000, 3)}) {
    const Walked seen = walk(joined(joined(member, stray), member), {}, false, 65'536);
    EXPECT_THAT(reasons(seen), ElementsAre(GapReason::corrupt));
    EXPECT_EQ(seen.gaps.at(0).offset, member.size() + stray.size());
  }
}

TEST_P(EveryCodec, AMemberBehindAFewStrayBytesIsAGap) {
  const Bytes member = wrap(sample(1000));
  for (std::size_t stray = 1; stray <= 16; ++stray)
    for (const Bytes& front : {Bytes(stray), sample(stray, 9)}) {
      EXPECT_THAT(reasons(walk(joined(front, member))), ElementsAre(GapReason::corrupt)) << stray;
      EXPECT_THAT(reasons(walk(wrap(joined(front, member)))), ElementsAre(GapReason::corrupt)) << stray;
    }
  // Deeper in, it is memory of a program like any other.
  EXPECT_THAT(walk(joined(sample(5000, 9), member)).gaps, IsEmpty());
}

TEST(HeaderSearch, RandomBytesHoldNoHeader) {
  HeaderSearch search;
  std::mt19937_64 random(5);
  Bytes bytes(1U << 20);
  for (int round = 0; round < 16; ++round) {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() >> 56U);
    search.add(bytes);
  }
  EXPECT_FALSE(search.found());
}

TEST(HeaderSearch, FindsTheFirstHeaderInPiecesOfAnySize) {
  for (const Compressor& compressor : compressors) {
    const Bytes bytes = joined(sample(50, 3), joined(compressor.compress(sample(100)), gzip(sample(100))));
    for (std::size_t piece = 1; piece < 70; ++piece) {
      HeaderSearch search;
      for (std::size_t at = 0; at < bytes.size(); at += piece)
        search.add(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)));
      ASSERT_TRUE(search.found()) << compressor.codec << " in pieces of " << piece;
      EXPECT_EQ(search.found()->codec, compressor.codec);
      EXPECT_EQ(search.found()->offset, 50U);
    }
  }
}

TEST(LayerWalk, AWrappingThatIsNotOpenedIsAGap) {
  const Bytes zip = joined(bytes_of("PK\x03\x04"), sample(1'000));
  const Walked seen = walk(zip);
  EXPECT_THAT(reasons(seen), ElementsAre(GapReason::unsupported));
  EXPECT_THAT(seen.leaves, ElementsAre(SeenLeaf{"", 0, false, zip}));
  EXPECT_THAT(reasons(walk(gzip(zip))), ElementsAre(GapReason::unsupported));
  EXPECT_THAT(reasons(walk(joined(gzip(sample(10)), zip))), ElementsAre(GapReason::unsupported));
  EXPECT_THAT(reasons(walk(bytes_of("Salted__ and then"))), ElementsAre(GapReason::encrypted));
  EXPECT_THAT(reasons(walk(bytes_of("\x1f\x9d\x90 compress"))), ElementsAre(GapReason::unsupported));
  EXPECT_THAT(walk(bytes_of("PK and plain text")).gaps, IsEmpty());
}

TEST(LayerWalk, AnInputThatFailsInTheMiddleIsAGap) {
  class Failing final : public Input {
   public:
    const std::string& name() const override { return name_; }
    std::optional<std::uint64_t> size() const override { return 100'000; }
    ByteView* view() override { return nullptr; }
    bool changed() const override { return true; }
    Result<std::unique_ptr<ByteStream>> stream() override {
      class Stream final : public ByteStream {
       public:
        Result<std::size_t> read(std::span<std::byte> out) override {
          if (std::exchange(spent_, true)) return Error{.code = ErrorCode::io, .message = "the disk is gone"};
          return std::min<std::size_t>(out.size(), 4'096);
        }

       private:
        bool spent_ = false;
      };
      return std::unique_ptr<ByteStream>(std::make_unique<Stream>());
    }

   private:
    std::string name_ = "failing";
  };
  Failing input;
  const Walked seen = walk(input);
  EXPECT_EQ(seen.bytes_in, 4'096U);
  EXPECT_THAT(reasons(seen), ElementsAre(GapReason::io, GapReason::io));
  EXPECT_EQ(seen.gaps[0].offset, 4'096U);
}

// Any nest of wrappings, padding and trailing bytes shows the content that went in, and every byte of the
// input.
TEST(LayerWalk, RandomNestsShowTheirContent) {
  std::mt19937 random(20231101);
  for (int round = 0; round < 60; ++round) {
    const Bytes content = sample(1 + random() % 30'000, static_cast<std::uint32_t>(round));
    Bytes wrapped = content;
    std::string path;
    const unsigned depth = 1 + random() % 4;
    for (unsigned i = 0; i < depth; ++i) {
      const Compressor& compressor = compressors.at(random() % compressors.size());
      const std::size_t half = random() % (wrapped.size() + 1);
      const auto middle = wrapped.begin() + static_cast<std::ptrdiff_t>(half);
      Bytes packed = compressor.compress(Bytes(wrapped.begin(), middle));
      if (random() % 2 == 0) packed.resize(packed.size() + random() % 600);
      wrapped = joined(packed, compressor.compress(Bytes(middle, wrapped.end())));
      if (random() % 3 == 0)
        wrapped = joined(wrapped, sample(1 + random() % 99, static_cast<std::uint32_t>(random())));
      path = std::string(compressor.codec) + (path.empty() ? "" : "!") + path;
    }
    const Walked seen = walk(wrapped, {}, random() % 2 == 0, 1 + random() % 5'000);
    ASSERT_FALSE(seen.leaves.empty());
    EXPECT_EQ(seen.leaves[0], (SeenLeaf{path, 0, false, content})) << "round " << round;
    EXPECT_EQ(std::ranges::count_if(seen.leaves, [](const SeenLeaf& leaf) { return !leaf.tail; }), 1);
  }
}

}  // namespace
}  // namespace dumpgate
