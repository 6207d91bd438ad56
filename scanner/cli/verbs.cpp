#include "scanner/cli/verbs.h"
#include "scanner/cli/command_line.h"

#include <string>

namespace dumpgate {

void Verbs::declare(CommandLine& app, std::span<const CommandEntry* const> entries) {
  for (const CommandEntry* const entry : entries) {
    CommandLine line = app.add_subcommand(entry->name, entry->summary);
    verbs_.emplace_back(line, entry->make());
    verbs_.back().second->declare(line);
  }
}

Command* Verbs::named() const {
  for (const auto& [line, verb] : verbs_)
    if (line.was_named()) return verb.get();
  return nullptr;
}

}  // namespace dumpgate
