// OutputFile: where a sub-command's result goes: standard output, or a file that only its owner can read. The
// one rule: a result that cannot be written whole ends the program with an error.

#pragma once

#include <string>
#include <string_view>

#include "scanner/base/result.h"

namespace dumpgate {

class OutputFile {
 public:
  OutputFile() = default;
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // open creates or empties the file, mode 0600; "" and "-" are standard output. Error (usage): it cannot be,
  // or it is the file that `input` names ("-" for standard input), by whatever name or link: that is left
  // alone.
  Result<void> open(const std::string& path, const std::string& input);

  // Each throws std::runtime_error when not everything could be written.
  void put(std::string_view text);
  void close();

 private:
  std::string path_{};
  int descriptor_ = -1;
};

}  // namespace dumpgate
