// The record of an EC or Edwards private key in Erlang's crash dumps (erl_crash.dump), which write every term
// of a process on a line of its own: a tuple, and behind the address of its third element the scalar or seed
// in base64. The one rule: the record's name alone is an atom of every program that can read keys; the line
// of the binary that it points at must be there.
//
// erts/emulator/beam/erl_process_dump.c. RSA keys are decimal numbers there (text_numbers.cpp); the public
// point mostly lies in a binary that the dump leaves out, so this is the only trace of such a key.

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "scanner/detect/der_shapes.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/text_view.h"

namespace dumpgate {
namespace {

constexpr std::string_view record_name = ":AC:ECPrivateKey,";
constexpr std::size_t farthest = 16'384;  // from the record to the binary: both were made together
constexpr std::size_t longest_term = 64;
constexpr std::size_t longest_address = 16;
constexpr std::size_t most_digits = 128;
constexpr std::size_t least_secret = 28;
constexpr std::size_t most_secret = 66;

// The address of a heap term, "H7F0A1B2C3D40", behind the comma that ends the record's version.
std::string_view third_element(std::string_view text) {
  const std::size_t comma = text.substr(0, longest_term).find(',');
  if (comma == text.npos || comma + 1 >= text.size() || text[comma + 1] != 'H') return {};
  const std::string_view rest = text.substr(comma + 2, longest_address + 1);
  std::size_t size = 0;
  while (size < rest.size() && hex_value(static_cast<unsigned char>(rest[size]))) ++size;
  return size < 4 || size > longest_address ? std::string_view{} : rest.substr(0, size);
}

struct Secret {
  std::size_t begin = 0;
  std::size_t end = 0;
  SecretBytes bytes{};
};

// The binary on the line that begins with the address: "7F0A1B2C3D40:Yh20:<base64>".
Secret binary_at(std::string_view text, std::string_view address) {
  const std::string line = "\n" + std::string(address) + ":Yh";
  const std::size_t found = text.find(line);
  if (found == text.npos) return {};
  Secret secret{.begin = found + 1};
  const std::size_t colon = text.find(':', found + line.size());
  if (colon == text.npos || colon - found - line.size() > 3) return {};
  secret.end = colon + 1;
  while (secret.end < text.size() && secret.end - colon <= most_digits &&
         base64_value(static_cast<unsigned char>(text[secret.end])))
    ++secret.end;
  secret.bytes = decode_base64(text.substr(colon + 1, secret.end - colon - 1));
  return secret;
}

class ErlangRecordDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "erlang-record"; }
  std::span<const std::string_view> anchors() const noexcept override {
    static constexpr std::array anchors{record_name};
    return anchors;
  }

  void at(const Window& window, std::size_t position, std::size_t, CandidateSink& sink) const override {
    const Window::Around around = window.around(position);
    const std::size_t first = around.at - std::min(around.at, farthest);
    const auto text =
        std::string_view(reinterpret_cast<const char*>(around.bytes.data()), around.bytes.size())
            .substr(first, 2 * farthest);
    const std::size_t record = around.at - first;
    if (text.size() - record < record_name.size()) return;
    const std::string_view address = third_element(text.substr(record + record_name.size()));
    if (address.empty()) return;
    Secret secret = binary_at(text, address);
    if (secret.bytes.size() < least_secret || secret.bytes.size() > most_secret) return;
    if (!looks_random(secret.bytes)) return;
    Candidate candidate;
    candidate.signature = "private-key";
    candidate.representation = "erlang-record";
    candidate.begin = around.begin + first + secret.begin;
    candidate.size = secret.end - secret.begin;
    candidate.evidence = Evidence::structure;
    candidate.detail = "an ECPrivateKey record of Erlang's points at it";
    sink.add(std::move(candidate));
  }
};

constinit const ErlangRecordDetector detector;

}  // namespace

extern const Detector& erlang_record_detector;
const Detector& erlang_record_detector = detector;

}  // namespace dumpgate
