#include "scanner/io/layers.h"

#include <algorithm>
#include <utility>

#include "scanner/io/aside.h"
#include "scanner/io/codec.h"
#include "scanner/io/header_search.h"
#include "scanner/io/leaf_reader.h"
#include "scanner/io/member_join.h"
#include "scanner/io/peek_stream.h"
#include "scanner/io/unread_wrapping.h"

namespace dumpgate {
namespace {

using Tap = std::function<void(std::span<const std::byte>)>;

// Read ahead of a leaf inside wrappings of a file, so that a look at a header does not decode it twice.
constexpr std::uint64_t seekable_ahead = 1U << 20;

// The least memory that an inner decoder gets: enough for what xz and zstd need at their usual levels.
constexpr std::uint64_t least_decoder_memory = 10ULL << 20;

// The least that is kept of what an inner layer carries beside its content.
constexpr std::uint64_t least_aside_memory = 64ULL << 10;

// The input's own bytes, each shown to the tap as it passes. A failure ends the stream and is kept.
class TapStream final : public ByteStream {
 public:
  TapStream(std::unique_ptr<ByteStream> source, const Tap& tap, WorkBudget& budget)
      : source_(std::move(source)), tap_(tap), budget_(budget) {}

  Result<std::size_t> read(std::span<std::byte> out) override {
    if (failure_) return std::size_t{0};
    auto got = source_->read(out);
    if (!got) {
      failure_ = got.error();
      return std::size_t{0};
    }
    passed_ += *got;
    budget_.grow(passed_);
    if (*got > 0 && tap_) tap_(out.first(*got));
    return got;
  }

  std::uint64_t passed() const { return passed_; }
  const std::optional<Error>& failure() const { return failure_; }

 private:
  std::unique_ptr<ByteStream> source_;
  const Tap& tap_;
  WorkBudget& budget_;
  std::uint64_t passed_ = 0;
  std::optional<Error> failure_{};
};

// One layer being read: the input itself, or the joined members of a codec.
struct Level {
  Level(ByteStream& source, std::string path_given) : stream(source), path(std::move(path_given)) {}
  Level(std::unique_ptr<MemberJoin> content, std::string path_given)
      : join(std::move(content)), stream(*join), path(std::move(path_given)) {}

  std::unique_ptr<MemberJoin> join{};  // null for the input
  PeekStream stream;
  std::string path;
  std::size_t record = 0;  // its place among the layer records
  bool started = false;    // something of it was taken: a leaf, or the members of a codec
  bool raw = false;        // whatever is left is examined as it is
};

// What a layer that was left carried beside its content.
struct AsideLevel {
  AsideLevel(Aside carried, std::string path_given)
      : aside(std::move(carried)), path(std::move(path_given)) {}

  Aside aside;
  std::string path;
  AsideStream source{aside};
  PeekStream stream{source};
};

struct Recognition {
  const Codec* codec = nullptr;
  const Codec* cut = nullptr;  // a codec whose header the bytes at hand may be the beginning of
};

Recognition recognise(std::span<const std::byte> head) {
  Recognition found;
  for (const Codec* const codec : all_codecs()) {
    const Probe probe = codec->probe(head);
    if (probe == Probe::yes) return {.codec = codec};
    if (probe == Probe::cut && found.cut == nullptr) found.cut = codec;
  }
  return found;
}

// How many leading bytes a codec's probe rests on, at most (bzip2: signature, level and block magic).
constexpr std::size_t probed_bytes = 10;

// one_bit_from: the codec that would claim these bytes if one bit of them were other than it is. A compressed
// layer whose header took such damage is not recognised any more, and must not pass for plain bytes. Three
// bytes of chance are within a bit of gzip's header once in 700,000; longer magics are rarer still.
// `after_zero`: a zero byte stands before the head and was taken for padding; it may be the damaged byte.
const Codec* one_bit_from(std::span<const std::byte> head, bool after_zero) {
  std::vector<std::byte> changed(head.begin(), head.end());
  if (after_zero) {
    if (const Codec* const codec = one_bit_from(head, false)) return codec;
    changed.insert(changed.begin(), std::byte{0});
  }
  for (std::size_t i = 0; i < std::min(probed_bytes, changed.size()); ++i)
    for (unsigned bit = 0; bit < 8; ++bit) {
      const std::byte original = changed[i];
      changed[i] ^= std::byte{1} << bit;
      if (const Codec* const codec = recognise(changed).codec) return codec;
      changed[i] = original;
    }
  return nullptr;
}

// A header this close to the beginning of a layer stands behind stray bytes, rather than in a dump's memory.
constexpr std::size_t stray_bytes = 16;

std::optional<FoundHeader> header_behind_stray_bytes(std::span<const std::byte> head) {
  for (std::size_t at = 1; at <= std::min(stray_bytes, head.size()); ++at)
    if (const std::string_view codec = header_at(head.subspan(at)); !codec.empty())
      return FoundHeader{.codec = codec, .offset = at};
  return std::nullopt;
}

std::string inner_path(const std::string& outer, std::string_view codec, std::uint64_t at) {
  std::string path = outer.empty() ? std::string(codec) : outer + "!" + std::string(codec);
  if (at != 0) path += "@" + std::to_string(at);
  return path;
}

}  // namespace

struct LayerWalk::State {
  State(Input& input_given, const Limits& limits_given, Tap tap_given)
      : input(input_given),
        limits(limits_given),
        tap(std::move(tap_given)),
        budget(limits, input.size()),
        redecode_budget(budget) {}

  Result<std::optional<Leaf>> next();
  std::optional<Error> open();
  void finish_leaf();
  std::optional<Leaf> advance();
  void judge_unclaimed(const Level& level, std::span<const std::byte> head, const Codec* cut,
                       std::uint64_t padding);
  std::optional<Leaf> after_members(Level& level);
  void enter(Level& level, const Codec& codec);
  void leave();
  void finish();
  Leaf make_leaf(Level& level);
  Leaf make_aside_leaf();
  std::unique_ptr<ByteView> view_beyond(const Level& level);
  Limits limits_at(std::size_t depth) const;
  void add_gap(GapReason reason, const std::string& layer, std::uint64_t offset, std::string detail);
  void add_hidden_member_gap(const std::string& layer, std::uint64_t leaf_at, const FoundHeader& header);

  Input& input;
  Limits limits;
  Tap tap;
  WorkBudget budget;
  RedecodeBudget redecode_budget;
  std::unique_ptr<TapStream> source{};
  std::vector<std::unique_ptr<Level>> levels{};  // outermost first
  std::vector<Wrapping> wrappings{};             // of levels[1] and on
  std::unique_ptr<AsideLevel> aside{};           // of the level left last, until its leaf is done
  std::vector<Gap> gaps{};
  std::vector<LayerRecord> records{};

  // The leaf that the caller holds.
  std::unique_ptr<LeafStream> stream{};
  std::unique_ptr<ByteView> view{};
  Leaf leaf{};
};

void LayerWalk::State::add_gap(GapReason reason, const std::string& layer, std::uint64_t offset,
                               std::string detail) {
  gaps.push_back({.reason = reason,
                  .layer = layer,
                  .offset = offset,
                  .length = std::nullopt,
                  .detail = std::move(detail)});
}

void LayerWalk::State::add_hidden_member_gap(const std::string& layer, std::uint64_t leaf_at,
                                             const FoundHeader& header) {
  add_gap(GapReason::corrupt, layer, leaf_at + header.offset,
          "a " + std::string(header.codec) + " header behind bytes that are neither a member nor padding; " +
              "what it begins is not decoded");
}

// Nested decoders share what one may use, so that the sum is bounded whatever the depth.
Limits LayerWalk::State::limits_at(std::size_t depth) const {
  Limits inner = limits;
  const auto halvings = std::min<std::size_t>(depth, 63);
  inner.decoder_memory =
      std::max(limits.decoder_memory >> halvings, std::min(limits.decoder_memory, least_decoder_memory));
  inner.aside_memory =
      std::max(limits.aside_memory >> halvings, std::min(limits.aside_memory, least_aside_memory));
  return inner;
}

std::optional<Error> LayerWalk::State::open() {
  auto opened = input.stream();
  if (!opened) return opened.error();
  source = std::make_unique<TapStream>(std::move(*opened), tap, budget);
  levels.push_back(std::make_unique<Level>(*source, std::string()));
  (void)levels.back()->stream.peek(probe_size);
  if (source->failure() && source->passed() == 0) return source->failure();
  return std::nullopt;
}

Result<std::optional<Leaf>> LayerWalk::State::next() {
  if (!source) {
    if (auto error = open()) {
      levels.clear();
      return *error;
    }
  }
  finish_leaf();
  while (!levels.empty()) {
    if (auto found = advance()) return found;
    if (levels.empty()) finish();
  }
  return std::optional<Leaf>();
}

// finish_leaf reads what the caller left of the leaf, so that the digest and the layers around it are
// complete.
void LayerWalk::State::finish_leaf() {
  if (!stream) return;
  const std::uint64_t from = leaf.base + stream->delivered();
  std::vector<std::byte> scratch(256U << 10);
  std::uint64_t left = 0;
  for (auto got = stream->read(scratch); got && *got > 0; got = stream->read(scratch)) left += *got;
  if (left > 0) {
    add_gap(GapReason::internal, leaf.path, from, "not read by the examination");
    gaps.back().length = left;
  }
  if (std::exchange(redecode_budget.exhausted, false))
    add_gap(GapReason::limit, leaf.path, 0,
            "headers and tables lie too far apart to be looked up in compressed data");
  if (const auto header = stream->found_header()) add_hidden_member_gap(leaf.path, leaf.base, *header);
  view.reset();
  stream.reset();
  aside.reset();  // it was that leaf, if there is one
}

// advance takes one step at the innermost layer: a leaf, a wrapping entered, or a layer left.
std::optional<Leaf> LayerWalk::State::advance() {
  if (aside) return make_aside_leaf();
  Level& level = *levels.back();
  if (level.raw) return after_members(level);
  const std::uint64_t padding = level.started ? level.stream.hold_zeros() : 0;
  const auto head = level.stream.peek(probe_size);
  const Recognition found = recognise(head);
  if (found.codec == nullptr) {
    judge_unclaimed(level, head, found.cut, padding);
    return after_members(level);
  }
  if (levels.size() > limits.layers) {
    add_gap(GapReason::limit, level.path, level.stream.position() + padding,
            "more nested layers than the limit of " + std::to_string(limits.layers) +
                " (--max-layers); examined as it is");
    level.raw = true;
    return after_members(level);
  }
  level.stream.drop_zeros();
  enter(level, *found.codec);
  return std::nullopt;
}

// judge_unclaimed leaves gaps for what may be compressed data that no codec claims. `head` stands behind
// `padding` zero bytes of the layer.
void LayerWalk::State::judge_unclaimed(const Level& level, std::span<const std::byte> head, const Codec* cut,
                                       std::uint64_t padding) {
  const std::uint64_t at = level.stream.position() + padding;
  if (const UnreadWrapping* const unread = unread_wrapping(head))
    add_gap(gap_reason(unread->reason), level.path, at,
            "a " + std::string(unread->name) + ", which is not opened; examined as it is");
  if (cut != nullptr)
    add_gap(GapReason::truncated, level.path, at,
            "may be the beginning of a cut-off " + std::string(cut->name()) + " header");
  else if (const Codec* const damaged = one_bit_from(head, padding > 0))
    add_gap(GapReason::corrupt, level.path, at,
            "one bit away from a " + std::string(damaged->name()) + " header; examined as it is");
  else if (level.started)
    return;  // the whole leaf is searched for headers
  else if (const auto header = header_behind_stray_bytes(head))
    add_hidden_member_gap(level.path, at, *header);
}

// after_members makes a leaf of what is left of the layer, or leaves the layer when nothing is.
std::optional<Leaf> LayerWalk::State::after_members(Level& level) {
  if (!level.stream.at_end()) return make_leaf(level);
  const bool failed = level.join ? level.join->failure().has_value() : source->failure().has_value();
  if (!level.started && !failed) add_gap(GapReason::truncated, level.path, 0, "empty: nothing to examine");
  leave();
  return std::nullopt;
}

void LayerWalk::State::enter(Level& level, const Codec& codec) {
  level.started = true;
  const std::uint64_t at = level.stream.position();
  const Limits inner = limits_at(levels.size() - 1);
  wrappings.push_back({.codec = &codec, .at = at, .limits = inner});
  auto content = std::make_unique<MemberJoin>(level.stream, codec, inner, budget);
  auto entered = std::make_unique<Level>(std::move(content), inner_path(level.path, codec.name(), at));
  entered->record = records.size();
  records.push_back({.path = entered->path});
  levels.push_back(std::move(entered));
}

// leave closes the innermost layer, which is read to its end, and judges how it ended.
void LayerWalk::State::leave() {
  const std::unique_ptr<Level> level = std::move(levels.back());
  levels.pop_back();
  if (levels.empty()) return;
  const std::uint64_t at = wrappings.back().at;
  wrappings.pop_back();
  Level& outer = *levels.back();
  MemberJoin& join = *level->join;
  LayerRecord& record = records[level->record];
  record.members = join.members();
  record.bytes_in = outer.stream.position() - at;
  record.bytes_out = join.bytes_out();
  Aside carried = join.take_aside();
  if (!carried.bytes().empty())
    aside = std::make_unique<AsideLevel>(std::move(carried), level->path + "!aside");
  if (!join.failure()) return;
  const auto& failure = *join.failure();
  add_gap(gap_reason(failure.error.code), level->path, join.bytes_out(),
          failure.error.message + " (member " + std::to_string(failure.member) + ", which begins at byte " +
              std::to_string(failure.encoded_at) + " of the encoded data; " +
              std::to_string(join.bytes_out()) + " bytes were decoded)");
  outer.raw = true;
}

void LayerWalk::State::finish() {
  if (source->failure()) add_gap(GapReason::io, "", source->passed(), source->failure()->message);
  if (input.changed()) add_gap(GapReason::io, "", source->passed(), "changed while it was read");
}

Leaf LayerWalk::State::make_leaf(Level& level) {
  leaf = Leaf{.path = level.path, .base = level.stream.position(), .tail = level.started || level.raw};
  const bool behind_members = level.started && !level.raw;
  level.started = true;
  level.raw = true;
  const bool direct = input.view() != nullptr && !level.join;
  const std::uint64_t ahead =
      input.view() == nullptr ? limits.table_memory : std::min(seekable_ahead, limits.table_memory);
  stream = std::make_unique<LeafStream>(level.stream, ahead);
  if (behind_members) stream->search_headers();
  view = direct ? view_beyond(level) : std::make_unique<LeafView>(*stream, view_beyond(level));
  leaf.stream = stream.get();
  leaf.view = view.get();
  return leaf;
}

Leaf LayerWalk::State::make_aside_leaf() {
  leaf = Leaf{.path = aside->path, .base = 0, .tail = true};
  stream = std::make_unique<LeafStream>(aside->stream, 0);
  view = std::make_unique<AsideView>(aside->aside);
  leaf.stream = stream.get();
  leaf.view = view.get();
  return leaf;
}

std::unique_ptr<ByteView> LayerWalk::State::view_beyond(const Level& level) {
  if (input.view() == nullptr) return nullptr;
  if (!level.join) return std::make_unique<OffsetView>(*input.view(), level.stream.position());
  return std::make_unique<RedecodedView>(*input.view(), wrappings, level.stream.position(), redecode_budget);
}

LayerWalk::LayerWalk(Input& input, const Limits& limits, std::function<void(std::span<const std::byte>)> tap)
    : state_(std::make_unique<State>(input, limits, std::move(tap))) {}

LayerWalk::~LayerWalk() = default;

Result<std::optional<Leaf>> LayerWalk::next() { return state_->next(); }

std::uint64_t LayerWalk::bytes_in() const { return state_->source ? state_->source->passed() : 0; }
const std::vector<Gap>& LayerWalk::gaps() const { return state_->gaps; }
const std::vector<LayerRecord>& LayerWalk::layers() const { return state_->records; }

}  // namespace dumpgate
