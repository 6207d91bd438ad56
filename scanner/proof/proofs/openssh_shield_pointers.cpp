// Pointers to a shielded OpenSSH key and its prekey: they ask for the memory they point to. The one rule:
// they are never a finding; what the prekey opens is one.

#include "scanner/detect/shield_prekey.h"
#include "scanner/proof/prove.h"

namespace dumpgate {
namespace {

class OpensshShieldPointersProof final : public Proof {
 public:
  std::string_view name() const noexcept override { return "openssh-shield-pointers"; }
  bool takes(Form form) const noexcept override { return form == Form::shield_pointers; }

  bool judge(const Candidate&, std::span<const std::byte>, Finding&, std::vector<Lead>&) const override {
    return false;
  }

  std::optional<ShieldPointers> pointers(const Window& window, const Candidate& candidate) const override {
    if (window.regions == nullptr) return std::nullopt;
    return shield_pointers(window, candidate.begin);
  }
};

constinit const OpensshShieldPointersProof openssh_shield_pointers_instance;

}  // namespace

extern const Proof& openssh_shield_pointers_proof;
const Proof& openssh_shield_pointers_proof = openssh_shield_pointers_instance;

}  // namespace dumpgate
