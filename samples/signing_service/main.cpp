// signing_service: a small token service that behaves as real ones do: RSA and EC keys from PKCS #8 files,
// OpenSSL, several worker threads, HTTP on loopback. It exists to crash: samples/demo asks it for a token of
// a tenant that it does not know (token.h), and scans what the kernel wrote.
//
//   signing_service --sign KEY.pem...           GET /token?alg=RS256|ES256[&sub=NAME][&tenant=NAME]
//   signing_service --verify-only PUBLIC.pem... holds no private key
//   both: GET /verify?token=TOKEN[&tenant=NAME], /jwks.json, /healthz
//
// Prints one line, "PID PORT", when it is ready.

#include <unistd.h>

#include <chrono>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "samples/signing_service/http_server.h"
#include "samples/signing_service/key_ring.h"
#include "samples/signing_service/tenants.h"
#include "samples/signing_service/token.h"

namespace {

using signing_service::Claims;
using signing_service::HttpServer;
using signing_service::Key;
using signing_service::KeyHalf;
using signing_service::KeyRing;
using signing_service::Request;
using signing_service::Response;
using signing_service::Tenants;

constexpr std::size_t worker_threads = 4;
constexpr std::string_view default_tenant = "contoso";

// Claims go into JSON as they are, so only names that need no escaping are taken.
bool is_plain_name(std::string_view text) {
  return text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-@") ==
         std::string_view::npos;
}

Response issue(const KeyRing& ring, const Request& request, Tenants& tenants) {
  const Key* const key = ring.can_sign() ? ring.find(request.value("alg", "RS256")) : nullptr;
  const Claims claims{
      request.value("sub", "demo@example.org"), request.value("tenant", default_tenant),
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count()};
  if (key == nullptr || !is_plain_name(claims.subject) || !is_plain_name(claims.tenant)) {
    return {400, "no such key, or a name that is not plain\n"};
  }
  return {200, issue_token(*key, claims, tenants) + '\n'};
}

Response answer(const KeyRing& ring, const Request& request, Tenants& tenants) {
  if (request.path == "/token") {
    return issue(ring, request, tenants);
  }
  if (request.path == "/verify") {
    const bool valid =
        verify_token(ring, request.value("token", ""), request.value("tenant", default_tenant), tenants);
    return {valid ? 200 : 403, valid ? "valid\n" : "not valid\n"};
  }
  if (request.path == "/jwks.json") {
    return {200, ring.public_jwks()};
  }
  if (request.path == "/healthz") {
    return {200, "ok, served " + std::to_string(tenants.served()) + '\n'};
  }
  return {404, "no such page\n"};
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool sign = !arguments.empty() && arguments[0] == "--sign";
  if (arguments.size() < 2 || (!sign && arguments[0] != "--verify-only")) {
    std::cerr << "usage: signing_service --sign KEY.pem... | --verify-only PUBLIC.pem...\n";
    return 2;
  }
  try {
    const KeyRing ring(sign ? KeyHalf::private_half : KeyHalf::public_half,
                       {arguments.begin() + 1, arguments.end()});
    Tenants tenants;
    HttpServer server(0, [&](const Request& request) { return answer(ring, request, tenants); });
    std::cout << getpid() << ' ' << server.port() << '\n' << std::flush;
    server.serve(worker_threads);
  } catch (const std::exception& error) {
    std::cerr << "signing_service: " << error.what() << '\n';
    return 1;
  }
}
