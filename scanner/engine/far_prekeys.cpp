#include "scanner/engine/far_prekeys.h"

#include <algorithm>
#include <cstring>
#include <iterator>
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

void FarPrekeys::begin_layer() {
  pages_.clear();
  wanted_.clear();
  asked_.clear();
  found_.clear();
}

void FarPrekeys::take(const Window& window, std::vector<FarPrekey> named,
                      std::span<const std::uint64_t> found, std::vector<Lead>& leads,
                      std::vector<Gap>& gaps) {
  if (window.regions == nullptr || !window.regions->has_virtual_memory()) return;
  keep_pages(window);
  found_.insert(found.begin(), found.end());
  follow(std::move(named), gaps);
  const std::uint64_t seen = window.offset + window.own_end;
  while (!wanted_.empty() && wanted_.begin()->due <= seen)
    judge(window, wanted_.extract(wanted_.begin()).value().prekey, leads, gaps);
  // Pointers in windows to come reach no further back. A window has those whose last member begins in it.
  constexpr std::uint64_t reach = reach_back + (shield_members - 1) * sizeof(std::uint64_t);
  const std::uint64_t earliest = seen > reach ? seen - reach : 0;
  while (!pages_.empty() && pages_.front().offset + page_size <= earliest) pages_.pop_front();
  found_.erase(found_.begin(), found_.lower_bound(earliest));
}

// A prekey covers the end of the first page it touches, the beginning of the last and both of those between.
// Of a page that it covers by less than a look, the neighbour tells. One page of a prekey is lost with
// probability 7e-8: both looks at a seam of pages fail.
void FarPrekeys::keep_pages(const Window& window) {
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

void FarPrekeys::follow(std::vector<FarPrekey> named, std::vector<Gap>& gaps) {
  std::ranges::sort(named, {}, &FarPrekey::asked_at);
  for (const FarPrekey& prekey : named) {
    if (prekey.asked_at > prekey.offset && prekey.asked_at - prekey.offset > reach_back) continue;
    if (asked_.contains(prekey.offset)) continue;
    if (followed_ >= most_followed_) return say_limit(follow_limit_said_, prekey.asked_at, gaps);
    ++followed_;
    asked_.insert(prekey.offset);
    wanted_.insert({.due = std::max(prekey.offset + prekey_size, prekey.asked_at), .prekey = prekey});
  }
}

void FarPrekeys::judge(const Window& window, const FarPrekey& prekey, std::vector<Lead>& leads,
                       std::vector<Gap>& gaps) {
  if (found_.contains(prekey.offset)) return;
  SecretBytes bytes(prekey_size);
  if (!copy_to(bytes, prekey.offset) || !is_prekey(bytes, 0)) return;
  if (judged_ >= most_judged_) return say_limit(judge_limit_said_, prekey.asked_at, gaps);
  ++judged_;
  // Nothing is looked for around it: what it opens is a task of the hunt, as with any lead.
  Window alone = window;
  alone.bytes = bytes;
  alone.own_begin = 0;
  alone.own_end = bytes.size();
  alone.offset = prekey.offset;
  Judgement judgement = prove(alone, {.begin = 0, .size = bytes.size(), .form = Form::shield_prekey});
  std::ranges::move(judgement.leads, std::back_inserter(leads));
}

// false: some of it does not look random, so it was not kept.
bool FarPrekeys::copy_to(SecretBytes& bytes, std::uint64_t offset) const {
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

void FarPrekeys::say_limit(bool& said, std::uint64_t offset, std::vector<Gap>& gaps) {
  if (std::exchange(said, true)) return;
  gaps.push_back({.reason = GapReason::limit,
                  .offset = offset,
                  .detail = "more pointers to prekeys of shielded keys than are followed"});
}

}  // namespace dumpgate
