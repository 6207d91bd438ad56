// Payloads of statements made of any bytes: reading neither crashes nor runs on, and what is read is of a
// form that may stand in the log, or of a predicate that is not ours.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "scanner/evidence/statement_form.h"
#include "scanner/evidence/statement_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dumpgate;
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  const auto statement = read_statement(payload);
  if (!statement) return 0;
  if (statement->predicate_type.empty()) std::abort();
  if (!statement->subject_sha256.empty() && statement->subject_sha256.size() != 64) std::abort();
  return 0;
}
