// Armour in decoded text: the BEGIN and END lines of RFC 7468, OpenPGP (RFC 9580 section 6.2) and SSH.com
// (RFC 4716), header lines and the body between them. The one rule: tolerant of how the text was carried
// (line breaks lost, quoted, indented, separated by NUL), strict about what is body, so that constants of a
// program are not taken for one.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/secret_bytes.h"
#include "scanner/detect/text_view.h"

namespace dumpgate {

// Characters that may encode key material.
using SecretText = std::vector<char, WipingAllocator<char>>;
inline std::string_view view_of(const SecretText& text) { return {text.data(), text.size()}; }

// "-----BEGIN RSA PRIVATE KEY-----" or "---- BEGIN SSH2 PUBLIC KEY ----", or the same with END.
struct ArmourMarker {
  std::ptrdiff_t begin = 0;  // of the first dash
  std::ptrdiff_t end = 0;    // one past the last dash, or past the label where that breaks off
  std::string label{};       // as far as it is there
  bool closed = false;       // the label is whole and the dashes after it are there
};

enum class MarkerWord : std::uint8_t { begin, end };

// The marker whose word BEGIN or END stands at `word`; nothing when no dashes stand before it.
std::optional<ArmourMarker> read_marker(TextView& text, std::ptrdiff_t word, MarkerWord kind);

struct ArmourBody {
  SecretText characters{};   // base64 (or, in OpenVPN keys, hexadecimal), without separators and padding
  std::ptrdiff_t begin = 0;  // the text from the first of them,
  std::ptrdiff_t end = 0;    // one past the last of them
  std::size_t padding = 0;
  bool encrypted = false;                // a Proc-Type or DEK-Info header says so (RFC 1421 4.6.1.1)
  std::optional<std::uint32_t> crc24{};  // OpenPGP's, RFC 9580 section 6.1
};

struct Armour {
  std::optional<ArmourMarker> head{};
  ArmourBody body{};
  std::optional<ArmourMarker> tail{};
};

// What follows a BEGIN marker: headers, the body as far as it goes, and the END marker if the body leads up
// to it.
Armour read_armour(TextView& text, const ArmourMarker& head);

// The BEGIN marker before an END marker with nothing but body and headers between them; the nearest one.
std::optional<ArmourMarker> find_head(TextView& text, const ArmourMarker& tail);

// The body that leads up to an END marker whose BEGIN is lost.
ArmourBody read_body_before(TextView& text, const ArmourMarker& tail);

// Whether characters look like the base64 of a key rather than like words: 32 of them at the least, drawn
// from all classes of characters, changing class as often as random ones do (two thirds of the time; words,
// one tenth).
bool looks_like_base64(std::string_view characters);

}  // namespace dumpgate
