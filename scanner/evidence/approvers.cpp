#include "scanner/evidence/approvers.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "scanner/base/printable.h"

namespace dumpgate {
namespace {

constexpr std::size_t most_files = 256;

Error refused(std::string message) { return {ErrorCode::usage, std::move(message), std::nullopt}; }

Result<std::vector<std::filesystem::path>> key_files(const std::string& directory) {
  std::error_code failed;
  std::vector<std::filesystem::path> paths;
  for (auto entry = std::filesystem::directory_iterator(directory, failed);
       !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) {
    if (entry->path().filename().string().starts_with('.')) continue;
    if (paths.size() == most_files) return refused(directory + ": too many files");
    paths.push_back(entry->path());
  }
  if (failed) return refused(directory + ": " + failed.message());
  std::ranges::sort(paths);
  return paths;
}

}  // namespace

std::size_t count_people(std::span<const Approver> approvers) {
  std::set<std::string_view> people;
  for (const Approver& approver : approvers) people.insert(approver.person);
  return people.size();
}

std::vector<Approver> approvers_other_than(const Ed25519PublicKey& key, std::span<const Approver> approvers) {
  std::vector<Approver> others;
  std::ranges::copy_if(approvers, std::back_inserter(others),
                       [&](const Approver& approver) { return approver.key != key; });
  return others;
}

Result<std::vector<Approver>> read_approvers(const std::string& directory) {
  const auto paths = key_files(directory);
  if (!paths) return paths.error();
  std::vector<Approver> approvers;
  for (const std::filesystem::path& path : *paths) {
    const auto key = read_ed25519_public_key(path.string());
    if (!key) return key.error();
    const std::string name = path.filename().string();
    Approver next{.person = printable(name.substr(0, name.find('.'))), .key = *key};
    const auto same = std::ranges::find(approvers, *key, &Approver::key);
    if (same != approvers.end() && same->person != next.person)
      return refused(directory + ": " + same->person + " and " + next.person + " have the same key");
    approvers.push_back(std::move(next));
  }
  if (count_people(approvers) < least_approvers)
    return refused(directory + ": keys of fewer than " + std::to_string(least_approvers) +
                   " people, so that nobody could sign a waiver");
  return approvers;
}

}  // namespace dumpgate
