#include "scanner/hunt/fixed_power.h"

#include <openssl/bn.h>

#include <new>
#include <utility>
#include <vector>

#include "scanner/proof/bignum.h"

namespace dumpgate {
namespace {

constexpr std::size_t values = 255;  // of a byte, but for 0

void require(int done) {
  if (done != 1) throw std::bad_alloc();
}

}  // namespace

struct FixedPower::Scratch::State {
  BigContext context{};
  BigNumber product{};
};

FixedPower::Scratch::Scratch() : state_(std::make_unique<State>()) {}
FixedPower::Scratch::Scratch(Scratch&&) noexcept = default;
FixedPower::Scratch::~Scratch() = default;

struct FixedPower::Table {
  struct Free {
    void operator()(BN_MONT_CTX* context) const { BN_MONT_CTX_free(context); }
  };
  std::unique_ptr<BN_MONT_CTX, Free> form{BN_MONT_CTX_new()};
  BigNumber one{};                // all of them in OpenSSL's Montgomery form
  std::vector<BigNumber> rows{};  // base^(k*256^i) at i*values + k - 1

  BigNumber formed(const BigNumber& number, const BigContext& context) const {
    BigNumber result;
    require(BN_to_montgomery(result.get(), number.get(), form.get(), context.get()));
    return result;
  }
  void multiply(BigNumber& product, const BigNumber& a, const BigNumber& b, const BigContext& context) const {
    require(BN_mod_mul_montgomery(product.get(), a.get(), b.get(), form.get(), context.get()));
  }
};

FixedPower::FixedPower(std::span<const std::byte> base, std::span<const std::byte> modulus,
                       std::size_t exponent_bytes)
    : table_(std::make_unique<Table>()) {
  const BigContext context;
  Table& table = *table_;
  if (!table.form) throw std::bad_alloc();
  const auto odd = BigNumber::from_big_endian(modulus);
  require(BN_MONT_CTX_set(table.form.get(), odd.get(), context.get()));
  table.one = table.formed(BigNumber(1), context);
  BigNumber step = table.formed(BigNumber::from_big_endian(base), context);
  table.rows.reserve(exponent_bytes * values);
  for (std::size_t i = 0; i < exponent_bytes; ++i) {
    table.rows.push_back(step);
    for (std::size_t k = 2; k <= values; ++k) {
      BigNumber next;
      table.multiply(next, table.rows.back(), step, context);
      table.rows.push_back(std::move(next));
    }
    table.multiply(step, table.rows.back(), step, context);
  }
}

FixedPower::~FixedPower() = default;

SecretBytes FixedPower::power(std::span<const std::byte> exponent, Scratch& scratch) const {
  BigNumber& product = scratch.state_->product;
  if (BN_copy(product.get(), table_->one.get()) == nullptr) throw std::bad_alloc();
  for (std::size_t i = 0; i < exponent.size(); ++i)
    if (const auto value = std::to_integer<std::size_t>(exponent[i]); value != 0)
      table_->multiply(product, product, table_->rows[i * values + value - 1], scratch.state_->context);
  require(
      BN_from_montgomery(product.get(), product.get(), table_->form.get(), scratch.state_->context.get()));
  return product.big_endian();
}

}  // namespace dumpgate
