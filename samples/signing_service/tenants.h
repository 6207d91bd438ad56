// Tenants: who may ask for tokens, and how many each was served. Safe for concurrent use.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace signing_service {

struct Tenant {
  std::string_view name;
  std::atomic<std::uint64_t> served = 0;  // tokens issued to it or verified for it
};

class Tenants {
 public:
  // nullptr for a tenant that nobody configured.
  Tenant* find(std::string_view name) noexcept;
  std::uint64_t served() const noexcept;

 private:
  std::array<Tenant, 3> tenants_{Tenant{"contoso"}, Tenant{"fabrikam"}, Tenant{"northwind"}};
};

}  // namespace signing_service
