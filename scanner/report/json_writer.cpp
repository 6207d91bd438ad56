#include "scanner/report/json_writer.h"

#include <optional>

#include "scanner/base/printable.h"

namespace dumpgate {
namespace {

constexpr char32_t replacement = 0xfffd;

void append_unit(std::uint32_t unit, std::string& out) {
  static constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u";
  for (unsigned shift = 16; shift != 0; shift -= 4) out += digits[(unit >> (shift - 4)) & 15U];
}

// RFC 8259 section 7: above U+FFFF a pair of UTF-16 surrogates.
void append_escaped(char32_t point, std::string& out) {
  if (point < 0x10000) {
    append_unit(point, out);
  } else {
    append_unit(0xd800U + ((point - 0x10000U) >> 10U), out);
    append_unit(0xdc00U + ((point - 0x10000U) & 0x3ffU), out);
  }
}

}  // namespace

void JsonWriter::text(std::string_view value) {
  before_value();
  quote(value);
}

JsonWriter::Scope JsonWriter::object(std::string_view name) {
  key(name);
  return open('{', '}');
}

JsonWriter::Scope JsonWriter::array(std::string_view name) {
  key(name);
  return open('[', ']');
}

void JsonWriter::text(std::string_view name, std::string_view value) {
  key(name);
  text(value);
}

void JsonWriter::number(std::string_view name, std::uint64_t value) {
  key(name);
  before_value();
  out_ += std::to_string(value);
}

void JsonWriter::boolean(std::string_view name, bool value) {
  key(name);
  before_value();
  out_ += value ? "true" : "false";
}

void JsonWriter::null(std::string_view name) {
  key(name);
  before_value();
  out_ += "null";
}

JsonWriter::Scope JsonWriter::open(char bracket, char closing) {
  before_value();
  out_ += bracket;
  ++depth_;
  first_ = true;
  return {*this, closing};
}

void JsonWriter::close(char bracket) {
  --depth_;
  if (!first_) line_break();
  out_ += bracket;
  first_ = false;
}

void JsonWriter::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (depth_ == 0) return;
  if (!first_) out_ += ',';
  line_break();
  first_ = false;
}

void JsonWriter::key(std::string_view name) {
  before_value();
  quote(name);
  out_ += indent_ == 0 ? ":" : ": ";
  after_key_ = true;
}

void JsonWriter::line_break() {
  if (indent_ == 0) return;
  out_ += '\n';
  out_.append(std::size_t{indent_} * depth_, ' ');
}

void JsonWriter::quote(std::string_view value) {
  out_ += '"';
  while (!value.empty()) {
    const char32_t point = next_code_point(value).value_or(replacement);
    if (point == '"' || point == '\\') {
      out_ += '\\';
      out_ += static_cast<char>(point);
    } else if (point >= 0x20 && point < 0x7f) {
      out_ += static_cast<char>(point);
    } else {
      append_escaped(point, out_);
    }
  }
  out_ += '"';
}

}  // namespace dumpgate
