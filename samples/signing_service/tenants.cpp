#include "samples/signing_service/tenants.h"

namespace signing_service {

Tenant* Tenants::find(std::string_view name) noexcept {
  for (Tenant& tenant : tenants_) {
    if (tenant.name == name) {
      return &tenant;
    }
  }
  return nullptr;
}

std::uint64_t Tenants::served() const noexcept {
  std::uint64_t sum = 0;
  for (const Tenant& tenant : tenants_) {
    sum += tenant.served.load(std::memory_order_relaxed);
  }
  return sum;
}

}  // namespace signing_service
