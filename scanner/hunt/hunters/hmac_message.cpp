// The HMAC hunter: the key that signed a JSON Web Token or a DNS request of the dump, as random bytes
// anywhere in it. The one rule: the whole MAC of the message decides (proof/mac_check.h).
//
// Keys of 32, 48 and 64 bytes, as the hashes of the SHA-2 family ask for. A trial costs a microsecond, so of
// messages with the same signer (a token's header, a DNS key's name) four are tried, and eight in all of
// either kind: whoever signs with several keys mostly says so in the header. Messages whose key lay near
// enough were settled in the first pass and are no leads.

#include <algorithm>
#include <array>

#include "scanner/detect/random_words.h"
#include "scanner/hunt/hunter.h"
#include "scanner/proof/mac_check.h"
#include "scanner/proof/secret_name.h"

namespace dumpgate {
namespace {

constexpr std::array<std::size_t, 3> key_words{4, 6, 8};
constexpr std::ptrdiff_t most_of_a_signer = 4;
constexpr std::ptrdiff_t most_of_a_kind = 8;

class MessageHunt final : public Hunt {
 public:
  explicit MessageHunt(const LeadSet& leads) : site_key_(leads.site_key) {
    std::vector<SecretBytes> signers;
    for (const Oracle& oracle : leads.oracles()) {
      if (std::ranges::count(messages_, oracle.kind, &Oracle::kind) >= most_of_a_kind) continue;
      const auto check = MacCheck::make(oracle.kind, oracle.bytes);
      if (!check) continue;
      SecretBytes signer = secret_copy(check->signer());
      if (std::ranges::count(signers, signer) >= most_of_a_signer) continue;
      signers.push_back(std::move(signer));
      messages_.push_back(oracle);
    }
  }
  bool empty() const { return messages_.empty(); }

  void examine(HuntUnit& unit, std::vector<Finding>& findings) const override {
    std::vector<Check> checks;
    for (const Oracle& message : messages_)
      if (auto mac = MacCheck::make(message.kind, message.bytes))
        checks.push_back({message.kind, std::move(*mac)});
    RandomTest random;
    unit.each_run([&](const NumberRun& run) {
      if (run.digits != 0) return;
      random.read(run.words);
      for (const std::size_t size : key_words)
        for (std::size_t at = 0; at + size <= run.words.size(); ++at) {
          const bool tried = run.words.size() <= small_run || at == 0 || at + size == run.words.size();
          if (tried && random.looks_random(at, size)) test(run, at, size, checks, findings);
        }
    });
  }

 private:
  struct Check {
    Oracle::Kind kind = Oracle::Kind::none;
    MacCheck mac;
  };

  void test(const NumberRun& run, std::size_t at, std::size_t size, std::vector<Check>& checks,
            std::vector<Finding>& findings) const {
    SecretBytes key(size * 8);
    for (std::size_t i = 0; i < key.size(); ++i) {
      const std::size_t place = run.order == ByteOrder::little ? i % 8 : 7 - i % 8;
      key[i] = static_cast<std::byte>((run.words[at + i / 8] >> (8 * place)) & 0xffU);
    }
    const auto signs = std::ranges::find_if(checks, [&](Check& check) { return check.mac.signed_by(key); });
    if (signs == checks.end()) return;
    Finding finding;
    finding.signature = "hmac-key";
    finding.kind = KeyKind::symmetric_signing_key;
    finding.use = KeyUse::signing;
    finding.algorithm = "hmac";
    finding.bits = static_cast<unsigned>(key.size() * 8);
    finding.representation = run.text ? "base64" : "bytes";
    finding.evidence = Evidence::proof;
    finding.relation = mac_relation(signs->kind);
    finding.detail = mac_purpose(signs->kind);
    finding.offset = run.place(at * 8);
    finding.length = run.length(key.size());
    while (!key.empty() && key.back() == std::byte{0}) key.pop_back();
    name_secret(key, site_key_, finding);
    findings.push_back(std::move(finding));
  }

  SecretBytes site_key_;
  std::vector<Oracle> messages_{};
};

class HmacMessageHunter final : public Hunter {
 public:
  std::string_view name() const noexcept override { return "hmac-message"; }
  std::span<const std::string_view> representations(const PublicKey&) const noexcept override { return {}; }
  std::unique_ptr<Hunt> prepare(const LeadSet& leads) const override {
    auto hunt = std::make_unique<MessageHunt>(leads);
    if (hunt->empty()) return nullptr;
    return hunt;
  }
};

constinit const HmacMessageHunter hmac_message_instance;

}  // namespace

constinit const Hunter& hmac_message_hunter = hmac_message_instance;

}  // namespace dumpgate
