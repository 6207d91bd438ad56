// FarPrekeys: the prekeys of shielded OpenSSH keys that pointers name, wherever in the layer they lie.
// Windows show the layer in order, so a prekey behind its pointers is waited for, and for those before them
// the last 4 MiB are remembered, as far as they look random. The one rule: what is judged depends on where
// pointers and prekeys lie, never on windows.
//
// Used by one thread at a time, with the windows of each layer in order.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <utility>
#include <vector>

#include "scanner/base/secret_bytes.h"
#include "scanner/detect/window.h"
#include "scanner/io/gap.h"
#include "scanner/proof/prove.h"

namespace dumpgate {

class FarPrekeys {
 public:
  // How far before its pointers a prekey may begin, in bytes of the layer.
  static constexpr std::uint64_t reach_back = std::uint64_t{4} << 20U;
  // Different prekeys that are followed in one input, and how many of them may look like one: what a dump
  // full of pointers can cost. More is a gap.
  explicit FarPrekeys(std::size_t most_followed = 65'536, std::size_t most_judged = 10'000)
      : most_followed_(most_followed), most_judged_(most_judged) {}

  // begin_layer forgets the memory of the last layer.
  void begin_layer();

  // take is called with every window of the layer, in order: with the prekeys that pointers in its own bytes
  // name, and the offsets in the layer of those that a detector found by their looks, which need no second
  // judgement. What is learnt is appended to `leads`, what is not followed to `gaps`, with offsets in the
  // layer.
  void take(const Window& window, std::vector<FarPrekey> named, std::span<const std::uint64_t> found,
            std::vector<Lead>& leads, std::vector<Gap>& gaps);

 private:
  static constexpr std::uint64_t page_size = 4096;
  struct Page {
    std::uint64_t offset = 0;
    SecretBytes bytes{};
  };
  struct Wanted {
    std::uint64_t due = 0;  // its bytes and its pointers lie before this offset
    FarPrekey prekey{};
    friend bool operator<(const Wanted& a, const Wanted& b) {
      return std::pair(a.due, a.prekey.offset) < std::pair(b.due, b.prekey.offset);
    }
  };

  void keep_pages(const Window& window);
  void follow(std::vector<FarPrekey> named, std::vector<Gap>& gaps);
  void judge(const Window& window, const FarPrekey& prekey, std::vector<Lead>& leads, std::vector<Gap>& gaps);
  bool copy_to(SecretBytes& bytes, std::uint64_t offset) const;
  static void say_limit(bool& said, std::uint64_t offset, std::vector<Gap>& gaps);

  std::deque<Page> pages_{};         // ascending
  std::set<Wanted> wanted_{};        // not judged yet
  std::set<std::uint64_t> asked_{};  // offsets of all that were ever wanted in this layer
  std::set<std::uint64_t> found_{};  // by their looks, in this layer, as far back as pages go
  std::size_t most_followed_;
  std::size_t most_judged_;
  std::size_t followed_ = 0;        // in the input
  std::size_t judged_ = 0;          // in the input
  bool follow_limit_said_ = false;  // each once, so that neither hides where the other was reached
  bool judge_limit_said_ = false;
};

}  // namespace dumpgate
