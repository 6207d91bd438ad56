// The whole examination, on images in memory: what is planted is found once, under its right name, whatever
// the windows, threads and wrappings; and a dump that is cut or damaged is never taken for whole.

#include "scanner/engine/scan.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/dsa.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "scanner/detect/random_words.h"
#include "scanner/engine/self_test.h"
#include "scanner/io/digest.h"
#include "tests/support/bio_contents.h"
#include "tests/support/elf_core_writer.h"

namespace dumpgate {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Bytes = std::vector<std::byte>;

const SignatureSet& signatures() {
  static const SignatureSet set = *SignatureSet::builtin();
  return set;
}

Bytes pem(EVP_PKEY* key) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  return contents(bio);
}

Bytes der(EVP_PKEY* key) {
  BIO* bio = BIO_new(BIO_s_mem());
  i2d_PKCS8PrivateKey_bio(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  return contents(bio);
}

Bytes spki(EVP_PKEY* key) {
  unsigned char* data = nullptr;
  const int size = i2d_PUBKEY(key, &data);
  const auto bytes = std::as_bytes(std::span(data, static_cast<std::size_t>(size)));
  Bytes copy(bytes.begin(), bytes.end());
  OPENSSL_free(data);
  return copy;
}

Bytes limbs(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  EXPECT_EQ(EVP_PKEY_get_bn_param(key, name, &number), 1);
  Bytes out(static_cast<std::size_t>((BN_num_bytes(number) + 7) / 8 * 8));
  EXPECT_GT(
      BN_bn2lebinpad(number, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size())), 0);
  BN_clear_free(number);
  return out;
}

bool is_spared(const Bytes& number) {
  std::vector<std::uint64_t> words(number.size() / 8);
  std::memcpy(words.data(), number.data(), number.size());
  return std::ranges::none_of(words, plain_word) && looks_random(words);
}

// A key whose numbers the filters' stated loss (docs/hunt.md) spares: that loss has its own test.
Key spared_key(const auto& generate, std::initializer_list<const char*> numbers) {
  for (;;) {
    Key key(generate(), &EVP_PKEY_free);
    if (std::ranges::all_of(numbers, [&](const char* name) { return is_spared(limbs(key.get(), name)); }))
      return key;
  }
}

void put(Bytes& image, std::size_t at, const Bytes& what) {
  std::ranges::copy(what, image.begin() + static_cast<std::ptrdiff_t>(at));
}

// Memory with everything in it that this program finds, and much that it must not mind.
Bytes image_with_keys() {
  static const Bytes image = [] {
    Bytes bytes(400'000);
    std::mt19937 random(11);
    for (std::size_t at = 50'000; at < 90'000; ++at) bytes[at] = static_cast<std::byte>(random());
    for (std::size_t at = 90'000; at < 120'000; ++at) bytes[at] = static_cast<std::byte>('a' + random() % 26);
    const Key rsa(EVP_RSA_gen(1024), &EVP_PKEY_free);
    const Key ec(EVP_EC_gen("P-256"), &EVP_PKEY_free);
    const Key ed(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free);
    const Key bare =
        spared_key([] { return EVP_RSA_gen(1024); },
                   {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2});
    const Key scalar = spared_key([] { return EVP_EC_gen("P-384"); }, {OSSL_PKEY_PARAM_PRIV_KEY});
    put(bytes, 1001, pem(rsa.get()));
    put(bytes, 65'530, der(ec.get()));
    put(bytes, 131'060, pem(ed.get()));
    put(bytes, 200'000, limbs(bare.get(), OSSL_PKEY_PARAM_RSA_N));
    put(bytes, 200'512, limbs(bare.get(), OSSL_PKEY_PARAM_RSA_FACTOR1));
    put(bytes, 262'112, limbs(bare.get(), OSSL_PKEY_PARAM_RSA_FACTOR2));
    put(bytes, 300'016, limbs(scalar.get(), OSSL_PKEY_PARAM_PRIV_KEY));
    put(bytes, 390'001, spki(scalar.get()));
    return bytes;
  }();
  return image;
}

// The record without statistical hints: a key is also an island of random bytes.
ScanRecord scan_bytes(const Bytes& bytes, const ScanOptions& options, bool once = false) {
  const auto input = memory_input("test", bytes, once);
  ScanRecord record = scan(*input, options);
  std::erase_if(record.findings, [](const Finding& f) { return f.kind == KeyKind::random_data; });
  return record;
}

ScanOptions with(unsigned threads, std::size_t window) {
  ScanOptions options;
  options.threads = threads;
  options.window = window;
  options.signatures = &signatures();
  return options;
}

// Everything of a record that a report could show.
std::string told(const ScanRecord& record) {
  std::string text = record.sha256.value_or("-") + " " + std::to_string(record.bytes_examined) + "\n";
  for (const Finding& f : record.findings)
    text += f.signature + " " + f.layer + " " + std::to_string(f.offset) + "+" + std::to_string(f.length) +
            " " + f.representation + " " + std::string(to_string(f.evidence)) + " " + f.relation + " " +
            f.public_key_sha256 + " x" + std::to_string(f.occurrences) + " " + f.detail +
            (f.cut ? " cut" : "") + "\n";
  for (const Gap& gap : record.gaps)
    text += std::string(to_string(gap.reason)) + " " + gap.layer + " " + std::to_string(gap.offset) + " " +
            gap.detail + "\n";
  return text;
}

std::size_t proven_keys(const ScanRecord& record) {
  std::vector<std::string> names;
  for (const Finding& f : record.findings)
    if (f.evidence >= Evidence::structure && !f.public_key_sha256.empty())
      names.push_back(f.public_key_sha256);
  std::ranges::sort(names);
  return static_cast<std::size_t>(std::ranges::unique(names).begin() - names.begin());
}

TEST(Scan, FindsEveryPlantedKey) {
  const ScanRecord record = scan_bytes(image_with_keys(), with(2, 64 * 1024));
  EXPECT_EQ(proven_keys(record), 5U) << told(record);
  EXPECT_TRUE(record.gaps.empty()) << told(record);
  EXPECT_EQ(record.bytes_examined, image_with_keys().size());
}

TEST(Scan, ReportDependsNeitherOnWindowsNorOnThreads) {
  const std::string reference = told(scan_bytes(image_with_keys(), with(1, 1 << 20)));
  for (const std::size_t window :
       {std::size_t{1000}, std::size_t{4096}, std::size_t{65'536}, std::size_t{100'003}})
    for (const unsigned threads : {1U, 2U, 3U, 8U})
      EXPECT_EQ(told(scan_bytes(image_with_keys(), with(threads, window))), reference)
          << window << " " << threads;
}

TEST(Scan, APipeTellsTheSameAsAFile) {
  EXPECT_EQ(told(scan_bytes(image_with_keys(), with(2, 65'536), true)),
            told(scan_bytes(image_with_keys(), with(2, 65'536))));
}

TEST(Scan, ReadsAgainWhenMemoryDoesNotHoldTheNumbers) {
  ScanOptions options = with(2, 65'536);
  options.limits.max_memory = 512;  // a quarter of it does not hold the runs of one number
  const ScanRecord small = scan_bytes(image_with_keys(), options);
  EXPECT_EQ(proven_keys(small), 5U) << told(small);
  const ScanRecord piped = scan_bytes(image_with_keys(), options, true);
  EXPECT_TRUE(std::ranges::any_of(piped.gaps, [](const Gap& gap) { return gap.reason == GapReason::limit; }))
      << told(piped);
}

TEST(Scan, WrappingsDoNotHideKeys) {
  const Bytes image = image_with_keys();
  Bytes packed(ZSTD_compressBound(image.size()));
  packed.resize(ZSTD_compress(packed.data(), packed.size(), image.data(), image.size(), 3));
  Bytes twice(ZSTD_compressBound(packed.size()));
  twice.resize(ZSTD_compress(twice.data(), twice.size(), packed.data(), packed.size(), 3));
  for (const Bytes& wrapped : {packed, twice}) {
    const ScanRecord record = scan_bytes(wrapped, with(2, 65'536));
    EXPECT_EQ(proven_keys(record), 5U) << told(record);
    EXPECT_TRUE(record.gaps.empty()) << told(record);
    for (std::size_t cut = 1; cut < wrapped.size(); cut += wrapped.size() / 37 + 1) {
      const ScanRecord part = scan_bytes(
          Bytes(wrapped.begin(), wrapped.begin() + static_cast<std::ptrdiff_t>(cut)), with(2, 65'536));
      EXPECT_FALSE(part.gaps.empty()) << cut;
    }
  }
}

// A key whose halves lie apart in the file, while other memory begins where its first half ends.
TEST(Scan, FindsAKeyAcrossEachSeamOfOneAddress) {
  const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free);
  const Bytes text = pem(key.get());
  const auto middle = text.begin() + 70;  // amid the seed
  Bytes first(4096);
  Bytes second(4096);
  std::copy(text.begin(), middle, first.end() - 70);
  std::copy(middle, text.end(), second.begin());
  const Bytes other(4096);
  for (const bool last : {false, true}) {
    const Bytes core = support::ElfCoreWriter()
                           .load(0x2000, last ? other : second)
                           .load(0x2000, last ? second : other)
                           .load(0x1000, first)
                           .bytes();
    const ScanRecord record = scan_bytes(core, with(2, 65'536));
    EXPECT_EQ(proven_keys(record), 1U) << told(record);
  }
}

TEST(Scan, AddingBytesNeverRemovesAKey) {
  const Bytes image = image_with_keys();
  Bytes longer = image;
  std::mt19937 random(12);
  for (int i = 0; i < 100'000; ++i) longer.push_back(static_cast<std::byte>(random()));
  EXPECT_EQ(proven_keys(scan_bytes(longer, with(2, 65'536))), 5U);
}

// A dump behind a header of any length is memory that no map knows, and its words begin anywhere.
TEST(Scan, BytesInFrontNeverRemoveAKey) {
  const Bytes image = image_with_keys();
  for (std::size_t lead = 1; lead <= 8; ++lead) {
    Bytes longer(lead, std::byte{'x'});
    longer.insert(longer.end(), image.begin(), image.end());
    const ScanRecord record = scan_bytes(longer, with(2, 65'536));
    EXPECT_EQ(proven_keys(record), 5U) << lead << told(record);
  }
}

// The pads of one HMAC key far apart, in words that begin at an odd place: any window sees both.
TEST(Scan, PartnersAtAnOddByteAreSeenFromAnyWindow) {
  std::mt19937_64 random(13);
  Bytes image(3, std::byte{'x'});
  const auto put_word = [&image](std::uint64_t word) {
    for (unsigned i = 0; i < 8; ++i) image.push_back(static_cast<std::byte>(word >> (8 * i) & 0xffU));
  };
  Bytes key(24);
  for (std::byte& byte : key) byte = static_cast<std::byte>('a' + random() % 26);
  const auto pad = [&](std::byte with) {
    put_word(0x91);
    for (std::size_t i = 0; i < 64; ++i) image.push_back(with ^ (i < key.size() ? key[i] : std::byte{0}));
  };
  for (std::size_t i = 0; i < 20'000; ++i) {
    if (i == 5000) pad(std::byte{0x36});
    if (i == 10'200) pad(std::byte{0x5c});
    put_word(random() % 2 == 0 ? 16 + random() % 200 : 0x55d0'0000'0010U + 16 * (random() % 1000));
  }
  const std::string whole = told(scan_bytes(image, with(1, 1 << 20)));
  EXPECT_NE(whole.find("hmac-key"), std::string::npos) << whole;
  for (const std::size_t window : {std::size_t{4096}, std::size_t{20'000}, std::size_t{61'000}})
    EXPECT_EQ(told(scan_bytes(image, with(2, window))), whole) << window;
}

TEST(Scan, AnEmptyInputIsNeverWhole) {
  const ScanRecord record = scan_bytes({}, with(1, 65'536));
  EXPECT_FALSE(record.gaps.empty());
}

TEST(Scan, AProtectedKeyIsLookedForByItsPublicHalfAlone) {
  const Key key = spared_key([] { return EVP_EC_gen("P-256"); }, {OSSL_PKEY_PARAM_PRIV_KEY});
  Bytes image(20'000);
  put(image, 4096, limbs(key.get(), OSSL_PKEY_PARAM_PRIV_KEY));
  ScanOptions options = with(1, 65'536);
  EXPECT_EQ(proven_keys(scan_bytes(image, options)), 0U);
  options.protect.push_back({"ours", *parse_spki(spki(key.get()))});
  const ScanRecord record = scan_bytes(image, options);
  EXPECT_EQ(proven_keys(record), 1U) << told(record);
  ASSERT_EQ(record.protected_keys.size(), 1U);
  EXPECT_TRUE(record.protected_keys[0].found);
  EXPECT_TRUE(std::ranges::count(record.protected_keys[0].representations, "limbs-le64") == 1);
}

// The record without hints: statistics see key-sized islands in keys as well.
ScanRecord without_hints(ScanRecord record) {
  std::erase_if(record.findings, [](const Finding& finding) { return finding.evidence == Evidence::hint; });
  return record;
}

TEST(Scan, ProvesAnEdKeyByAPublicHalfElsewhere) {
  const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free);
  Bytes image(20'000);
  put(image, 4000, der(key.get()));
  const ScanRecord alone = without_hints(scan_bytes(image, with(1, 65'536)));
  ASSERT_EQ(alone.findings.size(), 1U) << told(alone);
  EXPECT_EQ(alone.findings[0].evidence, Evidence::structure);
  put(image, 9001, spki(key.get()));
  const ScanRecord both = without_hints(scan_bytes(image, with(1, 65'536)));
  // The encoding, and the seed in it as bare bytes: the same key twice.
  ASSERT_FALSE(both.findings.empty());
  for (const Finding& finding : both.findings) {
    EXPECT_EQ(finding.evidence, Evidence::proof) << told(both);
    EXPECT_EQ(finding.public_key_sha256, alone.findings[0].public_key_sha256);
  }
}

// PKCS #8 keeps no public half of these kinds: it is computed, and equals one that lies elsewhere.
TEST(Scan, SaysByWhichRelationAPublicHalfElsewhereProvesAKey) {
  const auto dsa = [] {
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> parameters(
        EVP_PKEY_CTX_new_from_name(nullptr, "DSA", nullptr), &EVP_PKEY_CTX_free);
    EVP_PKEY_paramgen_init(parameters.get());
    EVP_PKEY_CTX_set_dsa_paramgen_bits(parameters.get(), 1024);
    EVP_PKEY* domain = nullptr;
    EVP_PKEY_paramgen(parameters.get(), &domain);
    const Key owner(domain, &EVP_PKEY_free);
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> generator(
        EVP_PKEY_CTX_new(domain, nullptr), &EVP_PKEY_CTX_free);
    EVP_PKEY* key = nullptr;
    EVP_PKEY_keygen_init(generator.get());
    EVP_PKEY_generate(generator.get(), &key);
    return key;
  };
  const auto quick = [](const char* name) { return EVP_PKEY_Q_keygen(nullptr, nullptr, name); };
  const std::pair<EVP_PKEY*, std::string_view> cases[] = {{dsa(), "g^x=y"},
                                                          {quick("X25519"), "k*G=U"},
                                                          {quick("X448"), "k*G=U"},
                                                          {quick("ED25519"), "seed->A"},
                                                          {quick("ED448"), "seed->A"}};
  for (const auto& [made, relation] : cases) {
    const Key key(made, &EVP_PKEY_free);
    ASSERT_NE(made, nullptr) << relation;
    Bytes image(20'000);
    put(image, 4000, der(made));
    put(image, 9001, spki(made));
    const ScanRecord record = without_hints(scan_bytes(image, with(1, 65'536)));
    const auto encoded = std::ranges::find(record.findings, "der", &Finding::representation);
    ASSERT_NE(encoded, record.findings.end()) << told(record);
    EXPECT_EQ(encoded->evidence, Evidence::proof) << told(record);
    EXPECT_EQ(encoded->relation, relation) << told(record);
  }
}

// A prime of 512 bits and its product with q, as limbs: what a signature leaves of h*q, once in 355 times.
std::pair<Bytes, Bytes> prime_and_product(const Bytes& q) {
  const auto number = [] { return std::unique_ptr<BIGNUM, decltype(&BN_free)>(BN_new(), &BN_free); };
  const std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> context(BN_CTX_new(), &BN_CTX_free);
  const auto other = number(), h = number(), product = number();
  BN_lebin2bn(reinterpret_cast<const unsigned char*>(q.data()), static_cast<int>(q.size()), other.get());
  std::pair<Bytes, Bytes> both{Bytes(64), Bytes(128)};
  do {
    EXPECT_EQ(BN_generate_prime_ex(h.get(), 512, 0, nullptr, nullptr, nullptr), 1);
    EXPECT_EQ(BN_mul(product.get(), h.get(), other.get(), context.get()), 1);
    BN_bn2lebinpad(h.get(), reinterpret_cast<unsigned char*>(both.first.data()), 64);
    BN_bn2lebinpad(product.get(), reinterpret_cast<unsigned char*>(both.second.data()), 128);
  } while (!is_spared(both.first) || !is_spared(both.second));
  return both;
}

// A key's numbers and what a signature left of them; `known_by` is what names the key besides.
ScanRecord scan_after_signing(EVP_PKEY* key, const Bytes& known_by) {
  const Bytes q = limbs(key, OSSL_PKEY_PARAM_RSA_FACTOR2);
  const auto [h, product] = prime_and_product(q);
  Bytes image(20'000);
  put(image, 1024, limbs(key, OSSL_PKEY_PARAM_RSA_N));
  put(image, 2048, limbs(key, OSSL_PKEY_PARAM_RSA_FACTOR1));
  put(image, 3072, q);
  put(image, 4096, h);
  put(image, 5120, product);
  put(image, 9008, known_by);
  return without_hints(scan_bytes(image, with(1, 65'536)));
}

TEST(Scan, AProductOfASignatureIsNamedAfterNobody) {
  const Key key =
      spared_key([] { return EVP_RSA_gen(1024); }, {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_FACTOR1,
                                                    OSSL_PKEY_PARAM_RSA_FACTOR2, OSSL_PKEY_PARAM_RSA_D});
  const Bytes public_half = spki(key.get());
  const std::string name = parse_spki(public_half)->sha256;
  for (const Bytes& known_by : {public_half, limbs(key.get(), OSSL_PKEY_PARAM_RSA_D)}) {
    const ScanRecord record = scan_after_signing(key.get(), known_by);
    ASSERT_FALSE(record.findings.empty());
    for (const Finding& finding : record.findings)
      EXPECT_TRUE(finding.public_key_sha256 == name || finding.public_key_sha256.empty()) << told(record);
    // What may be another key all the same is still found, and nothing can exempt what has no name.
    EXPECT_TRUE(std::ranges::any_of(record.findings, [](const Finding& finding) {
      return finding.public_key_sha256.empty() && finding.evidence == Evidence::proof;
    })) << told(record);
  }
  // By arithmetic alone nobody can tell which of the two is the key: neither is named, both are found.
  const ScanRecord record = scan_after_signing(key.get(), {});
  EXPECT_EQ(std::ranges::count(record.findings, "n=p*q", &Finding::relation), 2) << told(record);
  for (const Finding& finding : record.findings)
    EXPECT_TRUE(finding.public_key_sha256.empty()) << told(record);
}

// Of more than 64 keys of a size some are looked for by both primes alone: the record must not promise more.
TEST(Scan, SaysOfEachProtectedKeyWhatItWasLookedForAs) {
  ScanOptions options = with(1, 65'536);
  for (int i = 0; i < 70; ++i) {
    std::array<std::byte, 128> n{};
    EXPECT_EQ(RAND_bytes(reinterpret_cast<unsigned char*>(n.data()), static_cast<int>(n.size())), 1);
    n.front() |= std::byte{0x80};
    n.back() |= std::byte{1};
    options.protect.push_back({"key", *rsa_public_key(n, std::array{std::byte{3}})});
  }
  const ScanRecord record = scan_bytes(Bytes(1000), options);
  ASSERT_EQ(record.protected_keys.size(), 70U);
  const auto counted = [&](const char* form) {
    return std::ranges::count_if(record.protected_keys, [form](const ProtectedKeyRecord& key) {
      return std::ranges::count(key.representations, form) == 1;
    });
  };
  EXPECT_EQ(counted("limbs-le64"), 64);
  EXPECT_EQ(counted("limbs-le64 (p with q)"), 6);
  EXPECT_EQ(counted("der"), 70);
}

// A wiped encoding still says which key it was: the seed that a library keeps besides is looked for.
TEST(Scan, ThePublicHalfOfAWipedEncodingIsLookedFor) {
  Key key(nullptr, &EVP_PKEY_free);
  Bytes seed(57), point(57);
  std::size_t size = seed.size();
  const auto ends_a_run = [](std::byte byte) { return byte == std::byte{0} || byte == std::byte{0xff}; };
  do {
    key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448"));
    ASSERT_EQ(EVP_PKEY_get_raw_private_key(key.get(), reinterpret_cast<unsigned char*>(seed.data()), &size),
              1);
  } while (std::ranges::any_of(seed, ends_a_run));
  ASSERT_EQ(EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(point.data()), &size), 1);
  Bytes encoding = der(key.get());  // PKCS #8, to which version 2 adds [1] the public key (RFC 5958)
  std::fill(encoding.end() - 57, encoding.end(), std::byte{0});
  encoding[1] = static_cast<std::byte>(encoding.size() - 2 + 60);
  encoding[4] = std::byte{1};
  for (const unsigned each : {0x81U, 58U, 0U}) encoding.push_back(static_cast<std::byte>(each));
  encoding.insert(encoding.end(), point.begin(), point.end());
  Bytes image(20'000);
  put(image, 1000, encoding);
  put(image, 8000, seed);
  const ScanRecord record = without_hints(scan_bytes(image, with(1, 65'536)));
  ASSERT_EQ(record.findings.size(), 1U) << told(record);
  EXPECT_EQ(record.findings[0].relation, "seed->A");
  EXPECT_EQ(record.findings[0].offset, 8000U);
}

TEST(SelfTest, PassesOnThisMachine) {
  const SelfTest tested = self_test(signatures());
  EXPECT_TRUE(tested.passed) << tested.detail;
}

}  // namespace
}  // namespace dumpgate
