#include "scanner/gate/adapters/clamd_protocol.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dumpgate {
namespace {

struct Word {
  std::string_view text{};
  ClamdVerb verb = ClamdVerb::unknown;
};
constexpr std::array<Word, 7> plain_words{{{"PING", ClamdVerb::ping},
                                           {"VERSION", ClamdVerb::version},
                                           {"VERSIONCOMMANDS", ClamdVerb::version_commands},
                                           {"INSTREAM", ClamdVerb::instream},
                                           {"FILDES", ClamdVerb::fildes},
                                           {"IDSESSION", ClamdVerb::idsession},
                                           {"END", ClamdVerb::end}}};
constexpr std::array<std::string_view, 4> path_words{"SCAN ", "CONTSCAN ", "MULTISCAN ", "ALLMATCHSCAN "};

// `text` is a command without prefix and delimiter.
ClamdCommand command_of(std::string_view text) {
  for (const Word& word : plain_words)
    if (text == word.text) return {.verb = word.verb};
  for (const std::string_view word : path_words) {
    if (!text.starts_with(word)) continue;
    text.remove_prefix(word.size());
    if (text.empty() || text.find('\0') != std::string_view::npos) break;
    return {.verb = ClamdVerb::scan, .path = std::string(text)};
  }
  return {};
}

}  // namespace

ClamdParser::Event ClamdParser::next(std::span<const std::byte>& input) {
  switch (state_) {
    case State::line:
      return line(input);
    case State::length:
    case State::chunk:
      return chunk(input);
    case State::descriptor:
      if (input.empty()) return Event::more;
      input = input.subspan(1);
      state_ = State::line;
      return Event::descriptor;
    case State::broken:
      break;
  }
  input = {};
  return Event::malformed;
}

ClamdParser::Event ClamdParser::line(std::span<const std::byte>& input) {
  while (!input.empty()) {
    const char c = static_cast<char>(input.front());
    input = input.subspan(1);
    const char end = !line_.empty() && line_.front() == 'z' ? '\0' : '\n';
    if (c != end) {
      line_ += c;
      if (line_.size() <= most_line) continue;
      state_ = State::broken;
      return Event::malformed;
    }
    if (line_.empty() || line_ == "\r") {  // the delimiter that follows a bare word, late
      line_.clear();
      continue;
    }
    accept_line();
    return Event::command;
  }
  return Event::more;
}

void ClamdParser::accept_line() {
  std::string_view text = line_;
  const char prefix = text.front();
  if (prefix == 'n' || prefix == 'z') text.remove_prefix(1);
  if (prefix != 'z' && text.ends_with('\r')) text.remove_suffix(1);
  command_ = command_of(text);
  command_.end_mark = prefix == 'z' ? '\0' : '\n';
  line_.clear();
  if (command_.verb == ClamdVerb::instream) state_ = State::length;
  if (command_.verb == ClamdVerb::fildes) state_ = State::descriptor;
}

bool ClamdParser::quiet() {
  if (state_ != State::line) return false;
  ClamdCommand command = command_of(line_);
  if (command.verb != ClamdVerb::ping && command.verb != ClamdVerb::version &&
      command.verb != ClamdVerb::version_commands)
    return false;
  command_ = std::move(command);
  line_.clear();
  return true;
}

ClamdParser::Event ClamdParser::chunk(std::span<const std::byte>& input) {
  while (!input.empty()) {
    if (state_ == State::chunk) {
      data_ = input.first(std::min<std::size_t>(left_, input.size()));
      input = input.subspan(data_.size());
      left_ -= static_cast<std::uint32_t>(data_.size());
      if (left_ == 0) state_ = State::length;
      return Event::data;
    }
    length_ = (length_ << 8) | std::to_integer<std::uint32_t>(input.front());
    input = input.subspan(1);
    if (++length_bytes_ < sizeof length_) continue;
    left_ = std::exchange(length_, 0);
    length_bytes_ = 0;
    if (left_ == 0) {
      state_ = State::line;
      return Event::data_end;
    }
    state_ = State::chunk;
  }
  return Event::more;
}

}  // namespace dumpgate
