#include "scanner/evidence/retro_forms.h"

#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "scanner/base/hex.h"
#include "scanner/detect/text_view.h"
#include "scanner/hunt/layouts.h"
#include "scanner/io/digest.h"
#include "scanner/proof/bignum.h"

namespace dumpgate {
namespace {

constexpr std::size_t most_file = std::size_t{64} * 1024;
constexpr std::size_t least_raw = 16;
constexpr std::size_t most_raw = 4096;

// Collects the forms of one secret.
class Forms {
 public:
  explicit Forms(std::vector<RetroForm>& forms) : forms_(forms) {}

  void bytes(const std::string& number, std::string_view layout, SecretBytes bytes) {
    forms_.push_back({number, layout, RetroKind::bytes, std::move(bytes)});
  }

  // Big-endian bytes in every order of bytes and words.
  void orders(const std::string& number, const SecretBytes& big_endian) {
    bytes(number, bytes_layout, big_endian);
    SecretBytes reversed(big_endian.rbegin(), big_endian.rend());
    bytes(number, limbs_layout, std::move(reversed));
    bytes(number, words_layout, in_words(big_endian, 4, false));
    // The limbs of big-endian machines.
    bytes(number, "limbs-be32", in_words(big_endian, 4, true));
    bytes(number, "limbs-be64", in_words(big_endian, 8, true));
  }

  // The same, and as text.
  void text_and_bytes(const std::string& number, const SecretBytes& big_endian) {
    orders(number, big_endian);
    base64(number, big_endian);
    hex(number, big_endian);
  }

  // All forms of a number of `size` bytes.
  void number(const std::string& name, const BigNumber& value, std::size_t size) {
    text_and_bytes(name, value.big_endian(size));
    decimal(name, value);
    for (const DigitLayout& layout : digit_layouts) digits(name, layout, value, size);
  }

  // Of a number that only arithmetic knows: nobody writes it out, and each form costs certainty of the
  // others.
  void inner_number(const std::string& name, const BigNumber& value, std::size_t size) {
    orders(name, value.big_endian(size));
    for (const DigitLayout& layout : digit_layouts) digits(name, layout, value, size);
  }

 private:
  // Words of `size` bytes, each reversed, or the words in reversed order and each as it is.
  static SecretBytes in_words(const SecretBytes& big_endian, std::size_t size, bool words_reversed) {
    SecretBytes padded((size - big_endian.size() % size) % size);
    padded.insert(padded.end(), big_endian.begin(), big_endian.end());
    if (words_reversed) std::ranges::reverse(padded);
    for (auto at = padded.begin(); at != padded.end(); at += static_cast<std::ptrdiff_t>(size))
      std::reverse(at, at + static_cast<std::ptrdiff_t>(size));
    return padded;
  }

  // Base64 of the bytes when 0, 1 or 2 others stand before them in their group of three: only the characters
  // that these bytes decide.
  void base64(const std::string& number, const SecretBytes& bytes) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    constexpr std::array<std::string_view, 3> names{"base64", "base64 at 1", "base64 at 2"};
    for (std::size_t before = 0; before < 3; ++before) {
      const std::size_t first = (8 * before + 5) / 6;  // character that holds no bit of the bytes before
      const std::size_t last = 8 * (before + bytes.size()) / 6;
      SecretBytes text;
      for (std::size_t i = first; i < last; ++i) {
        unsigned value = 0;
        for (std::size_t bit = 6 * i; bit < 6 * i + 6; ++bit) {
          const auto byte = std::to_integer<unsigned>(bytes[bit / 8 - before]);
          value = value << 1U | (byte >> (7 - bit % 8) & 1U);
        }
        text.push_back(static_cast<std::byte>(alphabet[value]));
      }
      forms_.push_back({number, names.at(before), RetroKind::base64, std::move(text)});
    }
  }

  void hex(const std::string& number, const SecretBytes& bytes) {
    constexpr std::string_view alphabet = "0123456789abcdef";
    SecretBytes text;
    for (const std::byte byte : bytes)
      for (const unsigned half :
           {std::to_integer<unsigned>(byte >> 4), std::to_integer<unsigned>(byte) & 15U})
        text.push_back(static_cast<std::byte>(alphabet[half]));
    forms_.push_back({number, "hex", RetroKind::digits, std::move(text)});
  }

  void decimal(const std::string& number, const BigNumber& value) {
    char* const digits = BN_bn2dec(value.get());
    if (digits == nullptr) throw std::bad_alloc();
    const std::string_view text(digits);
    const auto bytes = std::as_bytes(std::span(text));
    forms_.push_back({number, "decimal", RetroKind::digits, secret_copy(bytes)});
    OPENSSL_clear_free(digits, text.size());
  }

  void digits(const std::string& number, const DigitLayout& layout, const BigNumber& value,
              std::size_t size) {
    const std::size_t count = (size * 8 + layout.bits - 1) / layout.bits;
    // Small integers in the upper half of a word are remembered without the lower half.
    const bool spaced = layout.cell == 8 && layout.shift == 32;
    const unsigned cell = spaced ? 4 : layout.cell;
    SecretBytes cells(count * cell);
    for (std::size_t digit = 0; digit < count; ++digit)
      for (unsigned bit = 0; bit < layout.bits; ++bit) {
        const auto from = static_cast<int>(digit * layout.bits + bit);
        if (BN_is_bit_set(value.get(), from) == 0) continue;
        const unsigned to = bit + (spaced ? 0 : layout.shift);
        cells[digit * cell + to / 8] |= static_cast<std::byte>(1U << to % 8);
      }
    forms_.push_back({number, layout.name, spaced ? RetroKind::spaced : RetroKind::bytes, std::move(cells)});
  }

  std::vector<RetroForm>& forms_;
};

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(OSSL_DECODER_CTX* context) const { OSSL_DECODER_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

// The one private key of a PEM file, which may hold certificates and parameters beside it; of other files
// all.
Result<std::span<const std::byte>> private_key_in(std::span<const std::byte> file) {
  constexpr std::string_view begins = "-----BEGIN ";
  constexpr std::string_view of_private_key = "PRIVATE KEY-----";
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  std::optional<std::size_t> found;
  for (std::size_t at = text.find(begins); at != std::string_view::npos; at = text.find(begins, at + 1)) {
    const std::string_view line = text.substr(at, text.find_first_of("\r\n", at) - at);
    if (!line.ends_with(of_private_key)) continue;
    if (found) return usage("it holds several private keys: ask for each by itself");
    found = at;
  }
  return file.subspan(found.value_or(0));
}

Key decode_key(std::span<const std::byte> bytes) {
  EVP_PKEY* made = nullptr;
  const std::unique_ptr<OSSL_DECODER_CTX, FreeKey> context(OSSL_DECODER_CTX_new_for_pkey(
      &made, nullptr, nullptr, nullptr, EVP_PKEY_KEYPAIR, crypto_library(), nullptr));
  if (!context) throw std::bad_alloc();
  // An empty passphrase: nobody is asked on a terminal, and encrypted keys are refused.
  OSSL_DECODER_CTX_set_passphrase(context.get(), reinterpret_cast<const unsigned char*>(""), 0);
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  const bool done = OSSL_DECODER_from_data(context.get(), &at, &left) == 1;
  ERR_clear_error();
  Key key(made);
  return done ? std::move(key) : nullptr;
}

std::optional<BigNumber> number_of(const Key& key, const std::string& name) {
  BigNumber number;
  BIGNUM* at = number.get();
  if (EVP_PKEY_get_bn_param(key.get(), name.c_str(), &at) == 1) return number;
  ERR_clear_error();
  return std::nullopt;
}

BigNumber power_of_two(unsigned bits) {
  BigNumber power;
  if (BN_set_bit(power.get(), static_cast<int>(bits)) != 1) throw std::bad_alloc();
  return power;
}

BigNumber difference(const BigNumber& a, const BigNumber& b) {
  BigNumber result;
  if (BN_sub(result.get(), a.get(), b.get()) != 1) throw std::bad_alloc();
  return result;
}

// value * 2^bits modulo the modulus, bits the modulus' length in whole limbs: Montgomery's form.
BigNumber montgomery(const BigNumber& value, const BigNumber& modulus, const BigContext& context) {
  const unsigned bits = (modulus.bits() + 63) / 64 * 64;
  return BigNumber::remainder(BigNumber::product(value, power_of_two(bits), context), modulus, context);
}

std::size_t width_of(const BigNumber& number) { return (number.bits() + 7U) / 8U; }

// 2^k - p, as Montgomery arithmetic keeps it.
void add_complement(Forms& forms, const std::string& name, const BigNumber& prime) {
  const unsigned bits = (prime.bits() + 63) / 64 * 64;
  forms.inner_number("2^k-" + name, difference(power_of_two(bits), prime), bits / 8);
}

bool add_rsa(const Key& key, Forms& forms) {
  const auto n = number_of(key, OSSL_PKEY_PARAM_RSA_N);
  const auto e = number_of(key, OSSL_PKEY_PARAM_RSA_E);
  const auto d = number_of(key, OSSL_PKEY_PARAM_RSA_D);
  if (!n || !e || !d) return false;
  const BigContext context;
  forms.number("d", *d, width_of(*n));
  BigNumber phi(1);
  for (unsigned i = 1; i <= 10; ++i) {  // OpenSSL knows keys of up to ten primes
    const std::string index = std::to_string(i);
    const auto prime = number_of(key, "rsa-factor" + index);
    if (!prime || prime->zero()) break;
    const std::size_t size = width_of(*prime);
    const std::string name = i == 1 ? "p" : i == 2 ? "q" : "r" + index;
    phi = BigNumber::product(phi, BigNumber::minus(*prime, 1), context);
    forms.number(name, *prime, size);
    add_complement(forms, name, *prime);
    if (const auto exponent = number_of(key, "rsa-exponent" + index))
      forms.number("d" + name, *exponent, size);
    if (const auto inverse = number_of(key, "rsa-coefficient" + index); inverse && i == 1) {
      forms.number("qInv", *inverse, size);
      forms.inner_number("qInv*R", montgomery(*inverse, *prime, context), size);
    }
  }
  if (phi.one()) return true;
  // d is taken modulo phi by some and modulo lcm(p-1, q-1) by others; a key file has one of the two. phi
  // itself is no form: its upper half is that of n, which is public.
  BigNumber other;
  if (BN_mod_inverse(other.get(), e->get(), phi.get(), context.get()) != nullptr && !(other == *d))
    forms.number("d mod phi", other, width_of(*n));
  ERR_clear_error();
  return true;
}

bool add_scalar(const Key& key, const char* modulus_name, const std::string& name, Forms& forms) {
  const auto scalar = number_of(key, OSSL_PKEY_PARAM_PRIV_KEY);
  const auto modulus = number_of(key, modulus_name);
  if (!scalar) return false;
  if (!modulus || modulus->zero()) {
    forms.number(name, *scalar, width_of(*scalar));
    return true;
  }
  const BigContext context;
  forms.number(name, *scalar, width_of(*modulus));
  if (modulus->odd())
    forms.inner_number(name + "*R", montgomery(*scalar, *modulus, context), width_of(*modulus));
  return true;
}

SecretBytes digest_of(const char* name, std::span<const std::byte> bytes, std::size_t size) {
  SecretBytes out(size);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> digest(EVP_MD_fetch(crypto_library(), name, nullptr),
                                                               &EVP_MD_free);
  if (!context || !digest || EVP_DigestInit_ex2(context.get(), digest.get(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1)
    throw std::bad_alloc();
  auto* const to = reinterpret_cast<unsigned char*>(out.data());
  const bool extendable = (EVP_MD_get_flags(digest.get()) & EVP_MD_FLAG_XOF) != 0;
  if ((extendable ? EVP_DigestFinalXOF(context.get(), to, size)
                  : EVP_DigestFinal_ex(context.get(), to, nullptr)) != 1)
    throw std::bad_alloc();
  return out;
}

// The scalar and the prefix that follow from a seed (RFC 8032 sections 5.1.5 and 5.2.5), and the scalar of
// X25519 and X448 (RFC 7748 section 5).
void add_clamped(Forms& forms, const std::string& name, SecretBytes little_endian, bool is_448) {
  little_endian.front() &= is_448 ? std::byte{0xfc} : std::byte{0xf8};
  if (is_448 && little_endian.size() == 57) little_endian.back() = std::byte{0};
  std::byte& top = little_endian.at(is_448 ? 55 : 31);
  top = (is_448 ? top : top & std::byte{0x7f}) | (is_448 ? std::byte{0x80} : std::byte{0x40});
  const BigNumber scalar = BigNumber::from_little_endian_limbs(little_endian);
  forms.number(name, scalar, is_448 ? 56 : 32);
}

bool add_raw_key(const Key& key, Forms& forms) {
  std::size_t size = 0;
  if (EVP_PKEY_get_raw_private_key(key.get(), nullptr, &size) != 1) return false;
  SecretBytes seed(size);
  if (EVP_PKEY_get_raw_private_key(key.get(), reinterpret_cast<unsigned char*>(seed.data()), &size) != 1 ||
      size != seed.size() || size < 32)
    return false;
  const bool is_448 = EVP_PKEY_is_a(key.get(), "ED448") != 0 || EVP_PKEY_is_a(key.get(), "X448") != 0;
  if (EVP_PKEY_is_a(key.get(), "ED25519") != 0 || EVP_PKEY_is_a(key.get(), "ED448") != 0) {
    forms.text_and_bytes("seed", seed);
    const SecretBytes hash = is_448 ? digest_of("SHAKE256", seed, 114) : digest_of("SHA512", seed, 64);
    const auto half = hash.begin() + static_cast<std::ptrdiff_t>(hash.size() / 2);
    add_clamped(forms, "scalar", SecretBytes(hash.begin(), half), is_448);
    forms.text_and_bytes("prefix", SecretBytes(half, hash.end()));
  } else {
    forms.text_and_bytes("scalar", seed);
    add_clamped(forms, "clamped scalar", seed, is_448);
  }
  return true;
}

std::string public_name(const Key& key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key.get(), &der);
  if (size <= 0) return {};
  const std::span<const unsigned char> bytes(der, static_cast<std::size_t>(size));
  std::string name = to_hex(Sha256::of(std::as_bytes(bytes)));
  OPENSSL_free(der);
  return name;
}

std::string kind_of(const Key& key) {
  std::string kind(EVP_PKEY_get0_type_name(key.get()));
  std::ranges::transform(kind, kind.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  std::array<char, 80> group{};
  std::size_t size = 0;
  if (kind == "ec" && EVP_PKEY_get_group_name(key.get(), group.data(), group.size(), &size) == 1)
    return kind + " " + std::string(group.data(), size);
  if (kind == "rsa" || kind == "rsa-pss" || kind == "dsa" || kind == "dh" || kind == "dhx")
    return kind + " " + std::to_string(EVP_PKEY_get_bits(key.get()));
  return kind;
}

SecretBytes exclusive_or(std::span<const std::byte> bytes, std::byte pad) {
  SecretBytes out = secret_copy(bytes);
  for (std::byte& byte : out) byte ^= pad;
  return out;
}

}  // namespace

Result<RetroSecret> retro_secret_of_key(std::span<const std::byte> bytes) {
  const auto alone = private_key_in(bytes);
  if (!alone) return alone.error();
  const Key key = decode_key(*alone);
  if (!key)
    return usage(
        "not a private key in PEM or DER that OpenSSL reads without a passphrase; OpenSSH's own "
        "format: convert a copy with ssh-keygen -p -m PEM");
  RetroSecret secret{.kind = kind_of(key), .public_key_sha256 = public_name(key)};
  Forms forms(secret.forms);
  bool added = false;
  if (EVP_PKEY_is_a(key.get(), "RSA") != 0 || EVP_PKEY_is_a(key.get(), "RSA-PSS") != 0)
    added = add_rsa(key, forms);
  else if (EVP_PKEY_is_a(key.get(), "EC") != 0 || EVP_PKEY_is_a(key.get(), "SM2") != 0)
    added = add_scalar(key, OSSL_PKEY_PARAM_EC_ORDER, "d", forms);
  else if (EVP_PKEY_is_a(key.get(), "DSA") != 0 || EVP_PKEY_is_a(key.get(), "DH") != 0 ||
           EVP_PKEY_is_a(key.get(), "DHX") != 0)
    added = add_scalar(key, OSSL_PKEY_PARAM_FFC_Q, "x", forms);
  else
    added = add_raw_key(key, forms);
  if (!added) return usage("a private key of a kind that is not known, or without its private part");
  return secret;
}

Result<RetroSecret> retro_secret_of_bytes(std::span<const std::byte> bytes) {
  if (bytes.size() < least_raw || bytes.size() > most_raw) return usage("a raw secret has 16 to 4096 bytes");
  RetroSecret secret{.kind = "raw " + std::to_string(bytes.size())};
  Forms forms(secret.forms);
  forms.text_and_bytes("secret", secret_copy(bytes));
  // RFC 2104; longer keys are hashed first, and blocks have 64 to 144 bytes.
  if (bytes.size() <= 144) {
    forms.bytes("secret", "hmac-ipad", exclusive_or(bytes, std::byte{0x36}));
    forms.bytes("secret", "hmac-opad", exclusive_or(bytes, std::byte{0x5c}));
  }
  return secret;
}

Result<RetroSecret> read_retro_secret(const std::string& path, SecretEncoding encoding) {
  std::ifstream in(path, std::ios::binary);
  SecretBytes bytes(most_file + 1);
  in.rdbuf()->pubsetbuf(nullptr, 0);  // no copy of the secret that nobody wipes
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (in.bad() || in.gcount() <= 0) return usage("cannot read the key in " + path);
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  if (bytes.size() > most_file) return usage(path + " is longer than any key");
  if (encoding == SecretEncoding::key) return retro_secret_of_key(bytes);
  if (encoding == SecretEncoding::raw) return retro_secret_of_bytes(bytes);
  SecretBytes digits;
  for (const std::byte byte : bytes) {
    const char c = std::to_integer<char>(byte);
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') digits.push_back(byte);
  }
  SecretBytes secret;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    const auto high = hex_value(std::to_integer<int>(digits[i]));
    const auto low = hex_value(std::to_integer<int>(digits[i + 1]));
    if (!high || !low) return usage(path + " does not hold hexadecimal digits");
    secret.push_back(static_cast<std::byte>(*high << 4U | *low));
  }
  if (digits.size() % 2 != 0) return usage(path + " holds an odd number of hexadecimal digits");
  return retro_secret_of_bytes(secret);
}

}  // namespace dumpgate
