// BigNumber: an OpenSSL BIGNUM that overwrites itself when released. For .cpp files of proof and hunt only:
// no other header may include this one, so that OpenSSL's types stay out of the layers' contracts.
//
// The functions throw std::bad_alloc when OpenSSL has no memory; whoever crosses a layer catches it. A
// context belongs to one thread.

#pragma once

#include <openssl/bn.h>
#include <openssl/crypto.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>

#include "scanner/base/secret_bytes.h"

namespace dumpgate {

// The library context of all of our OpenSSL calls: it reads no configuration file, so that OPENSSL_CONF
// cannot make algorithms disappear and blind the proofs. Safe for concurrent use.
OSSL_LIB_CTX* crypto_library();

// Scratch numbers for OpenSSL; wiped when released.
class BigContext {
 public:
  BigContext() : context_(BN_CTX_new_ex(crypto_library())) {
    if (!context_) throw std::bad_alloc();
  }
  BN_CTX* get() const { return context_.get(); }

 private:
  struct Free {
    void operator()(BN_CTX* context) const { BN_CTX_free(context); }
  };
  std::unique_ptr<BN_CTX, Free> context_;
};

class BigNumber {
 public:
  BigNumber() : number_(BN_new()) { require(number_ != nullptr); }
  explicit BigNumber(std::uint64_t value) : BigNumber() { require(BN_set_word(get(), value) == 1); }
  BigNumber(const BigNumber& other) : number_(BN_dup(other.get())) { require(number_ != nullptr); }
  BigNumber& operator=(const BigNumber& other) {
    if (this != &other) number_ = BigNumber(other).number_;
    return *this;
  }
  BigNumber(BigNumber&&) noexcept = default;
  BigNumber& operator=(BigNumber&&) noexcept = default;
  ~BigNumber() = default;

  static BigNumber from_big_endian(std::span<const std::byte> bytes) { return read(bytes, BN_bin2bn); }
  // 64- or 32-bit limbs as a little-endian machine keeps them: that is, little-endian bytes.
  static BigNumber from_little_endian_limbs(std::span<const std::byte> bytes) {
    return read(bytes, BN_lebin2bn);
  }

  BIGNUM* get() { return number_.get(); }
  const BIGNUM* get() const { return number_.get(); }

  unsigned bits() const { return static_cast<unsigned>(BN_num_bits(get())); }
  bool zero() const { return BN_is_zero(get()); }
  bool one() const { return BN_is_one(get()); }
  bool odd() const { return BN_is_odd(get()); }

  // Big-endian, padded with zeros to at least `size` bytes.
  SecretBytes big_endian(std::size_t size = 0) const {
    const auto least = static_cast<std::size_t>(BN_num_bytes(get()));
    SecretBytes bytes(size > least ? size : least);
    require(BN_bn2binpad(get(), data(bytes), static_cast<int>(bytes.size())) >= 0);
    return bytes;
  }

  friend bool operator==(const BigNumber& a, const BigNumber& b) { return BN_cmp(a.get(), b.get()) == 0; }
  friend bool operator<(const BigNumber& a, const BigNumber& b) { return BN_cmp(a.get(), b.get()) < 0; }

  static BigNumber product(const BigNumber& a, const BigNumber& b, const BigContext& context) {
    BigNumber result;
    require(BN_mul(result.get(), a.get(), b.get(), context.get()) == 1);
    return result;
  }
  static BigNumber minus(const BigNumber& a, std::uint64_t word) {
    BigNumber result = a;
    require(BN_sub_word(result.get(), word) == 1);
    return result;
  }
  // `modulus` must not be zero, here and below.
  static BigNumber remainder(const BigNumber& a, const BigNumber& modulus, const BigContext& context) {
    BigNumber result;
    require(BN_nnmod(result.get(), a.get(), modulus.get(), context.get()) == 1);
    return result;
  }
  static BigNumber quotient(const BigNumber& a, const BigNumber& divisor, const BigContext& context) {
    BigNumber result;
    require(BN_div(result.get(), nullptr, a.get(), divisor.get(), context.get()) == 1);
    return result;
  }
  // base^exponent modulo an odd modulus, in constant time in the exponent.
  static BigNumber power(const BigNumber& base, const BigNumber& exponent, const BigNumber& modulus,
                         const BigContext& context) {
    BigNumber secret = exponent;
    BN_set_flags(secret.get(), BN_FLG_CONSTTIME);
    BigNumber result;
    require(BN_mod_exp(result.get(), base.get(), secret.get(), modulus.get(), context.get()) == 1);
    return result;
  }
  // Whether the number, below `modulus`, is 2^k or -2^k modulo it for a k up to `most`.
  bool is_power_of_two(const BigNumber& modulus, unsigned most) const {
    BigNumber negative, power(1);
    require(BN_sub(negative.get(), modulus.get(), get()) == 1);
    for (unsigned k = 0; k <= most; ++k) {
      if (power == *this || power == negative) return true;
      require(BN_mod_lshift1_quick(power.get(), power.get(), modulus.get()) == 1);
    }
    return false;
  }
  static BigNumber gcd(const BigNumber& a, const BigNumber& b, const BigContext& context) {
    BigNumber result;
    require(BN_gcd(result.get(), a.get(), b.get(), context.get()) == 1);
    return result;
  }

 private:
  struct Free {
    void operator()(BIGNUM* number) const { BN_clear_free(number); }
  };

  static void require(bool done) {
    if (!done) throw std::bad_alloc();
  }
  static unsigned char* data(SecretBytes& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }
  template <typename Reader>
  static BigNumber read(std::span<const std::byte> bytes, Reader reader) {
    BigNumber result;
    const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
    require(reader(at, static_cast<int>(bytes.size()), result.get()) != nullptr);
    return result;
  }

  std::unique_ptr<BIGNUM, Free> number_;
};

}  // namespace dumpgate
