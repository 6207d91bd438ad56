#include "scanner/cli/settings.h"
#include "scanner/cli/command_line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace dumpgate {
namespace {

// What one window in flight costs: own bytes and context on both sides, candidates, runs.
constexpr std::uint64_t slot_memory = 2ULL << 20;
constexpr std::uint64_t least_memory = 64ULL << 20;

constexpr std::size_t least_site_key = 32;
constexpr std::size_t most_site_key = 4096;

}  // namespace

// Its bytes may be anything, a line of text too, so nothing is cut off its end.
Result<SecretBytes> read_site_key(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  SecretBytes key(most_site_key + 1);
  in.read(reinterpret_cast<char*>(key.data()), static_cast<std::streamsize>(key.size()));
  if (in.bad() || in.gcount() == 0) return usage("cannot read the site key in " + path);
  key.resize(static_cast<std::size_t>(in.gcount()));
  if (key.size() < least_site_key || key.size() > most_site_key)
    return usage("--site-key: " + path + " must hold 32 to 4096 bytes");
  return key;
}

void ScanSettings::declare(CommandLine& app) {
  app.add_option("--policy", policy_file, "policy file (TOML); without it: block on marker and above");
  app.add_flag("--strict", strict, "block on hints as well");
  app.add_flag("--no-known-test-keys", ignore_known_test_keys, "published test keys block like any other");
  app.add_option("--protect", protect,
                 "certificates or public keys whose private half must not leave (repeatable)")
      .repeatable();
  app.add_option("--site-key", site_key_file,
                 "file of 32 bytes or more that stay with the site: names HMAC and AES keys in reports");
  app.add_option("--signatures", signatures_directory, "directory with further signatures (*.toml)");
  app.add_option("-j,--jobs", threads, "threads; default: one for each core").in_range(1, 1024);
  app.add_option("--max-memory", max_memory, "memory for everything, like 512MiB (the default)");
  app.add_option("--max-expanded", max_expanded,
                 "decoded bytes of all layers together; default: 64 GiB plus 1,000 times the input");
  app.add_option("--max-layers", max_layers, "nested wrappings; default 16").in_range(1, 1000);
  app.add_option("--window", window, "own bytes of a window; results do not depend on it").hidden();
  app.add_option("--progress", progress, "auto, always or never").one_of({"auto", "always", "never"});
}

Result<Prepared> ScanSettings::prepare() const {
  auto signatures = SignatureSet::builtin();
  if (!signatures) return signatures.error();
  Prepared prepared{.signatures = std::move(*signatures)};
  if (!signatures_directory.empty())
    if (const auto added = add_signatures_from(signatures_directory, prepared.signatures); !added)
      return added.error();
  if (!policy_file.empty()) {
    auto policy = read_policy(policy_file);
    if (!policy) return policy.error();
    prepared.policy = std::move(*policy);
  }
  if (strict) prepared.policy.strict = true;
  if (ignore_known_test_keys) prepared.policy.known_test_keys = false;
  auto known = KnownTestKeys::builtin();
  if (!known) return known.error();
  prepared.known_test_keys = std::move(*known);
  for (const std::string& file : protect) {
    auto keys = read_public_keys(file);
    if (!keys) return usage(keys.error().message);
    std::ranges::move(*keys, std::back_inserter(prepared.options.protect));
  }

  ScanOptions& options = prepared.options;
  if (!site_key_file.empty()) {
    auto key = read_site_key(site_key_file);
    if (!key) return key.error();
    options.site_key = std::move(*key);
  }
  const auto read_size = [](const std::string& text, std::uint64_t& value) -> Result<void> {
    if (text.empty()) return {};
    const auto size = parse_size(text);
    if (!size) return size.error();
    value = *size;
    return {};
  };
  std::uint64_t own = options.window;
  if (const auto r = read_size(max_memory, options.limits.max_memory); !r) return r.error();
  if (const auto r = read_size(max_expanded, options.limits.expanded); !r) return r.error();
  if (const auto r = read_size(window, own); !r) return r.error();
  if (own == 0 || own > (64ULL << 20)) return usage("--window: 1 byte to 64 MiB");
  options.window = static_cast<std::size_t>(own);
  if (options.limits.max_memory < least_memory) return usage("--max-memory: at least 64MiB");
  // A fifth, because decoders exist twice, in the walk and in the view of a leaf, and inner ones take as much
  // again as the outermost.
  options.limits.decoder_memory = std::min(options.limits.decoder_memory, options.limits.max_memory / 5);
  options.limits.aside_memory = std::min(options.limits.aside_memory, options.limits.max_memory / 32);
  options.limits.table_memory = std::min(options.limits.table_memory, options.limits.max_memory / 8);
  if (max_layers != 0) options.limits.layers = max_layers;
  const unsigned cores = threads != 0 ? threads : std::max(1U, std::thread::hardware_concurrency());
  const std::uint64_t room = options.limits.max_memory / 4 / slot_memory;  // slots
  options.threads =
      std::clamp<unsigned>(cores, 1, static_cast<unsigned>(std::max<std::uint64_t>(1, room / 2)));
  return prepared;
}

Result<std::uint64_t> parse_size(const std::string& text) {
  std::uint64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  std::string unit(rest, text.data() + text.size());
  std::ranges::transform(unit, unit.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  static constexpr std::array<std::string_view, 5> units{"", "k", "m", "g", "t"};
  for (std::size_t i = 0; error == std::errc{} && i < units.size(); ++i) {
    const std::string base(units.at(i));
    if (unit != base && (i == 0 ? unit != "b" : unit != base + "b" && unit != base + "ib")) continue;
    if (value > (~std::uint64_t{0} >> (10 * i))) break;
    return value << (10 * i);
  }
  return usage("not a size: '" + text + "' (write 4096, 64k, 512MiB, 2G)");
}

Result<void> add_signatures_from(const std::string& directory, SignatureSet& set) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error))
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  if (error) return usage("cannot read the signatures in " + directory + ": " + error.message());
  std::ranges::sort(files);
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (!in) return usage("cannot read " + file.string());
    if (const auto added = set.add(file.stem().string(), text); !added)
      return usage(file.string() + ": " + added.error().message);
  }
  return {};
}

std::string human_size(std::uint64_t bytes) {
  static constexpr std::array<const char*, 6> units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < units.size(); ++unit) value /= 1024;
  std::array<char, 32> text{};
  (void)std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, units.at(unit));
  return text.data();
}

std::string human_seconds(double seconds) {
  std::array<char, 32> text{};
  if (seconds < 60)
    (void)std::snprintf(text.data(), text.size(), "%.2f s", seconds);
  else
    (void)std::snprintf(text.data(), text.size(), "%.0f min %02.0f s", std::floor(seconds / 60),
                        std::fmod(seconds, 60));
  return text.data();
}

}  // namespace dumpgate
