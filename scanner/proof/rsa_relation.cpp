// RSA: which relation of RFC 8017 holds between the numbers at hand. A prime is never tested for primality: a
// random odd number is prime too often for that to prove anything, while each relation here holds by chance
// with a probability below 2^-100.

#include <algorithm>
#include <array>

#include "scanner/proof/relations.h"

namespace dumpgate {
namespace {

constexpr unsigned least_prime_bits = 128;
constexpr unsigned most_bits = 16384 + 64;  // hostile arithmetic must end
constexpr unsigned most_exponent_bits = 64;
constexpr unsigned most_prime_bits = 8192 + 64;
constexpr unsigned most_common_divisor = 512;  // of p - 1 and q - 1; a larger one has one key in 400

bool usable(const std::optional<BigNumber>& number, unsigned least_bits, unsigned largest_bits) {
  return number && number->bits() >= least_bits && number->bits() <= largest_bits;
}

std::optional<BigNumber> inverse(const BigNumber& a, const BigNumber& modulus, const BigContext& context) {
  BigNumber result;
  if (BN_mod_inverse(result.get(), a.get(), modulus.get(), context.get()) == nullptr) return std::nullopt;
  return result;
}

void require(bool done) {
  if (!done) throw std::bad_alloc();
}

// The largest integer whose square is not above `square`, by Newton's method from above.
BigNumber square_root(const BigNumber& square, const BigContext& context) {
  if (square.zero()) return square;
  BigNumber root(1);
  require(BN_lshift(root.get(), root.get(), static_cast<int>((square.bits() + 1) / 2)) == 1);
  for (;;) {
    BigNumber next = BigNumber::quotient(square, root, context);
    require(BN_add(next.get(), next.get(), root.get()) == 1 && BN_rshift1(next.get(), next.get()) == 1);
    if (!(next < root)) return root;
    root = std::move(next);
  }
}

class RsaRelation {
 public:
  explicit RsaRelation(RsaNumbers numbers) : numbers_(std::move(numbers)) {
    const auto given = [](const std::optional<BigNumber>& number) { return number && !number->zero(); };
    claims_all_ = given(numbers_.n) && given(numbers_.e) && given(numbers_.d) && given(numbers_.p) &&
                  given(numbers_.q) && given(numbers_.qinv);
    drop_unusable();
  }

  Outcome judge() {
    const bool complete = numbers_.n && numbers_.e && numbers_.d && numbers_.p && numbers_.q && numbers_.dp &&
                          numbers_.dq && numbers_.qinv;
    Outcome outcome;
    // Any two odd numbers have a product. A key that states all of its numbers must hold in one more
    // relation.
    const bool has_factor = is_product() || divides(numbers_.p) || divides(numbers_.q);
    outcome.relation = first_relation(!(claims_all_ && has_factor) || primes_prove_themselves());
    outcome.proven = !outcome.relation.empty();
    outcome.refuted = complete && !outcome.proven && !has_factor;
    outcome.doubtful = !outcome.proven && numbers_.p && numbers_.q &&
                       (numbers_.dp || numbers_.qinv || (claims_all_ && has_factor));
    if (outcome.proven) complete_public_half();
    if (numbers_.n && numbers_.e) {
      outcome.key = rsa_public_key(numbers_.n->big_endian(), numbers_.e->big_endian());
      outcome.derived = outcome.proven;
    }
    return outcome;
  }

 private:
  // Zeros stand for numbers that a library left out, and even moduli and primes for damaged ones.
  void drop_unusable() {
    const auto drop = [](std::optional<BigNumber>& number, unsigned least, unsigned most, bool must_be_odd) {
      if (!usable(number, least, most) || (must_be_odd && !number->odd())) number.reset();
    };
    drop(numbers_.n, 2 * least_prime_bits, most_bits, true);
    drop(numbers_.e, 2, most_bits, true);
    drop(numbers_.d, least_prime_bits, most_bits, true);
    drop(numbers_.p, least_prime_bits, most_prime_bits, true);
    drop(numbers_.q, least_prime_bits, most_prime_bits, true);
    drop(numbers_.dp, least_prime_bits / 2, most_prime_bits, true);
    drop(numbers_.dq, least_prime_bits / 2, most_prime_bits, true);
    drop(numbers_.qinv, least_prime_bits / 2, most_prime_bits, false);
    std::erase_if(numbers_.other_primes, [](const BigNumber& r) {
      return r.bits() < least_prime_bits || r.bits() > most_prime_bits;
    });
    if (numbers_.other_primes.size() > 3) numbers_.other_primes.clear();  // OpenSSL: at most five primes
  }

  // `factors_count`: a factor of n is a proof by itself.
  std::string_view first_relation(bool factors_count) {
    if (factors_count && is_product()) return numbers_.other_primes.empty() ? "n=p*q" : "n=p*q*r";
    if (factors_count && (divides(numbers_.p) || divides(numbers_.q))) return "p|n";
    if (crt_exponent(numbers_.p, numbers_.dp)) return "e*dP=1 mod p-1";
    if (crt_exponent(numbers_.q, numbers_.dq)) return "e*dQ=1 mod q-1";
    if (coefficient()) return "q*qInv=1 mod p";
    if (exponents_modulo(numbers_.p) || exponents_modulo(numbers_.q)) return "e*d=1 mod p-1";
    if (exponents()) return "e*d=1 mod lcm(p-1,q-1)";
    return "";
  }

  bool primes_prove_themselves() {
    return crt_exponent(numbers_.p, numbers_.dp) || crt_exponent(numbers_.q, numbers_.dq) || coefficient() ||
           exponents_modulo(numbers_.p) || exponents_modulo(numbers_.q);
  }

  BigNumber product_of_primes() const {
    auto product = BigNumber::product(*numbers_.p, *numbers_.q, context_);
    for (const auto& r : numbers_.other_primes) product = BigNumber::product(product, r, context_);
    return product;
  }

  bool is_product() const {
    return numbers_.n && numbers_.p && numbers_.q && product_of_primes() == *numbers_.n;
  }

  bool divides(const std::optional<BigNumber>& prime) const {
    return numbers_.n && prime && *prime < *numbers_.n &&
           BigNumber::remainder(*numbers_.n, *prime, context_).zero();
  }

  // e is the inverse of dP modulo p - 1. When e is lost, the inverse is a public exponent only if it is
  // small.
  bool crt_exponent(const std::optional<BigNumber>& prime, const std::optional<BigNumber>& exponent) {
    if (!prime || !exponent) return false;
    if (numbers_.e) {
      const auto product = BigNumber::product(*numbers_.e, *exponent, context_);
      return BigNumber::remainder(product, BigNumber::minus(*prime, 1), context_).one();
    }
    const auto e = inverse(*exponent, BigNumber::minus(*prime, 1), context_);
    if (!e || !e->odd()) return false;
    if (e->bits() < 2 || e->bits() > most_exponent_bits) return false;
    numbers_.e = *e;
    return true;
  }

  bool coefficient() const {
    if (!numbers_.p || !numbers_.q || !numbers_.qinv) return false;
    const auto product = BigNumber::product(*numbers_.q, *numbers_.qinv, context_);
    return BigNumber::remainder(product, *numbers_.p, context_).one();
  }

  bool exponents_modulo(const std::optional<BigNumber>& prime) const {
    if (!prime || !numbers_.e || !numbers_.d) return false;
    const auto product = BigNumber::product(*numbers_.e, *numbers_.d, context_);
    return BigNumber::remainder(product, BigNumber::minus(*prime, 1), context_).one();
  }

  // The factors of n from e and d, without any exponentiation, which would let a few kilobytes of forged
  // large keys stop a scan. e*d - 1 = (k/g)*phi with g dividing gcd(p-1, q-1), and phi is n but for its lower
  // half: so g*e*d lies just below a multiple of n, and that multiple is k. Two fractions with such small
  // denominators never are that close to each other, so the first g decides. Not for more than two primes,
  // and not for a public exponent near half of n's size.
  bool exponents() {
    if (!numbers_.n || !numbers_.e || !numbers_.d || !(*numbers_.d < *numbers_.n)) return false;
    constexpr unsigned closeness = 40;  // bits
    const BigNumber& n = *numbers_.n;
    const auto product = BigNumber::product(*numbers_.e, *numbers_.d, context_);
    const auto step = BigNumber::remainder(product, n, context_);
    BigNumber sum;  // g*e*d mod n
    for (unsigned g = 1; g <= most_common_divisor; ++g) {
      require(BN_mod_add_quick(sum.get(), sum.get(), step.get(), n.get()) == 1);
      BigNumber gap;
      require(BN_sub(gap.get(), n.get(), sum.get()) == 1);
      if (gap.bits() + closeness <= n.bits()) return factor(g, product);
    }
    return false;
  }

  // Solves x^2 - (p+q)*x + n = 0, where p + q = n + 1 - phi.
  bool factor(unsigned g, const BigNumber& product) {
    const BigNumber& n = *numbers_.n;
    const BigNumber small(g);
    auto k = BigNumber::quotient(BigNumber::product(small, product, context_), n, context_);
    require(BN_add_word(k.get(), 1) == 1);
    const auto multiple = BigNumber::product(small, BigNumber::minus(product, 1), context_);
    const auto phi = BigNumber::quotient(multiple, k, context_);
    if (!(BigNumber::product(phi, k, context_) == multiple) || !(phi < n)) return false;
    BigNumber sum;
    require(BN_sub(sum.get(), n.get(), phi.get()) == 1 && BN_add_word(sum.get(), 1) == 1);
    BigNumber rest = BigNumber::product(sum, sum, context_);
    BigNumber four_n;
    require(BN_lshift(four_n.get(), n.get(), 2) == 1);
    if (rest < four_n) return false;
    require(BN_sub(rest.get(), rest.get(), four_n.get()) == 1);
    const BigNumber root = square_root(rest, context_);
    BigNumber p;
    BigNumber q;
    require(BN_add(p.get(), sum.get(), root.get()) == 1 && BN_rshift1(p.get(), p.get()) == 1);
    require(BN_sub(q.get(), sum.get(), p.get()) == 1);
    if (p.bits() < least_prime_bits || q.bits() < least_prime_bits) return false;
    if (!(BigNumber::product(p, q, context_) == n)) return false;
    numbers_.p = std::move(p);
    numbers_.q = std::move(q);
    return true;
  }

  void complete_public_half() {
    if (!numbers_.e && numbers_.d && numbers_.p) {
      const auto e = inverse(*numbers_.d, BigNumber::minus(*numbers_.p, 1), context_);
      if (e && e->odd() && e->bits() >= 2 && e->bits() <= most_exponent_bits) numbers_.e = *e;
    }
    if (!numbers_.e) (void)(crt_exponent(numbers_.p, numbers_.dp) || crt_exponent(numbers_.q, numbers_.dq));
    if (!numbers_.p && numbers_.q && !numbers_.n) recover_p();
    const bool n_holds = is_product() || divides(numbers_.p) || divides(numbers_.q) || exponents();
    if (!n_holds && primes_belong_together()) numbers_.n = product_of_primes();  // n is lost, or damaged
  }

  bool primes_belong_together() {
    if (!numbers_.p || !numbers_.q) return false;
    if (coefficient()) return true;
    if (exponents_modulo(numbers_.p) && exponents_modulo(numbers_.q)) return true;
    return crt_exponent(numbers_.p, numbers_.dp) && crt_exponent(numbers_.q, numbers_.dq);
  }

  // p is lost and its exponent is not: e*dP - 1 = k*(p - 1) with 0 < k < e, and qInv tells which k.
  void recover_p() {
    if (!numbers_.e || !numbers_.dp || !numbers_.qinv || numbers_.e->bits() > 17) return;
    const auto multiple = BigNumber::minus(BigNumber::product(*numbers_.e, *numbers_.dp, context_), 1);
    const BN_ULONG e = BN_get_word(numbers_.e->get());
    for (BN_ULONG k = 1; k < e; ++k) {
      if (BN_mod_word(multiple.get(), k) != 0) continue;
      auto p = BigNumber::quotient(multiple, BigNumber(k), context_);
      if (BN_add_word(p.get(), 1) != 1 || p.bits() < least_prime_bits || !p.odd()) continue;
      numbers_.p = p;
      if (coefficient()) return;
      numbers_.p.reset();
    }
  }

  RsaNumbers numbers_;
  bool claims_all_ = false;
  BigContext context_{};
};

// d, p, q, dP, dQ and qInv: what a chain may begin with when e is not in it.
RsaNumbers numbers_from(std::span<const BigNumber> chain, std::size_t first_role) {
  RsaNumbers numbers;
  const std::array roles{&numbers.d, &numbers.p, &numbers.q, &numbers.dp, &numbers.dq, &numbers.qinv};
  for (std::size_t i = 0; i < chain.size() && first_role + i < roles.size(); ++i)
    *roles[first_role + i] = chain[i];
  return numbers;
}

// p, g and q of Diffie-Hellman parameters with a safe prime also are three numbers of one size.
bool is_safe_prime_group(std::span<const BigNumber> chain) {
  if (chain.size() != 3) return false;
  BigNumber half;
  if (BN_rshift1(half.get(), chain[0].get()) != 1) return false;
  return half == chain[1] || half == chain[2];
}

}  // namespace

Outcome relate_rsa(RsaNumbers numbers) { return RsaRelation(std::move(numbers)).judge(); }

Outcome relate_rsa_chain(std::span<const BigNumber> chain) {
  const auto exponent = std::find_if(chain.begin(), chain.end(), [](const BigNumber& number) {
    return number.bits() >= 2 && number.bits() <= most_exponent_bits;
  });
  if (exponent != chain.end()) {
    const auto at = static_cast<std::size_t>(exponent - chain.begin());
    auto numbers = numbers_from(chain.subspan(at + 1), 0);
    numbers.e = *exponent;
    if (at > 0) numbers.n = chain[at - 1];
    auto outcome = relate_rsa(std::move(numbers));
    outcome.refuted = false;
    return outcome;
  }
  // q, dP, dQ also relate when they are taken for p, q and dP, but only the right places give the whole key.
  Outcome outcome;
  for (std::size_t first_role = 0; first_role < 3; ++first_role) {
    auto attempt = relate_rsa(numbers_from(chain, first_role));
    if (attempt.proven && attempt.key) return attempt;
    if (attempt.proven && !outcome.proven) outcome = std::move(attempt);
  }
  if (outcome.proven) return outcome;
  outcome.refuted = is_safe_prime_group(chain);
  outcome.doubtful = chain.size() >= 4;
  return outcome;
}

}  // namespace dumpgate
