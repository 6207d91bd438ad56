// AES key schedules: every word follows from the key (FIPS 197 section 5.2), which chance satisfies with
// probability 2^-1152 at most. The one rule: the schedule is expanded anew from the bytes, whatever the
// detector thought of them.

#include "scanner/detect/aes_schedule.h"
#include "scanner/proof/prove.h"
#include "scanner/proof/secret_name.h"

namespace dumpgate {
namespace {

class AesScheduleProof final : public Proof {
 public:
  std::string_view name() const noexcept override { return "aes-schedule"; }
  bool takes(Form form) const noexcept override { return form == Form::aes_schedule; }

  bool judge(const Candidate&, std::span<const std::byte> payload, Finding&,
             std::vector<Lead>&) const override {
    return aes_schedule_at(payload).has_value();
  }

  bool judge_in(const Window& window, const Candidate&, std::span<const std::byte> payload, Finding& finding,
                std::vector<Lead>&) const override {
    const auto schedule = aes_schedule_at(payload);
    if (!schedule) return false;
    finding.evidence = Evidence::proof;
    finding.relation = "aes-key-schedule";
    finding.bits = schedule->key_bits;
    name_secret(schedule->key, window.site_key, finding);
    return true;
  }
};

constinit const AesScheduleProof aes_schedule_instance;

}  // namespace

extern const Proof& aes_schedule_proof;
const Proof& aes_schedule_proof = aes_schedule_instance;

}  // namespace dumpgate
