// RSA private keys by themselves: whole, cut, or only the run of numbers that is left of one. The relations
// are those of proof/rsa_relation.cpp.

#include "scanner/base/der_reader.h"
#include "scanner/proof/der_private.h"

namespace dumpgate {
namespace {

constexpr std::size_t most_numbers = 12;

Outcome judge_chain(std::span<const std::byte> payload) {
  DerReader reader(payload);
  std::vector<BigNumber> numbers;
  while (numbers.size() < most_numbers) {
    const auto element = reader.next(der::integer);
    const auto digits = element ? der_unsigned(*element) : std::nullopt;
    if (!digits) break;
    numbers.push_back(BigNumber::from_big_endian(*digits));
  }
  return relate_rsa_chain(numbers);
}

class RsaProof final : public Proof {
 public:
  std::string_view name() const noexcept override { return "rsa"; }
  bool takes(Form form) const noexcept override {
    return form == Form::pkcs1_private || form == Form::rsa_chain;
  }
  bool judge(const Candidate& candidate, std::span<const std::byte> payload, Finding& finding,
             std::vector<Lead>& leads) const override {
    finding.algorithm = "rsa";
    auto outcome = candidate.form == Form::rsa_chain ? judge_chain(payload) : judge_rsa_der(payload);
    return apply(std::move(outcome), finding, leads);
  }
};

constinit const RsaProof rsa_instance;

}  // namespace

extern const Proof& rsa_proof;
const Proof& rsa_proof = rsa_instance;

}  // namespace dumpgate
