#include "scanner/evidence/statement.h"

#include <sys/random.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <span>
#include <stdexcept>

#include "scanner/evidence/statement_writer.h"
#include "scanner/io/digest.h"

namespace dumpgate {
namespace {

std::string_view to_string(ReleaseStage stage) {
  switch (stage) {
    case ReleaseStage::intent:
      return "intent";
    case ReleaseStage::complete:
      return "complete";
    case ReleaseStage::aborted:
      return "aborted";
  }
  return "aborted";
}

// Of ULIDs: Crockford's base 32.
constexpr std::string_view scan_id_alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t scan_id_length = 26;

std::string sha256_hex(std::string_view text) { return to_hex(Sha256::of(std::as_bytes(std::span(text)))); }

void write_release(JsonWriter& json, const ReleaseFacts& facts) {
  json.text("stage", to_string(facts.stage));
  json.text("scanId", facts.scan_id);
  write_gate(json, facts.gate);
  json.number("size", facts.size);
  write_name(json, "destination", facts.destination);
  json.text("time", facts.time);
  {
    const JsonWriter::Scope verdict = json.object("verdict");
    json.number("index", facts.verdict_index);
    json.text("leafSha256", facts.verdict_leaf_sha256);
  }
  if (facts.intent_index) json.number("intentIndex", *facts.intent_index);
  if (facts.waiver_index) json.number("waiverIndex", *facts.waiver_index);
  write_name(json, "reason", facts.reason);
}

}  // namespace

std::string release_statement(const ReleaseFacts& facts) {
  JsonWriter json;
  {
    const JsonWriter::Scope statement = json.object();
    write_statement_head(json, facts.name.empty() ? facts.scan_id : facts.name, facts.dump_sha256,
                         release_predicate);
    const JsonWriter::Scope predicate = json.object("predicate");
    write_release(json, facts);
  }
  return json.take();
}

std::string control_statement(const ControlFacts& facts) {
  JsonWriter json;
  {
    const JsonWriter::Scope statement = json.object();
    write_statement_head(json, facts.gate.id, sha256_hex(facts.gate.id), control_predicate);
    const JsonWriter::Scope predicate = json.object("predicate");
    json.text("event", facts.event);
    write_gate(json, facts.gate);
    json.text("time", facts.time);
    write_map(json, "details", facts.details);
  }
  return json.take();
}

std::string new_scan_id() {
  // ULID: 48 bits of milliseconds, 80 random bits.
  std::array<std::uint8_t, 16> bytes{};
  if (::getentropy(bytes.data() + 6, 10) != 0) throw std::runtime_error("the kernel gives no random bytes");
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  auto milliseconds =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  for (std::size_t i = 6; i-- > 0; milliseconds >>= 8U) bytes[i] = static_cast<std::uint8_t>(milliseconds);
  // 26 digits hold 130 bits: the first one begins with two zero bits.
  std::string id(scan_id_length, '0');
  for (std::size_t digit = 0; digit < id.size(); ++digit) {
    unsigned value = 0;
    for (std::size_t bit = digit * 5; bit < digit * 5 + 5; ++bit) {
      const bool set = bit >= 2 && ((unsigned{bytes[(bit - 2) / 8]} >> (7 - (bit - 2) % 8)) & 1U) != 0;
      value = value * 2 + (set ? 1 : 0);
    }
    id[digit] = scan_id_alphabet[value];
  }
  return id;
}

bool is_scan_id(std::string_view text) {
  return text.size() == scan_id_length && text.find_first_not_of(scan_id_alphabet) == std::string_view::npos;
}

std::string utc_now() {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(now - day);
  std::array<char, 40> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  return std::string(text.data(), static_cast<std::size_t>(size));
}

}  // namespace dumpgate
