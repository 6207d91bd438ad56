#include "scanner/detect/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <utility>

namespace dumpgate {
namespace {

constexpr std::uint64_t exact_up_to = 64ULL * 1024;
constexpr std::size_t chunk = 4096;

// Deviations that random bytes go beyond once in about a million blocks.
constexpr double most_deviations = 5;

bool is_printable(std::size_t value) {
  return (value >= 0x20 && value < 0x7f) || value == '\t' || value == '\n' || value == '\r';
}

bool all_zero(std::span<const std::byte> bytes) {
  return bytes.front() == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace

std::string_view to_string(BlockClass of) {
  switch (of) {
    case BlockClass::zero:
      return "zero";
    case BlockClass::sparse:
      return "sparse";
    case BlockClass::text:
      return "text";
    case BlockClass::structured:
      return "structured";
    case BlockClass::dense:
      return "dense";
    case BlockClass::random:
      return "random";
  }
  return "structured";
}

BlockClass classify(const BlockStatistics& block) {
  if (block.zero_share >= 1 || block.bytes == 0) return BlockClass::zero;
  if (block.zero_share >= 0.9) return BlockClass::sparse;
  if (block.printable_share >= 0.25 && block.printable_share >= 0.9 * (1 - block.zero_share))
    return BlockClass::text;
  // The serial correlation of n random bytes has the standard deviation 1/sqrt(n) (Knuth, The Art of Computer
  // Programming 2, 3.3.2 K).
  const double most_correlation = most_deviations / std::sqrt(static_cast<double>(block.bytes));
  if (std::abs(block.chi_square) <= most_deviations &&
      std::abs(block.serial_correlation) <= most_correlation && block.randomness >= 0.9)
    return BlockClass::random;
  // x86-64 code reaches 0.8 and arrays of floating-point numbers 0.9; packed formats with headers 0.95.
  return block.randomness >= 0.93 ? BlockClass::dense : BlockClass::structured;
}

double expected_entropy(std::uint64_t bytes) {
  if (bytes == 0) return 0;
  const auto n = static_cast<double>(bytes);
  if (bytes > exact_up_to) return 8 - 255 / (2 * n * std::numbers::ln2);
  // P(k) by recurrence from P(0) = (255/256)^n, which is above 1e-112 here; what lies 14 standard deviations
  // above the mean adds nothing that a double could hold.
  const double mean = n / 256;
  const auto last = std::min(bytes, static_cast<std::uint64_t>(mean + 14 * std::sqrt(mean) + 24));
  double probability = std::pow(255.0 / 256.0, n);
  double sum = 0;
  for (std::uint64_t k = 0; k < last; ++k) {
    const auto next = static_cast<double>(k + 1);
    probability *= (n - static_cast<double>(k)) / next / 255;
    sum -= probability * (next / n) * std::log2(next / n);
  }
  return 256 * sum;
}

double chi_square_deviation(std::span<const std::uint64_t, 256> counts, std::uint64_t bytes) {
  if (bytes < 2) return std::numeric_limits<double>::infinity();
  const auto n = static_cast<double>(bytes);
  double squares = 0;
  for (const std::uint64_t count : counts) squares += static_cast<double>(count) * static_cast<double>(count);
  const double x2 = squares * 256 / n - n;
  return (x2 - 255) / std::sqrt(510 * (1 - 1 / n));
}

void ByteTally::add(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto part = bytes.first(std::min(chunk, bytes.size()));
    bytes = bytes.subspan(part.size());
    const auto first = std::to_integer<unsigned>(part.front());
    if (bytes_ == 0)
      first_ = first;
    else
      products_ += std::uint64_t{last_} * first;
    last_ = std::to_integer<unsigned>(part.back());
    bytes_ += part.size();
    // Zero pages are most of many dumps, and the slowest case of counting: one counter takes every byte.
    if (all_zero(part)) {
      counts_[0] += part.size();
      continue;
    }
    if (part.size() < 256) {
      for (std::size_t i = 0; i < part.size(); ++i) {
        const auto value = std::to_integer<unsigned>(part[i]);
        ++counts_[value];
        if (i > 0) products_ += std::to_integer<std::uint64_t>(part[i - 1]) * value;
      }
      continue;
    }
    // Four tables, so that equal neighbours do not wait for each other's counter.
    std::array<std::array<std::uint32_t, 256>, 4> tables{};
    std::uint32_t products = 0;  // 4096 * 255 * 255 fits
    unsigned before = 0;
    for (std::size_t i = 0; i < part.size(); ++i) {
      const auto value = std::to_integer<unsigned>(part[i]);
      ++tables[i & 3U][value];
      products += before * value;
      before = value;
    }
    products_ += products;
    for (std::size_t value = 0; value < counts_.size(); ++value)
      for (const auto& table : tables) counts_[value] += table[value];
  }
}

void ByteTally::append(const ByteTally& next) {
  if (next.bytes_ == 0) return;
  if (bytes_ == 0) {
    *this = next;
    return;
  }
  for (std::size_t value = 0; value < counts_.size(); ++value) counts_[value] += next.counts_[value];
  products_ += next.products_ + std::uint64_t{last_} * next.first_;
  last_ = next.last_;
  bytes_ += next.bytes_;
}

// Knuth, The Art of Computer Programming 2, 3.3.2 K: the last byte is followed by the first. Equal bytes
// correlate wholly.
double ByteTally::serial_correlation() const {
  double sum = 0;
  double squares = 0;
  for (std::size_t value = 0; value < counts_.size(); ++value) {
    const auto times = static_cast<double>(counts_[value]);
    const auto v = static_cast<double>(value);
    sum += times * v;
    squares += times * v * v;
  }
  const auto n = static_cast<double>(bytes_);
  const double products = static_cast<double>(products_) + static_cast<double>(last_) * first_;
  const double spread = n * squares - sum * sum;
  return spread <= 0 ? 1 : (n * products - sum * sum) / spread;
}

BlockStatistics ByteTally::statistics() const {
  BlockStatistics block{.bytes = bytes_};
  if (bytes_ == 0) return block;
  const auto n = static_cast<double>(bytes_);
  std::uint64_t printable = 0;
  for (std::size_t value = 0; value < counts_.size(); ++value) {
    if (counts_[value] == 0) continue;
    const double share = static_cast<double>(counts_[value]) / n;
    block.entropy -= share * std::log2(share);
    if (is_printable(value)) printable += counts_[value];
  }
  block.entropy = std::max(block.entropy, 0.0);  // not -0
  const double expected = expected_entropy(bytes_);
  block.randomness = expected > 0 ? block.entropy / expected : 0;
  block.chi_square = chi_square_deviation(counts_, bytes_);
  block.serial_correlation = serial_correlation();
  block.zero_share = static_cast<double>(counts_[0]) / n;
  block.printable_share = static_cast<double>(printable) / n;
  return block;
}

BlockSeries::BlockSeries(std::uint64_t block, std::size_t most, Sink sink)
    : block_(std::max<std::uint64_t>(block, 1)), most_(most), sink_(std::move(sink)) {}

void BlockSeries::add(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (most_ != 0 && closed_.size() == most_) double_blocks();
    const auto room = block_ - open_.bytes();
    const auto part = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(room, bytes.size())));
    open_.add(part);
    bytes = bytes.subspan(part.size());
    if (open_.bytes() == block_) close_block();
  }
}

void BlockSeries::close_block() {
  if (most_ != 0) {
    closed_.push_back(open_);
  } else {
    sink_(offset_, open_.statistics());
    offset_ += open_.bytes();
  }
  open_ = ByteTally();
}

// Called between blocks only. Of an odd number the last stays open.
void BlockSeries::double_blocks() {
  block_ *= 2;
  std::vector<ByteTally> doubled;
  doubled.reserve(most_);
  for (std::size_t i = 0; i + 1 < closed_.size(); i += 2) {
    doubled.push_back(closed_[i]);
    doubled.back().append(closed_[i + 1]);
  }
  if (closed_.size() % 2 == 1) open_ = closed_.back();
  closed_ = std::move(doubled);
}

void BlockSeries::finish() {
  if (open_.bytes() > 0) closed_.push_back(open_);
  open_ = ByteTally();
  for (const ByteTally& tally : closed_) {
    sink_(offset_, tally.statistics());
    offset_ += tally.bytes();
  }
  closed_.clear();
}

}  // namespace dumpgate
