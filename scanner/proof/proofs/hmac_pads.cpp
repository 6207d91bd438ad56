// HMAC keys in their pads (RFC 2104): two blocks that differ by 0x36 ^ 0x5c in every byte prove each other,
// which chance satisfies with probability 2^-512; a single block stays what its detector found. The one rule:
// the key's name is made of the key without pad and without trailing zeros, so that each form of it has the
// same name.

#include <algorithm>

#include "scanner/proof/prove.h"
#include "scanner/proof/secret_name.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;

// The key in a block. A block without a tail does not say which pad it is: then it is `otherwise`.
SecretBytes key_in(Bytes block, std::byte otherwise) {
  const std::byte last = block.back();
  const std::byte pad = last == std::byte{0x36} || last == std::byte{0x5c} ? last : otherwise;
  SecretBytes key(block.size());
  std::ranges::transform(block, key.begin(), [pad](std::byte byte) { return byte ^ pad; });
  while (!key.empty() && key.back() == std::byte{0}) key.pop_back();
  return key;
}

bool prove_each_other(Bytes first, Bytes second) {
  return std::ranges::equal(first, second,
                            [](std::byte a, std::byte b) { return (a ^ b) == std::byte{0x6a}; });
}

class HmacPadsProof final : public Proof {
 public:
  std::string_view name() const noexcept override { return "hmac-pads"; }
  bool takes(Form form) const noexcept override { return form == Form::hmac_pad || form == Form::hmac_pads; }

  bool judge(const Candidate& candidate, Bytes payload, Finding& finding,
             std::vector<Lead>& leads) const override {
    return judge_in({}, candidate, payload, finding, leads);
  }

  bool judge_in(const Window& window, const Candidate& candidate, Bytes payload, Finding& finding,
                std::vector<Lead>&) const override {
    const bool is_pair = candidate.form == Form::hmac_pads;
    const std::size_t size = is_pair ? payload.size() / 2 : payload.size();
    if (size == 0) return true;
    const SecretBytes key = key_in(payload.first(size), std::byte{0x36});
    finding.bits = static_cast<unsigned>(key.size() * 8);
    name_secret(key, window.site_key, finding);
    if (is_pair && prove_each_other(payload.first(size), payload.subspan(size, size))) {
      finding.evidence = Evidence::proof;
      finding.relation = "ipad^opad";
    }
    return true;
  }
};

constinit const HmacPadsProof hmac_pads_instance;

}  // namespace

extern const Proof& hmac_pads_proof;
const Proof& hmac_pads_proof = hmac_pads_instance;

}  // namespace dumpgate
