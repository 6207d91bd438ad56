#include "scanner/evidence/retro_filter.h"

#include <openssl/evp.h>

#include <algorithm>
#include <new>
#include <string>
#include <string_view>

#include "scanner/base/byte_cursor.h"
#include "scanner/io/digest.h"
#include "scanner/proof/bignum.h"

namespace dumpgate {
namespace {

constexpr std::string_view magic = "dumpgate-retro-1";
constexpr std::size_t head_size = 88;
constexpr std::uint32_t flag_complete = 1;
// Of `inside` at most one window for so many bytes of the dump is kept, but always some.
constexpr std::uint64_t bytes_for_an_inside_window = 8192;
constexpr std::size_t least_inside = 1024;

__extension__ using Wide = unsigned __int128;

struct Derived {
  SecretBytes bytes;
  explicit Derived(std::span<const std::byte> site_key, std::string_view label) : bytes(32) {
    std::size_t size = 0;
    const auto* const made =
        EVP_Q_mac(crypto_library(), "HMAC", nullptr, "SHA256", nullptr, site_key.data(), site_key.size(),
                  reinterpret_cast<const unsigned char*>(label.data()), label.size(),
                  reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), &size);
    if (made == nullptr || size != bytes.size()) throw std::bad_alloc();
  }
  std::span<const std::byte, 16> half() const { return std::span<const std::byte, 16>(bytes.data(), 16); }
};

// A hash in [0, 2^64) scaled to [0, range).
std::uint64_t scaled(std::uint64_t hash, unsigned level, std::uint64_t range) {
  return static_cast<std::uint64_t>(static_cast<Wide>(hash << level) * range >> 64U);
}

// Bits, the first of a byte in its lowest place.
class BitWriter {
 public:
  explicit BitWriter(std::vector<std::byte>& out) : out_(out) {}
  void bit(bool set) {
    if (used_ == 0) out_.push_back(std::byte{0});
    if (set) out_.back() |= static_cast<std::byte>(1U << used_);
    used_ = (used_ + 1) % 8;
  }
  void number(std::uint64_t value, unsigned bits) {
    for (unsigned i = 0; i < bits; ++i) bit((value >> i & 1U) != 0);
  }

 private:
  std::vector<std::byte>& out_;
  unsigned used_ = 0;  // bits of the last byte
};

class BitReader {
 public:
  explicit BitReader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::uint64_t left() const { return bytes_.size() * 8 - at_; }
  bool bit() {  // left() is not 0
    const bool set = (std::to_integer<unsigned>(bytes_[at_ / 8]) >> at_ % 8 & 1U) != 0;
    ++at_;
    return set;
  }

 private:
  std::span<const std::byte> bytes_;
  std::uint64_t at_ = 0;
};

std::vector<std::byte> encoded(const SampledSet& set) {
  std::vector<std::byte> out;
  BitWriter bits(out);
  const std::uint64_t range = static_cast<std::uint64_t>(set.hashes().size()) << retro_bits;
  std::uint64_t before = 0;
  for (const std::uint64_t hash : set.hashes()) {
    const std::uint64_t value = scaled(hash, set.level(), range);
    const std::uint64_t step = value - before;
    before = value;
    for (std::uint64_t i = step >> retro_bits; i > 0; --i) bits.bit(true);
    bits.bit(false);
    bits.number(step, retro_bits);
  }
  return out;
}

void put(std::vector<std::byte>& out, std::uint64_t value, unsigned size) {
  for (unsigned i = 0; i < size; ++i) out.push_back(static_cast<std::byte>(value >> (8 * i) & 0xffU));
}

Error no_filter(const std::string& why) { return corrupt("retro filter: " + why); }

// Fills set.values; the set has `count` of them in exactly these bytes.
Result<void> decode(std::span<const std::byte> bytes, std::uint64_t count, RetroSet& set) {
  BitReader bits(bytes);
  if (count > bits.left() / (retro_bits + 1)) return no_filter("fewer values than it says");
  set.values.reserve(static_cast<std::size_t>(count));
  const std::uint64_t range = count << retro_bits;
  std::uint64_t value = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint64_t quotient = 0;
    for (;; ++quotient) {
      if (bits.left() <= retro_bits) return no_filter("a value is cut off");
      if (!bits.bit()) break;
    }
    std::uint64_t rest = 0;
    for (unsigned k = 0; k < retro_bits; ++k) rest |= static_cast<std::uint64_t>(bits.bit()) << k;
    // The quotient is below the number of bits, so this cannot overflow.
    value += (quotient << retro_bits) + rest;
    if (value >= range) return no_filter("a value is out of range");
    set.values.push_back(value);
  }
  if (bits.left() >= 8) return no_filter("bytes behind the last value");
  while (bits.left() > 0)
    if (bits.bit()) return no_filter("bits behind the last value");
  return {};
}

}  // namespace

RetroHash::RetroHash(std::span<const std::byte> site_key)
    : hash_(Derived(site_key, "dumpgate retro filter 1: hash key").half()) {
  const Derived id(site_key, "dumpgate retro filter 1: key id");
  std::ranges::copy(id.half(), id_.begin());
}

std::uint64_t RetroHash::operator()(RetroKind kind, std::span<const std::byte> window) const {
  std::array<std::byte, longest_retro_window + 1> message{};
  std::ranges::copy(window, message.begin());
  message.at(window.size()) = static_cast<std::byte>(kind);
  const std::uint64_t hash = hash_(std::span(message).first(window.size() + 1));
  wipe(message.data(), message.size());
  return hash;
}

SampledSet::SampledSet(std::size_t most) : most_(std::max<std::size_t>(most, 1)) {
  hashes_.reserve(2 * most_);
}

void SampledSet::add(std::uint64_t hash) {
  if (!kept(hash)) return;
  if (hashes_.size() >= 2 * most_) settle(most_);
  if (kept(hash)) hashes_.push_back(hash);
}

void SampledSet::settle(std::size_t most) {
  std::ranges::sort(hashes_);
  hashes_.erase(std::unique(hashes_.begin(), hashes_.end()), hashes_.end());
  while (hashes_.size() > std::min(most, most_) && level_ < 63) {
    ++level_;
    hashes_.erase(std::ranges::partition_point(hashes_, [this](std::uint64_t hash) { return kept(hash); }),
                  hashes_.end());
  }
}

RetroFilterBuilder::RetroFilterBuilder(std::span<const std::byte> site_key, std::size_t memory)
    : hash_(site_key), scattered_(memory / 16 / 4 * 3), inside_(memory / 16 / 4) {}

void RetroFilterBuilder::see(const Window& window) noexcept {
  take_in(window, window.own_end - window.own_begin);
}

void RetroFilterBuilder::see_seam(const Window& window) noexcept { take_in(window, 0); }

void RetroFilterBuilder::take_in(const Window& window, std::uint64_t bytes) noexcept {
  // Hashes go over in portions, so that threads seldom wait for each other and nothing is allocated but by
  // the sets.
  class Portions final : public RetroSink {
   public:
    explicit Portions(RetroFilterBuilder& builder) : builder_(builder) {}
    void take(RetroKind kind, std::span<const std::byte> found, bool inside) override {
      Portion& portion = portions_.at(inside ? 1 : 0);
      portion.hashes.at(portion.count++) = builder_.hash_(kind, found);
      if (portion.count == portion.hashes.size()) hand_over();
    }
    void hand_over() {
      const std::lock_guard lock(builder_.mutex_);
      for (Portion& portion : portions_) {
        SampledSet& set = &portion == portions_.data() ? builder_.scattered_ : builder_.inside_;
        for (std::size_t i = 0; i < portion.count; ++i) set.add(portion.hashes.at(i));
        portion.count = 0;
      }
    }

   private:
    struct Portion {
      std::array<std::uint64_t, 512> hashes{};
      std::size_t count = 0;
    };
    RetroFilterBuilder& builder_;
    std::array<Portion, 2> portions_{};
  };

  try {
    Portions portions(*this);
    each_retro_window(window, portions);
    portions.hand_over();
    const std::lock_guard lock(mutex_);
    bytes_ += bytes;
  } catch (const std::exception&) {
    const std::lock_guard lock(mutex_);
    failed_ = true;
  }
}

std::vector<std::byte> RetroFilterBuilder::finish() {
  const std::lock_guard lock(mutex_);
  scattered_.settle(SIZE_MAX);
  inside_.settle(std::max<std::size_t>(least_inside, bytes_ / bytes_for_an_inside_window));
  const std::vector<std::byte> first = encoded(scattered_);
  const std::vector<std::byte> second = encoded(inside_);
  const bool complete = !failed_ && scattered_.level() == 0;

  std::vector<std::byte> out;
  out.reserve(head_size + first.size() + second.size());
  std::ranges::copy(std::as_bytes(std::span(magic)), std::back_inserter(out));
  std::ranges::copy(hash_.id(), std::back_inserter(out));
  put(out, complete ? flag_complete : 0, 4);
  put(out, retro_bits, 1);
  put(out, retro_step, 1);
  put(out, scattered_.level(), 1);
  put(out, inside_.level(), 1);
  put(out, bytes_, 8);
  put(out, scattered_.hashes().size(), 8);
  put(out, first.size(), 8);
  put(out, inside_.hashes().size(), 8);
  put(out, second.size(), 8);
  put(out, 0, 8);
  out.insert(out.end(), first.begin(), first.end());
  out.insert(out.end(), second.begin(), second.end());
  return out;
}

bool RetroSet::holds(std::uint64_t hash) const {
  if (!covers(hash) || values.empty()) return false;
  const std::uint64_t range = static_cast<std::uint64_t>(values.size()) << retro_bits;
  return std::ranges::binary_search(values, scaled(hash, level, range));
}

Result<RetroFilter> RetroFilter::parse(std::span<const std::byte> bytes) {
  ByteCursor cursor(bytes, ByteOrder::little);
  const auto begins = cursor.take(magic.size());
  if (!begins || !std::ranges::equal(*begins, std::as_bytes(std::span(magic))))
    return Error{ErrorCode::unsupported, "not a retro filter of a version that is known", {}};
  if (bytes.size() < head_size) return no_filter("shorter than its head");
  RetroFilter filter;
  std::ranges::copy(*cursor.take(filter.key_id.size()), filter.key_id.begin());
  const std::uint32_t flags = *cursor.u32();
  const unsigned coded_bits = *cursor.u8();
  const unsigned step = *cursor.u8();
  filter.scattered.level = *cursor.u8();
  filter.inside.level = *cursor.u8();
  filter.bytes = *cursor.u64();
  const std::uint64_t scattered = *cursor.u64();
  const std::uint64_t scattered_bytes = *cursor.u64();
  const std::uint64_t inside = *cursor.u64();
  const std::uint64_t inside_bytes = *cursor.u64();
  if (flags > flag_complete || coded_bits != retro_bits || step != retro_step || *cursor.u64() != 0)
    return Error{ErrorCode::unsupported, "a retro filter with other parameters", {}};
  filter.complete = flags == flag_complete;
  if (filter.scattered.level > 63 || filter.inside.level > 63) return no_filter("an impossible level");
  if (filter.complete && filter.scattered.level != 0) return no_filter("a sample that calls itself complete");
  const auto first = cursor.take(scattered_bytes);
  const auto second = cursor.take(inside_bytes);
  if (!first || !second || cursor.left() != 0) return no_filter("not as long as it says");
  if (const auto read = decode(*first, scattered, filter.scattered); !read) return read.error();
  if (const auto read = decode(*second, inside, filter.inside); !read) return read.error();
  return filter;
}

}  // namespace dumpgate
