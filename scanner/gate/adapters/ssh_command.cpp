#include "scanner/gate/adapters/ssh_command.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace dumpgate {
namespace {

constexpr std::size_t most_command = 4096;
constexpr std::size_t most_name = 200;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '+' || c == '-';
}

SshRequest refused(std::string reason) { return {.reason = std::move(reason)}; }

// Words between single spaces. Nothing when a character needs a shell to mean something.
std::optional<std::vector<std::string>> words_of(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c == ' ') {
      if (!words.back().empty()) words.emplace_back();
      continue;
    }
    if (!is_name_character(c) && c != '/' && c != '=' && c != '%' && c != ',' && c != ':' && c != '@')
      return std::nullopt;
    words.back() += c;
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

// Where rsync and scp put what they receive: a directory of ours, or a name in it.
std::string place_for(std::string_view target) {
  if (target.empty() || target == "." || target.ends_with('/')) return "./";
  return "./" + safe_name(target);
}

// The letters of rsync's options in one word that change nothing of where or whether a file is completed
// (rsync(1); server_options() writes them). 's' (arguments follow on standard input, unseen) is not among
// them.
constexpr std::string_view rsync_letters = "vlogDtprzcSuWxOJhqdHAXUNCi";

bool is_rsync_cluster(std::string_view word) {
  if (!word.starts_with('-') || word.starts_with("--")) return false;
  word.remove_prefix(1);
  // "e" begins the protocol's version and capabilities, to the end of the word: "e31.LsfxCIvu".
  const auto letters = word.substr(0, word.find('e'));
  const auto rest = word.substr(letters.size());
  return std::ranges::all_of(letters,
                             [](char c) { return rsync_letters.find(c) != std::string_view::npos; }) &&
         std::ranges::all_of(rest, is_name_character);
}

bool is_harmless_rsync_option(std::string_view word) {
  static constexpr std::array<std::string_view, 7> whole{"--numeric-ids", "--dirs",  "--ignore-times",
                                                         "--sparse",      "--fsync", "--omit-dir-times",
                                                         "--preallocate"};
  static constexpr std::array<std::string_view, 7> with_value{
      "--log-format=", "--out-format=",      "--timeout=",        "--bwlimit=",
      "--block-size=", "--checksum-choice=", "--compress-choice="};
  return std::ranges::find(whole, word) != whole.end() ||
         std::ranges::any_of(with_value, [word](std::string_view known) { return word.starts_with(known); });
}

// rsync --server OPTION... . DESTINATION
SshRequest rsync_request(const std::vector<std::string>& words) {
  SshRequest request{.kind = SshRequest::Kind::rsync};
  std::size_t at = 1;
  for (; at < words.size() && words[at].starts_with('-'); ++at) {
    const std::string& word = words[at];
    if (word == "--server") {
      if (at != 1) return refused("rsync: options in an order that no client uses");
    } else if (!is_rsync_cluster(word) && !is_harmless_rsync_option(word)) {
      return refused("rsync option not allowed here: " + word);
    }
    request.arguments.push_back(word);
  }
  if (request.arguments.empty() || request.arguments.front() != "--server")
    return refused("rsync without --server");
  // Of the two paths the first is always "."; the destination is missing for "host:".
  if (at >= words.size() || words[at] != "." || words.size() > at + 2)
    return refused("rsync: one destination is expected");
  request.arguments.emplace_back(".");
  request.arguments.push_back(place_for(words.size() > at + 1 ? words[at + 1] : std::string()));
  return request;
}

// scp [-v] [-r] [-p] [-d] -t [--] TARGET, in any order of the options.
SshRequest scp_request(const std::vector<std::string>& words) {
  SshRequest request{.kind = SshRequest::Kind::scp};
  bool receives = false;
  std::size_t at = 1;
  for (; at < words.size() && words[at].starts_with('-'); ++at) {
    if (words[at] == "--") {
      ++at;
      break;
    }
    const std::string letters = words[at].substr(1);
    if (letters.empty() || letters.find_first_not_of("vrpdt") != std::string::npos)
      return refused("scp option not allowed here: " + words[at]);
    receives = receives || letters.find('t') != std::string::npos;
    request.arguments.push_back(words[at]);
  }
  if (!receives) return refused("nothing is given out here");
  if (words.size() != at + 1) return refused("scp: one target is expected");
  request.arguments.emplace_back("--");
  request.arguments.push_back(place_for(words[at]));
  return request;
}

SshRequest write_request(const std::vector<std::string>& words) {
  SshRequest request{.kind = SshRequest::Kind::write};
  for (std::size_t at = 1; at < words.size(); ++at) {
    const std::string& word = words[at];
    if (word.starts_with("of=") && request.name.empty())
      request.name = safe_name(std::string_view(word).substr(3));
    else if (!word.starts_with("bs=") && !word.starts_with("obs=") && !word.starts_with("ibs=") &&
             word != "status=none" && word != "conv=fsync")
      return refused("dd operand not allowed here: " + word);
  }
  return request.name.empty() ? refused("dd: of=NAME is expected") : request;
}

}  // namespace

std::string safe_name(std::string_view path) {
  while (path.starts_with('/') || path.starts_with("./")) path.remove_prefix(path.starts_with('/') ? 1 : 2);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.size() > most_name) path.remove_prefix(path.size() - most_name);
  std::string name(path);
  std::ranges::replace_if(name, [](char c) { return !is_name_character(c); }, '_');
  if (name.starts_with('.')) name.front() = '_';
  return name;
}

bool says_incomplete(std::string_view name) {
  return name.ends_with(".part") || name.ends_with(".tmp") || name.ends_with(".filepart") ||
         name.find("incomplete") != std::string_view::npos;
}

SshRequest parse_ssh_command(std::string_view original) {
  if (original.empty()) return refused("no shell here: use sftp, rsync, scp or dd of=NAME");
  if (original.size() > most_command) return refused("the command is too long");
  const auto words = words_of(original);
  if (!words || words->empty()) return refused("a character in the command needs a shell, and there is none");
  const std::string& program = words->front();
  if (words->size() == 1 && (program == "internal-sftp" || program.ends_with("/sftp-server")))
    return {.kind = SshRequest::Kind::sftp};
  if (program == "rsync") return rsync_request(*words);
  if (program == "scp") return scp_request(*words);
  if (program == "dd") return write_request(*words);
  if (program == "mkdir" && words->size() == 3 && words->at(1) == "-p")
    return {.kind = SshRequest::Kind::nothing};
  if (program == "mv" && words->size() == 3 && !words->at(1).starts_with('-') &&
      !words->at(2).starts_with('-')) {
    const SshRequest request{
        .kind = SshRequest::Kind::rename, .name = safe_name(words->at(1)), .to = safe_name(words->at(2))};
    return request.name.empty() || request.to.empty() ? refused("mv: two names are expected") : request;
  }
  return refused("only sftp, rsync, scp -t, dd of=, mkdir -p and mv are known here");
}

}  // namespace dumpgate
