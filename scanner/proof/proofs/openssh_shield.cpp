// Shielded OpenSSH keys: looks around a prekey for what it opens. The one rule: nothing says that the
// shielded key is near (both were seen 220 KiB apart), so a prekey that opens nothing here goes to the hunt.

#include <algorithm>

#include "scanner/proof/prove.h"
#include "scanner/proof/shield.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;

class OpensshShieldProof final : public Proof {
 public:
  std::string_view name() const noexcept override { return "openssh-shield"; }
  bool takes(Form form) const noexcept override { return form == Form::shield_prekey; }

  bool judge(const Candidate&, Bytes, Finding&, std::vector<Lead>&) const override { return false; }

  bool judge_in(const Window& window, const Candidate& candidate, Bytes payload, Finding& finding,
                std::vector<Lead>& leads) const override {
    SecretBytes key = shield_key(payload);
    const Shield shield(key);
    const Window::Around around = window.around(candidate.begin);
    // malloc gives both blocks the same alignment.
    for (std::size_t at = around.at % 8; at + 8 <= around.bytes.size(); at += 8) {
      const auto here = around.bytes.subspan(at, 8);
      const auto begins_here = [here](const auto& opening) { return std::ranges::equal(here, opening); };
      if (std::ranges::none_of(shield.openings(), begins_here)) continue;
      if (!shield.open(around.bytes.subspan(at), finding, leads)) continue;
      finding.offset = window.offset + around.begin + at;
      return true;
    }
    leads.push_back({.oracle = {.kind = Oracle::Kind::openssh_shield, .bytes = std::move(key)}});
    return false;
  }
};

constinit const OpensshShieldProof openssh_shield_instance;

}  // namespace

extern const Proof& openssh_shield_proof;
const Proof& openssh_shield_proof = openssh_shield_instance;

}  // namespace dumpgate
