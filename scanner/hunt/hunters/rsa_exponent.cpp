// The RSA exponent hunter: the private exponent d of a known modulus as a bare number, for d modulo phi(n) or
// modulo lcm(p-1, q-1), and phi(n) itself. The one rule: 2^(e*d) = 2 modulo n is confirmed by OpenSSL on the
// whole numbers; the fraction before it only filters.
//
// e*d = 1 + k*phi(n)/g with g = gcd(p-1, q-1), or g = 1, and phi(n) is n but for the lower half of its bits.
// So e*g*d/n is within 2^-200 of the integer k, and with G = lcm(1..40) the fraction of e*G*d/n is next to
// nothing for every g that divides G. 192 bits of d and of 1/n decide: a random number passes with
// probability 2^-69.

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>

#include "scanner/detect/random_words.h"
#include "scanner/hunt/hunter.h"
#include "scanner/hunt/layouts.h"
#include "scanner/hunt/limbs.h"
#include "scanner/hunt/rsa_targets.h"
#include "scanner/proof/bignum.h"

namespace dumpgate {
namespace {

using Fraction = std::array<std::uint64_t, 3>;  // little-endian limbs of a number below 2^192

constexpr std::uint64_t common_multiple = 5'342'931'457'063'200;  // lcm(1..40), 53 bits

struct ExponentModulus {
  const KnownKey* known = nullptr;
  std::vector<std::uint64_t> n{};
  unsigned shift = 0;                         // of n to the left, so that its top bit is a limb's top bit
  Fraction reciprocal{};                      // floor(2^(64L+191) / (n << shift)), L limbs of n
  std::array<std::uint64_t, 2> multiplier{};  // e * common_multiple
};

// The top three limbs of a << shift, which is below 2^(64 L).
Fraction top_of(std::span<const std::uint64_t> a, unsigned shift) {
  Fraction top{};
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t at = a.size() - 3 + i;
    top.at(i) = shift == 0 ? a[at] : (a[at] << shift) | (a[at - 1] >> (64 - shift));
  }
  return top;
}

// Whether multiplier * d/n is within 2^-70 of an integer.
bool near_integer(const Fraction& d, const ExponentModulus& modulus) {
  std::array<std::uint64_t, 6> product{};
  for (std::size_t i = 0; i < 3; ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      const DoubleLimb s = DoubleLimb{d.at(i)} * modulus.reciprocal.at(j) + product.at(i + j) + carry;
      product.at(i + j) = low_limb(s);
      carry = high_limb(s);
    }
    product.at(i + 3) = carry;
  }
  // d/n = product / 2^383, so its first 192 bits behind the point begin at bit 191.
  Fraction ratio{};
  for (std::size_t i = 0; i < 3; ++i) ratio.at(i) = (product.at(i + 2) >> 63U) | (product.at(i + 3) << 1U);
  Fraction scaled{};
  for (std::size_t i = 0; i < 2; ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; i + j < 3; ++j) {
      const DoubleLimb s = DoubleLimb{modulus.multiplier.at(i)} * ratio.at(j) + scaled.at(i + j) + carry;
      scaled.at(i + j) = low_limb(s);
      carry = high_limb(s);
    }
  }
  const std::uint64_t top = scaled[2], next = scaled[1] >> 58U;
  return (top == 0 && next == 0) || (top == ~std::uint64_t{0} && next == 0x3fU);
}

std::optional<ExponentModulus> modulus_of(const KnownKey& known) {
  const std::size_t size = (known.key.n.size() + 7) / 8;
  if (known.key.e.empty() || known.key.e.size() > 8 || size < 8 || size > longest_run) return std::nullopt;
  ExponentModulus modulus{.known = &known, .n = limbs_of(known.key.n, size)};
  modulus.shift = static_cast<unsigned>(__builtin_clzll(modulus.n.back()));
  const BigContext context;
  BigNumber power, n = BigNumber::from_big_endian(known.key.n);
  if (BN_lshift(n.get(), n.get(), static_cast<int>(modulus.shift)) != 1 ||
      BN_set_bit(power.get(), static_cast<int>(64 * size + 191)) != 1)
    return std::nullopt;
  const auto reciprocal = BigNumber::quotient(power, n, context);
  // 2^192 exactly, for n a power of two, is no modulus.
  if (reciprocal.bits() > 192) return std::nullopt;
  const auto limbs = limbs_of(reciprocal.big_endian(24), 3);
  std::copy_n(limbs.begin(), 3, modulus.reciprocal.begin());
  const DoubleLimb multiplier = DoubleLimb{limbs_of(known.key.e, 1)[0]} * common_multiple;
  modulus.multiplier = {low_limb(multiplier), high_limb(multiplier)};
  return modulus;
}

// base^exponent = base modulo n, for 2: 2^(e*d) = 2.
bool is_exponent(std::span<const std::uint64_t> d, const PublicKey& key) {
  const BigContext context;
  const auto n = BigNumber::from_big_endian(key.n);
  const auto ed = BigNumber::product(BigNumber::from_big_endian(big_endian_bytes<SecretBytes>(d)),
                                     BigNumber::from_big_endian(key.e), context);
  const BigNumber two(2);
  if (!n.odd() || ed < n) return false;
  return BigNumber::power(two, ed, n, context) == two;
}

// 2^w = 1 modulo n for w of n's own size: w is a multiple of the order, and next to n only phi(n) is.
bool is_phi(std::span<const std::uint64_t> w, const PublicKey& key) {
  const BigContext context;
  const auto n = BigNumber::from_big_endian(key.n);
  const auto phi = BigNumber::from_big_endian(big_endian_bytes<SecretBytes>(w));
  return n.odd() && phi < n && BigNumber::power(BigNumber(2), phi, n, context).one();
}

class ExponentHunt final : public Hunt {
 public:
  explicit ExponentHunt(const LeadSet& leads) {
    for (const auto& [m, targets] : rsa_targets(leads))
      for (const KnownKey* known : targets.one_by_one)
        if (auto modulus = modulus_of(*known)) moduli_[modulus->n.size()].push_back(std::move(*modulus));
    for (const auto& [size, moduli] : moduli_) sizes_.push_back(static_cast<unsigned>(64 * size));
  }
  bool empty() const { return moduli_.empty(); }

  void examine(HuntUnit& unit, std::vector<Finding>& findings) const override {
    RandomTest random;
    LayoutReader reader(sizes_);
    unit.each_run([&](const NumberRun& run) {
      if (run.digits == 0 && run.words.size() + 2 < moduli_.begin()->first) return;
      reader.each(run, [&](const NumberView& view) { examine_view(view, random, findings); });
    });
  }

 private:
  void examine_view(const NumberView& view, RandomTest& random, std::vector<Finding>& findings) const {
    bool read = false;
    for (const auto& [size, moduli] : moduli_) {
      if (view.exact && view.limbs.size() != size) continue;
      for (std::size_t at = 0; at + size <= view.limbs.size(); ++at) {
        const auto window = view.limbs.subspan(at, size);
        const bool odd = (window.front() & 1U) != 0;
        if (!odd && (window.front() & 3U) != 0) continue;
        if (odd) {
          if (!std::exchange(read, true)) random.read(view.limbs);
          if (!random.looks_random(at, size)) continue;
        }
        for (const ExponentModulus& modulus : moduli) {
          if (odd ? exponent(window, modulus) : phi(window, modulus))
            findings.push_back(describe(view, at, modulus, odd ? "2^(e*d)=2 mod n" : "2^phi=1 mod n"));
        }
      }
    }
  }

  static bool exponent(std::span<const std::uint64_t> d, const ExponentModulus& modulus) {
    // The modulus itself passes the fraction, and lies in memory more often than any exponent.
    if (d.back() > modulus.n.back() || std::ranges::equal(d, modulus.n)) return false;
    return near_integer(top_of(d, modulus.shift), modulus) && is_exponent(d, modulus.known->key);
  }

  static bool phi(std::span<const std::uint64_t> w, const ExponentModulus& modulus) {
    const std::size_t size = w.size();
    return w.back() == modulus.n.back() && w[size - 2] == modulus.n[size - 2] &&
           is_phi(w, modulus.known->key);
  }

  static Finding describe(const NumberView& view, std::size_t at, const ExponentModulus& modulus,
                          std::string_view relation) {
    Finding finding;
    finding.signature = "rsa-private-key";
    finding.kind = KeyKind::private_key;
    finding.use = use_of_origin(modulus.known->origin);
    finding.algorithm = "rsa";
    finding.bits = modulus.known->key.bits;
    finding.representation = view.layout;
    finding.evidence = Evidence::proof;
    finding.relation = relation;
    finding.offset = view.place(at, modulus.n.size());
    finding.length = view.length(modulus.n.size());
    finding.public_key_sha256 = modulus.known->key.sha256;
    return finding;
  }

  std::map<std::size_t, std::vector<ExponentModulus>> moduli_{};  // by limbs
  std::vector<unsigned> sizes_{};                                 // in bits
};

class RsaExponentHunter final : public Hunter {
 public:
  std::string_view name() const noexcept override { return "rsa-exponent"; }
  std::span<const std::string_view> representations(const PublicKey& key) const noexcept override {
    if (key.algorithm != KeyAlgorithm::rsa && key.algorithm != KeyAlgorithm::rsa_pss) return {};
    return all_layouts();
  }
  std::unique_ptr<Hunt> prepare(const LeadSet& leads) const override {
    auto hunt = std::make_unique<ExponentHunt>(leads);
    if (hunt->empty()) return nullptr;
    return hunt;
  }
};

constinit const RsaExponentHunter rsa_exponent_instance;

}  // namespace

constinit const Hunter& rsa_exponent_hunter = rsa_exponent_instance;

}  // namespace dumpgate
