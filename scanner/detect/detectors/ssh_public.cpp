// SSH public keys (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4): leads for the hunt, never findings. As text
// ("ssh-rsa AAAA...", in authorized_keys and .pub files) and as the binary blob that servers and agents keep.

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "scanner/base/byte_cursor.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/text_view.h"

namespace dumpgate {
namespace {

using namespace std::string_view_literals;
using Bytes = std::span<const std::byte>;

constexpr std::uint32_t longest_number = 2049;  // RSA-16384 with a sign byte

// The strings after the name of the type that make up a public key of that type, and their lengths.
struct Part {
  std::uint32_t least = 0;
  std::uint32_t most = 0;
};
struct KeyType {
  std::string_view name{};  // or how it begins: the curve follows
  std::string_view text{};  // anchors
  std::string_view blob{};
  std::size_t count = 0;
  std::array<Part, 4> parts{};
};

constexpr Part number{16, longest_number};
constexpr std::array<KeyType, 4> types{{
    {"ssh-rsa", "ssh-rsa AAAA", "\0\0\0\7ssh-rsa\0\0"sv, 2, {{{1, 9}, {64, longest_number}}}},
    {"ssh-dss", "ssh-dss AAAA", "\0\0\0\7ssh-dss\0\0"sv, 4, {{number, number, {1, longest_number}, number}}},
    {"ssh-ed25519", "ssh-ed25519 AAAA", "\0\0\0\13ssh-ed25519\0\0\0\40"sv, 1, {{{32, 32}}}},
    {"ecdsa-sha2-nistp", "ecdsa-sha2-nistp", "\0\0\0\23ecdsa-sha2-nistp"sv, 2, {{{8, 8}, {33, 133}}}},
}};

constexpr std::array<std::string_view, 8> anchor_texts{types[0].text, types[0].blob, types[1].text,
                                                       types[1].blob, types[2].text, types[2].blob,
                                                       types[3].text, types[3].blob};

// The whole blob at the beginning of `bytes`, or nothing.
std::optional<Bytes> read_blob(Bytes bytes, const KeyType& type) {
  ByteCursor cursor(bytes, ByteOrder::big);
  const auto take = [&](Part part) {
    const auto length = cursor.u32();
    return length && *length >= part.least && *length <= part.most ? cursor.take(*length) : std::nullopt;
  };
  const auto name = take({7, 19});
  if (!name || name->size() < type.name.size()) return std::nullopt;
  const auto same = [](std::byte byte, char c) { return byte == static_cast<std::byte>(c); };
  if (!std::equal(type.name.begin(), type.name.end(), name->begin(),
                  [&](char c, std::byte b) { return same(b, c); })) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < type.count; ++i) {
    if (!take(type.parts[i])) return std::nullopt;
  }
  return bytes.first(cursor.position());
}

// A base64 text of at most the longest blob, decoded. `begin` is its first character.
struct Decoded {
  SecretBytes bytes{};
  std::size_t size = 0;  // of the text
};
Decoded decode_text(Bytes bytes) {
  constexpr std::size_t longest = std::size_t{4} * longest_number * 4 / 3;
  std::string characters;
  for (const std::byte byte : bytes.first(std::min(bytes.size(), longest))) {
    const char c = static_cast<char>(byte);
    if (!base64_value(static_cast<unsigned char>(c))) break;
    characters += c;
  }
  return {decode_base64(characters), characters.size()};
}

class SshPublicDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "ssh-public"; }
  std::span<const std::string_view> anchors() const noexcept override { return anchor_texts; }

  void at(const Window& window, std::size_t position, std::size_t which, CandidateSink& sink) const override {
    const Window::Around around = window.around(position);
    const Bytes bytes = around.bytes.subspan(around.at);
    const KeyType& type = types[which / 2];
    Candidate candidate;
    candidate.form = Form::ssh_public;
    candidate.begin = position;
    if (which % 2 != 0) {
      const auto blob = read_blob(bytes, type);
      if (!blob) return;
      candidate.representation = "ssh-blob";
      candidate.size = blob->size();
    } else {
      const auto space = std::find(
          bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(bytes.size(), 24)),
          std::byte{' '});
      const auto before = static_cast<std::size_t>(space - bytes.begin()) + 1;
      if (before > bytes.size()) return;
      const Decoded decoded = decode_text(bytes.subspan(before));
      const auto blob = read_blob(decoded.bytes, type);
      if (!blob) return;
      candidate.representation = "ssh-text";
      candidate.size = before + decoded.size;
      candidate.payload = secret_copy(*blob);
    }
    sink.add(std::move(candidate));
  }
};

const SshPublicDetector detector;

}  // namespace

extern const Detector& ssh_public_detector;
const Detector& ssh_public_detector = detector;

}  // namespace dumpgate
