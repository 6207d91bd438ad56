#include "scanner/evidence/public_key_list.h"

#include "scanner/base/hex.h"

namespace dumpgate {
namespace {

constexpr std::size_t name_length = 64;

}  // namespace

std::string public_key_list(std::span<const std::string> names) {
  std::string text;
  text.reserve(names.size() * (name_length + 1));
  for (const std::string& name : names) text += name + "\n";
  return text;
}

Result<std::vector<std::string>> parse_public_key_list(std::span<const std::byte> artifact) {
  const std::string_view text(reinterpret_cast<const char*>(artifact.data()), artifact.size());
  const Error bad{ErrorCode::corrupt, "a list of public keys is damaged", std::nullopt};
  if (text.size() % (name_length + 1) != 0) return bad;
  std::vector<std::string> names;
  names.reserve(text.size() / (name_length + 1));
  for (std::size_t at = 0; at < text.size(); at += name_length + 1) {
    const std::string_view name = text.substr(at, name_length);
    if (!is_sha256_hex(name) || text[at + name_length] != '\n') return bad;
    names.emplace_back(name);
  }
  return names;
}

}  // namespace dumpgate
