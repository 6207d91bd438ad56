// CurveParameters: a prime curve y^2 = x^3 + ax + b with its generator, as FixedBase needs it: OpenSSL's
// curves, and curve448 in that form. The one rule: the numbers of OpenSSL's curves are OpenSSL's.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dumpgate {

// curve448 (RFC 7748 section 4.2), whose points move by A/3 to this form: x = u + A/3.
inline constexpr std::string_view curve448_name = "curve448";

// Little-endian limbs, all of the prime's length. `a` is reduced, x and y are the generator's.
struct CurveParameters {
  std::vector<std::uint64_t> p{}, a{}, x{}, y{}, order{};
};

// By OpenSSL's short name or curve448_name. Nothing for other names, binary fields, and curves whose order
// has another length than the prime.
std::unique_ptr<CurveParameters> curve_parameters(const std::string& curve);

}  // namespace dumpgate
