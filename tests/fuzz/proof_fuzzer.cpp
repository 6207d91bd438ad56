// The proofs on payloads that no detector has looked at: the first octet chooses the form. Also the parsers
// of public keys, whose names must not depend on how often a key is written and read again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "scanner/proof/prove.h"

namespace {

using namespace dumpgate;

constexpr Form forms[] = {
    Form::pkcs1_private, Form::pkcs8_private, Form::sec1_private,    Form::dsa_private, Form::openssh_private,
    Form::rsa_chain,     Form::ec_tail,       Form::pkcs8_encrypted, Form::pkcs12,      Form::spki,
    Form::certificate,   Form::pkcs1_public,  Form::ssh_public,      Form::number_set,  Form::bare_point};

void read_again(const std::optional<PublicKey>& key) {
  if (!key || key->algorithm == KeyAlgorithm::other) return;
  const auto again = parse_spki(key->spki);
  if (!again || again->sha256 != key->sha256) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto payload = std::as_bytes(std::span(data + 1, size - 1));
  const Window window{.bytes = payload, .own_end = payload.size()};
  const Candidate candidate{.size = payload.size(), .form = forms[data[0] % std::size(forms)]};
  (void)prove(window, candidate);
  read_again(parse_spki(payload));
  read_again(parse_certificate(payload));
  read_again(parse_pkcs1_public(payload));
  read_again(parse_ssh_public(payload));
  return 0;
}
