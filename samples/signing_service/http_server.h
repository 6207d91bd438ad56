// HttpServer: as much HTTP/1.1 (RFC 9112) as a service on loopback needs: GET, one request per connection,
// answered by a fixed number of worker threads.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace signing_service {

struct Request {
  std::string path;
  std::map<std::string, std::string, std::less<>> query;  // as sent: nothing here needs percent-decoding

  // The value of a query parameter, or the fallback when it is missing.
  std::string value(std::string_view name, std::string_view fallback) const;
};

struct Response {
  int status = 200;
  std::string body;
};

class HttpServer {
 public:
  // Called by several threads at once. An exception becomes status 500.
  using Handler = std::function<Response(const Request&)>;

  // Listens on 127.0.0.1; port 0 lets the kernel choose. Throws std::system_error.
  HttpServer(std::uint16_t port, Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  // Serves until the process ends.
  [[noreturn]] void serve(std::size_t workers);

 private:
  void answer(int connection) const noexcept;

  int listener_;
  std::uint16_t port_;
  Handler handler_;
};

}  // namespace signing_service
