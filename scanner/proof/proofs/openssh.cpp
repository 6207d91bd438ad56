// openssh-key-v1 (OpenSSH PROTOCOL.key): the check numbers must be equal, and the numbers behind them prove
// themselves. Encrypted keys stay a structure, named by the public half that is written beside them.

#include "scanner/base/der_reader.h"
#include "scanner/proof/relations.h"
#include "scanner/proof/ssh_private.h"

#include <algorithm>
#include <array>

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;
using namespace std::string_view_literals;

constexpr auto magic = "openssh-key-v1\0"sv;

struct Sealed {
  std::uint32_t keys = 0;
  std::string_view cipher{};
  Bytes public_blob{};
  Bytes private_blob{};  // as far as it is there
};

std::optional<Sealed> take_apart(Bytes payload) {
  SshReader reader(payload);
  const auto start = reader.take(magic.size());
  if (!start || !equals(*start, magic)) return std::nullopt;
  const auto cipher = reader.text();
  const auto kdf = reader.string();
  const auto kdf_options = reader.string();
  const auto keys = reader.u32();
  const auto public_blob = reader.string();
  if (!cipher || !kdf || !kdf_options || !keys || !public_blob) return std::nullopt;
  Sealed sealed{.keys = *keys, .cipher = *cipher, .public_blob = *public_blob};
  if (const auto size = reader.u32()) {
    sealed.private_blob = reader.take(std::min<std::size_t>(*size, reader.left())).value_or(Bytes{});
  }
  return sealed;
}

// The fields of a key in a hardware token (OpenSSH, PROTOCOL.u2f): the public half, the application, a byte
// of flags, the handle and a reserved string. None of them is secret.
bool skip_handle(std::string_view type, SshReader& reader) {
  const bool has_curve = type.starts_with("sk-ecdsa-");
  if ((has_curve && !reader.string()) || !reader.string() || !reader.string()) return false;
  return reader.take(1) && reader.string() && reader.string();
}

// A comment in text, then the padding 1, 2, 3, ... up to a whole block: nothing else follows a lone key.
bool ends_as_it_should(SshReader& reader) {
  constexpr std::size_t largest_block = 255;
  const auto comment = reader.text();
  if (!comment || reader.left() > largest_block) return false;
  const auto is_text = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; };
  if (!std::all_of(comment->begin(), comment->end(), is_text)) return false;
  const auto padding = reader.take(reader.left()).value_or(Bytes{});
  for (std::size_t i = 0; i < padding.size(); ++i)
    if (std::to_integer<std::size_t>(padding[i]) != i + 1) return false;
  return true;
}

Outcome judge_plain(const Sealed& sealed, Finding& finding) {
  SshReader reader(sealed.private_blob);
  const auto first = reader.u32();
  const auto second = reader.u32();
  const auto type = reader.text();
  if (!first || !second || !type) return {};
  if (first != second) {
    finding.detail = "the check numbers differ: damaged";
    finding.evidence = std::min(finding.evidence, Evidence::marker);
  }
  const bool is_handle = type->starts_with("sk-");
  auto outcome = is_handle ? Outcome{} : relate_ssh_private(*type, reader);
  const bool is_alone =
      sealed.keys == 1 && (!is_handle || skip_handle(*type, reader)) && ends_as_it_should(reader);
  // What the first key does not account for may be another one.
  finding.exemptible = is_alone;
  if (is_handle && is_alone) {
    finding.detail = "the handle of a key that stays in a hardware token";
    finding.evidence = Evidence::hint;
  } else if (!is_alone) {
    finding.detail =
        finding.cut ? "cut short: it may hold more than one key" : "it may hold more than one key";
  }
  return outcome;
}

class OpensshProof final : public Proof {
 public:
  std::string_view name() const noexcept override { return "openssh"; }
  bool takes(Form form) const noexcept override { return form == Form::openssh_private; }

  bool judge(const Candidate&, Bytes payload, Finding& finding, std::vector<Lead>& leads) const override {
    const auto sealed = take_apart(payload);
    if (!sealed) return true;
    auto beside = parse_ssh_public(sealed->public_blob);
    if (sealed->cipher != "none") {
      finding.kind = KeyKind::encrypted_private_key;
      return apply(Outcome{.key = std::move(beside)}, finding, leads);
    }
    auto outcome = judge_plain(*sealed, finding);
    if (!outcome.key) {
      outcome.key = std::move(beside);
      outcome.derived = false;
    }
    return apply(std::move(outcome), finding, leads);
  }
};

constinit const OpensshProof openssh_instance;

}  // namespace

extern const Proof& openssh_proof;
const Proof& openssh_proof = openssh_instance;

}  // namespace dumpgate
