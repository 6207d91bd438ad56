#include "scanner/cli/verbs.h"

#include <CLI/CLI.hpp>

#include <string>

namespace dumpgate {

void Verbs::declare(CLI::App& app, std::span<const CommandEntry* const> entries) {
  for (const CommandEntry* const entry : entries) {
    CLI::App* const verb = app.add_subcommand(std::string(entry->name), std::string(entry->summary));
    verbs_.emplace_back(verb, entry->make());
    verbs_.back().second->declare(*verb);
  }
}

Command* Verbs::named() const {
  for (const auto& [app, verb] : verbs_)
    if (app->parsed()) return verb.get();
  return nullptr;
}

}  // namespace dumpgate
