#include "scanner/engine/pointed_shields.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>

#include "scanner/detect/shield_prekey.h"

namespace dumpgate {
namespace {

constexpr std::size_t line = 32;  // of a look

// Whether the 32 bytes from this position on are there and look random.
bool is_random_line(const Window& window, std::size_t at) {
  return at + line <= window.bytes.size() && may_be_random(window.bytes, at);
}

}  // namespace

void PointedShields::begin_layer() {
  pages_.clear();
  wanted_.clear();
  asked_.clear();
  found_.clear();
}

void PointedShields::take(const Window& window, std::vector<ShieldPointers> pointers,
                          std::span<const std::uint64_t> found, Learnt learnt) {
  if (window.regions == nullptr || !window.regions->has_virtual_memory()) return;
  keep_pages(window);
  found_.insert(found.begin(), found.end());
  follow(std::move(pointers), learnt.gaps);
  const std::uint64_t seen = window.offset + window.own_end;
  while (!wanted_.empty() && wanted_.begin()->due <= seen) {
    const Wanted wanted = wanted_.extract(wanted_.begin()).value();
    if (wanted.place.kind == Kind::prekey)
      judge(window, wanted, learnt);
    else
      keep(window, wanted, learnt);
  }
  // Pointers in windows to come reach no further back. A window has those whose last member begins in it.
  constexpr std::uint64_t reach = reach_back + (shield_members - 1) * sizeof(std::uint64_t);
  const std::uint64_t earliest = seen > reach ? seen - reach : 0;
  while (!pages_.empty() && pages_.front().offset + page_size <= earliest) pages_.pop_front();
  found_.erase(found_.begin(), found_.lower_bound(earliest));
}

// A prekey covers the end of the first page it touches, the beginning of the last and both of those between.
// Of a page that it covers by less than a look, the neighbour tells. One page of a prekey is lost with
// probability 7e-8: both looks at a seam of pages fail.
void PointedShields::keep_pages(const Window& window) {
  const std::uint64_t first = (window.offset + window.own_begin + page_size - 1) / page_size * page_size;
  const std::uint64_t own_end = window.offset + window.own_end;
  if (first >= own_end) return;
  std::size_t at = static_cast<std::size_t>(first - window.offset);
  bool is_random_before = at >= line && is_random_line(window, at - line);
  bool begins_random = is_random_line(window, at);
  for (std::uint64_t page = first; page < own_end; page += page_size, at += page_size) {
    const bool ends_random = is_random_line(window, at + page_size - line);
    const bool is_random_after = is_random_line(window, at + page_size);
    if (is_random_before || begins_random || ends_random || is_random_after) {
      const auto bytes = window.bytes.subspan(at, std::min<std::size_t>(page_size, window.bytes.size() - at));
      pages_.push_back({.offset = page, .bytes = secret_copy(bytes)});
    }
    is_random_before = ends_random;
    begins_random = is_random_after;
  }
}

void PointedShields::follow(std::vector<ShieldPointers> pointers, std::vector<Gap>& gaps) {
  std::ranges::sort(pointers, {}, &ShieldPointers::asked_at);
  for (const ShieldPointers& each : pointers) {
    want({.kind = Kind::prekey, .offset = each.prekey, .size = prekey_size}, each.asked_at, gaps);
    want({.kind = Kind::shielded, .offset = each.shielded, .size = each.shielded_size}, each.asked_at, gaps);
  }
}

void PointedShields::want(const Place& place, std::uint64_t asked_at, std::vector<Gap>& gaps) {
  if (asked_at > place.offset && asked_at - place.offset > reach_back) return;
  if (asked_.contains(place)) return;
  if (followed_ >= limits_.places)
    return say_limit("more pointers to shielded keys than are followed", asked_at, gaps);
  ++followed_;
  asked_.insert(place);
  wanted_.insert(
      {.due = std::max(place.offset + place.size, asked_at), .place = place, .asked_at = asked_at});
}

void PointedShields::judge(const Window& window, const Wanted& prekey, Learnt learnt) {
  if (found_.contains(prekey.place.offset)) return;
  SecretBytes bytes(prekey_size);
  if (!copy_to(bytes, prekey.place.offset) || !is_prekey(bytes, 0)) return;
  if (judged_ >= limits_.prekeys)
    return say_limit("more prekeys of shielded keys than are judged", prekey.asked_at, learnt.gaps);
  ++judged_;
  // Nothing is looked for around it: what it opens is a task of the hunt, as with any lead.
  Window alone = window;
  alone.bytes = bytes;
  alone.own_begin = 0;
  alone.own_end = bytes.size();
  alone.offset = prekey.place.offset;
  Judgement judgement = prove(alone, {.begin = 0, .size = bytes.size(), .form = Form::shield_prekey});
  std::ranges::move(judgement.leads, std::back_inserter(learnt.leads));
}

// What is not in random pages is no part of a long run: the hunt has all of it.
void PointedShields::keep(const Window& window, const Wanted& shielded, Learnt learnt) {
  SecretBytes bytes(shielded.place.size);
  if (!copy_to(bytes, shielded.place.offset)) return;
  if (bytes.size() > limits_.bytes - kept_)
    return say_limit("more memory of shielded keys than is kept", shielded.asked_at, learnt.gaps);
  kept_ += bytes.size();
  const ByteOrder order = window.regions->map().order;
  std::vector<std::uint64_t, WipingAllocator<std::uint64_t>> words(bytes.size() / sizeof(std::uint64_t));
  for (std::size_t i = 0; i < words.size(); ++i)
    words[i] = load<std::uint64_t>(bytes.data() + i * sizeof(std::uint64_t), order);
  learnt.shielded.add({.offset = shielded.place.offset, .words = words, .order = order});
}

// false: some of it does not look random, so it was not kept.
bool PointedShields::copy_to(SecretBytes& bytes, std::uint64_t offset) const {
  auto page = std::ranges::lower_bound(pages_, offset / page_size * page_size, {}, &Page::offset);
  for (std::size_t done = 0; done < bytes.size(); ++page) {
    const std::uint64_t at = offset + done;
    const std::size_t into = static_cast<std::size_t>(at % page_size);
    if (page == pages_.end() || page->offset != at - into || into >= page->bytes.size()) return false;
    const std::size_t count = std::min(bytes.size() - done, page->bytes.size() - into);
    std::memcpy(bytes.data() + done, page->bytes.data() + into, count);
    done += count;
  }
  return true;
}

void PointedShields::say_limit(std::string_view detail, std::uint64_t offset, std::vector<Gap>& gaps) {
  if (!said_.insert(detail).second) return;
  gaps.push_back({.reason = GapReason::limit, .offset = offset, .detail = std::string(detail)});
}

}  // namespace dumpgate
