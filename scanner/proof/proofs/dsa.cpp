// g^x = y for OpenSSL's DSA private keys.

#include "scanner/proof/der_private.h"

namespace dumpgate {
namespace {

class DsaProof final : public Proof {
 public:
  std::string_view name() const noexcept override { return "dsa"; }
  bool takes(Form form) const noexcept override { return form == Form::dsa_private; }
  bool judge(const Candidate&, std::span<const std::byte> payload, Finding& finding,
             std::vector<Lead>& leads) const override {
    finding.algorithm = "dsa";
    return apply(judge_dsa_der(payload), finding, leads);
  }
};

constinit const DsaProof dsa_instance;

}  // namespace

extern const Proof& dsa_proof;
const Proof& dsa_proof = dsa_instance;

}  // namespace dumpgate
