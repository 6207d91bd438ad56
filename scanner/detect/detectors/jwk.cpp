// JSON Web Keys (RFC 7517; numbers: RFC 7518 section 6, RFC 8037, RFC 8812): the members of the object in any
// order, quoted once more or not, in bytes, UTF-16 or a query string, also as Python prints a dict; whole or
// cut. The one rule: an object is reported once, at the first of its anchors, so that its numbers stay
// together; in objects that no anchor sees whole, once in 16 KiB of the layer.

#include <algorithm>
#include <array>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/detect/der_shapes.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/json_text.h"
#include "scanner/detect/named_numbers.h"

namespace dumpgate {
namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t block = 16ULL * 1024;
constexpr std::ptrdiff_t reach = 24'000;  // characters: in UTF-16, three quarters of window_context
constexpr std::size_t most_variants = 8;  // of an object that names a number repeatedly
constexpr std::size_t least_secret = 16;  // bytes
constexpr std::size_t least_rsa_number = 32;

// Members that announce a key. A "d" by itself is in too many other texts: its colon belongs to the anchor.
constexpr std::array announcing{"kty"sv, "crv"sv, "dp"sv, "dq"sv, "qi"sv};

enum class Carrier : std::uint8_t { bytes, utf16, percent };

struct Anchors {
  std::vector<std::string> texts{};
  std::vector<Carrier> carriers{};
  std::vector<std::string_view> views{};

  Anchors() {
    for (const char quote : {'"', '\''}) {
      for (const std::string_view name : announcing)
        for (const char end : {quote, '\\'}) add({std::string(1, quote), name, std::string(1, end)});
      const std::string name{quote, 'd'};
      const std::string mark(1, quote);
      for (const std::string_view end : {":"sv, " :"sv}) add({name, mark, end});
      add({name, "\\", mark, ":"});
      add({name, "\\\\"});
    }
    for (const std::string_view name : announcing) put(joined({"%22", name, "%22"}), Carrier::percent);
    for (const std::string_view colon : {"%3A"sv, "%3a"sv, ":"sv})
      put(joined({"%22d%22", colon}), Carrier::percent);
    views.assign(texts.begin(), texts.end());
  }

  static std::string joined(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts) text += part;
    return text;
  }
  void add(std::initializer_list<std::string_view> parts) {
    const std::string text = joined(parts);
    put(text, Carrier::bytes);
    std::string wide;
    for (const char c : text) wide += {c, '\0'};
    wide.pop_back();
    put(wide, Carrier::utf16);  // in either byte order
  }
  void put(const std::string& text, Carrier carrier) {
    texts.push_back(text);
    carriers.push_back(carrier);
  }
};

const Anchors& table() {
  static const Anchors anchors;
  return anchors;
}

// The text around an anchor. UTF-16 is read as little-endian: of ASCII, big-endian text reads the same one
// byte further on.
class Reading {
 public:
  Reading(const Window::Around& around, Carrier carrier)
      : raw_(raw_text(around.bytes, around.at)), carrier_(carrier) {
    if (carrier == Carrier::utf16) decoded_ = utf16_text(*raw_, 0, Utf16Order::little);
    if (carrier == Carrier::percent) decoded_ = unescaped_text(*raw_, 0);
  }
  TextView& text() { return decoded_ ? *decoded_ : *raw_; }

  // Whether an anchor of this carrier stands where the member's name begins.
  bool is_anchor(const JsonMember& member, int backslashes) {
    const std::size_t width = text().end_of(member.begin) - text().begin_of(member.begin);
    if (carrier_ == Carrier::percent && width != 3) return false;
    if (std::find(announcing.begin(), announcing.end(), member.name) != announcing.end()) return true;
    if (member.name != "d") return false;
    if (backslashes > 1 || text().at(member.after) == ':') return true;
    return carrier_ != Carrier::percent && backslashes == 0 && text().matches(member.after, " :");
  }

 private:
  std::unique_ptr<TextView> raw_;
  std::unique_ptr<TextView> decoded_{};
  Carrier carrier_;
};

// The members of one object by name.
class Key {
 public:
  Key(TextView& text, const JsonObject& object) : text_(text) {
    for (const JsonMember& each : object.members) {
      if (std::find(names.begin(), names.end(), each.name) == names.end()) continue;
      auto& of_name = members_[each.name];
      if (of_name.size() == most_variants) of_name.pop_back();  // readers take the last one
      of_name.push_back(each);
    }
  }

  void choose(std::size_t variant) { variant_ = variant; }
  std::size_t variants() const {
    std::size_t most = 1;
    for (const auto& [name, of_name] : members_) most = std::max(most, of_name.size());
    return most;
  }

  std::string word(std::string_view name) const {
    const JsonMember* const member = find(name);
    std::string characters;
    if (member == nullptr || !member->is_string || member->value_end - member->value > 64) return characters;
    for (std::ptrdiff_t i = member->value; i < member->value_end; ++i)
      characters.push_back(static_cast<char>(std::min(text_.at(i), 0x7f)));
    return characters;
  }

  // The bytes of a base64url member, whole ones only. Empty when it is none.
  SecretBytes number(std::string_view name) const {
    const JsonMember* const member = find(name);
    if (member == nullptr || member->cut || !member->is_string) return {};
    return base64_number(text_, member->value, member->value_end);
  }

  // Whether a member is there whose number does not end.
  bool is_cut(std::string_view name) const {
    const JsonMember* const member = find(name);
    return member != nullptr && member->cut && member->value_end - member->value >= 22;
  }
  bool has(std::string_view name) const { return find(name) != nullptr; }

 private:
  static constexpr std::array names{"kty"sv, "crv"sv, "alg"sv, "n"sv, "e"sv, "d"sv, "p"sv,   "q"sv,
                                    "dp"sv,  "dq"sv,  "qi"sv,  "x"sv, "y"sv, "k"sv, "priv"sv};

  // Of a member that occurs repeatedly, the one whose turn it is, or the last.
  const JsonMember* find(std::string_view name) const {
    const auto found = members_.find(name);
    if (found == members_.end()) return nullptr;
    return &found->second[std::min(variant_, found->second.size() - 1)];
  }

  TextView& text_;
  std::map<std::string, std::vector<JsonMember>, std::less<>> members_{};
  std::size_t variant_ = 0;
};

const NamedCurve* curve_of(std::string_view name) {
  for (const NamedCurve& each : named_curves())
    if (each.jwk == name) return &each;
  return nullptr;
}

class JwkReport {
 public:
  JwkReport(Key& key, const Candidate& place, bool whole, CandidateSink& sink)
      : key_(key), place_(place), whole_(whole), sink_(sink) {}

  void report() {
    const std::string type = key_.word("kty");
    if (type == "oct") return symmetric();
    if (type == "AKP") return post_quantum();
    const bool has_rsa = key_.has("n") || key_.has("p") || key_.has("dp") || key_.has("dq") || key_.has("qi");
    if (type == "RSA" || (type.empty() && has_rsa)) return rsa();
    if (type == "EC" || type == "OKP" || key_.has("crv")) return curve();
  }

 private:
  void rsa() {
    RsaMembers numbers{key_.number("n"), key_.number("e"),  key_.number("d"),  key_.number("p"),
                       key_.number("q"), key_.number("dp"), key_.number("dq"), key_.number("qi")};
    std::size_t secrets = 0;
    for (const SecretBytes* const each :
         {&numbers.d, &numbers.p, &numbers.q, &numbers.dp, &numbers.dq, &numbers.qinv})
      secrets += each->size() >= least_rsa_number && looks_random(*each) ? 1U : 0U;
    for (const std::string_view name : {"d"sv, "p"sv, "q"sv, "dp"sv, "dq"sv, "qi"sv})
      secrets += key_.is_cut(name) ? 1U : 0U;
    if (secrets == 0) {
      if (!numbers.n.empty() && !numbers.e.empty()) lead(rsa_public_der(numbers));
      return;
    }
    if (secrets == 1 && !key_.has("kty") && numbers.n.empty()) return;
    const bool is_complete = whole_ && !numbers.n.empty() && !numbers.e.empty() && !numbers.d.empty();
    secret("rsa-private-key", "rsa", Form::pkcs1_private, rsa_private_der(numbers), is_complete);
  }

  void curve() {
    CurveMembers numbers{curve_of(key_.word("crv")), key_.number("d"), key_.number("x"), key_.number("y")};
    if (numbers.d.size() < least_secret) {
      if (key_.is_cut("d")) return secret("private-key", "", Form::none, {}, false);
      if (SecretBytes half = curve_public_der(numbers); !half.empty()) lead(std::move(half));
      return;
    }
    if (numbers.d.size() > 72 || !looks_random(numbers.d)) return hint();
    const bool is_lost = numbers.curve == nullptr && numbers.y.empty();
    if (is_lost) return secret("private-key", "", Form::none, {}, false);
    const std::string name(numbers.curve != nullptr ? numbers.curve->name : "ec"sv);
    const bool fits = numbers.curve != nullptr && numbers.d.size() <= numbers.curve->size;
    secret(name + "-private-key", name, form_of_private(numbers), curve_private_der(numbers), whole_ && fits);
  }

  // RFC 7518 section 6.4. What the key is for is what its algorithm says.
  void symmetric() {
    const SecretBytes bytes = key_.number("k");
    if (bytes.size() < 8 && !key_.is_cut("k")) return;
    const bool signs = key_.word("alg").starts_with("HS");
    secret(signs ? "hmac-key" : "symmetric-key", signs ? "hmac" : "", Form::none, {},
           whole_ && bytes.size() >= least_secret && looks_random(bytes));
  }

  // ML-DSA and others: "priv" is the seed.
  void post_quantum() {
    const SecretBytes seed = key_.number("priv");
    if (seed.size() < least_secret && !key_.is_cut("priv")) return;
    const bool is_known = key_.word("alg").starts_with("ML-DSA");
    secret(is_known ? "ml-dsa-private-key" : "private-key", is_known ? "ml-dsa" : "", Form::none, {},
           whole_ && looks_random(seed));
  }

  void secret(std::string signature, std::string algorithm, Form form, SecretBytes payload,
              bool is_complete) {
    Candidate candidate = place_;
    candidate.signature = std::move(signature);
    candidate.algorithm = std::move(algorithm);
    candidate.form = form;
    candidate.payload = std::move(payload);
    candidate.evidence = is_complete ? Evidence::structure : Evidence::marker;
    candidate.cut = !whole_;
    if (candidate.cut) candidate.detail = "the object is not all there";
    sink_.add(std::move(candidate));
  }

  void hint() {
    Candidate candidate = place_;
    candidate.signature = "private-key";
    candidate.evidence = Evidence::hint;
    candidate.detail = "a member for a key, without random numbers in it";
    sink_.add(std::move(candidate));
  }

  void lead(SecretBytes payload) {
    Candidate candidate = place_;
    candidate.form = Form::spki;
    candidate.evidence = Evidence::hint;
    candidate.payload = std::move(payload);
    sink_.add(std::move(candidate));
  }

  Key& key_;
  const Candidate& place_;
  bool whole_;
  CandidateSink& sink_;
};

class JwkDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "jwk"; }
  std::span<const std::string_view> anchors() const noexcept override { return table().views; }

  void at(const Window& window, std::size_t position, std::size_t which, CandidateSink& sink) const override {
    const Window::Around around = window.around(position);
    const Carrier carrier = table().carriers[which];
    Reading reading(around, carrier);
    JsonText json(reading.text(), 0);
    const auto member = json.member_at(0);
    if (!member || !reading.is_anchor(*member, json.backslashes())) return;
    const auto offset_of = [&](const JsonMember& each) {
      return window.offset + around.begin + reading.text().begin_of(each.begin);
    };
    for (auto each = json.before(*member); each; each = json.before(*each)) {
      if (offset_of(*each) / block != offset_of(*member) / block) break;
      if (reading.is_anchor(*each, json.backslashes())) return;
    }
    const JsonObject object = json.object_around(*member, reach);
    const auto first = std::find_if(object.members.begin(), object.members.end(), [&](const auto& each) {
      return reading.is_anchor(each, json.backslashes());
    });
    const bool is_first = first->begin == member->begin;
    if (!is_first && object.members.back().end - first->begin < reach) return;
    report(reading, around, object, carrier, sink);
  }

 private:
  static void report(Reading& reading, const Window::Around& around, const JsonObject& object,
                     Carrier carrier, CandidateSink& sink) {
    Candidate place;
    const std::size_t begin = reading.text().begin_of(object.members.front().begin);
    place.representation = carrier == Carrier::utf16 ? "jwk-utf16" : "jwk";
    place.begin = around.begin + begin;
    place.size = reading.text().end_of(object.members.back().end - 1) - begin;
    Key key(reading.text(), object);
    const std::size_t variants = key.variants();
    for (std::size_t variant = 0; variant < variants; ++variant) {
      key.choose(variant);
      JwkReport(key, place, object.opened && object.closed, sink).report();
    }
  }
};

const JwkDetector detector;

}  // namespace

extern const Detector& jwk_detector;
const Detector& jwk_detector = detector;

}  // namespace dumpgate
