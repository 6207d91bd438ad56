// Keys behind a passphrase: encrypted PKCS #8 and PKCS #12. There is nothing to prove without it, so they
// stay what the detector found: a structure, or a marker when cut.

#include "scanner/base/hex.h"
#include "scanner/io/digest.h"
#include "scanner/proof/prove.h"

namespace dumpgate {
namespace {

class ContainerProof final : public Proof {
 public:
  std::string_view name() const noexcept override { return "container"; }
  bool takes(Form form) const noexcept override {
    return form == Form::pkcs8_encrypted || form == Form::pkcs12;
  }
  bool judge(const Candidate& candidate, std::span<const std::byte> payload, Finding& finding,
             std::vector<Lead>&) const override {
    finding.kind = candidate.form == Form::pkcs12 ? KeyKind::keystore : KeyKind::encrypted_private_key;
    if (!candidate.cut) finding.encoding_sha256 = to_hex(Sha256::of(payload));
    return true;
  }
};

constinit const ContainerProof container_instance;

}  // namespace

extern const Proof& container_proof;
const Proof& container_proof = container_instance;

}  // namespace dumpgate
