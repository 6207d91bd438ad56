#include "scanner/proof/prove.h"

#include <algorithm>
#include <exception>

#include "scanner/base/hex.h"
#include "scanner/io/digest.h"
#include "scanner/proof/relations.h"

namespace dumpgate {
namespace {

std::span<const std::byte> payload_of(const Window& window, const Candidate& candidate) {
  if (!candidate.payload.empty()) return candidate.payload;
  if (candidate.begin > window.bytes.size()) return {};
  return window.bytes.subspan(candidate.begin,
                              std::min(candidate.size, window.bytes.size() - candidate.begin));
}

const Signature* signature_by_id(const Window& window, std::string_view id) {
  return window.signatures != nullptr ? window.signatures->by_id(id) : nullptr;
}

Finding finding_from(const Window& window, const Candidate& candidate) {
  Finding finding;
  finding.signature = candidate.signature;
  finding.algorithm = candidate.algorithm;
  finding.representation = candidate.representation;
  finding.evidence = candidate.evidence;
  finding.cut = candidate.cut;
  finding.detail = candidate.detail;
  finding.offset = window.offset + candidate.begin;
  finding.length = candidate.size;
  if (const Signature* const signature = signature_by_id(window, candidate.signature)) {
    finding.kind = signature->kind;
    finding.use = signature->use;
    if (finding.algorithm.empty()) finding.algorithm = signature->algorithm;
  }
  if (candidate.encrypted && finding.kind == KeyKind::private_key)
    finding.kind = KeyKind::encrypted_private_key;
  return finding;
}

bool is_public(Form form) {
  return form == Form::spki || form == Form::certificate || form == Form::pkcs1_public ||
         form == Form::ssh_public || form == Form::bare_point;
}

// A PEM label such as PRIVATE KEY does not say which algorithm the key is for; the encoding does. design 4.3:
// keys of a signing algorithm sign unless something says otherwise.
void settle_use(const Window& window, Finding& finding) {
  if (finding.algorithm.empty()) return;
  const std::string family = finding.algorithm == "rsa-pss" ? "rsa" : finding.algorithm;
  const Signature* const own = signature_by_id(window, family + "-private-key");
  if (finding.signature == "private-key" && own != nullptr) {
    finding.signature = own->id;
    finding.use = own->use;
  }
  if (finding.use != KeyUse::unknown || finding.kind != KeyKind::private_key) return;
  const auto is = [&](std::string_view name) { return family == name; };
  if (is("x25519") || is("x448") || is("dh") || is("ml-kem")) finding.use = KeyUse::agreement;
  if (is("rsa") || is("ec") || is("ed25519") || is("ed448") || is("dsa") || is("ml-dsa") || is("slh-dsa")) {
    finding.use = KeyUse::signing;
  }
}

}  // namespace

bool apply(Outcome outcome, Finding& finding, std::vector<Lead>& leads) {
  if (outcome.refuted) return false;
  if (outcome.proven) {
    finding.evidence = Evidence::proof;
    finding.relation = outcome.relation;
  } else if (outcome.doubtful) {
    finding.evidence = std::min(finding.evidence, Evidence::marker);
    finding.detail = "the numbers do not belong together";
  }
  if (outcome.stated && !outcome.proven)
    leads.push_back({.key = std::move(*outcome.stated), .origin = KeyOrigin::stated});
  if (!outcome.key) return true;
  PublicKey& key = *outcome.key;
  if (key.algorithm != KeyAlgorithm::other) finding.algorithm = to_string(key.algorithm);
  finding.bits = key.bits;
  finding.curve = key.curve;
  finding.public_key_sha256 = key.sha256;
  finding.public_key_derived = outcome.derived;
  leads.push_back(
      {.key = std::move(key), .origin = outcome.derived ? KeyOrigin::private_key : KeyOrigin::stated});
  return true;
}

Judgement prove(const Window& window, const Candidate& candidate) {
  Judgement judgement;
  Finding finding = finding_from(window, candidate);
  bool stands = true;
  try {
    const auto payload = payload_of(window, candidate);
    for (const Proof* const proof : all_proofs()) {
      if (!proof->takes(candidate.form)) continue;
      stands = proof->judge_in(window, candidate, payload, finding, judgement.leads) && stands;
      if (const auto far = proof->pointers(window, candidate)) judgement.shield_pointers = far;
    }
  } catch (const std::exception&) {
    // No memory for the arithmetic: the candidate keeps what its detector established.
    finding = finding_from(window, candidate);
    stands = !is_public(candidate.form);
  }
  if (!stands) return judgement;
  settle_use(window, finding);
  // An encrypted body has no public half that could name it; its own digest does.
  if (candidate.encrypted && !candidate.cut && !candidate.payload.empty() && finding.encoding_sha256.empty())
    finding.encoding_sha256 = to_hex(Sha256::of(candidate.payload));
  judgement.finding = std::move(finding);
  return judgement;
}

}  // namespace dumpgate
