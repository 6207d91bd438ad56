#include "scanner/gate/record_wire.h"

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>
#include <utility>

#include "scanner/base/byte_cursor.h"
#include "scanner/base/extent.h"
#include "scanner/base/hex.h"
#include "scanner/base/printable.h"

namespace dumpgate {
namespace {

constexpr std::uint64_t magic = 0x31'65'74'61'67'70'6d'75;  // "umpgate1"
constexpr std::size_t most_name_bytes = std::size_t{64} * 1024;
// The engine keeps far fewer of anything: a count beyond is nonsense.
constexpr std::uint64_t most_elements = 1'000'000;

// Whether text can be shown as it is. A backslash may be that of an escape, so it is not judged.
bool is_plain(std::string_view text) {
  std::string bare(text);
  std::erase(bare, '\\');
  return printable(bare) == bare;
}

// Appends. What an honest worker would be refused for is put right here: a word that is not printable is made
// so, a name that is too long is cut.
class Writer {
 public:
  template <std::unsigned_integral T>
  void number(const T& value) {
    for (unsigned shift = 0; shift < 64; shift += 8)
      bytes_.push_back(static_cast<std::byte>(std::uint64_t{value} >> shift));
  }
  void flag(const bool& value) { bytes_.push_back(static_cast<std::byte>(value ? 1 : 0)); }
  template <typename E>
  void choice(const E& value, E) {
    bytes_.push_back(static_cast<std::byte>(value));
  }
  void name(const std::string& text) { blob(std::string_view(text).substr(0, most_name_bytes)); }
  void word(const std::string& text) { name(is_plain(text) ? text : printable(text)); }
  void digest(const std::string& text) { blob(text); }
  void filter(const std::vector<std::byte>& bytes) {
    number(std::uint64_t{bytes.size()});
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  template <typename T, typename Each>
  void maybe(const std::optional<T>& value, Each each) {
    flag(value.has_value());
    if (value) each(*value);
  }
  template <typename T, typename Each>
  void list(const std::vector<T>& values, std::size_t, Each each) {
    number(std::uint64_t{values.size()});
    for (const T& value : values) each(value);
  }
  void extent(std::uint64_t, std::uint64_t) {}

  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  void blob(std::string_view text) {
    number(std::uint64_t{text.size()});
    const auto bytes = std::as_bytes(std::span(text));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  std::vector<std::byte> bytes_{};
};

// Reads the same. The first rule broken ends it: from then on everything read is empty.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : cursor_(bytes) {}

  template <std::unsigned_integral T>
  void number(T& value) {
    const auto read = cursor_.u64();
    demand(read && std::in_range<T>(*read));
    value = sound_ ? static_cast<T>(*read) : T{};
  }
  void flag(bool& value) {
    const auto read = cursor_.u8();
    demand(read && *read <= 1);
    value = sound_ && *read == 1;
  }
  // `last`: the greatest value that the enumeration has.
  template <typename E>
  void choice(E& value, E last) {
    const auto read = cursor_.u8();
    demand(read && *read <= static_cast<std::uint8_t>(last));
    if (sound_) value = static_cast<E>(*read);
  }
  // A name that came with the dump: any bytes; whoever shows it makes it printable.
  void name(std::string& text) { blob(text, most_name_bytes); }
  // A word or sentence of ours.
  void word(std::string& text) {
    blob(text, most_name_bytes);
    demand(is_plain(text));
  }
  void digest(std::string& text) {
    blob(text, 64);
    demand(text.empty() || is_sha256_hex(text));
  }
  void filter(std::vector<std::byte>& bytes) {
    std::uint64_t size = 0;
    number(size);
    const auto taken = sound_ ? cursor_.take(size) : std::nullopt;
    demand(taken.has_value());
    if (sound_) bytes.assign(taken->begin(), taken->end());
  }
  template <typename T, typename Each>
  void maybe(std::optional<T>& value, Each each) {
    bool there = false;
    flag(there);
    if (there) each(value.emplace());
  }
  // `least`: bytes that one element takes at least, so that a count never asks for more than the message
  // could hold.
  template <typename T, typename Each>
  void list(std::vector<T>& values, std::size_t least, Each each) {
    std::uint64_t count = 0;
    number(count);
    demand(count <= most_elements && count <= cursor_.left() / least);
    for (std::uint64_t i = 0; sound_ && i < count; ++i) each(values.emplace_back());
  }
  void extent(std::uint64_t offset, std::uint64_t length) {
    demand(Extent::make(offset, length).has_value());
  }

  bool ended_well() const { return sound_ && cursor_.left() == 0; }

 private:
  void demand(bool condition) { sound_ = sound_ && condition; }
  void blob(std::string& text, std::size_t most) {
    std::uint64_t size = 0;
    number(size);
    demand(size <= most);
    const auto taken = sound_ ? cursor_.take(size) : std::nullopt;
    demand(taken.has_value());
    if (!sound_) return;
    text.resize(taken->size());
    if (!text.empty()) std::memcpy(text.data(), taken->data(), text.size());
  }

  ByteCursor cursor_;
  bool sound_ = true;
};

// The least bytes of a list's elements: eight of each number and of each length.
constexpr std::size_t least_text = 8;
constexpr std::size_t least_gap = 26;
constexpr std::size_t least_finding = least_text * 18;
constexpr std::size_t least_layer = least_text * 4;
constexpr std::size_t least_image = least_text * 5;
constexpr std::size_t least_protected = least_text * 3;

void gap_fields(auto& wire, auto& gap) {
  wire.choice(gap.reason, GapReason::internal);
  wire.name(gap.layer);
  wire.number(gap.offset);
  wire.maybe(gap.length, [&](auto& length) { wire.number(length); });
  wire.extent(gap.offset, gap.length.value_or(0));
  wire.word(gap.detail);
}

void finding_fields(auto& wire, auto& finding) {
  wire.word(finding.signature);
  wire.choice(finding.kind, KeyKind::random_data);
  wire.choice(finding.use, KeyUse::unknown);
  wire.word(finding.algorithm);
  wire.number(finding.bits);
  wire.word(finding.curve);
  wire.word(finding.representation);
  wire.choice(finding.evidence, Evidence::proof);
  wire.word(finding.relation);
  wire.flag(finding.cut);
  wire.word(finding.detail);
  wire.name(finding.layer);
  wire.number(finding.offset);
  wire.number(finding.length);
  wire.extent(finding.offset, finding.length);
  wire.word(finding.address_space);
  wire.number(finding.address);
  wire.name(finding.mapping);
  wire.digest(finding.public_key_sha256);
  wire.flag(finding.public_key_derived);
  wire.flag(finding.exemptible);
  wire.digest(finding.encoding_sha256);
  wire.word(finding.secret_id);
  wire.flag(finding.secret_id_is_public);
  wire.number(finding.occurrences);
}

void layer_fields(auto& wire, auto& layer) {
  wire.name(layer.path);
  wire.number(layer.members);
  wire.number(layer.bytes_in);
  wire.number(layer.bytes_out);
}

void image_fields(auto& wire, auto& image) {
  wire.name(image.layer);
  wire.number(image.base);
  wire.number(image.bytes);
  wire.number(image.regions);
  wire.number(image.region_bytes);
  wire.number(image.word_bits);
  wire.flag(image.big_endian);
}

void protected_fields(auto& wire, auto& key) {
  wire.name(key.name);
  wire.digest(key.public_key_sha256);
  wire.flag(key.found);
  wire.list(key.representations, least_text, [&](auto& text) { wire.word(text); });
}

void record_fields(auto& wire, auto& record) {
  wire.name(record.input);
  wire.maybe(record.size, [&](auto& size) { wire.number(size); });
  wire.maybe(record.sha256, [&](auto& digest) { wire.digest(digest); });
  wire.number(record.bytes_in);
  wire.number(record.bytes_examined);
  wire.flag(record.examined);
  wire.flag(record.self_test_passed);
  wire.list(record.gaps, least_gap, [&](auto& gap) { gap_fields(wire, gap); });
  wire.list(record.findings, least_finding, [&](auto& finding) { finding_fields(wire, finding); });
  wire.list(record.layers, least_layer, [&](auto& layer) { layer_fields(wire, layer); });
  wire.list(record.images, least_image, [&](auto& image) { image_fields(wire, image); });
  wire.list(record.protected_keys, least_protected, [&](auto& key) { protected_fields(wire, key); });
  wire.list(record.public_keys, least_text, [&](auto& digest) { wire.digest(digest); });
  wire.digest(record.signatures_sha256);
}

void answer_fields(auto& wire, auto& answer) {
  record_fields(wire, answer.record);
  wire.filter(answer.retro_filter);
  wire.list(answer.sandbox, least_text, [&](auto& text) { wire.word(text); });
  wire.list(answer.problems, least_text, [&](auto& text) { wire.word(text); });
}

}  // namespace

Result<std::vector<std::byte>> write_answer(const WorkerAnswer& answer) {
  Writer writer;
  writer.number(magic);
  answer_fields(writer, answer);
  auto bytes = writer.take();
  if (bytes.size() > most_answer_bytes)
    return Error{.code = ErrorCode::limit, .message = "more was found than an answer can hold"};
  return bytes;
}

Result<WorkerAnswer> read_answer(std::span<const std::byte> bytes) {
  Reader reader(bytes);
  std::uint64_t opening = 0;
  reader.number(opening);
  WorkerAnswer answer;
  if (opening == magic) answer_fields(reader, answer);
  if (opening != magic || !reader.ended_well())
    return Error{.code = ErrorCode::corrupt, .message = "the examining process answered nonsense"};
  return answer;
}

}  // namespace dumpgate
