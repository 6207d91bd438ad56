#include "scanner/proof/ssh_private.h"

#include <array>
#include <optional>
#include <span>
#include <utility>

namespace dumpgate {
namespace {

std::optional<BigNumber> next_number(SshReader& reader) {
  const auto bytes = reader.number();
  if (!bytes) return std::nullopt;
  return BigNumber::from_big_endian(*bytes);
}

Outcome judge_rsa(SshReader& reader) {
  RsaNumbers numbers;
  for (auto* const slot : {&numbers.n, &numbers.e, &numbers.d, &numbers.qinv, &numbers.p, &numbers.q}) {
    *slot = next_number(reader);
  }
  return relate_rsa(std::move(numbers));
}

Outcome judge_ec(SshReader& reader) {
  const auto curve = reader.text();
  const auto point = reader.string();
  const auto scalar = reader.number();
  if (!curve || !point || !scalar) return {};
  const std::array curves{EcCurve::by_name(ssh_curve(*curve))};
  return relate_ec(curves, *scalar, *point);
}

// The private string is the seed and the public key, one after the other.
Outcome judge_ed25519(SshReader& reader) {
  const auto half = reader.string();
  const auto both = reader.string();
  if (!half || !both || both->size() < 32 || both->size() > 64) return {};
  return relate_raw(KeyAlgorithm::ed25519, both->first(32), *half);
}

Outcome judge_dsa(SshReader& reader) {
  DiscreteLogNumbers numbers;
  for (auto* const slot : {&numbers.p, &numbers.q, &numbers.g, &numbers.y, &numbers.x})
    *slot = next_number(reader);
  return relate_discrete_log(numbers, {});
}

}  // namespace

Outcome relate_ssh_private(std::string_view type, SshReader& reader) {
  if (type == "ssh-rsa") return judge_rsa(reader);
  if (type.starts_with("ecdsa-sha2-")) return judge_ec(reader);
  if (type == "ssh-ed25519") return judge_ed25519(reader);
  if (type == "ssh-dss") return judge_dsa(reader);
  return {};
}

}  // namespace dumpgate
