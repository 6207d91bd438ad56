// d*G = Q for EC private keys by themselves: SEC 1, or only the scalar and the point that are left of one.

#include "scanner/base/der_reader.h"
#include "scanner/base/der_writer.h"
#include "scanner/proof/der_private.h"

namespace dumpgate {
namespace {

// A tail becomes an ECPrivateKey again by putting a version and a header before it.
SecretBytes with_head(std::span<const std::byte> tail) {
  static constexpr std::byte version[] = {std::byte{der::integer}, std::byte{1}, std::byte{1}};
  const auto header = der_header(der::sequence, sizeof version + tail.size());
  SecretBytes whole;
  whole.reserve(header.size() + sizeof version + tail.size());
  whole.insert(whole.end(), header.begin(), header.end());
  whole.insert(whole.end(), std::begin(version), std::end(version));
  whole.insert(whole.end(), tail.begin(), tail.end());
  return whole;
}

class EcProof final : public Proof {
 public:
  std::string_view name() const noexcept override { return "ec"; }
  bool takes(Form form) const noexcept override {
    return form == Form::sec1_private || form == Form::ec_tail;
  }
  bool judge(const Candidate& candidate, std::span<const std::byte> payload, Finding& finding,
             std::vector<Lead>& leads) const override {
    finding.algorithm = "ec";
    if (candidate.form == Form::sec1_private) return apply(judge_ec_der(payload, nullptr), finding, leads);
    return apply(judge_ec_der(with_head(payload), nullptr), finding, leads);
  }
};

constinit const EcProof ec_instance;

}  // namespace

extern const Proof& ec_proof;
const Proof& ec_proof = ec_instance;

}  // namespace dumpgate
