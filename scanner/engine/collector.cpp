#include "scanner/engine/collector.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "scanner/hunt/byproducts.h"

namespace dumpgate {
namespace {

// Two findings are occurrences of one when a reader could not tell them apart but by their place. Keys
// without a name are told apart by their place, except hints, which come by the thousand.
std::string identity(const Finding& f) {
  std::string text = f.layer;
  for (const std::string_view part :
       {std::string_view(f.signature), to_string(f.kind), to_string(f.use), std::string_view(f.algorithm),
        std::string_view(f.curve), std::string_view(f.representation), to_string(f.evidence),
        std::string_view(f.relation), std::string_view(f.detail), std::string_view(f.public_key_sha256),
        std::string_view(f.encoding_sha256), std::string_view(f.secret_id)}) {
    text.push_back('\n');
    text.append(part);
  }
  text += f.cut ? "\ncut" : "\nwhole";
  text += f.public_key_derived ? "\nderived" : "\nread";
  text += f.exemptible ? "\nexemptible" : "\nnot exemptible";
  if (f.public_key_sha256.empty() && f.encoding_sha256.empty() && f.secret_id.empty() &&
      f.evidence != Evidence::hint)
    text += "\n" + std::to_string(f.offset);
  return text;
}

// The relation by which a public half, computed from the private part, equals one that was seen on its own.
std::string_view relation_to_public_half(std::string_view algorithm) {
  if (algorithm == "ec") return "d*G=Q";
  if (algorithm == "dsa" || algorithm == "dh") return "g^x=y";
  if (algorithm == "x25519" || algorithm == "x448") return "k*G=U";
  return "seed->A";
}

// Whether a number satisfies the relation because it is, or yields, one of the modulus' factors: then it does
// the same for a product of that factor with any number.
bool is_of_one_factor(std::string_view relation) {
  return relation == "n=p*q" || relation == "p|n" || relation == "2^k-p" || relation == "gcd(2^(e*dP)-2,n)";
}

bool is_rsa(const PublicKey& key) {
  return key.algorithm == KeyAlgorithm::rsa || key.algorithm == KeyAlgorithm::rsa_pss;
}

// Adds a finding that may have become the same as another.
void settle_one(std::map<std::string, Finding>& settled, Finding finding) {
  const std::uint64_t occurrences = finding.occurrences;
  std::string id = identity(finding);
  const auto [entry, fresh] = settled.try_emplace(std::move(id), std::move(finding));
  if (!fresh) entry->second.occurrences += occurrences;
}

bool seen_on_its_own(KeyOrigin origin) {
  return origin != KeyOrigin::private_key && origin != KeyOrigin::number;
}

}  // namespace

void Collector::add(Finding finding) {
  const auto [entry, fresh] = findings_.try_emplace(identity(finding), finding);
  if (fresh) {
    if (findings_.size() <= most_findings) return;
    const std::string layer = finding.layer;
    findings_.erase(entry);
    if (!std::exchange(full_, true))
      gaps_.push_back({.reason = GapReason::limit,
                       .layer = layer,
                       .offset = finding.offset,
                       .detail = "more findings than are kept"});
    return;
  }
  Finding& known = entry->second;
  const std::uint64_t occurrences = known.occurrences + finding.occurrences;
  if (finding.offset < known.offset) known = std::move(finding);
  known.occurrences = occurrences;
}

void Collector::add(Gap gap) {
  if (gap.reason != GapReason::absent) {
    if (gaps_.size() < most_gaps) gaps_.push_back(std::move(gap));
  } else if (absent_.size() < most_absent) {
    absent_.push_back(std::move(gap));
  } else {
    ++more_absent_;
  }
}

void Collector::add(const Lead& lead) {
  if (lead.oracle.kind != Oracle::Kind::none) {
    if (!leads_.add(lead.oracle) && !std::exchange(full_, true))
      gaps_.push_back({.reason = GapReason::limit, .detail = "more prekeys of shielded keys than are kept"});
    return;
  }
  if (!leads_.add(lead.key, lead.origin) && !std::exchange(full_, true))
    gaps_.push_back({.reason = GapReason::limit, .detail = "more public keys than are kept"});
}

void Collector::add(const NamedPublicKey& protect) {
  if (!leads_.add(protect.key, KeyOrigin::protect, protect.name) && !std::exchange(full_, true))
    gaps_.push_back({.reason = GapReason::limit, .detail = "more keys to protect than are looked for"});
}

void Collector::adopt_exponents() {
  std::map<std::vector<std::byte>, const KnownKey*> by_modulus;
  for (const auto& [name, known] : leads_.all()) {
    if (known.key.algorithm != KeyAlgorithm::rsa || known.origin == KeyOrigin::number) continue;
    const KnownKey*& best = by_modulus.try_emplace(known.key.n, &known).first->second;
    if (rank(known.origin) > rank(best->origin)) best = &known;  // anybody can state an exponent
  }
  std::map<std::string, Finding> settled;
  for (auto& [id, finding] : findings_) {
    const KnownKey* key = leads_.by_sha256(finding.public_key_sha256);
    if (finding.relation == "n=p*q" && key != nullptr && key->key.algorithm == KeyAlgorithm::rsa &&
        finding.representation.starts_with("limbs")) {
      const auto named = by_modulus.find(key->key.n);
      if (named != by_modulus.end()) {
        finding.public_key_sha256 = named->second->key.sha256;
        finding.detail.clear();
      }
    }
    settle_one(settled, std::move(finding));
  }
  findings_ = std::move(settled);
}

void Collector::join_relations() {
  const auto place = [](const Finding& f) {
    return std::tuple(f.layer, f.representation, f.public_key_sha256);
  };
  std::map<std::tuple<std::string, std::string, std::string>, Finding*> products;
  for (auto& [id, finding] : findings_)
    if (finding.relation == "n=p*q" && finding.representation.starts_with("limbs"))
      products.emplace(place(finding), &finding);
  std::erase_if(findings_, [&](const auto& entry) {
    const Finding& divisor = entry.second;
    if (divisor.relation != "p|n") return false;
    const auto product = products.find(place(divisor));
    if (product == products.end()) return false;
    product->second->occurrences = std::max(product->second->occurrences, divisor.occurrences);
    return true;
  });
}

void Collector::unname_byproducts() {
  std::map<std::string, bool> by_name;  // proven keys: whether known by more than a factor
  for (const auto& [id, finding] : findings_)
    if (finding.evidence == Evidence::proof)
      by_name[finding.public_key_sha256] |= !is_of_one_factor(finding.relation);
  std::vector<const PublicKey*> products, keys;
  for (const auto& [name, whole] : by_name) {
    const KnownKey* known = leads_.by_sha256(name);
    if (known == nullptr || !is_rsa(known->key)) continue;
    (whole || known->origin != KeyOrigin::number ? keys : products).push_back(&known->key);
  }
  const std::set<std::string> names = byproducts(products, keys);
  if (names.empty()) return;
  std::map<std::string, Finding> settled;
  for (auto& [id, finding] : findings_) {
    if (names.contains(finding.public_key_sha256)) {
      nobodys_.insert(finding.public_key_sha256);
      finding.public_key_sha256.clear();
      finding.detail =
          "shares a prime with another number found here: one is a key, the other may be a product of its "
          "signatures";
    }
    settle_one(settled, std::move(finding));
  }
  findings_ = std::move(settled);
}

void Collector::settle() {
  for (auto& [id, finding] : findings_) {
    if (!finding.public_key_derived || finding.evidence == Evidence::proof ||
        finding.evidence == Evidence::hint)
      continue;
    const KnownKey* known = leads_.by_sha256(finding.public_key_sha256);
    if (known == nullptr || !seen_on_its_own(known->origin)) continue;
    finding.evidence = Evidence::proof;
    finding.relation = relation_to_public_half(finding.algorithm);
  }
  adopt_exponents();
  join_relations();
  unname_byproducts();
}

std::vector<Finding> Collector::take_findings() {
  std::vector<Finding> all;
  all.reserve(findings_.size());
  for (auto& [id, finding] : findings_) all.push_back(std::move(finding));
  findings_.clear();
  std::ranges::sort(all, {}, [](const Finding& f) {
    return std::tie(f.layer, f.offset, f.signature, f.representation, f.relation, f.public_key_sha256,
                    f.length);
  });
  return all;
}

std::vector<std::string> Collector::public_keys_seen() const {
  std::vector<std::string> names;
  for (const auto& [name, known] : leads_.all())
    if (known.seen && !nobodys_.contains(name)) names.push_back(name);
  return names;
}

std::vector<Gap> Collector::take_gaps() {
  if (more_absent_ > 0)
    absent_.push_back(
        {.reason = GapReason::absent,
         .detail = std::to_string(more_absent_) + " more images do not hold all of their memory"});
  std::ranges::move(absent_, std::back_inserter(gaps_));
  const auto key = [](const Gap& g) { return std::tie(g.layer, g.offset, g.reason, g.length, g.detail); };
  std::ranges::sort(gaps_, {}, key);
  const auto same = std::ranges::unique(gaps_);
  gaps_.erase(same.begin(), same.end());
  return std::move(gaps_);
}

}  // namespace dumpgate
