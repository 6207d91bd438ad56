// Memory like a heap's, in which tests place numbers: sizes between them, random junk here and there.

#pragma once

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <span>
#include <string_view>
#include <vector>

#include "scanner/detect/random_words.h"
#include "scanner/hunt/hunter.h"
#include "scanner/hunt/layouts.h"
#include "scanner/proof/public_key.h"
#include "tests/support/windows.h"

namespace dumpgate::hunt_test {

using Bytes = std::vector<std::byte>;

// A key's number, big-endian, of `size` bytes.
inline Bytes number_of(EVP_PKEY* key, const char* name, std::size_t size) {
  BIGNUM* number = nullptr;
  EXPECT_EQ(EVP_PKEY_get_bn_param(key, name, &number), 1);
  Bytes out(size);
  EXPECT_GT(BN_bn2binpad(number, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(size)), 0);
  BN_clear_free(number);
  return out;
}

inline Bytes reversed(Bytes bytes) {
  std::ranges::reverse(bytes);
  return bytes;
}

// The number as the layout keeps it, from big-endian bytes.
inline Bytes laid_out(std::string_view layout, const Bytes& big_endian) {
  if (layout == bytes_layout) return big_endian;
  if (layout == limbs_layout) return reversed(big_endian);
  if (layout == words_layout) {
    Bytes out = big_endian;
    for (std::size_t at = 0; at + 4 <= out.size(); at += 4)
      std::reverse(out.begin() + static_cast<std::ptrdiff_t>(at),
                   out.begin() + static_cast<std::ptrdiff_t>(at + 4));
    return out;
  }
  const auto found = std::ranges::find(digit_layouts, layout, &DigitLayout::name);
  EXPECT_NE(found, digit_layouts.end());
  const Bytes little = reversed(big_endian);
  Bytes out;
  for (std::size_t bit = 0; bit < 8 * little.size(); bit += found->bits) {
    std::uint64_t digit = 0;
    for (std::size_t i = 0; i < found->bits && bit + i < 8 * little.size(); ++i)
      if (((little[(bit + i) / 8] >> ((bit + i) % 8)) & std::byte{1}) != std::byte{0})
        digit |= std::uint64_t{1} << i;
    digit <<= found->shift;
    for (unsigned i = 0; i < found->cell; ++i)
      out.push_back(static_cast<std::byte>(digit >> (8 * i) & 0xffU));
  }
  return out;
}

// Whether a word of these bytes as they lie in memory ends a run.
inline bool has_plain_word(const Bytes& in_memory) {
  for (std::size_t at = 0; at + 8 <= in_memory.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, in_memory.data() + at, 8);
    if (plain_word(word)) return true;
  }
  return false;
}

// Whether the filters' stated loss (docs/hunt.md) spares the number: tests of relations are not about it.
inline bool spared(const Bytes& big_endian) {
  std::vector<std::uint64_t> words(big_endian.size() / 8);
  const Bytes little = reversed(big_endian);
  std::memcpy(words.data(), little.data(), words.size() * 8);
  return !has_plain_word(little) && !has_plain_word(big_endian) &&
         !has_plain_word(laid_out(words_layout, big_endian)) &&
         looks_random(std::span(words).first(std::min<std::size_t>(words.size(), 128)));
}

// The same for a number that may begin at any byte of a word, of whose words `whole` are read in one run.
inline bool spared_at_any_byte(const Bytes& big_endian, std::size_t whole) {
  for (auto from = big_endian.begin(); from + static_cast<std::ptrdiff_t>(8 * whole) <= big_endian.end();
       ++from)
    if (!spared(Bytes(from, from + static_cast<std::ptrdiff_t>(8 * whole)))) return false;
  return true;
}

// The same for a layout of digits: a word of them that looks like a small number or a pointer ends their run.
inline bool spared_in(std::string_view layout, const Bytes& big_endian) {
  if (!layout.starts_with("digits")) return true;
  const Bytes bytes = laid_out(layout, big_endian);
  for (std::size_t at = 0; at + 8 < bytes.size(); at += 8) {  // the last word may be small
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, 8);
    const bool in_upper_half = word != 0 && word << 32U == 0;
    if (word >> 48U == 0 && !in_upper_half) return false;
  }
  return true;
}

inline PublicKey public_of(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  auto parsed = parse_spki(std::as_bytes(std::span(der, static_cast<std::size_t>(size))));
  OPENSSL_free(der);
  EXPECT_TRUE(parsed.has_value());
  return parsed.value_or(PublicKey{});
}

struct Memory {
  Bytes bytes = Bytes(128 * 1024);
  std::size_t at = 1024;

  // Puts a number behind a chunk's size, `shift` bytes further; returns its offset.
  std::uint64_t put(std::span<const std::byte> number, std::size_t shift = 0) {
    const std::uint64_t size = (number.size() + 16) | 1U;
    return put_behind(size, number, shift);
  }
  // Puts an int array of Java's behind its header.
  std::uint64_t put_java(std::span<const std::byte> number) {
    return put_behind(0x00012d48U | std::uint64_t{number.size() / 4} << 32U, number, 0);
  }
  std::uint64_t put_in(std::string_view layout, const Bytes& big_endian) {
    const Bytes number = laid_out(layout, big_endian);
    return layout == words_layout ? put_java(number) : put(number);
  }
  void junk() {
    std::mt19937_64 random(at);
    Bytes noise(8 * (4 + random() % 30));
    for (auto& b : noise) b = static_cast<std::byte>(random());
    (void)put(noise);
  }
  RunStore runs() const {
    RunStore store;
    Window window = test::whole_window(bytes);
    gather_runs(window, store);
    return store;
  }
  // What the hunters whose names begin with `name` find.
  std::vector<Finding> hunt(const LeadSet& leads, std::string_view name = "") const {
    const RunStore store = runs();
    HuntUnit unit(store);
    std::vector<Finding> findings;
    for (const Hunter* hunter : all_hunters()) {
      if (!hunter->name().starts_with(name)) continue;
      if (const auto prepared = hunter->prepare(leads)) prepared->examine(unit, findings);
    }
    return findings;
  }

 private:
  std::uint64_t put_behind(std::uint64_t header, std::span<const std::byte> number, std::size_t shift) {
    std::memcpy(bytes.data() + at + 8, &header, 8);
    std::memcpy(bytes.data() + at + 16 + shift, number.data(), number.size());
    const std::uint64_t where = at + 16 + shift;
    at += (number.size() + shift + 32) / 16 * 16 + 64;
    return where;
  }
};

}  // namespace dumpgate::hunt_test
