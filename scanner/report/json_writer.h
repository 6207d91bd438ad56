// JsonWriter: writes JSON text in the order it is told. The one rule: its output is printable ASCII whatever
// goes in (and line feeds, when indenting), so that no name out of a dump can act on what reads the report.
//
// A writer of our own because a report is only ever written: the order of members is part of the contract
// with people who read and compare reports, bytes that are not UTF-8 must not throw, and nothing is built up
// in memory twice.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace dumpgate {

class JsonWriter {
 public:
  // indent: spaces for each level; 0 writes everything on one line.
  explicit JsonWriter(unsigned indent = 0) : indent_(indent) {}

  // An open object or array; leaving the C++ scope closes it. Does not outlive the writer.
  class [[nodiscard]] Scope {
   public:
    ~Scope() { writer_.close(bracket_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    friend class JsonWriter;
    Scope(JsonWriter& writer, char bracket) : writer_(writer), bracket_(bracket) {}
    JsonWriter& writer_;
    char bracket_;
  };

  // In an array, or at the top.
  Scope object() { return open('{', '}'); }
  Scope array() { return open('[', ']'); }
  // Bytes that are not UTF-8 become U+FFFD.
  void text(std::string_view value);

  // In an object.
  Scope object(std::string_view key);
  Scope array(std::string_view key);
  void text(std::string_view key, std::string_view value);
  void number(std::string_view key, std::uint64_t value);
  void boolean(std::string_view key, bool value);
  void null(std::string_view key);

  // The text so far; the writer is spent.
  std::string take() { return std::move(out_); }

 private:
  Scope open(char bracket, char closing);
  void close(char bracket);
  void before_value();  // the comma, and the line break
  void key(std::string_view name);
  void line_break();
  void quote(std::string_view value);

  std::string out_{};
  unsigned indent_;
  unsigned depth_ = 0;
  bool first_ = true;       // of the object or array that is open
  bool after_key_ = false;  // the value belongs to the key just written
};

}  // namespace dumpgate
