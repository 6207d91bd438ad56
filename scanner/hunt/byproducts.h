// Byproducts: products of a key's prime with a number that is none of the key's, which arithmetic leaves in
// memory and which look like keys of their own. Signing by the Chinese remainder theorem computes h*q (RFC
// 8017 section 5.1.2), and h is prime once in 355 times. The one rule: a shared prime takes
// the name and nothing else, because two true keys may share one; and where arithmetic is all that speaks
// for either, it takes both names, because nobody can tell which of the two is the key.

#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>

#include "scanner/proof/public_key.h"

namespace dumpgate {

// The names of those of `products` (RSA keys known by nothing but n = p*q of bare numbers) whose modulus
// shares a factor with a different modulus of `keys`, or of `products`, that has as many bytes. The first
// most_products and most_keys are compared, two microseconds a pair of 2,048 bits. Throws std::bad_alloc.
inline constexpr std::size_t most_products = 256;
inline constexpr std::size_t most_keys = 4096;
std::set<std::string> byproducts(std::span<const PublicKey* const> products,
                                 std::span<const PublicKey* const> keys);

}  // namespace dumpgate
