// The HMAC hunter: the key that signed a JSON Web Token of the dump, as random bytes anywhere in it. The one
// rule: the whole MAC of the token decides (proof/token_check.h).
//
// Keys of 32, 48 and 64 bytes, as the three hashes ask for. A trial costs a microsecond, so of tokens with
// the same header four are tried, and eight in all: whoever signs with several keys mostly says so in the
// header. Tokens whose key lay near enough were settled in the first pass and are no leads.

#include <algorithm>
#include <array>

#include "scanner/detect/random_words.h"
#include "scanner/hunt/hunter.h"
#include "scanner/proof/secret_name.h"
#include "scanner/proof/token_check.h"

namespace dumpgate {
namespace {

constexpr std::array<std::size_t, 3> key_words{4, 6, 8};
constexpr std::size_t most_of_a_header = 4;
constexpr std::size_t most_tokens = 8;

class TokenHunt final : public Hunt {
 public:
  explicit TokenHunt(const LeadSet& leads) : site_key_(leads.site_key) {
    std::vector<SecretBytes> headers;
    for (const Oracle& oracle : leads.oracles()) {
      if (oracle.kind != Oracle::Kind::hmac_token || tokens_.size() >= most_tokens) continue;
      const auto check = TokenCheck::make(oracle.bytes);
      if (!check) continue;
      SecretBytes header = secret_copy(check->header());
      if (std::ranges::count(headers, header) >= static_cast<std::ptrdiff_t>(most_of_a_header)) continue;
      headers.push_back(std::move(header));
      tokens_.push_back(oracle.bytes);
    }
  }
  bool empty() const { return tokens_.empty(); }

  void examine(HuntUnit& unit, std::vector<Finding>& findings) const override {
    std::vector<TokenCheck> checks;
    for (const SecretBytes& token : tokens_)
      if (auto check = TokenCheck::make(token)) checks.push_back(std::move(*check));
    RandomTest random;
    unit.own().for_each([&](const NumberRun& run) {
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
  void test(const NumberRun& run, std::size_t at, std::size_t size, std::vector<TokenCheck>& checks,
            std::vector<Finding>& findings) const {
    SecretBytes key(size * 8);
    for (std::size_t i = 0; i < key.size(); ++i) {
      const std::size_t place = run.order == ByteOrder::little ? i % 8 : 7 - i % 8;
      key[i] = static_cast<std::byte>((run.words[at + i / 8] >> (8 * place)) & 0xffU);
    }
    if (std::ranges::none_of(checks, [&](TokenCheck& check) { return check.signed_by(key); })) return;
    Finding finding;
    finding.signature = "hmac-key";
    finding.kind = KeyKind::symmetric_signing_key;
    finding.use = KeyUse::signing;
    finding.algorithm = "hmac";
    finding.bits = static_cast<unsigned>(key.size() * 8);
    finding.representation = run.text ? "base64" : "bytes";
    finding.evidence = Evidence::proof;
    finding.relation = "hmac(token)";
    finding.detail = "it signs JSON Web Tokens";
    finding.offset = run.place(at * 8);
    finding.length = run.length(key.size());
    while (!key.empty() && key.back() == std::byte{0}) key.pop_back();
    name_secret(key, site_key_, finding);
    findings.push_back(std::move(finding));
  }

  SecretBytes site_key_;
  std::vector<SecretBytes> tokens_{};
};

class HmacTokenHunter final : public Hunter {
 public:
  std::string_view name() const noexcept override { return "hmac-token"; }
  std::span<const std::string_view> representations(const PublicKey&) const noexcept override { return {}; }
  std::unique_ptr<Hunt> prepare(const LeadSet& leads) const override {
    auto hunt = std::make_unique<TokenHunt>(leads);
    if (hunt->empty()) return nullptr;
    return hunt;
  }
};

constinit const HmacTokenHunter hmac_token_instance;

}  // namespace

constinit const Hunter& hmac_token_hunter = hmac_token_instance;

}  // namespace dumpgate
