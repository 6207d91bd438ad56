// Verbs: the sub-commands of one level of the command line, declared from a list that the build made. The one
// rule: they live as long as the parser that keeps references to their options.

#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"

namespace dumpgate {

class Verbs {
 public:
  // `app` outlives this object.
  void declare(CommandLine& app, std::span<const CommandEntry* const> entries);
  // The one that was named on the command line, owned by this object; null before parsing, or when none was.
  Command* named() const;

 private:
  std::vector<std::pair<CommandLine, std::unique_ptr<Command>>> verbs_{};
};

}  // namespace dumpgate
