// The numbers of a key that a detector took out of a structure (detect/number_set.h): those that the
// structure names go to the relation of their kind; those without a name are tried against each other. The
// one rule for the latter: only relations that need both numbers to be a key's count, because public numbers
// of one size stand beside each other in every heap.

#include <algorithm>
#include <array>
#include <optional>

#include "scanner/base/der_reader.h"
#include "scanner/detect/number_set.h"
#include "scanner/proof/relations.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t most_unnamed = 12;  // two keys beside each other; the search is cubic
constexpr std::size_t most_pairs = 6;     // of a modulus and an exponent: twenty divisions' worth each
constexpr unsigned least_prime = 384;     // bits: RSA-768
constexpr unsigned most_bits = 16384 + 64;
constexpr unsigned most_exponent_bits = 64;

std::optional<Bytes> find(std::span<const NumberEntry> numbers, NumberRole role) {
  const auto found = std::ranges::find(numbers, role, &NumberEntry::role);
  if (found == numbers.end() || found->bytes.empty()) return std::nullopt;
  return found->bytes;
}

std::optional<BigNumber> number(std::span<const NumberEntry> numbers, NumberRole role) {
  const auto bytes = find(numbers, role);
  if (!bytes || bytes->size() > most_bits / 8) return std::nullopt;
  return BigNumber::from_big_endian(*bytes);
}

Outcome relate_named_rsa(std::span<const NumberEntry> of) {
  return relate_rsa({.n = number(of, NumberRole::n),
                     .e = number(of, NumberRole::e),
                     .d = number(of, NumberRole::d),
                     .p = number(of, NumberRole::p),
                     .q = number(of, NumberRole::q),
                     .dp = number(of, NumberRole::dp),
                     .dq = number(of, NumberRole::dq),
                     .qinv = number(of, NumberRole::qinv)});
}

Outcome relate_named_discrete_log(std::span<const NumberEntry> of) {
  return relate_discrete_log({.p = number(of, NumberRole::p),
                              .q = number(of, NumberRole::q),
                              .g = number(of, NumberRole::g),
                              .y = number(of, NumberRole::y),
                              .x = number(of, NumberRole::x)},
                             {});
}

// ---- curves

// libgcrypt's names and aliases (cipher/ecc-curves.c) and SSH's (RFC 5656 10.1), beside OpenSSL's own.
std::string_view openssl_curve(Bytes name) {
  struct Alias {
    std::string_view name{};
    std::string_view openssl{};
  };
  static constexpr std::array<Alias, 16> aliases{{{"NIST P-192", "prime192v1"},
                                                  {"NIST P-224", "secp224r1"},
                                                  {"NIST P-256", "prime256v1"},
                                                  {"NIST P-384", "secp384r1"},
                                                  {"NIST P-521", "secp521r1"},
                                                  {"nistp192", "prime192v1"},
                                                  {"nistp224", "secp224r1"},
                                                  {"nistp256", "prime256v1"},
                                                  {"nistp384", "secp384r1"},
                                                  {"nistp521", "secp521r1"},
                                                  {"secp256r1", "prime256v1"},
                                                  {"1.2.840.10045.3.1.7", "prime256v1"},
                                                  {"1.3.132.0.34", "secp384r1"},
                                                  {"1.3.132.0.35", "secp521r1"},
                                                  {"1.3.132.0.10", "secp256k1"},
                                                  {"sm2p256v1", "SM2"}}};
  for (const auto& alias : aliases)
    if (equals(name, alias.name)) return alias.openssl;
  return {reinterpret_cast<const char*>(name.data()), std::min<std::size_t>(name.size(), 32)};
}

struct RawCurve {
  std::string_view name{};
  KeyAlgorithm algorithm = KeyAlgorithm::other;
  std::size_t size = 0;
  bool reversed = false;  // libgcrypt writes the scalar big-endian
};
constexpr std::array<RawCurve, 5> raw_curves{{{"Ed25519", KeyAlgorithm::ed25519, 32, false},
                                              {"Curve25519", KeyAlgorithm::x25519, 32, true},
                                              {"X25519", KeyAlgorithm::x25519, 32, true},
                                              {"Ed448", KeyAlgorithm::ed448, 57, false},
                                              {"X448", KeyAlgorithm::x448, 56, false}}};

// As many octets as the curve's secrets have: a library may have dropped leading zeros or put one there.
SecretBytes of_size(Bytes digits, std::size_t size) {
  while (digits.size() > size && digits.front() == std::byte{0}) digits = digits.subspan(1);
  if (digits.size() > size) return {};
  SecretBytes bytes(size - digits.size());
  bytes.insert(bytes.end(), digits.begin(), digits.end());
  return bytes;
}

Outcome relate_raw_curve(const RawCurve& curve, Bytes d, Bytes point) {
  auto secret = of_size(d, curve.size);
  if (secret.empty()) return {};
  if (point.size() == curve.size + 1) point = point.subspan(1);  // 0x40: a native point, libgcrypt's prefix
  if (!point.empty() && point.size() != curve.size) return {};
  auto outcome = relate_raw(curve.algorithm, secret, point);
  const bool montgomery = curve.algorithm == KeyAlgorithm::x25519 || curve.algorithm == KeyAlgorithm::x448;
  if (outcome.proven || !montgomery || (point.empty() && !curve.reversed)) return outcome;
  std::ranges::reverse(secret);
  return relate_raw(curve.algorithm, secret, point);
}

// The name of the curve stands at the head of the structure, which free() destroys first.
Outcome relate_any_curve(Bytes d, Bytes point) {
  for (const auto& curve : raw_curves) {
    if (point.size() != curve.size + 1 && point.size() != curve.size) continue;
    auto outcome = relate_raw_curve(curve, d, point);
    if (outcome.proven) return outcome;
  }
  if (point.empty() || point.size() > 256) return {};
  return relate_ec(EcCurve::of_point_size(point.size()), d, point);
}

Outcome relate_named_curve(std::span<const NumberEntry> of) {
  const auto d = find(of, NumberRole::d);
  const auto point = find(of, NumberRole::point).value_or(Bytes{});
  const auto name = find(of, NumberRole::curve);
  if (!d || d->size() > 128) return {};
  if (!name) return relate_any_curve(*d, point);
  for (const auto& curve : raw_curves)
    if (equals(*name, curve.name)) return relate_raw_curve(curve, *d, point);
  const auto curve = EcCurve::by_name(openssl_curve(*name));
  if (!curve) return relate_any_curve(*d, point);
  const std::array curves{curve};
  return relate_ec(curves, *d, point);
}

// ---- numbers without names

class UnnamedRsa {
 public:
  explicit UnnamedRsa(std::span<const NumberEntry> entries) {
    for (const auto& entry : entries) {
      if (large_.size() >= most_unnamed || entry.bytes.size() > most_bits / 8) continue;
      auto value = BigNumber::from_big_endian(entry.bytes);
      if (value.bits() >= least_prime)
        large_.push_back(std::move(value));
      else if (value.bits() >= 2 && value.bits() <= most_exponent_bits && value.odd())
        exponent_ = value;
    }
    exponent_is_guessed_ = !exponent_;
    if (!exponent_) exponent_ = BigNumber(65537);
  }

  Outcome judge() {
    for (const auto search : {&UnnamedRsa::product, &UnnamedRsa::factor, &UnnamedRsa::coefficient,
                              &UnnamedRsa::prime_exponent, &UnnamedRsa::exponent_pair}) {
      auto outcome = (this->*search)();
      if (outcome.proven) return outcome;
    }
    return {};
  }

  // Whether the name of the key rests on the usual public exponent and on nothing else.
  bool exponent_is_guessed() const { return exponent_is_guessed_; }

 private:
  static bool halves(const BigNumber& p, const BigNumber& n) {
    return p.bits() + 16 > n.bits() / 2 && p.bits() < n.bits() / 2 + 16;
  }
  static BN_ULONG low_word(const BigNumber& number) {
    BigNumber copy = number;
    (void)BN_mask_bits(copy.get(), 64);  // fails on a number that is not longer, and leaves it as it is
    return BN_get_word(copy.get());
  }

  Outcome settle(RsaNumbers numbers) {
    if (exponent_is_guessed_ && numbers.p) find_exponent(*numbers.p);
    numbers.e = exponent_;
    return relate_rsa(std::move(numbers));
  }

  // A private exponent to a public one modulo p - 1 is its inverse, and a public exponent is small.
  void find_exponent(const BigNumber& p) {
    const auto order = BigNumber::minus(p, 1);
    for (const auto& each : large_) {
      BigNumber e;
      if (!each.odd() || BN_mod_inverse(e.get(), each.get(), order.get(), context_.get()) == nullptr)
        continue;
      if (!e.odd() || e.bits() < 2 || e.bits() > most_exponent_bits) continue;
      exponent_ = e;
      exponent_is_guessed_ = false;
      return;
    }
  }

  Outcome product() {
    std::vector<BN_ULONG> low;
    low.reserve(large_.size());
    for (const auto& each : large_) low.push_back(low_word(each));
    for (std::size_t i = 0; i < large_.size(); ++i) {
      for (std::size_t j = i + 1; j < large_.size(); ++j) {
        for (std::size_t k = 0; k < large_.size(); ++k) {
          if (low[k] == low[i] * low[j] && is_product(large_[k], large_[i], large_[j]))
            return settle({.n = large_[k], .p = large_[i], .q = large_[j]});
        }
      }
    }
    return {};
  }

  bool is_product(const BigNumber& n, const BigNumber& p, const BigNumber& q) const {
    return n.odd() && halves(p, n) && halves(q, n) && !(p == q) && BigNumber::product(p, q, context_) == n;
  }

  Outcome factor() {
    for (const auto& n : large_) {
      for (const auto& p : large_) {
        if (!n.odd() || !p.odd() || !halves(p, n)) continue;
        if (!BigNumber::remainder(n, p, context_).zero()) continue;
        if (BigNumber::product(p, p, context_) == n) continue;  // a square is no modulus
        return settle({.n = n, .p = p});
      }
    }
    return {};
  }

  // Pairs of inverses modulo a public number exist (blinding); the moduli here are primes. p, q and the
  // coefficient stand with at most dP and dQ between them.
  Outcome coefficient() {
    constexpr std::size_t span = 5;
    for (std::size_t i = 0; i < large_.size(); ++i) {
      for (std::size_t j = i + 1; j < std::min(large_.size(), i + span); ++j) {
        const auto product = BigNumber::product(large_[i], large_[j], context_);
        const std::size_t last = std::min(large_.size(), i + span);
        for (std::size_t k = j < span ? 0 : j + 1 - span; k < last; ++k) {
          if (k == i || k == j) continue;
          for (const auto& [q, inverse] : {std::pair(i, j), std::pair(j, i)})
            if (is_coefficient(large_[k], large_[q], large_[inverse], product))
              return settle({.p = large_[k], .q = large_[q], .qinv = large_[inverse]});
        }
      }
    }
    return {};
  }

  bool is_coefficient(const BigNumber& p, const BigNumber& q, const BigNumber& inverse,
                      const BigNumber& product) const {
    if (!p.odd() || !q.odd() || !(inverse < p) || p == q) return false;
    if (p.bits() > q.bits() + 16 || q.bits() > p.bits() + 16) return false;
    return BigNumber::remainder(product, p, context_).one() && is_prime(p) && is_prime(q);
  }

  bool is_prime(const BigNumber& number) const {
    return BN_check_prime(number.get(), context_.get(), nullptr) == 1;
  }

  // e*dP = 1 mod p-1 and e*d = 1 mod p-1.
  Outcome prime_exponent() {
    for (const auto& exponent : large_) {
      if (!exponent.odd()) continue;
      const auto product = BigNumber::product(*exponent_, exponent, context_);
      for (const auto& p : large_) {
        if (!p.odd() || p == exponent || exponent.bits() + 24 < p.bits()) continue;
        if (!BigNumber::remainder(product, BigNumber::minus(p, 1), context_).one()) continue;
        if (exponent < p) return settle({.p = p, .dp = exponent});
        return settle({.d = exponent, .p = p});
      }
    }
    return {};
  }

  // n and d stand side by side in every structure, with at most e between them.
  Outcome exponent_pair() {
    std::size_t attempts = 0;
    for (std::size_t i = 0; i + 1 < large_.size(); ++i) {
      for (const bool swapped : {false, true}) {
        const auto& n = large_[swapped ? i + 1 : i];
        const auto& d = large_[swapped ? i : i + 1];
        if (!n.odd() || !d.odd() || d.bits() + 24 < n.bits() || !(d < n)) continue;
        if (++attempts > most_pairs) return {};
        auto outcome = settle({.n = n, .d = d});
        if (!outcome.proven) continue;
        exponent_is_guessed_ = false;
        return outcome;
      }
    }
    return {};
  }

  std::vector<BigNumber> large_{};
  std::optional<BigNumber> exponent_{};
  bool exponent_is_guessed_ = false;
  BigContext context_{};
};

Outcome relate_unnamed(std::span<const NumberEntry> numbers, Finding& finding) {
  UnnamedRsa search(numbers);
  auto outcome = search.judge();
  if (outcome.proven && outcome.key && search.exponent_is_guessed())
    finding.detail = "public exponent assumed: not stored beside the factors";
  return outcome;
}

Outcome relate(std::span<const NumberEntry> numbers, Finding& finding) {
  const auto has = [&](NumberRole role) { return find(numbers, role).has_value(); };
  if (has(NumberRole::curve) || has(NumberRole::point)) return relate_named_curve(numbers);
  if (has(NumberRole::x) || has(NumberRole::g)) return relate_named_discrete_log(numbers);
  if (finding.algorithm.empty()) finding.algorithm = "rsa";
  if (has(NumberRole::any)) return relate_unnamed(numbers, finding);
  return relate_named_rsa(numbers);
}

class NumberSetProof final : public Proof {
 public:
  std::string_view name() const noexcept override { return "number-set"; }
  bool takes(Form form) const noexcept override { return form == Form::number_set; }
  bool judge(const Candidate& candidate, Bytes payload, Finding& finding,
             std::vector<Lead>& leads) const override {
    const auto numbers = read_number_set(payload);
    auto outcome = relate(numbers, finding);
    // Numbers without names are a key only when arithmetic says so: certificates bring them by the hundred.
    // So are strings that nothing but their sizes announces.
    const bool unnamed = !numbers.empty() && std::ranges::all_of(numbers, [](const NumberEntry& each) {
      return each.role == NumberRole::any;
    });
    if (candidate.evidence == Evidence::hint && !outcome.proven && (unnamed || outcome.doubtful))
      outcome.refuted = true;
    return apply(std::move(outcome), finding, leads);
  }
};

constinit const NumberSetProof number_set_instance;

}  // namespace

extern const Proof& number_set_proof;
const Proof& number_set_proof = number_set_instance;

}  // namespace dumpgate
