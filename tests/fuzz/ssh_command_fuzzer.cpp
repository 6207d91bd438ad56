// Any text as the command of a sender: what is accepted names nothing outside and asks for nothing back.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scanner/gate/adapters/ssh_command.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 200 && !name.starts_with('.') &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Kind = dumpgate::SshRequest::Kind;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string name = dumpgate::safe_name(text);
  require(name.empty() || is_name(name));
  const dumpgate::SshRequest request = dumpgate::parse_ssh_command(text);
  require(request.kind != Kind::refused || !request.reason.empty());
  if (request.kind == Kind::write || request.kind == Kind::rename) require(is_name(request.name));
  if (request.kind == Kind::rename) require(is_name(request.to));
  if (request.kind != Kind::rsync && request.kind != Kind::scp) return 0;
  require(request.arguments.size() >= 2);
  const std::string& place = request.arguments.back();
  require(place == "./" || (place.starts_with("./") && is_name(place.substr(2))));
  for (const std::string& word : request.arguments) {
    require(!word.starts_with("--sender") && !word.starts_with("--partial") &&
            !word.starts_with("--inplace"));
    require(word.find('\0') == std::string::npos);
    if (request.kind == Kind::scp) require(!word.starts_with("-f") && !word.starts_with("-S"));
  }
  return 0;
}
