// search FILE <PATTERNS: finds all places of many byte strings in one pass. Each line of standard input is
// the hexadecimal form of a string of at least 8 bytes; each output line is "index offset". The one rule:
// every offset is looked at, at no alignment.

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

constexpr std::size_t key_bytes = 8;
// Matches of one pattern that are still told; a garbage-collected heap holds thousands.
constexpr unsigned most_matches = 2000;

std::uint64_t head_of(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, key_bytes);
  return word;
}

std::size_t slot_of(std::uint64_t head) { return (head * 0x9e3779b97f4a7c15U) >> 48U; }

std::string from_hex(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::vector<std::string> patterns;
  for (std::string line; std::getline(std::cin, line);) patterns.push_back(from_hex(line));
  std::unordered_multimap<std::uint64_t, std::size_t> by_head;
  std::vector<bool> known(65536);
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    if (patterns[i].size() < key_bytes) return 2;
    by_head.emplace(head_of(patterns[i].data()), i);
    known[slot_of(head_of(patterns[i].data()))] = true;
  }
  std::ifstream file(argv[1], std::ios::binary);
  const std::string data{std::istreambuf_iterator<char>(file), {}};
  if (!file.good() && !file.eof()) return 2;
  std::vector<unsigned> matches(patterns.size());
  for (std::size_t at = 0; at + key_bytes <= data.size(); ++at) {
    const std::uint64_t head = head_of(data.data() + at);
    if (!known[slot_of(head)]) continue;
    const auto [begin, end] = by_head.equal_range(head);
    for (auto it = begin; it != end; ++it) {
      const std::string& pattern = patterns[it->second];
      if (data.compare(at, pattern.size(), pattern) != 0 || ++matches[it->second] > most_matches) continue;
      std::printf("%zu %zu\n", it->second, at);
    }
  }
}
