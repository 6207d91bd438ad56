// FixedBase: many multiples of a curve's generator, fast: x(d*G) for batches of d on any prime curve that
// OpenSSL knows. The one rule: it only filters. Not constant time, and what it finds is confirmed by OpenSSL.
//
// Eight-bit windows with a table of all 255 multiples of 2^(8i)*G in affine Montgomery form, mixed additions
// in Jacobian coordinates, one inversion for a whole batch (Montgomery's trick). Built on demand: 8 to 66
// thousand point additions, some milliseconds. OpenSSL 3.0 has a fast multiplication for P-256 alone; P-384
// costs it 0.56 ms each.

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

  // Nothing for names OpenSSL does not know, binary fields and fields of other than 4 to 9 limbs.
  static std::unique_ptr<FixedBase> make(const std::string& curve);

  // of is make, once for each curve: the tables live as long as the program. Safe for concurrent use.
  static const FixedBase* of(const std::string& curve);

  std::size_t limbs() const { return order_.size(); }              // of a scalar and of a coordinate
  std::span<const std::uint64_t> order() const { return order_; }  // of G, little-endian limbs

  // multiples_x computes x(d*G) for each scalar d < order: `scalars` and `x` hold whole multiples of limbs()
  // limbs, little-endian, as many of one as of the other. x is 0 for d = 0. Safe for concurrent use.
  virtual void multiples_x(std::span<const std::uint64_t> scalars, std::span<std::uint64_t> x) const = 0;

  // x*R modulo the field's prime and w/R modulo the order, R = 2^(64*limbs()): how software with Montgomery
  // arithmetic keeps points and scalars. Replaces each number of `numbers`.
  virtual void coordinates_to_montgomery(std::span<std::uint64_t> numbers) const = 0;
  virtual void scalars_from_montgomery(std::span<std::uint64_t> numbers) const = 0;

 protected:
  std::vector<std::uint64_t> order_{};
};

}  // namespace dumpgate
