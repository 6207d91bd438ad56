// Signatures from TOML. The one rule: reading is strict. Whatever a file says that this reader does not
// understand is an Error naming the line, because a key kind that is silently not looked for is worse than a
// program that stops.

#include "scanner/detect/signature.h"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <utility>

#include "scanner/base/hex.h"
#include "scanner/base/toml_nesting.h"
#include "scanner/io/digest.h"

namespace dumpgate {
namespace {

constexpr std::array kinds{KeyKind::private_key, KeyKind::encrypted_private_key, KeyKind::keystore,
                           KeyKind::symmetric_signing_key, KeyKind::random_data};
constexpr std::array uses{KeyUse::signing, KeyUse::agreement, KeyUse::symmetric, KeyUse::container,
                          KeyUse::unknown};

Error defect(std::string_view id, unsigned line, const std::string& what) {
  std::string message = "signature " + std::string(id);
  if (line != 0) message += ", line " + std::to_string(line);
  return Error{ErrorCode::usage, message + ": " + what};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Dotted decimal, at least two arcs, no leading zeros: the one spelling under which by_oid will find it.
bool is_dotted_oid(std::string_view text) {
  std::size_t arcs = 0;
  while (!text.empty()) {
    const std::size_t length = std::min(text.find('.'), text.size());
    const std::string_view arc = text.substr(0, length);
    if (arc.empty() || arc.size() > 19 || !std::all_of(arc.begin(), arc.end(), is_digit)) return false;
    if (arc.size() > 1 && arc.front() == '0') return false;
    ++arcs;
    if (length + 1 == text.size()) return false;  // ends with a dot
    text.remove_prefix(std::min(text.size(), length + 1));
  }
  return arcs >= 2;
}

// Printable ASCII without line breaks, so that it may go into any report as it is.
bool is_plain_text(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool is_label(std::string_view text) {
  return is_plain_text(text) && text.size() <= 64 && text.find("--") == text.npos;
}

// Reads the keys of one table, one function for each type of value; the first mistake stays.
class TableReader {
 public:
  TableReader(std::string_view id, const toml::table& table) : id_(id), table_(table) {}

  std::string text(std::string_view key, bool required) {
    const toml::node* const node = find(key, required);
    if (node == nullptr) return {};
    const auto value = node->value_exact<std::string>();
    if (!value || !is_plain_text(*value)) {
      fail(*node, key, "must be a string of printable characters");
      return {};
    }
    return *value;
  }

  template <typename Check>
  std::vector<std::string> texts(std::string_view key, const char* what, Check check) {
    std::vector<std::string> values;
    const toml::node* const node = find(key, false);
    if (node == nullptr) return values;
    const toml::array* const array = node->as_array();
    if (array == nullptr) {
      fail(*node, key, "must be an array of strings");
      return values;
    }
    for (const toml::node& element : *array) {
      const auto value = element.value_exact<std::string>();
      if (!value || !check(*value)) {
        fail(element, key, what);
        return {};
      }
      values.push_back(*value);
    }
    return values;
  }

  template <typename Word, std::size_t count>
  Word word(std::string_view key, const std::array<Word, count>& words) {
    const std::string value = text(key, true);
    for (const Word candidate : words) {
      if (to_string(candidate) == value) return candidate;
    }
    if (!error_) fail(*table_.get(key), key, "is none of the words it may be");
    return words.front();
  }

  // finish complains about any key that nothing asked for.
  std::optional<Error> finish() {
    for (const auto& [key, node] : table_) {
      const std::string_view name = key.str();
      if (!error_ && std::find(asked_.begin(), asked_.end(), name) == asked_.end())
        fail(node, name, "is not known");
    }
    return error_;
  }

 private:
  const toml::node* find(std::string_view key, bool required) {
    asked_.emplace_back(key);
    const toml::node* const node = table_.get(key);
    if (node == nullptr && required && !error_) error_ = defect(id_, 0, std::string(key) + " is missing");
    return node;
  }

  void fail(const toml::node& node, std::string_view key, const char* what) {
    if (!error_) error_ = defect(id_, node.source().begin.line, std::string(key) + " " + what);
  }

  std::string_view id_;
  const toml::table& table_;
  std::vector<std::string> asked_{};
  std::optional<Error> error_{};
};

Result<Signature> read_table(std::string_view id, const toml::table& table) {
  TableReader reader(id, table);
  Signature signature;
  signature.id = std::string(id);
  signature.title = reader.text("title", true);
  signature.kind = reader.word("kind", kinds);
  signature.use = reader.word("use", uses);
  signature.algorithm = reader.text("algorithm", false);
  signature.reference = reader.text("reference", true);
  signature.labels = reader.texts("labels", "must hold armour labels without dashes around them", is_label);
  signature.oids = reader.texts("oids", "must hold dotted object identifiers", is_dotted_oid);
  signature.specimens = reader.texts("specimens", "must hold names", is_plain_text);
  signature.counter_specimens = reader.texts("counter_specimens", "must hold names", is_plain_text);
  const auto is_magic = [](std::string_view text) {
    const auto bytes = from_hex(text);
    return bytes && bytes->size() >= 3 && bytes->size() <= 64;
  };
  for (const std::string& magic :
       reader.texts("magics", "must hold 3 to 64 bytes in hexadecimal", is_magic)) {
    signature.magics.push_back(*from_hex(magic));
  }
  if (const auto error = reader.finish()) return *error;
  return signature;
}

// Ids name files and appear in reports and in policies.
bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-';
  });
}

template <typename Field>
const Signature* find_claim(const std::vector<Signature>& signatures, Field field, std::string_view wanted) {
  for (const Signature& signature : signatures) {
    for (const std::string& value : signature.*field) {
      if (value == wanted) return &signature;
    }
  }
  return nullptr;
}

}  // namespace

std::string_view to_string(KeyKind kind) {
  switch (kind) {
    case KeyKind::private_key:
      return "private-key";
    case KeyKind::encrypted_private_key:
      return "encrypted-private-key";
    case KeyKind::keystore:
      return "keystore";
    case KeyKind::symmetric_signing_key:
      return "symmetric-signing-key";
    case KeyKind::random_data:
      return "random-data";
  }
  return "private-key";
}

std::string_view to_string(KeyUse use) {
  switch (use) {
    case KeyUse::signing:
      return "signing";
    case KeyUse::agreement:
      return "agreement";
    case KeyUse::symmetric:
      return "symmetric";
    case KeyUse::container:
      return "container";
    case KeyUse::unknown:
      return "unknown";
  }
  return "unknown";
}

Result<Signature> parse_signature(std::string_view id, std::string_view text) {
  if (!is_id(id)) return defect("(unnamed)", 0, "an id has small letters, digits and hyphens");
  if (const auto line = line_of_deep_toml(text))
    return defect(id, static_cast<unsigned>(*line), std::string(deep_toml));
  try {
    return read_table(id, toml::parse(text));
  } catch (const toml::parse_error& error) {
    return defect(id, error.source().begin.line, std::string(error.description()));
  } catch (const std::exception& error) {
    return defect(id, 0, error.what());
  }
}

Result<SignatureSet> SignatureSet::builtin() {
  SignatureSet set;
  for (const SignatureText& signature : builtin_signature_texts()) {
    if (const auto added = set.add(signature.id, signature.text); !added) return added.error();
  }
  return set;
}

Result<void> SignatureSet::add(std::string_view id, std::string_view text) {
  auto signature = parse_signature(id, text);
  if (!signature) return signature.error();
  if (by_id(id) != nullptr) return defect(id, 0, "the id exists");
  for (const std::string& label : signature->labels) {
    if (const Signature* const other = by_label(label))
      return defect(id, 0, label + " belongs to " + other->id);
  }
  for (const std::string& oid : signature->oids) {
    if (const Signature* const other = by_oid(oid)) return defect(id, 0, oid + " belongs to " + other->id);
  }
  signatures_.push_back(std::move(*signature));
  // Lengths keep two different sets from having the same text.
  texts_ += std::string(id) + " " + std::to_string(text.size()) + "\n" + std::string(text);
  const Sha256Digest digest = Sha256::of(std::as_bytes(std::span(texts_)));
  sha256_ = to_hex(digest);
  return {};
}

const Signature* SignatureSet::by_id(std::string_view id) const {
  const auto place = std::find_if(signatures_.begin(), signatures_.end(),
                                  [id](const Signature& each) { return each.id == id; });
  return place == signatures_.end() ? nullptr : &*place;
}

const Signature* SignatureSet::by_label(std::string_view label) const {
  return find_claim(signatures_, &Signature::labels, label);
}

const Signature* SignatureSet::by_oid(std::string_view dotted) const {
  return find_claim(signatures_, &Signature::oids, dotted);
}

}  // namespace dumpgate
