// S-expressions of libgcrypt and GnuPG with private numbers in them: the internal form that every process
// using libgcrypt holds (src/sexp.c: ST_DATA = 1 and a uint16 length, ST_OPEN = 3, ST_CLOSE = 4), the
// canonical form and the advanced text (RFC 9804 sections 6.1 and 6.3; GnuPG agent/keyformat.txt). The one
// rule: free() has destroyed the head of most copies, so the anchors are the lists of single numbers, and a
// group of such lists one behind the other is reported once.

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "scanner/base/byte_cursor.h"
#include "scanner/base/der_reader.h"
#include "scanner/detect/der_shapes.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/number_reach.h"
#include "scanner/detect/number_set.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;
using namespace std::string_view_literals;

enum class Dialect : std::uint8_t { internal, canonical, advanced };

// Lists of one number: d, x and u are secret wherever they stand, p where it is a prime of RSA.
constexpr std::array anchor_texts{"\x03\x01\x01\0d\x01"sv,
                                  "\x03\x01\x01\0p\x01"sv,
                                  "\x03\x01\x01\0u\x01"sv,
                                  "\x03\x01\x01\0x\x01"sv,
                                  "(1:d"sv,
                                  "(1:p"sv,
                                  "(1:u"sv,
                                  "(1:x"sv,
                                  "(d #"sv,
                                  "(p #"sv,
                                  "(u #"sv,
                                  "(x #"sv};
constexpr std::size_t anchors_of_dialect = 4;

constexpr std::size_t longest_name = 16;
constexpr std::size_t longest_value = 2049;              // RSA-16384 with a sign octet
constexpr std::size_t longest_text = 3 * longest_value;  // in hexadecimal, folded
constexpr std::size_t longest_space = 128;               // GnuPG folds and indents
constexpr std::size_t most_lists = 16;                   // on either side of the anchor
constexpr std::size_t least_secret = 8;

bool is_space(std::byte byte) {
  return byte == std::byte{' '} || byte == std::byte{'\n'} || byte == std::byte{'\r'} ||
         byte == std::byte{'\t'};
}

bool is_name(Bytes name) {
  return !name.empty() && name.size() <= longest_name && std::ranges::all_of(name, [](std::byte byte) {
    const auto c = std::to_integer<unsigned char>(byte);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

// A list of a name and at least one value.
struct List {
  std::size_t begin = 0;
  std::size_t end = 0;
  Bytes name{};
  Bytes value{};  // the first; in hexadecimal when is_hex
  bool is_hex = false;
};

// Reads lists of one dialect. Views only.
class ListReader {
 public:
  ListReader(Bytes bytes, Dialect dialect) : bytes_(bytes), dialect_(dialect) {}

  std::optional<List> at(std::size_t begin) const {
    if (begin >= bytes_.size() || bytes_[begin] != open()) return std::nullopt;
    List list{.begin = begin};
    std::size_t at = begin + 1;
    const auto name = token(at, longest_name);
    if (!name || !is_name(name->bytes)) return std::nullopt;
    list.name = name->bytes;
    for (std::size_t values = 0; values < 4; ++values) {
      const auto value = token(at, longest_value);
      if (!value) break;
      if (values == 0) {
        list.value = value->bytes;
        list.is_hex = value->is_hex;
      }
    }
    if (dialect_ == Dialect::advanced) at = skip_space(at);
    if (list.value.empty() || at >= bytes_.size() || bytes_[at] != close()) return std::nullopt;
    list.end = at + 1;
    return list;
  }

  // The list that ends where `begin` begins: the nearest place where one can be read that ends so.
  std::optional<List> before(std::size_t begin) const {
    std::size_t end = begin;
    if (dialect_ == Dialect::advanced) {
      while (end > 0 && begin - end < longest_space && is_space(bytes_[end - 1])) --end;
    }
    if (end == 0 || bytes_[end - 1] != close()) return std::nullopt;
    const std::size_t reach = dialect_ == Dialect::advanced ? longest_text : longest_value + 32;
    const std::size_t from = end > reach ? end - reach : 0;
    for (std::size_t at = end - 1; at-- > from;) {
      if (bytes_[at] != open()) continue;
      const auto list = this->at(at);
      if (list && list->end == end) return list;
    }
    return std::nullopt;
  }

  std::optional<List> after(std::size_t end) const {
    return at(dialect_ == Dialect::advanced ? skip_space(end) : end);
  }

 private:
  struct Token {
    Bytes bytes{};
    bool is_hex = false;
  };

  std::byte open() const { return dialect_ == Dialect::internal ? std::byte{3} : std::byte{'('}; }
  std::byte close() const { return dialect_ == Dialect::internal ? std::byte{4} : std::byte{')'}; }

  std::size_t skip_space(std::size_t at) const {
    const std::size_t most = std::min(bytes_.size(), at + longest_space);
    while (at < most && is_space(bytes_[at])) ++at;
    return at;
  }

  std::optional<Token> token(std::size_t& at, std::size_t longest) const {
    if (dialect_ == Dialect::internal) return internal_token(at, longest);
    return dialect_ == Dialect::canonical ? canonical_token(at, longest) : advanced_token(at);
  }

  std::optional<Token> counted(std::size_t& at, std::size_t from, std::size_t size,
                               std::size_t longest) const {
    if (size == 0 || size > longest || from > bytes_.size() || size > bytes_.size() - from)
      return std::nullopt;
    at = from + size;
    return Token{.bytes = bytes_.subspan(from, size)};
  }

  std::optional<Token> internal_token(std::size_t& at, std::size_t longest) const {
    if (bytes_.size() - at < 3 || bytes_[at] != std::byte{1}) return std::nullopt;
    return counted(at, at + 3, load<std::uint16_t>(bytes_.data() + at + 1, ByteOrder::little), longest);
  }

  std::optional<Token> canonical_token(std::size_t& at, std::size_t longest) const {
    std::size_t size = 0;
    std::size_t from = at;
    for (; from < bytes_.size() && from - at < 5; ++from) {
      const auto digit = std::to_integer<unsigned>(bytes_[from]) - '0';
      if (digit > 9) break;
      size = 10 * size + digit;
    }
    if (from == at || from >= bytes_.size() || bytes_[from] != std::byte{':'}) return std::nullopt;
    return counted(at, from + 1, size, longest);
  }

  // #hexadecimal#, "text" or a word, behind white space.
  std::optional<Token> advanced_token(std::size_t& at) const {
    std::size_t from = skip_space(at);
    if (from >= bytes_.size()) return std::nullopt;
    const std::byte first = bytes_[from];
    const bool is_quoted = first == std::byte{'#'} || first == std::byte{'"'};
    if (is_quoted) ++from;
    const std::size_t most = std::min(bytes_.size(), from + longest_text);
    std::size_t end = from;
    while (end < most && continues(bytes_[end], first)) ++end;
    if (end == from || end == most || (is_quoted && bytes_[end] != first)) return std::nullopt;
    at = end + (is_quoted ? 1 : 0);
    return Token{.bytes = bytes_.subspan(from, end - from), .is_hex = first == std::byte{'#'}};
  }

  static bool continues(std::byte byte, std::byte first) {
    const auto c = std::to_integer<unsigned char>(byte);
    if (first == std::byte{'#'}) {
      return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f') || is_space(byte);
    }
    if (first == std::byte{'"'}) return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.';
  }

  Bytes bytes_;
  Dialect dialect_;
};

SecretBytes from_hex(Bytes text) {
  SecretBytes digits;
  digits.reserve(text.size() / 2 + 1);
  unsigned high = 16;
  for (const std::byte byte : text) {
    if (is_space(byte)) continue;
    const auto c = std::to_integer<unsigned char>(byte);
    const unsigned value = c <= '9' ? c - '0' : (c | 0x20U) - 'a' + 10;
    if (high == 16)
      high = value;
    else
      digits.push_back(static_cast<std::byte>(16 * std::exchange(high, 16) + value));
  }
  return digits;
}

SecretBytes value_of(const List& list) {
  return list.is_hex ? from_hex(list.value) : secret_copy(list.value);
}

// Lists one behind the other, each name once.
struct Group {
  std::vector<List> lists{};
  std::size_t begin() const { return lists.front().begin; }
  std::size_t end() const { return lists.back().end; }
  const List* named(std::string_view name) const {
    const auto found = std::ranges::find_if(lists, [&](const List& each) { return equals(each.name, name); });
    return found == lists.end() ? nullptr : &*found;
  }
  bool has(Bytes name) const {
    return std::ranges::any_of(lists, [&](const List& each) { return std::ranges::equal(each.name, name); });
  }
  bool has(std::string_view name) const { return named(name) != nullptr; }
};

std::optional<Group> group_at(Bytes bytes, std::size_t at, Dialect dialect) {
  const ListReader reader(bytes, dialect);
  const auto first = reader.at(at);
  if (!first) return std::nullopt;
  Group group{.lists = {*first}};
  for (std::size_t steps = 0; steps < most_lists; ++steps) {
    const auto before = reader.before(group.begin());
    if (!before || group.has(before->name)) break;
    group.lists.insert(group.lists.begin(), *before);
  }
  for (std::size_t steps = 0; steps < most_lists; ++steps) {
    const auto after = reader.after(group.end());
    if (!after || group.has(after->name)) break;
    group.lists.push_back(*after);
  }
  return group;
}

bool is_anchor(Bytes bytes, std::size_t at, Dialect dialect) {
  const auto first = static_cast<std::size_t>(dialect) * anchors_of_dialect;
  return std::any_of(anchor_texts.begin() + static_cast<std::ptrdiff_t>(first),
                     anchor_texts.begin() + static_cast<std::ptrdiff_t>(first + anchors_of_dialect),
                     [&](std::string_view text) {
                       return bytes.size() - at >= text.size() &&
                              equals(bytes.subspan(at, text.size()), text);
                     });
}

// Whether an anchor before the one at `at` sees the same group.
bool is_reported_before(const Window& window, const GroupBytes& around, const Group& group, Dialect dialect) {
  for (const auto& list : group.lists) {
    if (list.begin >= around.at) return false;
    if (!is_anchor(around.bytes, list.begin, dialect)) continue;
    const auto there = group_bytes(window, around.begin + list.begin);
    const auto other = group_at(there.bytes, there.at, dialect);
    if (other && there.begin + other->begin() == around.begin + group.begin() &&
        there.begin + other->end() == around.begin + group.end())
      return true;
  }
  return false;
}

enum class Family : std::uint8_t { none, rsa, curve, discrete_log };

// Public keys hold p and q too: of DSA, and of curves given by their parameters.
Family family_of(const Group& group) {
  if (group.has("curve") || group.has("a") || group.has("b"))
    return group.has("d") ? Family::curve : Family::none;
  if (group.has("x")) return Family::discrete_log;
  if (group.has("g") || group.has("y")) return Family::none;
  if (group.has("u") || (group.has("p") && group.has("q"))) return Family::rsa;
  if (!group.has("d")) return Family::none;
  const auto size = group.named("d")->value.size() / (group.named("d")->is_hex ? 2 : 1);
  return size <= 72 && !group.has("n") && !group.has("e") ? Family::curve : Family::rsa;
}

struct Part {
  std::string_view name{};
  NumberRole role = NumberRole::any;
};
// libgcrypt's u is the inverse of p modulo q: q and p change places.
constexpr std::array<Part, 6> rsa_parts{{{"n", NumberRole::n},
                                         {"e", NumberRole::e},
                                         {"d", NumberRole::d},
                                         {"p", NumberRole::q},
                                         {"q", NumberRole::p},
                                         {"u", NumberRole::qinv}}};
constexpr std::array<Part, 3> curve_parts{
    {{"curve", NumberRole::curve}, {"q", NumberRole::point}, {"d", NumberRole::d}}};
constexpr std::array<Part, 5> discrete_log_parts{{{"p", NumberRole::p},
                                                  {"q", NumberRole::q},
                                                  {"g", NumberRole::g},
                                                  {"y", NumberRole::y},
                                                  {"x", NumberRole::x}}};

std::span<const Part> parts_of(Family family) {
  if (family == Family::rsa) return rsa_parts;
  if (family == Family::curve) return curve_parts;
  return discrete_log_parts;
}

SecretBytes numbers_of(const Group& group, Family family) {
  NumberSetWriter writer;
  for (const auto& part : parts_of(family)) {
    const List* const list = group.named(part.name);
    if (list != nullptr) writer.add(part.role, value_of(*list));
  }
  return writer.take();
}

bool has_random_secret(const Group& group) {
  return std::ranges::any_of(std::array{"d"sv, "x"sv, "u"sv, "p"sv}, [&](std::string_view name) {
    const List* const list = group.named(name);
    if (list == nullptr) return false;
    const auto value = value_of(*list);
    return value.size() > least_secret && looks_random(Bytes(value).subspan(1));
  });
}

bool has_head(Bytes bytes, std::size_t begin) {
  constexpr auto head = "private-key"sv;
  constexpr std::size_t distance = 40;  // the algorithm's name and white space stand between
  const Bytes before = bytes.subspan(begin > distance ? begin - distance : 0, std::min(begin, distance));
  return !std::ranges::search(before, std::as_bytes(std::span(head))).empty();
}

class GcryptSexpDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "gcrypt-sexp"; }
  std::span<const std::string_view> anchors() const noexcept override { return anchor_texts; }

  void at(const Window& window, std::size_t position, std::size_t which, CandidateSink& sink) const override {
    const auto dialect = static_cast<Dialect>(which / anchors_of_dialect);
    const auto around = group_bytes(window, position);
    const auto group = group_at(around.bytes, around.at, dialect);
    if (!group) return;
    const Family family = family_of(*group);
    if (family == Family::none || is_reported_before(window, around, *group, dialect)) return;
    Candidate candidate;
    candidate.signature = "private-key";
    candidate.algorithm = family == Family::rsa ? "rsa" : family == Family::curve ? "ec" : "dsa";
    candidate.representation = dialect == Dialect::advanced ? "gcrypt-sexp-text" : "gcrypt-sexp";
    candidate.begin = around.begin + group->begin();
    candidate.size = group->end() - group->begin();
    candidate.form = Form::number_set;
    candidate.cut = !has_head(around.bytes, group->begin());
    const bool is_whole = !candidate.cut && group->lists.size() >= 2;
    candidate.evidence = !has_random_secret(*group) ? Evidence::hint
                         : is_whole                 ? Evidence::structure
                                                    : Evidence::marker;
    if (candidate.cut) candidate.detail = "the head of the encoding is lost";
    candidate.payload = numbers_of(*group, family);
    sink.add(std::move(candidate));
  }
};

constinit const GcryptSexpDetector detector;

}  // namespace

extern const Detector& gcrypt_sexp_detector;
const Detector& gcrypt_sexp_detector = detector;

}  // namespace dumpgate
