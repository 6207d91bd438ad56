// The shielded OpenSSH hunter: what the prekeys of the dump open, wherever it lies. The one rule: the
// decrypted numbers must prove each other (proof/shield.h); the eight bytes by which a place is chosen only
// filter.
//
// A shielded key is a block of malloc's of its own, so it begins where a word begins, and it is one run: 120
// words for RSA-2048, of which one is plain by chance with probability 0.4 %. Prekeys whose key lay near
// enough were opened in the first pass and are no leads.

#include <algorithm>
#include <array>
#include <bitset>
#include <unordered_map>

#include "scanner/hunt/hunter.h"
#include "scanner/proof/shield.h"

namespace dumpgate {
namespace {

SecretBytes bytes_of(std::span<const std::uint64_t> words, ByteOrder order) {
  SecretBytes bytes(words.size() * 8);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t place = order == ByteOrder::little ? i % 8 : 7 - i % 8;
    bytes[i] = static_cast<std::byte>((words[i / 8] >> (8 * place)) & 0xffU);
  }
  return bytes;
}

class ShieldHunt final : public Hunt {
 public:
  explicit ShieldHunt(const LeadSet& leads) {
    for (const Oracle& oracle : leads.oracles())
      if (oracle.kind == Oracle::Kind::openssh_shield && oracle.bytes.size() == shield_key_size)
        shields_.emplace_back(oracle.bytes);
    for (const Shield& shield : shields_)
      for (const std::span<const std::byte> opening : shield.openings()) {
        const std::uint64_t word = load<std::uint64_t>(opening.data(), ByteOrder::little);
        beginnings_.emplace(word, &shield);
        seen_.set(slot(word));
      }
  }
  bool empty() const { return shields_.empty(); }

  void examine(HuntUnit& unit, std::vector<Finding>& findings) const override {
    unit.each_run([&](const NumberRun& run) {
      if (run.digits != 0 || run.text) return;
      for (std::size_t at = 0; at < run.words.size(); ++at) {
        const std::uint64_t word = run.order == ByteOrder::little ? run.words[at] : swapped(run.words[at]);
        if (seen_.test(slot(word))) open(run, at, word, findings);
      }
    });
  }

 private:
  static std::uint64_t swapped(std::uint64_t word) { return __builtin_bswap64(word); }
  static std::size_t slot(std::uint64_t word) { return word & 0xffffU; }

  void open(const NumberRun& run, std::size_t at, std::uint64_t word, std::vector<Finding>& findings) const {
    const auto [first, last] = beginnings_.equal_range(word);
    for (auto each = first; each != last; ++each) {
      Finding finding;
      std::vector<Lead> leads;  // of the first pass, which is over
      if (!each->second->open(bytes_of(run.words.subspan(at), run.order), finding, leads)) continue;
      finding.offset = run.offset + at * 8;
      findings.push_back(std::move(finding));
      return;
    }
  }

  std::vector<Shield> shields_{};
  std::unordered_multimap<std::uint64_t, const Shield*> beginnings_{};
  std::bitset<65536> seen_{};
};

class OpensshShieldHunter final : public Hunter {
 public:
  std::string_view name() const noexcept override { return "openssh-shield"; }
  std::span<const std::string_view> representations(const PublicKey& key) const noexcept override {
    static constexpr std::array<std::string_view, 1> forms{"openssh-shielded"};
    const bool is_kept = key.algorithm == KeyAlgorithm::rsa || key.algorithm == KeyAlgorithm::ed25519 ||
                         key.algorithm == KeyAlgorithm::ec;
    return is_kept ? std::span<const std::string_view>(forms) : std::span<const std::string_view>{};
  }
  std::unique_ptr<Hunt> prepare(const LeadSet& leads) const override {
    auto hunt = std::make_unique<ShieldHunt>(leads);
    if (hunt->empty()) return nullptr;
    return hunt;
  }
};

constinit const OpensshShieldHunter openssh_shield_instance;

}  // namespace

constinit const Hunter& openssh_shield_hunter = openssh_shield_instance;

}  // namespace dumpgate
