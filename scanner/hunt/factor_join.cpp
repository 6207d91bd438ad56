#include "scanner/hunt/factor_join.h"

#include <openssl/bn.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "scanner/detect/random_words.h"
#include "scanner/hunt/leads.h"
#include "scanner/hunt/limbs.h"

namespace dumpgate {
namespace {

// Limbs of a prime factor: RSA-512 to RSA-8192 in the sizes that software makes.
constexpr std::array<std::size_t, 8> factor_sizes{4, 6, 8, 12, 16, 24, 32, 64};

using Bn = std::unique_ptr<BIGNUM, decltype(&BN_clear_free)>;

Bn number_of(std::span<const std::uint64_t> limbs) {
  const auto bytes = big_endian_bytes<SecretBytes>(limbs);
  return {BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()),
                    nullptr),
          &BN_clear_free};
}

// The public exponent is seldom near the factors in memory, and nearly always 65537: the smallest of the
// usual exponents that is possible at all (coprime to p-1 and q-1), in the order of how usual they are.
std::optional<unsigned> likely_exponent(const BIGNUM* p, const BIGNUM* q) {
  for (const unsigned e : {65537U, 3U, 17U, 257U, 5U, 7U, 35U, 37U}) {
    const auto possible = [e](const BIGNUM* prime) {
      for (const unsigned factor : {3U, 5U, 7U, 17U, 37U, 257U, 65537U})
        if (e % factor == 0 && BN_mod_word(prime, factor) == 1) return false;
      return true;
    };
    if (possible(p) && possible(q)) return e;
  }
  return std::nullopt;
}

// The key n = p*q, when the product is exact.
std::optional<PublicKey> key_of(std::span<const std::uint64_t> p, std::span<const std::uint64_t> q,
                                std::span<const std::uint64_t> n) {
  const Bn bn_p = number_of(p), bn_q = number_of(q), bn_n = number_of(n), product(BN_new(), &BN_clear_free);
  const std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> context(BN_CTX_secure_new(), &BN_CTX_free);
  if (!bn_p || !bn_q || !bn_n || !product || !context) return std::nullopt;
  if (BN_mul(product.get(), bn_p.get(), bn_q.get(), context.get()) != 1 ||
      BN_cmp(product.get(), bn_n.get()) != 0)
    return std::nullopt;
  const auto e = likely_exponent(bn_p.get(), bn_q.get());
  if (!e) return std::nullopt;
  std::array<std::byte, 4> exponent{};
  for (unsigned i = 0; i < 4; ++i) exponent.at(3 - i) = static_cast<std::byte>((*e >> (8 * i)) & 0xffU);
  return rsa_public_key(big_endian_bytes<std::vector<std::byte>>(n), exponent);
}

constexpr std::uint64_t top_bit = std::uint64_t{1} << 63U;

}  // namespace

void FactorJoin::forget() { sizes_.clear(); }

void FactorJoin::take(const RunStore& runs, std::vector<Finding>& findings, std::vector<Lead>& leads) {
  // Runs of several alignments come one alignment after the other; by offset they do not depend on windows.
  std::vector<NumberRun> in_order;
  runs.for_each([&](const NumberRun& run) { in_order.push_back(run); });
  std::ranges::stable_sort(in_order, {}, &NumberRun::offset);
  RandomTest random;
  for (const NumberRun& run : in_order) {
    random.read(run.words);
    for (const std::size_t m : factor_sizes) {
      if (m > run.words.size()) break;
      Size& size = sizes_[m];
      drop_old(size, run.offset);
      for (std::size_t at = 0; at + m <= run.words.size(); ++at) {
        if ((run.words[at] & 1U) == 0) continue;
        const auto candidate = [&](std::size_t limbs) -> std::optional<Number> {
          if (at + limbs > run.words.size() || run.words[at + limbs - 1] < top_bit) return std::nullopt;
          const auto words = run.words.subspan(at, limbs);
          if (!random.looks_random(at, limbs) || !without_small_factor(words)) return std::nullopt;
          return Number{run.offset + at * 8, inverse_limb(words[0]), Limbs(words.begin(), words.end())};
        };
        if (auto factor = candidate(m)) add_factor(size, std::move(*factor), findings, leads);
        if (auto modulus = candidate(2 * m)) add_modulus(size, std::move(*modulus), findings, leads);
      }
    }
  }
}

void FactorJoin::drop_old(Size& size, std::uint64_t now) {
  const auto old = [now](const Number& number) { return number.offset + neighbourhood < now; };
  while (!size.factors.empty() && (size.factors.size() > kept || old(size.factors.front()))) {
    const Number& gone = size.factors.front();
    const auto [first, last] = size.factor_by_low.equal_range(gone.limbs[0]);
    const auto entry = std::find_if(first, last, [&](const auto& e) { return e.second == size.first_id; });
    if (entry != last) size.factor_by_low.erase(entry);
    --size.lows[gone.limbs[0] % lows];
    size.factors.pop_front();
    ++size.first_id;
  }
  while (!size.moduli.empty() && (size.moduli.size() > kept || old(size.moduli.front())))
    size.moduli.pop_front();
}

void FactorJoin::add_factor(Size& size, Number factor, std::vector<Finding>& findings,
                            std::vector<Lead>& leads) {
  size.factor_by_low.emplace(factor.limbs[0], size.first_id + size.factors.size());
  ++size.lows[factor.limbs[0] % lows];
  size.factors.push_back(std::move(factor));
  for (const Number& modulus : size.moduli) match(size, size.factors.back(), modulus, findings, leads);
}

void FactorJoin::add_modulus(Size& size, Number modulus, std::vector<Finding>& findings,
                             std::vector<Lead>& leads) {
  size.moduli.push_back(std::move(modulus));
  for (Number& factor : size.factors) match(size, factor, size.moduli.back(), findings, leads);
}

void FactorJoin::match(Size& size, Number& factor, const Number& modulus, std::vector<Finding>& findings,
                       std::vector<Lead>& leads) {
  const std::uint64_t other_low = modulus.limbs[0] * factor.inverse;
  if (size.lows[other_low % lows] == 0) return;
  const auto [first, last] = size.factor_by_low.equal_range(other_low);
  for (auto entry = first; entry != last; ++entry) {
    Number* const other = &size.factors[static_cast<std::size_t>(entry->second - size.first_id)];
    const std::size_t m = factor.limbs.size();
    if (!may_be_product(factor.limbs[m - 1], other->limbs[m - 1], modulus.limbs[2 * m - 1],
                        modulus.limbs[2 * m - 2]))
      continue;
    const auto key = key_of(factor.limbs, other->limbs, modulus.limbs);
    if (!key) continue;
    leads.push_back({*key, KeyOrigin::number});
    for (Number* prime : {&factor, other}) {
      if (std::exchange(prime->reported, true)) continue;
      Finding finding;
      finding.signature = "rsa-private-key";
      finding.kind = KeyKind::private_key;
      finding.use = KeyUse::signing;
      finding.algorithm = "rsa";
      finding.bits = key->bits;
      finding.representation = "limbs-le64";
      finding.evidence = Evidence::proof;
      finding.relation = "n=p*q";
      finding.detail = "public exponent assumed: not stored beside the factors";
      finding.offset = prime->offset;
      finding.length = m * 8;
      finding.public_key_sha256 = key->sha256;
      findings.push_back(std::move(finding));
    }
  }
}

}  // namespace dumpgate
