// Base64 (RFC 4648) for public text: hashes, signatures, envelopes. The one rule: a text has one reading, so
// that nothing can be said twice in different letters; anything but the canonical encoding is refused. Not
// for secrets: the buffers are not wiped.

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dumpgate {

// Section 4: standard letters, padded, on one line.
std::string to_base64(std::span<const std::byte> bytes);

// Nothing unless the text is what to_base64 gives for some bytes.
std::optional<std::vector<std::byte>> from_base64(std::string_view text);

// Also takes section 5, the letters - and _ for + and /, with or without padding; not both alphabets in one
// text.
std::optional<std::vector<std::byte>> from_base64_of_either_alphabet(std::string_view text);

}  // namespace dumpgate
