#include "scanner/hunt/byproducts.h"

#include <algorithm>
#include <map>
#include <vector>

#include "scanner/proof/bignum.h"

namespace dumpgate {
namespace {

using Moduli = std::map<std::vector<std::byte>, BigNumber>;  // by their bytes

// The product of the moduli but n itself, modulo n. It shares a factor with n just when one of them does.
BigNumber product_of_others(const std::vector<std::byte>& bytes, const BigNumber& n, const Moduli& moduli,
                            const BigContext& context) {
  BigNumber product(1);
  for (const auto& [other, modulus] : moduli)
    if (other != bytes)
      product = BigNumber::remainder(BigNumber::product(product, modulus, context), n, context);
  return product;
}

}  // namespace

std::set<std::string> byproducts(std::span<const PublicKey* const> products,
                                 std::span<const PublicKey* const> keys) {
  products = products.first(std::min(products.size(), most_products));
  std::map<std::size_t, Moduli> by_size;
  for (const auto& some : {keys.first(std::min(keys.size(), most_keys)), products})
    for (const PublicKey* key : some)
      by_size[key->n.size()].try_emplace(key->n, BigNumber::from_big_endian(key->n));
  const BigContext context;
  std::set<std::string> names;
  for (const PublicKey* key : products) {
    const auto n = BigNumber::from_big_endian(key->n);
    const auto product = product_of_others(key->n, n, by_size[key->n.size()], context);
    if (!BigNumber::gcd(product, n, context).one()) names.insert(key->sha256);
  }
  return names;
}

}  // namespace dumpgate
