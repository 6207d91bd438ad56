// Pointers to a prekey of a shielded OpenSSH key: they ask for the memory they point to. The one rule: they
// are never a finding; what the prekey opens is one.

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

  std::optional<FarPrekey> far_prekey(const Window& window, const Candidate& candidate) const override {
    if (window.regions == nullptr) return std::nullopt;
    const auto offset = prekey_offset(window, candidate.begin);
    if (!offset) return std::nullopt;
    return FarPrekey{.asked_at = window.offset + candidate.begin, .offset = *offset};
  }
};

constinit const OpensshShieldPointersProof openssh_shield_pointers_instance;

}  // namespace

extern const Proof& openssh_shield_pointers_proof;
const Proof& openssh_shield_pointers_proof = openssh_shield_pointers_instance;

}  // namespace dumpgate
