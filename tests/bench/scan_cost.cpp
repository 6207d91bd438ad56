// scan_cost [--without-hunt] [-j THREADS] [--protect FILE] DUMP: scans one dump with the hunt or without it
// and prints what it found, a line for each. It is how tests/bench/run learns what the hunt costs. The one
// rule: it is a measuring program and decides nothing; `dumpgate` has no way to leave the hunt out.

#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "scanner/engine/scan.h"

int main(int argc, char** argv) {
  using namespace dumpgate;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto signatures = SignatureSet::builtin();
  if (!signatures) return 2;
  ScanOptions options;
  options.signatures = &*signatures;
  std::string path;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool more = i + 1 < arguments.size();
    if (arguments[i] == "--without-hunt") {
      options.hunt = false;
    } else if (arguments[i] == "-j" && more) {
      options.threads = static_cast<unsigned>(std::stoul(arguments[++i]));
    } else if (arguments[i] == "--protect" && more) {
      const auto keys = read_public_keys(arguments[++i]);
      if (!keys) return 2;
      options.protect.insert(options.protect.end(), keys->begin(), keys->end());
    } else {
      path = arguments[i];
    }
  }
  const auto input = open_input(path);
  if (!input) {
    std::cerr << "usage: scan_cost [--without-hunt] [-j THREADS] [--protect FILE] DUMP\n";
    return 2;
  }
  const ScanRecord record = scan(**input, options);
  for (const Finding& finding : record.findings)
    std::cout << finding.offset << ' ' << finding.occurrences << ' ' << finding.signature << ' '
              << finding.representation << ' ' << finding.relation << ' ' << finding.public_key_sha256
              << '\n';
  std::cout << record.gaps.size() << " gaps, " << record.public_keys.size() << " public keys\n";
  return 0;
}
