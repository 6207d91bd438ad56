// FixedBase: many multiples of a curve's generator, fast: x(d*G) for batches of d on any prime curve that
// OpenSSL knows, and on curve448 (hunt/curve_parameters.h). The one rule: it only filters. Not constant time,
// and what it finds is confirmed by OpenSSL.
//
// Signed windows with a table of all multiples of 2^(width*i)*G in affine form, and additions in affine
// coordinates that share their inversions among 256 scalars. Windows of 10 to 12 bits for many scalars (3 to
// 4 MiB a curve, built within some 30 ms), of 6 bits for the first thousand (100 KiB, built within 0.5 to 3
// ms, and up to twice the additions). OpenSSL 3.0 has a fast multiplication for P-256 alone; P-384 costs it
// 0.56 ms each.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace dumpgate {

class FixedBase {
 public:
  virtual ~FixedBase() = default;

  enum class Table : std::uint8_t { small, large };

  // Nothing for names that curve_parameters does not know and fields of other than 4 to 9 limbs.
  static std::unique_ptr<FixedBase> make(const std::string& curve, Table table);

  // of is for a caller who has that many scalars to multiply: a small table until enough were wanted in all,
  // then a large one. Each is made once and lives as long as the program. Safe for concurrent use.
  static const FixedBase* of(const std::string& curve, std::size_t scalars);

  std::size_t limbs() const { return order_.size(); }              // of a scalar and of a coordinate
  std::span<const std::uint64_t> order() const { return order_; }  // of G, little-endian limbs

  // multiples_x computes x(d*G) for each scalar d < order: `scalars` and `x` hold whole multiples of limbs()
  // limbs, little-endian, as many of one as of the other. x is 0 for d = 0, and means nothing for d >= order.
  // Cheapest for some hundred scalars at a time, dear for a few: they share inversions. Safe for concurrent
  // use.
  virtual void multiples_x(std::span<const std::uint64_t> scalars, std::span<std::uint64_t> x) const = 0;

  // x*R modulo the field's prime and w/R modulo the order, R = 2^(64*limbs()): how software with Montgomery
  // arithmetic keeps points and scalars. Replaces each number of `numbers`.
  virtual void coordinates_to_montgomery(std::span<std::uint64_t> numbers) const = 0;
  virtual void scalars_from_montgomery(std::span<std::uint64_t> numbers) const = 0;

 protected:
  std::vector<std::uint64_t> order_{};
};

}  // namespace dumpgate
