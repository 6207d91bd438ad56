// DSA and Diffie-Hellman: g^x = y modulo p.

#include "scanner/base/der_reader.h"
#include "scanner/base/der_writer.h"
#include "scanner/proof/relations.h"

namespace dumpgate {
namespace {

constexpr unsigned least_modulus_bits = 256;
constexpr unsigned least_order_bits = 128;
constexpr unsigned most_order_bits = 512;  // of DSA; the q of key exchange may be half of p
// Of a power's cost, as the bits of p twice and of the exponent: that of 3,072 bits. Key exchange with larger
// numbers is stated and not proven: an encoding of 3 KB would take half a second.
constexpr std::uint64_t most_work = std::uint64_t{3072} * 3072 * 3072;

// The public key y of the group. The numbers p, q and g are there.
std::optional<PublicKey> dsa_key(const DiscreteLogNumbers& numbers, const BigNumber& y) {
  return dsa_public_key({.p = numbers.p->big_endian(),
                         .q = numbers.q->big_endian(),
                         .g = numbers.g->big_endian(),
                         .y = y.big_endian()});
}

bool usable(const DiscreteLogNumbers& numbers) {
  if (!numbers.p || !numbers.g || !numbers.x || !numbers.p->odd()) return false;
  if (numbers.p->bits() < least_modulus_bits || numbers.p->bits() > most_discrete_log_bits) return false;
  return *numbers.g < *numbers.p && *numbers.x < *numbers.p && numbers.g->bits() >= 2 &&
         numbers.x->bits() >= 64;
}

std::uint64_t work_of(const DiscreteLogNumbers& numbers) {
  return std::uint64_t{numbers.p->bits()} * numbers.p->bits() * numbers.x->bits();
}

bool has_small_order(const DiscreteLogNumbers& numbers) {
  return numbers.q && numbers.q->bits() <= most_order_bits;
}

// Whether g^x = y tells x: g must generate many numbers, or any x would do. Of the prime order q (FIPS 186-4
// section 4.1) it generates q. Where no q of DSA's size is known (to test a larger one takes seconds), orders
// that no honest group has are refused: the divisors of lcm(1, ..., 41).
bool tells_exponent(const DiscreteLogNumbers& numbers, const BigContext& context) {
  constexpr std::uint64_t small_orders = 219060189739591200ULL;
  const BigNumber largest = BigNumber::minus(*numbers.p, 1);
  if (numbers.g->one() || !(*numbers.g < largest)) return false;
  if (numbers.y && (numbers.y->zero() || numbers.y->one() || !(*numbers.y < largest))) return false;
  if (!has_small_order(numbers))
    return !BigNumber::power(*numbers.g, BigNumber(small_orders), *numbers.p, context).one();
  return numbers.q->bits() >= least_order_bits &&
         BN_check_prime(numbers.q->get(), context.get(), nullptr) == 1 &&
         BigNumber::power(*numbers.g, *numbers.q, *numbers.p, context).one();
}

}  // namespace

Outcome relate_discrete_log(const DiscreteLogNumbers& numbers,
                            std::span<const std::byte> algorithm_identifier) {
  Outcome outcome;
  if (numbers.p && numbers.q && numbers.g && numbers.y) outcome.stated = dsa_key(numbers, *numbers.y);
  if (!usable(numbers)) return outcome;
  outcome.doubtful = has_small_order(numbers) && !(*numbers.x < *numbers.q);
  if (outcome.doubtful) return outcome;
  if (!has_small_order(numbers) && work_of(numbers) > most_work) return outcome;
  const BigContext context;
  const auto computed = BigNumber::power(*numbers.g, *numbers.x, *numbers.p, context);
  if (numbers.q) {  // q | p - 1, FIPS 186-4 section 4.1
    const auto order = BigNumber::minus(*numbers.p, 1);
    outcome.doubtful = numbers.q->zero() || !BigNumber::remainder(order, *numbers.q, context).zero();
  }
  const bool other = numbers.y && computed != *numbers.y;  // the cheapest question comes first
  outcome.doubtful = outcome.doubtful || other || !tells_exponent(numbers, context);
  outcome.proven = numbers.y && !outcome.doubtful;
  if (outcome.proven) outcome.relation = "g^x=y";
  if (outcome.doubtful) return outcome;
  if (!algorithm_identifier.empty()) {
    const std::vector<std::byte> identifier(algorithm_identifier.begin(), algorithm_identifier.end());
    const auto bits = der_bit_string(der_integer(computed.big_endian()));
    outcome.key = parse_spki(der_element(der::sequence, {identifier, bits}));
  } else if (numbers.q) {
    outcome.key = dsa_key(numbers, computed);
  }
  outcome.derived = outcome.key.has_value();
  return outcome;
}

}  // namespace dumpgate
