// retro_probe [--rounds N] [--foreign N] DUMP [KEY...]: makes the retro filter of a dump and asks it for
// keys; prints one JSON object. The one rule: times are pairs of scans with and without the filter, taken in
// turn.
//
// --foreign N: also asks for N fresh keys that no dump can hold, of the shortest kinds (P-256 and Ed25519),
// whose answers chance reaches first. Of N, how many reached a stated probability below 1e-2, 1e-3, 1e-4 and
// 1e-5 tells whether what is stated is right: no more than N times as much.

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "scanner/detect/signature.h"
#include "scanner/engine/scan.h"
#include "scanner/evidence/retro_filter.h"
#include "scanner/evidence/retro_query.h"

namespace {

using namespace dumpgate;

SecretBytes random_key() {
  SecretBytes key(32);
  if (RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), 32) != 1) throw std::bad_alloc();
  return key;
}

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Run {
  ScanRecord record{};
  double seconds = 0;
};

Run run(const std::string& path, const SignatureSet& signatures, WindowTap* tap) {
  const auto input = open_input(path);
  if (!input) throw std::runtime_error(input.error().message);
  ScanOptions options;
  options.threads = 1;
  options.signatures = &signatures;
  options.tap = tap;
  const double began = processor_seconds();
  Run done;
  done.record = scan(**input, options);
  done.seconds = processor_seconds() - began;
  return done;
}

Result<RetroSecret> fresh(unsigned which) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      which % 2 == 0 ? EVP_EC_gen("P-256") : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free);
  unsigned char* der = nullptr;
  const int size = i2d_PrivateKey(key.get(), &der);
  if (size <= 0) throw std::bad_alloc();
  const std::span<const unsigned char> bytes(der, static_cast<std::size_t>(size));
  auto secret = retro_secret_of_key(std::as_bytes(bytes));
  OPENSSL_clear_free(der, bytes.size());
  return secret;
}

void print_answer(const char* name, const RetroQuery& query, const RetroAnswer& answer) {
  std::printf(R"({"key":"%s","result":"%s","number":"%s","layout":"%s","matched":%zu,"asked":%zu,)", name,
              std::string(to_string(answer.result)).c_str(), answer.number.c_str(),
              std::string(answer.layout).c_str(), answer.matched, answer.asked);
  std::printf(R"("false_probability":%.3g,"recognised":%zu,"ways":%zu})", answer.false_probability,
              query.reach().recognised, query.reach().all);
}

int probe(const std::string& dump, const std::vector<std::string>& keys, unsigned rounds, unsigned foreign) {
  const auto signatures = SignatureSet::builtin();
  if (!signatures) return 1;
  const SecretBytes site_key = random_key();
  std::vector<std::byte> bytes;
  std::uint64_t examined = 0;
  double best_with = 1e9;
  double best_without = 1e9;
  if (rounds > 0) (void)run(dump, *signatures, nullptr);  // what is made once is made before the clock starts
  for (unsigned round = 0; round < rounds || round == 0; ++round) {
    if (rounds > 0) best_without = std::min(best_without, run(dump, *signatures, nullptr).seconds);
    RetroFilterBuilder builder(site_key, std::size_t{64} << 20);
    const Run with = run(dump, *signatures, &builder);
    best_with = std::min(best_with, with.seconds);
    examined = with.record.bytes_examined;
    bytes = builder.finish();
  }
  const auto filter = RetroFilter::parse(bytes);
  if (!filter) return 1;
  std::printf(
      R"({"examined":%llu,"filter":%zu,"complete":%s,"scattered":%zu,"inside":%zu,"inside_level":%u,)",
      static_cast<unsigned long long>(examined), bytes.size(), filter->complete ? "true" : "false",
      filter->scattered.values.size(), filter->inside.values.size(), filter->inside.level);
  if (rounds > 0) std::printf(R"("seconds_with":%.4f,"seconds_without":%.4f,)", best_with, best_without);
  const RetroHash hash(site_key);
  std::printf(R"("answers":[)");
  const char* comma = "";
  for (const std::string& path : keys) {
    const auto secret = read_retro_secret(path, SecretEncoding::key);
    if (!secret) {
      std::fprintf(stderr, "retro_probe: %s\n", secret.error().message.c_str());
      return 1;
    }
    const RetroQuery query(*secret, hash);
    std::printf("%s", comma);
    print_answer(path.c_str(), query, query.ask(*filter));
    comma = ",";
  }
  unsigned wrong = 0;
  double least = 1;
  std::array<unsigned, 4> below{};
  for (unsigned i = 0; i < foreign; ++i) {
    const auto secret = fresh(i);
    if (!secret) return 1;
    const RetroAnswer answer = RetroQuery(*secret, hash).ask(*filter);
    wrong += answer.result == RetroResult::contained ? 1U : 0U;
    least = std::min(least, answer.false_probability);
    double limit = 1e-2;
    for (unsigned& count : below) {
      count += answer.false_probability < limit ? 1U : 0U;
      limit /= 10;
    }
  }
  std::printf(R"(],"foreign":%u,"foreign_contained":%u,"foreign_least_probability":%.3g,)", foreign, wrong,
              least);
  std::printf(R"("foreign_below":[%u,%u,%u,%u]})", below[0], below[1], below[2], below[3]);
  std::printf("\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  std::vector<std::string> words(argv + 1, argv + argc);
  unsigned rounds = 0;
  unsigned foreign = 0;
  while (words.size() >= 2 && words.front().starts_with("--")) {
    (words.front() == "--rounds" ? rounds : foreign) = static_cast<unsigned>(std::stoul(words[1]));
    words.erase(words.begin(), words.begin() + 2);
  }
  if (words.empty()) return 2;
  return probe(words.front(), {words.begin() + 1, words.end()}, rounds, foreign);
} catch (const std::exception& error) {
  std::fputs(error.what(), stderr);
  return 1;
}
