// Public keys: no findings, but leads for the hunt, with the place that decides whether their private half
// signs.

#include "scanner/proof/prove.h"

namespace dumpgate {
namespace {

struct Parser {
  Form form = Form::none;
  KeyOrigin origin = KeyOrigin::spki;
  std::optional<PublicKey> (*parse)(std::span<const std::byte>) = nullptr;
};

constexpr Parser parsers[] = {
    {Form::spki, KeyOrigin::spki, parse_spki},
    {Form::certificate, KeyOrigin::certificate, parse_certificate},
    {Form::pkcs1_public, KeyOrigin::pkcs1, parse_pkcs1_public},
    {Form::ssh_public, KeyOrigin::ssh, parse_ssh_public},
};

class PublicFormProof final : public Proof {
 public:
  std::string_view name() const noexcept override { return "public-form"; }
  bool takes(Form form) const noexcept override {
    for (const auto& parser : parsers) {
      if (parser.form == form) return true;
    }
    return false;
  }

  // Always false: what harms nobody is no finding.
  bool judge(const Candidate& candidate, std::span<const std::byte> payload, Finding&,
             std::vector<Lead>& leads) const override {
    for (const auto& parser : parsers) {
      if (parser.form != candidate.form) continue;
      if (auto key = parser.parse(payload))
        leads.push_back({.key = std::move(*key), .origin = parser.origin});
    }
    return false;
  }
};

constinit const PublicFormProof public_form_instance;

}  // namespace

extern const Proof& public_form_proof;
const Proof& public_form_proof = public_form_instance;

}  // namespace dumpgate
