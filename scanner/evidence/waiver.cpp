#include "scanner/evidence/waiver.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "scanner/base/base64.h"
#include "scanner/base/hex.h"
#include "scanner/evidence/dsse.h"
#include "scanner/evidence/statement_reader.h"
#include "scanner/evidence/statement_writer.h"

namespace dumpgate {
namespace {

constexpr std::size_t longest_reason = 400;

Error refused(std::string message) { return {ErrorCode::usage, std::move(message), std::nullopt}; }

struct SaidByWaiver {
  Waiver waiver{};
  std::uint64_t least = 0;
};

Result<SaidByWaiver> read_waiver(std::string_view payload) {
  const auto statement = read_statement(payload);
  if (!statement) return refused(statement.error().message);
  const auto* const fields = std::get_if<WaiverFields>(&statement->fields);
  if (fields == nullptr) return refused("the statement is not a waiver");
  const auto expires = parse_day(fields->expires);
  if (!expires) return refused("the waiver does not say until when it holds");
  if (fields->reason.empty()) return refused("the waiver gives no reason");
  if (!is_sha256_hex(statement->subject_sha256)) return refused("the waiver does not name a dump");
  return SaidByWaiver{{statement->subject_sha256, fields->reason, *expires, {}},
                      std::max<std::uint64_t>(fields->approvers, least_approvers)};
}

// The payload of an envelope whose signatures nobody has verified.
Result<std::string> unverified_payload(std::string_view envelope) {
  const auto json = nlohmann::json::parse(envelope, nullptr, false);
  const Error bad = refused("not a DSSE envelope");
  if (envelope.size() > most_envelope_bytes || !json.is_object()) return bad;
  const auto at = json.find("payload");
  const auto* const text = at == json.end() ? nullptr : at->get_ptr<const std::string*>();
  const auto bytes = text == nullptr ? std::nullopt : from_base64_of_either_alphabet(*text);
  if (!bytes) return bad;
  return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

std::string waiver_statement(const std::string& dump_sha256, const std::string& reason, Date expires) {
  JsonWriter json;
  {
    const JsonWriter::Scope statement = json.object();
    write_statement_head(json, "dump", dump_sha256, waiver_predicate);
    const JsonWriter::Scope predicate = json.object("predicate");
    json.text("reason", bounded_name(reason));
    json.text("expires", iso_date(expires));
    json.number("approvers", least_approvers);
  }
  return json.take();
}

}  // namespace

std::optional<Date> parse_day(std::string_view text) {
  const auto part = [&](std::size_t at, std::size_t size) -> std::optional<unsigned> {
    unsigned value = 0;
    const char* const begin = text.data() + at;
    const auto [end, error] = std::from_chars(begin, begin + size, value);
    if (error != std::errc{} || end != begin + size) return std::nullopt;
    return value;
  };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = part(0, 4);
  const auto month = part(5, 2);
  const auto day = part(8, 2);
  if (!year || !month || !day) return std::nullopt;
  const Date date(std::chrono::year(static_cast<int>(*year)), std::chrono::month(*month),
                  std::chrono::day(*day));
  if (!date.ok()) return std::nullopt;
  return date;
}

Result<std::string> create_waiver(const std::string& dump_sha256, const std::string& reason, Date expires,
                                  Signer& approver) {
  if (!is_sha256_hex(dump_sha256)) return refused("not a SHA-256 in lower-case hexadecimal: " + dump_sha256);
  if (reason.empty() || reason.size() > longest_reason)
    return refused("a waiver gives a reason, of at most " + std::to_string(longest_reason) + " bytes");
  if (!expires.ok()) return refused("a waiver says until which day it holds");
  const std::array<Signer*, 1> signers{&approver};
  return seal_envelope(waiver_statement(dump_sha256, reason, expires), signers);
}

Result<std::string> sign_waiver(std::string_view envelope, Signer& approver) {
  const auto waiver = read_unverified_waiver(envelope);
  if (!waiver) return waiver.error();
  const std::array<Ed25519PublicKey, 1> own{approver.public_key()};
  if (open_envelope(envelope, own)) return refused("this approver has signed already");
  return add_signature(envelope, approver);
}

Result<Waiver> read_unverified_waiver(std::string_view envelope) {
  const auto payload = unverified_payload(envelope);
  if (!payload) return payload.error();
  auto said = read_waiver(*payload);
  if (!said) return said.error();
  return std::move(said->waiver);
}

Result<Waiver> open_waiver(std::string_view envelope, std::span<const Approver> approvers,
                           std::string_view dump_sha256, Date today) {
  std::vector<Ed25519PublicKey> keys;
  for (const Approver& approver : approvers) keys.push_back(approver.key);
  const auto opened = open_envelope(envelope, keys);
  if (!opened) return refused("the waiver is not signed by an approver: " + opened.error().message);
  auto said = read_waiver(opened->payload);
  if (!said) return said.error();
  Waiver& waiver = said->waiver;
  for (const std::size_t at : opened->signed_by) {
    // The same key in two places is one person.
    if (std::ranges::find(waiver.approvers, keys[at], &Approver::key) == waiver.approvers.end())
      waiver.approvers.push_back(approvers[at]);
  }
  if (const std::size_t people = count_people(waiver.approvers); people < said->least)
    return refused("the waiver is signed by " + std::to_string(people) + " of the " +
                   std::to_string(said->least) + " approvers that it takes");
  if (waiver.dump_sha256 != dump_sha256) return refused("the waiver is for another dump");
  if (!today.ok() || waiver.expires < today)
    return refused("the waiver expired on " + iso_date(waiver.expires));
  return std::move(waiver);
}

}  // namespace dumpgate
