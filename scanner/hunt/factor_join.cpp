#include "scanner/hunt/factor_join.h"

#include <openssl/bn.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "scanner/detect/random_words.h"
#include "scanner/hunt/layouts.h"
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

// Whether 2^(p-1) = 1 modulo p: of composite numbers that nobody chose practically none.
bool is_probable_prime(const BIGNUM* p, BN_CTX* context) {
  const Bn less(BN_dup(p), &BN_clear_free), two(BN_new(), &BN_clear_free), power(BN_new(), &BN_clear_free);
  return less && two && power && BN_sub_word(less.get(), 1) == 1 && BN_set_word(two.get(), 2) == 1 &&
         BN_mod_exp(power.get(), two.get(), less.get(), p, context) == 1 && BN_is_one(power.get());
}

using Context = std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)>;

bool is_product(std::span<const std::uint64_t> p, std::span<const std::uint64_t> q,
                std::span<const std::uint64_t> n) {
  const Bn bn_p = number_of(p), bn_q = number_of(q), bn_n = number_of(n), product(BN_new(), &BN_clear_free);
  const Context context(BN_CTX_secure_new(), &BN_CTX_free);
  return bn_p && bn_q && bn_n && product && context &&
         BN_mul(product.get(), bn_p.get(), bn_q.get(), context.get()) == 1 &&
         BN_cmp(product.get(), bn_n.get()) == 0;
}

// The key n = p*q of two primes.
std::optional<PublicKey> key_of(std::span<const std::uint64_t> p, std::span<const std::uint64_t> q,
                                std::span<const std::uint64_t> n) {
  const Bn bn_p = number_of(p), bn_q = number_of(q);
  if (!bn_p || !bn_q) return std::nullopt;
  const auto e = likely_exponent(bn_p.get(), bn_q.get());
  if (!e) return std::nullopt;
  std::array<std::byte, 4> exponent{};
  for (unsigned i = 0; i < 4; ++i) exponent.at(3 - i) = static_cast<std::byte>((*e >> (8 * i)) & 0xffU);
  return rsa_public_key(big_endian_bytes<std::vector<std::byte>>(n), exponent);
}

constexpr std::uint64_t top_bit = std::uint64_t{1} << 63U;

bool is_factor_size(std::size_t limbs) {
  return std::ranges::find(factor_sizes, limbs) != factor_sizes.end();
}

void add_candidates(const NumberView& view, std::span<const std::size_t> sizes, RandomTest& random,
                    std::vector<FactorCandidate>& candidates) {
  bool read = false;
  for (std::size_t at = 0; at + sizes.front() <= view.limbs.size(); ++at) {
    if ((view.limbs[at] & 1U) == 0) continue;
    for (const std::size_t size : sizes) {
      if (at + size > view.limbs.size()) break;
      if (view.limbs[at + size - 1] < top_bit || (view.exact && size != view.limbs.size())) continue;
      if (!view.may_stand(at, size)) continue;
      if (!std::exchange(read, true)) random.read(view.limbs);
      const auto words = view.limbs.subspan(at, size);
      if (!random.looks_random(at, size) || !without_small_factor(words)) continue;
      candidates.push_back({.offset = view.place(at, size),
                            .length = view.length(size),
                            .layout = view.layout,
                            .limbs = {words.begin(), words.end()}});
    }
    if (view.exact) break;
  }
}

}  // namespace

std::span<const std::size_t> usual_factor_sizes() {
  static const std::vector<std::size_t> sizes = [] {
    std::vector<std::size_t> all;
    for (const std::size_t limbs : factor_sizes) all.insert(all.end(), {limbs, 2 * limbs});
    std::ranges::sort(all);
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }();
  return sizes;
}

std::vector<FactorCandidate> factor_candidates(const RunStore& runs, std::span<const std::size_t> sizes) {
  if (sizes.empty()) return {};
  std::vector<unsigned> bits;
  for (const std::size_t limbs : sizes) bits.push_back(static_cast<unsigned>(64 * limbs));
  LayoutReader reader(std::move(bits));
  RandomTest random;
  std::vector<FactorCandidate> candidates;
  runs.for_each([&](const NumberRun& run) {
    reader.each(run, [&](const NumberView& view) { add_candidates(view, sizes, random, candidates); });
  });
  return candidates;
}

void FactorJoin::forget() {
  sizes_.clear();
  proven_.clear();
}

void FactorJoin::Numbers::add(Number number, std::uint64_t limb) {
  if (gone > limbs.size() / 2) {
    limbs.erase(limbs.begin(), limbs.begin() + static_cast<std::ptrdiff_t>(gone));
    gone = 0;
  }
  limbs.push_back(limb);
  all.push_back(std::move(number));
}

void FactorJoin::Numbers::drop_first() {
  all.pop_front();
  ++gone;
}

void FactorJoin::Size::remember(std::uint64_t low) {
  if (filter.empty()) filter.resize(filter_bits / 64);
  const std::size_t bit = filter_bit(low);
  filter[bit / 64] |= std::uint64_t{1} << (bit % 64);
}

void FactorJoin::Size::renew_filter() {
  std::ranges::fill(filter, 0);
  for (const Number& factor : factors.all) remember(factor.candidate.limbs[0]);
  stale = 0;
}

void FactorJoin::take(std::vector<FactorCandidate> candidates, Joined joined) {
  for (FactorCandidate& candidate : candidates) {
    const std::size_t limbs = candidate.limbs.size();
    if (limbs % 2 == 0 && is_factor_size(limbs / 2)) {
      Size& size = sizes_[{candidate.layout, limbs / 2}];
      drop_old(size, candidate.offset);
      add_modulus(size, {.candidate = candidate}, joined);
    }
    if (is_factor_size(limbs)) {
      Size& size = sizes_[{candidate.layout, limbs}];
      drop_old(size, candidate.offset);
      add_factor(size, {.candidate = std::move(candidate)}, joined);
    }
  }
}

void FactorJoin::drop_old(Size& size, std::uint64_t now) {
  const auto has_old = [now](const Numbers& numbers) {
    return !numbers.all.empty() &&
           (numbers.all.size() > kept || numbers.all.front().candidate.offset + neighbourhood < now);
  };
  while (has_old(size.factors)) {
    const auto [first, last] = size.factor_by_low.equal_range(size.factors.all.front().candidate.limbs[0]);
    const auto entry = std::find_if(first, last, [&](const auto& e) { return e.second == size.first_id; });
    if (entry != last) size.factor_by_low.erase(entry);
    size.factors.drop_first();
    ++size.first_id;
    ++size.stale;
  }
  if (size.stale > kept / 4 + size.factors.all.size() / 2) size.renew_filter();
  while (has_old(size.moduli)) size.moduli.drop_first();
}

void FactorJoin::add_factor(Size& size, Number factor, Joined joined) {
  const std::uint64_t low = factor.candidate.limbs[0];
  const std::uint64_t inverse = inverse_limb(low);
  size.factor_by_low.emplace(low, size.first_id + size.factors.all.size());
  size.remember(low);
  size.factors.add(std::move(factor), inverse);
  const auto moduli = size.moduli.judged();
  for (std::size_t i = 0; i < moduli.size(); ++i)
    if (size.may_hold(moduli[i] * inverse))
      match(size, moduli[i] * inverse, size.factors.all.back(), size.moduli.all[i], joined);
}

void FactorJoin::add_modulus(Size& size, Number modulus, Joined joined) {
  const std::uint64_t low = modulus.candidate.limbs[0];
  size.moduli.add(std::move(modulus), low);
  const auto inverses = size.factors.judged();
  for (std::size_t i = 0; i < inverses.size(); ++i)
    if (size.may_hold(low * inverses[i]))
      match(size, low * inverses[i], size.factors.all[i], size.moduli.all.back(), joined);
}

// h*q of a signature by the Chinese remainder theorem may lie beside h and q (RFC 8017 section 5.1.2). A
// number is tested once, however many copies and products of it there are.
bool FactorJoin::is_prime(const Limbs& factor) {
  if (const auto known = tested_factors_.find(factor); known != tested_factors_.end()) return known->second;
  const Bn number = number_of(factor);
  const Context context(BN_CTX_secure_new(), &BN_CTX_free);
  if (!number || !context) return false;
  const bool prime = tested_factors_[factor] = is_probable_prime(number.get(), context.get());
  if (prime) return true;
  constexpr std::uint64_t least = 1U << 17U;  // what a test costs besides
  const std::uint64_t limbs = factor.size();
  tested_ += 64 * limbs * limbs * limbs + least;
  return false;
}

void FactorJoin::leave_out(std::uint64_t offset, Joined joined) {
  if (!std::exchange(left_out_, true))
    joined.gaps.push_back({.reason = GapReason::limit,
                           .offset = offset,
                           .detail = "more numbers that may be factors than are joined"});
}

// For the factor and the modulus another factor must have the low limb `other_low`.
void FactorJoin::match(Size& size, std::uint64_t other_low, Number& factor, const Number& modulus,
                       Joined joined) {
  auto entry = size.factor_by_low.find(other_low);
  for (; entry != size.factor_by_low.end() && entry->first == other_low; ++entry) {
    if (++compared_ > limits_.compared || tested_ > limits_.tested)
      return leave_out(factor.candidate.offset, joined);
    Number& other = size.factors.all[static_cast<std::size_t>(entry->second - size.first_id)];
    const auto& p = factor.candidate.limbs;
    const auto& q = other.candidate.limbs;
    const auto& n = modulus.candidate.limbs;
    const std::size_t m = p.size();
    if (!may_be_product(p[m - 1], q[m - 1], n[2 * m - 1], n[2 * m - 2])) continue;
    const bool known = proven_.contains(n);
    if (known && factor.reported && other.reported) continue;  // copies of numbers, by the product of copies
    if (!is_product(p, q, n) || !is_prime(p) || !is_prime(q)) continue;
    const auto key = key_of(p, q, n);
    if (!key) continue;
    joined.leads.push_back({*key, KeyOrigin::number});
    for (Number* prime : {&factor, &other})
      if (!known || !prime->reported) report(*prime, *key, joined);
    proven_.insert(n);
  }
}

void FactorJoin::report(Number& prime, const PublicKey& key, Joined joined) {
  prime.reported = true;
  Finding finding;
  finding.signature = "rsa-private-key";
  finding.kind = KeyKind::private_key;
  finding.use = KeyUse::signing;
  finding.algorithm = "rsa";
  finding.bits = key.bits;
  finding.representation = prime.candidate.layout;
  finding.evidence = Evidence::proof;
  finding.relation = "n=p*q";
  finding.detail = "public exponent assumed: not stored beside the factors";
  finding.offset = prime.candidate.offset;
  finding.length = prime.candidate.length;
  finding.public_key_sha256 = key.sha256;
  joined.findings.push_back(std::move(finding));
}

}  // namespace dumpgate
