#include "scanner/proof/der_private.h"

#include <array>

#include "scanner/base/der_reader.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;

// A whole, non-negative INTEGER; nothing otherwise, also when it is cut. The reader moves past it in any
// case.
std::optional<BigNumber> number(DerReader& reader) {
  const auto element = reader.next(der::integer);
  const auto digits = element ? der_unsigned(*element) : std::nullopt;
  if (!digits) return std::nullopt;
  return BigNumber::from_big_endian(*digits);
}

// otherPrimeInfos: SEQUENCE OF SEQUENCE { r, d, t }.
std::vector<BigNumber> other_primes(DerReader& reader) {
  std::vector<BigNumber> primes;
  const auto infos = reader.next(der::sequence);
  if (!infos) return primes;
  DerReader list(*infos);
  while (primes.size() < 4) {
    const auto info = list.next(der::sequence);
    if (!info) break;
    DerReader parts(*info);
    auto r = number(parts);
    if (!r) break;
    primes.push_back(std::move(*r));
  }
  return primes;
}

}  // namespace

Outcome judge_rsa_der(Bytes der) {
  DerReader reader(der);
  const auto outer = reader.next(der::sequence);
  if (!outer) return {};
  DerReader inside(*outer);
  if (!inside.whole(der::integer)) return {};
  RsaNumbers numbers;
  for (auto* const slot : {&numbers.n, &numbers.e, &numbers.d, &numbers.p, &numbers.q, &numbers.dp,
                           &numbers.dq, &numbers.qinv}) {
    *slot = number(inside);
  }
  numbers.other_primes = other_primes(inside);
  return relate_rsa(std::move(numbers));
}

Outcome judge_ec_der(Bytes der, const std::shared_ptr<const EcCurve>& curve) {
  DerReader reader(der);
  const auto outer = reader.next(der::sequence);
  if (!outer) return {};
  DerReader inside(*outer);
  (void)inside.whole(der::integer);
  const auto scalar = inside.whole(der::octet_string);
  if (!scalar) return {};
  std::shared_ptr<const EcCurve> own;
  if (const auto parameters = inside.whole(der::context_0)) own = curve_of_parameters(parameters->content);
  Bytes point;
  if (const auto wrapped = inside.whole(der::context_1)) {
    DerReader bits(*wrapped);
    const auto string = bits.whole(der::bit_string);
    point = string ? der_bits(*string).value_or(Bytes{}) : Bytes{};
  }
  if (curve != nullptr || own != nullptr) {
    const std::array curves{curve != nullptr ? curve : own};
    return relate_ec(curves, scalar->content, point);
  }
  if (point.empty()) return {};
  return relate_ec(EcCurve::of_point_size(point.size()), scalar->content, point);
}

Outcome judge_dsa_der(Bytes der) {
  DerReader reader(der);
  const auto outer = reader.next(der::sequence);
  if (!outer) return {};
  DerReader inside(*outer);
  if (!inside.whole(der::integer)) return {};
  DiscreteLogNumbers numbers;
  for (auto* const slot : {&numbers.p, &numbers.q, &numbers.g, &numbers.y, &numbers.x})
    *slot = number(inside);
  return relate_discrete_log(numbers, {});
}

}  // namespace dumpgate
