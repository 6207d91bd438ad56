#include "scanner/gate/adapters/core_facts.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

#include "scanner/base/printable.h"
#include "scanner/gate/adapters/ssh_command.h"

namespace dumpgate {
namespace {

constexpr std::size_t expected = 9;
constexpr std::size_t most_text = 4096;

std::optional<std::uint64_t> number_of(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string CoreFacts::file_name() const {
  const auto slash = program.rfind('/');
  std::string name = "core." + safe_name(slash == std::string::npos ? program : program.substr(slash + 1));
  if (!pid.empty()) name += "." + pid;
  if (!time.empty()) name += "." + time;
  return name;
}

DumpSource CoreFacts::source(const std::string& channel) const {
  DumpSource source{.channel = channel, .name = file_name(), .requester = "the kernel", .producer = {}};
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) source.producer[key] = printable(value.substr(0, most_text));
  };
  add("pid", pid);
  add("uid", uid);
  add("gid", gid);
  add("signal", signal);
  add("time", time);
  add("host", host);
  add("mode", mode);
  add("program", program);
  if (limit) add("limit", std::to_string(*limit));
  return source;
}

Result<CoreFacts> core_facts(std::span<const std::string> arguments) {
  if (arguments.size() != expected)
    return Error{.code = ErrorCode::usage,
                 .message = "core_pattern must give %P %u %g %s %t %c %h %d %E, and gave " +
                            std::to_string(arguments.size()) + " values"};
  for (const std::size_t at : {0U, 1U, 2U, 3U, 4U, 7U})
    if (!number_of(arguments[at]))
      return Error{.code = ErrorCode::usage,
                   .message = "not a number where core_pattern gives one: " + printable(arguments[at])};
  CoreFacts facts{.pid = arguments[0],
                  .uid = arguments[1],
                  .gid = arguments[2],
                  .signal = arguments[3],
                  .time = arguments[4],
                  .limit = number_of(arguments[5]),
                  .host = arguments[6],
                  .mode = arguments[7],
                  .program = arguments[8]};
  // "%c" is -1 in older kernels where there is no limit; "%E" writes ! for /.
  std::ranges::replace(facts.program, '!', '/');
  return facts;
}

}  // namespace dumpgate
