#include "scanner/proof/ec_curve.h"

#include <openssl/err.h>
#include <openssl/objects.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include "scanner/base/der_writer.h"

namespace dumpgate {
namespace {

struct PointFree {
  void operator()(EC_POINT* point) const { EC_POINT_clear_free(point); }
};
using Point = std::unique_ptr<EC_POINT, PointFree>;

const unsigned char* octets(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// OpenSSL queues an error for each failed call; a scan must not let the queue of its thread grow.
struct ErrorMark {
  ErrorMark() { ERR_set_mark(); }
  ~ErrorMark() { ERR_pop_to_mark(); }
  ErrorMark(const ErrorMark&) = delete;
  ErrorMark& operator=(const ErrorMark&) = delete;
};

const std::vector<EC_builtin_curve>& builtin_curves() {
  static const std::vector<EC_builtin_curve> curves = [] {
    std::vector<EC_builtin_curve> all(EC_get_builtin_curves(nullptr, 0));
    all.resize(std::min(all.size(), EC_get_builtin_curves(all.data(), all.size())));
    return all;
  }();
  return curves;
}

}  // namespace

std::shared_ptr<const EcCurve> EcCurve::adopt(EC_GROUP* group,
                                              std::span<const std::byte> explicit_parameters) {
  std::shared_ptr<EcCurve> curve(new EcCurve());
  curve->group_.reset(group);
  curve->bits_ = static_cast<unsigned>(std::max(0, EC_GROUP_get_degree(group)));
  const int nid = EC_GROUP_get_curve_name(group);
  const ASN1_OBJECT* const object = nid != NID_undef ? OBJ_nid2obj(nid) : nullptr;
  if (object != nullptr) curve->name_ = OBJ_nid2sn(nid);
  if (object != nullptr && OBJ_length(object) != 0) {
    const std::string oid(OBJ_get0_data(object), OBJ_get0_data(object) + OBJ_length(object));
    curve->parameters_ = der_oid(oid);
  } else {
    curve->parameters_.assign(explicit_parameters.begin(), explicit_parameters.end());
  }
  return curve;
}

std::shared_ptr<const EcCurve> EcCurve::by_name(std::string_view name) {
  // A curve takes up to a millisecond to make, and there are few: each is made once and never released.
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<const EcCurve>, std::less<>> known;
  const std::scoped_lock lock(mutex);
  if (const auto found = known.find(name); found != known.end()) return found->second;
  const ErrorMark errors;
  const int nid = OBJ_sn2nid(std::string(name).c_str());
  const auto& all = builtin_curves();
  const bool builtin =
      std::any_of(all.begin(), all.end(), [&](const auto& curve) { return curve.nid == nid; });
  if (nid == NID_undef || !builtin) return nullptr;
  EC_GROUP* const group = EC_GROUP_new_by_curve_name_ex(crypto_library(), nullptr, nid);
  if (group == nullptr) return nullptr;
  return known.emplace(name, adopt(group, {})).first->second;
}

std::shared_ptr<const EcCurve> EcCurve::by_oid(std::span<const std::byte> content) {
  const auto wanted = [&](const EC_builtin_curve& curve) {
    const ASN1_OBJECT* const object = OBJ_nid2obj(curve.nid);
    if (object == nullptr || OBJ_length(object) != content.size()) return false;
    return std::equal(content.begin(), content.end(), OBJ_get0_data(object),
                      [](std::byte a, unsigned char b) { return std::to_integer<unsigned char>(a) == b; });
  };
  if (content.empty()) return nullptr;
  const auto& all = builtin_curves();
  const auto found = std::find_if(all.begin(), all.end(), wanted);
  return found == all.end() ? nullptr : by_name(OBJ_nid2sn(found->nid));
}

std::shared_ptr<const EcCurve> EcCurve::from_parameters(std::span<const std::byte> der) {
  const ErrorMark errors;
  const unsigned char* at = octets(der);
  EC_GROUP* const group = d2i_ECPKParameters(nullptr, &at, static_cast<long>(der.size()));
  if (group == nullptr) return nullptr;
  auto curve = adopt(group, der);
  if (curve->name_.empty()) return curve;
  return by_name(curve->name_);
}

std::vector<std::shared_ptr<const EcCurve>> EcCurve::of_point_size(std::size_t size) {
  static constexpr std::array<std::string_view, 12> common{
      "prime256v1",      "secp256k1",       "secp384r1", "secp521r1",  "SM2",       "brainpoolP256r1",
      "brainpoolP384r1", "brainpoolP512r1", "secp224r1", "prime192v1", "sect283k1", "sect571r1"};
  std::vector<std::string_view> names(common.begin(), common.end());
  for (const auto& curve : builtin_curves()) {
    const std::string_view name = OBJ_nid2sn(curve.nid);
    if (std::find(common.begin(), common.end(), name) == common.end()) names.push_back(name);
  }
  std::vector<std::shared_ptr<const EcCurve>> curves;
  for (const auto name : names) {
    auto curve = by_name(name);
    if (curve != nullptr && (size == 2 * curve->field_size() + 1 || size == curve->field_size() + 1))
      curves.push_back(std::move(curve));
  }
  return curves;
}

std::optional<EcPointBytes> EcCurve::affine(const EC_POINT* point, const BigContext& context) const {
  if (EC_POINT_is_at_infinity(group(), point) == 1) return std::nullopt;
  BigNumber x;
  BigNumber y;
  if (EC_POINT_get_affine_coordinates(group(), point, x.get(), y.get(), context.get()) != 1)
    return std::nullopt;
  const auto x_bytes = x.big_endian(field_size());
  const auto y_bytes = y.big_endian(field_size());
  return EcPointBytes{.x = {x_bytes.begin(), x_bytes.end()}, .y = {y_bytes.begin(), y_bytes.end()}};
}

std::optional<EcPointBytes> EcCurve::decode(std::span<const std::byte> encoded) const {
  const ErrorMark errors;
  const BigContext context;
  const Point point(EC_POINT_new(group()));
  if (!point || encoded.empty()) return std::nullopt;
  if (EC_POINT_oct2point(group(), point.get(), octets(encoded), encoded.size(), context.get()) != 1) {
    return std::nullopt;
  }
  return affine(point.get(), context);
}

std::optional<EcPointBytes> EcCurve::point(std::span<const std::byte> x, std::span<const std::byte> y) const {
  const ErrorMark errors;
  const BigContext context;
  const Point point(EC_POINT_new(group()));
  if (!point || x.size() > 1024 || y.size() > 1024) return std::nullopt;
  const auto x_number = BigNumber::from_big_endian(x);
  const auto y_number = BigNumber::from_big_endian(y);
  if (EC_POINT_set_affine_coordinates(group(), point.get(), x_number.get(), y_number.get(), context.get()) !=
      1) {
    return std::nullopt;
  }
  return affine(point.get(), context);
}

std::optional<EcPointBytes> EcCurve::multiply(const BigNumber& scalar) const {
  const ErrorMark errors;
  const BigContext context;
  if (scalar.zero() || BN_cmp(scalar.get(), order()) >= 0) return std::nullopt;
  const Point point(EC_POINT_new(group()));
  if (!point) return std::nullopt;
  if (EC_POINT_mul(group(), point.get(), scalar.get(), nullptr, nullptr, context.get()) != 1)
    return std::nullopt;
  return affine(point.get(), context);
}

}  // namespace dumpgate
