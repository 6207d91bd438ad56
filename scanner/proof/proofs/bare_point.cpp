// Points that no structure names: whatever satisfies a curve's equation is a public key that somebody made,
// and a lead for the hunt. What was it made for? Nobody knows: KeyOrigin::number.

#include <algorithm>

#include "scanner/proof/curve_equation.h"
#include "scanner/proof/prove.h"

namespace dumpgate {
namespace {

class BarePointProof final : public Proof {
 public:
  std::string_view name() const noexcept override { return "bare-point"; }
  bool takes(Form form) const noexcept override { return form == Form::bare_point; }

  // Always false: a public key harms nobody. The payload begins with the point, and may go on behind it.
  bool judge(const Candidate&, std::span<const std::byte> payload, Finding&,
             std::vector<Lead>& leads) const override {
    for (const std::size_t size : bare_point_sizes) {
      if (payload.size() < size) break;
      const auto curve = curve_of_point(payload.first(size));
      if (curve.empty()) continue;
      const auto coordinates = payload.subspan(1, size - 1);
      auto key = ec_public_key(curve, coordinates.first(size / 2), coordinates.subspan(size / 2));
      if (key) leads.push_back({.key = std::move(*key), .origin = KeyOrigin::number});
      break;
    }
    return false;
  }
};

constinit const BarePointProof bare_point_instance;

}  // namespace

extern const Proof& bare_point_proof;
const Proof& bare_point_proof = bare_point_instance;

}  // namespace dumpgate
