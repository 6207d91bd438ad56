// PointedShields: OpenSSH's shielded keys and their prekeys that pointers name, wherever in the layer they
// lie. Windows show the layer in order, so what lies behind its pointers is waited for, and for what lies
// before them the last 4 MiB are remembered, as far as they look random. The one rule: what is taken depends
// on where pointers and what they name lie, never on windows.
//
// A prekey becomes a lead. A shielded key becomes a run for the hunt, which knows what every prekey opens:
// amid other random words it would be none (hunt/number_runs.h). Used by one thread at a time, with the
// windows of each layer in order.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>

#include "scanner/base/secret_bytes.h"
#include "scanner/detect/shield_prekey.h"
#include "scanner/detect/window.h"
#include "scanner/hunt/number_runs.h"
#include "scanner/io/gap.h"
#include "scanner/proof/prove.h"

namespace dumpgate {

class PointedShields {
 public:
  // How far before its pointers a prekey or a shielded key may begin, in bytes of the layer.
  static constexpr std::uint64_t reach_back = std::uint64_t{4} << 20U;
  // What a dump full of pointers can cost, in one input; more is a gap.
  struct Limits {
    std::size_t places = 131'072;      // different ones that are waited for or looked back at
    std::size_t prekeys = 10'000;      // that look like one and are judged
    std::size_t bytes = 64ULL << 20U;  // of shielded keys
  };
  PointedShields() = default;
  explicit PointedShields(const Limits& limits) : limits_(limits) {}

  // What is learnt. Offsets are those of the layer.
  struct Learnt {
    std::vector<Lead>& leads;  // what the prekeys open
    RunStore& shielded;        // the bytes of shielded keys; other runs may hold them too
    std::vector<Gap>& gaps;    // what is not followed
  };

  // begin_layer forgets the memory of the last layer.
  void begin_layer();

  // take is called with every window of the layer, in order: with the pointers in its own bytes, and the
  // offsets in the layer of the prekeys that a detector found by their looks, which need no second judgement.
  void take(const Window& window, std::vector<ShieldPointers> pointers, std::span<const std::uint64_t> found,
            Learnt learnt);

 private:
  static constexpr std::uint64_t page_size = 4096;
  struct Page {
    std::uint64_t offset = 0;
    SecretBytes bytes{};
  };
  enum class Kind : std::uint8_t { prekey, shielded };
  struct Place {
    Kind kind = Kind::prekey;
    std::uint64_t offset = 0;  // in the layer
    std::size_t size = 0;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  struct Wanted {
    std::uint64_t due = 0;  // its bytes and its pointers lie before this offset
    Place place{};
    std::uint64_t asked_at = 0;
    friend bool operator<(const Wanted& a, const Wanted& b) {
      return std::tie(a.due, a.place) < std::tie(b.due, b.place);
    }
  };

  void keep_pages(const Window& window);
  void follow(std::vector<ShieldPointers> pointers, std::vector<Gap>& gaps);
  void want(const Place& place, std::uint64_t asked_at, std::vector<Gap>& gaps);
  void judge(const Window& window, const Wanted& prekey, Learnt learnt);
  void keep(const Window& window, const Wanted& shielded, Learnt learnt);
  bool copy_to(SecretBytes& bytes, std::uint64_t offset) const;
  void say_limit(std::string_view detail, std::uint64_t offset, std::vector<Gap>& gaps);

  std::deque<Page> pages_{};         // ascending
  std::set<Wanted> wanted_{};        // not at hand yet
  std::set<Place> asked_{};          // all that were ever wanted in this layer
  std::set<std::uint64_t> found_{};  // prekeys by their looks, in this layer, as far back as pages go
  Limits limits_{};
  std::size_t followed_ = 0;  // in the input, like the next two
  std::size_t judged_ = 0;
  std::size_t kept_ = 0;               // bytes of shielded keys
  std::set<std::string_view> said_{};  // limits, each once, so that none hides where another was reached
};

}  // namespace dumpgate
