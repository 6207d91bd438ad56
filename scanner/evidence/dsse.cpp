#include "scanner/evidence/dsse.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "scanner/base/base64.h"

namespace dumpgate {
namespace {

constexpr std::size_t most_signatures = 16;

struct ParsedEnvelope {
  std::string payload{};
  std::vector<std::string> key_ids{};
  std::vector<std::vector<std::byte>> signatures{};
};

// Refuses an object that has a name twice: readers differ in which of the two they take.
std::optional<nlohmann::json> parse_without_doubles(std::string_view line) {
  std::vector<std::set<std::string>> names;
  bool doubled = false;
  const auto watch = [&](int, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    using Event = nlohmann::json::parse_event_t;
    if (event == Event::object_start) names.emplace_back();
    if (event == Event::object_end) names.pop_back();
    if (event == Event::key && !names.back().insert(value.get<std::string>()).second) doubled = true;
    return true;
  };
  auto json = nlohmann::json::parse(line, watch, false);
  if (doubled || json.is_discarded()) return std::nullopt;
  return json;
}

// A member that is a string; null otherwise.
const std::string* text_of(const nlohmann::json& object, const char* name) {
  const auto at = object.find(name);
  return at == object.end() ? nullptr : at->get_ptr<const std::string*>();
}

Result<ParsedEnvelope> parse_envelope(std::string_view line) {
  if (line.size() > most_envelope_bytes) return corrupt("the envelope is too long");
  if (line.find('\n') != std::string_view::npos) return corrupt("the envelope is not one line");
  const auto json = parse_without_doubles(line);
  if (!json || !json->is_object()) return corrupt("the envelope is not a JSON object");
  const std::string* const payload = text_of(*json, "payload");
  const std::string* const type = text_of(*json, "payloadType");
  const auto signatures = json->find("signatures");
  if (payload == nullptr || type == nullptr || signatures == json->end() || !signatures->is_array())
    return corrupt("the envelope lacks payload, payloadType or signatures");
  if (*type != in_toto_media_type) return corrupt("the envelope holds no in-toto statement");
  if (signatures->empty() || signatures->size() > most_signatures)
    return corrupt("the envelope has no signature, or too many");
  const auto body = from_base64_of_either_alphabet(*payload);
  if (!body) return corrupt("the envelope's payload is not base64");
  ParsedEnvelope envelope;
  envelope.payload.assign(reinterpret_cast<const char*>(body->data()), body->size());
  for (const auto& entry : *signatures) {
    const std::string* const text = entry.is_object() ? text_of(entry, "sig") : nullptr;
    auto signature = text == nullptr ? std::nullopt : from_base64_of_either_alphabet(*text);
    if (!signature) return corrupt("the envelope has a signature that is none");
    const std::string* const id = text_of(entry, "keyid");
    envelope.key_ids.push_back(id == nullptr ? std::string() : *id);
    envelope.signatures.push_back(std::move(*signature));
  }
  return envelope;
}

std::string signature_member(const Ed25519PublicKey& key, std::span<const std::byte> signature) {
  return R"({"keyid":")" + ed25519_key_id(key) + R"(","sig":")" + to_base64(signature) + R"("})";
}

Result<std::string> bounded(std::string envelope) {
  if (envelope.size() > most_envelope_bytes)
    return Error{ErrorCode::limit, "the statement is too long for the log", std::nullopt};
  return envelope;
}

}  // namespace

std::vector<std::byte> dsse_pre_authentication(std::string_view type, std::string_view body) {
  const std::string head = "DSSEv1 " + std::to_string(type.size()) + " " + std::string(type) + " " +
                           std::to_string(body.size()) + " ";
  std::vector<std::byte> message;
  message.reserve(head.size() + body.size());
  for (const std::string_view part : {std::string_view(head), body})
    std::ranges::copy(std::as_bytes(std::span(part)), std::back_inserter(message));
  return message;
}

Result<std::string> seal_envelope(std::string_view payload, std::span<Signer* const> signers) {
  if (signers.empty()) return Error{ErrorCode::usage, "an envelope needs a signer", std::nullopt};
  const std::vector<std::byte> message = dsse_pre_authentication(in_toto_media_type, payload);
  std::string envelope = R"({"payload":")" + to_base64(std::as_bytes(std::span(payload))) +
                         R"(","payloadType":")" + std::string(in_toto_media_type) + R"(","signatures":[)";
  for (Signer* const signer : signers) {
    const auto signature = signer->sign(message);
    if (!signature) return signature.error();
    if (signer != signers.front()) envelope += ',';
    envelope += signature_member(signer->public_key(), *signature);
  }
  return bounded(envelope + "]}");
}

Result<std::string> add_signature(std::string_view line, Signer& signer) {
  const auto envelope = parse_envelope(line);
  if (!envelope) return envelope.error();
  const auto signature = signer.sign(dsse_pre_authentication(in_toto_media_type, envelope->payload));
  if (!signature) return signature.error();
  std::string sealed = R"({"payload":")" + to_base64(std::as_bytes(std::span(envelope->payload))) +
                       R"(","payloadType":")" + std::string(in_toto_media_type) + R"(","signatures":[)";
  for (std::size_t i = 0; i < envelope->signatures.size(); ++i)
    sealed +=
        nlohmann::json{{"keyid", envelope->key_ids[i]}, {"sig", to_base64(envelope->signatures[i])}}.dump(
            -1, ' ', true, nlohmann::json::error_handler_t::replace) +
        ",";
  return bounded(sealed + signature_member(signer.public_key(), *signature) + "]}");
}

Result<OpenedEnvelope> open_envelope(std::string_view line, std::span<const Ed25519PublicKey> keys) {
  auto envelope = parse_envelope(line);
  if (!envelope) return envelope.error();
  const std::vector<std::byte> message = dsse_pre_authentication(in_toto_media_type, envelope->payload);
  OpenedEnvelope opened;
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (std::ranges::any_of(envelope->signatures, [&](const std::vector<std::byte>& signature) {
          return verify_ed25519(keys[i], message, signature);
        }))
      opened.signed_by.push_back(i);
  if (opened.signed_by.empty()) return corrupt("the envelope is not signed by a key that is known");
  opened.payload = std::move(envelope->payload);
  return opened;
}

}  // namespace dumpgate
