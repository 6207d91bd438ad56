// Notes, verifier keys and proof files made of any bytes: nothing that the log did not sign opens, and what
// was parsed is written again as it was.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scanner/evidence/signed_note.h"
#include "scanner/evidence/tlog_proof.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dumpgate;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const NoteVerifier log{.name = "gate.example.org/dumps"};  // the key of zeros, which nobody has
  (void)open_checkpoint(text, log);
  (void)cosignature_time(text, {.name = "w", .cosigner = true});
  if (const auto verifier = parse_note_verifier(text); verifier && verifier->text() != text) std::abort();
  if (const auto proof = parse_tlog_proof(text)) {
    const auto again = parse_tlog_proof(proof->text());
    if (!again || again->index != proof->index || again->path != proof->path || again->note != proof->note)
      std::abort();
    (void)verify_tlog_proof(*proof, TreeHash{}, log);
  }
  return 0;
}
