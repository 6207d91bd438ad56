// EcCurve: one elliptic curve of OpenSSL, named or given by explicit parameters. For .cpp files of proof and
// hunt only (see bignum.h). Immutable after making: shared by all threads.

#pragma once

#include <openssl/ec.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/proof/bignum.h"
#include "scanner/proof/public_key.h"

namespace dumpgate {

struct EcPointBytes {
  std::vector<std::byte> x{};  // affine, big-endian, of the field's length
  std::vector<std::byte> y{};
};

class EcCurve {
 public:
  // By OpenSSL's short name ("prime256v1"); nullptr when it knows no such curve. Made once, then kept.
  static std::shared_ptr<const EcCurve> by_name(std::string_view name);
  // By the content octets of its OBJECT IDENTIFIER.
  static std::shared_ptr<const EcCurve> by_oid(std::span<const std::byte> content);
  // From SpecifiedECDomain (SEC 1 C.2), the whole SEQUENCE. Parameters of a known curve give that named
  // curve.
  static std::shared_ptr<const EcCurve> from_parameters(std::span<const std::byte> der);
  // The named curves whose encoded points take `size` bytes, most used first: for points that name no curve.
  static std::vector<std::shared_ptr<const EcCurve>> of_point_size(std::size_t size);

  const std::string& name() const { return name_; }  // "" for explicit parameters
  const std::vector<std::byte>& parameters() const {
    return parameters_;
  }  // DER: OBJECT IDENTIFIER or SEQUENCE
  unsigned bits() const { return bits_; }                       // of the field
  std::size_t field_size() const { return (bits_ + 7U) / 8U; }  // in bytes
  const EC_GROUP* group() const { return group_.get(); }
  const BIGNUM* order() const { return EC_GROUP_get0_order(group()); }

  // A point from its encoding (SEC 1 2.3.4: compressed, uncompressed or hybrid); nothing when it is not on
  // the curve.
  std::optional<EcPointBytes> decode(std::span<const std::byte> encoded) const;
  // A point from coordinates; nothing when it is not on the curve.
  std::optional<EcPointBytes> point(std::span<const std::byte> x, std::span<const std::byte> y) const;
  // scalar * G; nothing unless 0 < scalar < order.
  std::optional<EcPointBytes> multiply(const BigNumber& scalar) const;

 private:
  struct Free {
    void operator()(EC_GROUP* group) const { EC_GROUP_free(group); }
  };
  EcCurve() = default;
  static std::shared_ptr<const EcCurve> adopt(EC_GROUP* group,
                                              std::span<const std::byte> explicit_parameters);
  std::optional<EcPointBytes> affine(const EC_POINT* point, const BigContext& context) const;

  std::unique_ptr<EC_GROUP, Free> group_{};
  std::string name_{};
  std::vector<std::byte> parameters_{};
  unsigned bits_ = 0;
};

// The public key of a point that this curve gave. Nothing for the few named curves without an OID.
std::optional<PublicKey> ec_public_key(const EcCurve& curve, const EcPointBytes& point);

// ECParameters (RFC 5480 2.1.1) in DER: a name, or explicit parameters as older software writes them.
std::shared_ptr<const EcCurve> curve_of_parameters(std::span<const std::byte> der);

}  // namespace dumpgate
