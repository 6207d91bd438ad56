#include "samples/signing_service/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace signing_service {
namespace {

constexpr std::size_t max_request_bytes = 16384;
constexpr int backlog = 64;

int checked(int result, const char* what) {
  if (result < 0) {
    throw std::system_error(errno, std::generic_category(), what);
  }
  return result;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// The request line of one request; nothing when the peer sent none within bounds.
std::optional<std::string> read_request_line(int connection) {
  std::string text;
  std::array<char, 4096> buffer{};
  while (text.find("\r\n\r\n") == std::string::npos) {
    const ssize_t got = recv(connection, buffer.data(), buffer.size(), 0);
    if (got <= 0 || text.size() + static_cast<std::size_t>(got) > max_request_bytes) {
      return std::nullopt;
    }
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text.substr(0, text.find("\r\n"));
}

std::optional<Request> parse_request_line(std::string_view line) {
  constexpr std::string_view method = "GET ";
  const std::size_t end = line.rfind(" HTTP/1.");
  if (!line.starts_with(method) || end == std::string_view::npos || end < method.size()) {
    return std::nullopt;
  }
  const std::string_view target = line.substr(method.size(), end - method.size());
  Request request{std::string(target.substr(0, target.find('?'))), {}};
  std::string_view rest = target.substr(std::min(target.size(), request.path.size() + 1));
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    request.query.emplace(pair.substr(0, equals), pair.substr(std::min(pair.size(), equals + 1)));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
  }
  return request;
}

void send_response(int connection, const Response& response) {
  std::string text =
      "HTTP/1.1 " + std::to_string(response.status) + (response.status == 200 ? " OK" : " Error");
  text += "\r\nContent-Length: " + std::to_string(response.body.size()) + "\r\nConnection: close\r\n\r\n";
  text += response.body;
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t sent = send(connection, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return;
    }
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace

std::string Request::value(std::string_view name, std::string_view fallback) const {
  const auto found = query.find(name);
  return found == query.end() ? std::string(fallback) : found->second;
}

HttpServer::HttpServer(std::uint16_t port, Handler handler)
    : listener_(checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")),
      port_(port),
      handler_(std::move(handler)) {
  // The sockets interface of POSIX takes every address as a sockaddr.
  sockaddr_in address = loopback(port);
  socklen_t size = sizeof(address);
  checked(bind(listener_, reinterpret_cast<const sockaddr*>(&address), size), "bind");
  checked(listen(listener_, backlog), "listen");
  checked(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  port_ = ntohs(address.sin_port);
}

HttpServer::~HttpServer() { close(listener_); }

void HttpServer::serve(std::size_t workers) {
  std::vector<std::jthread> threads;
  threads.reserve(workers);
  for (std::size_t i = 0; i < workers; ++i) {
    threads.emplace_back([this] {
      for (;;) {
        const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection >= 0) {
          answer(connection);
          close(connection);
        }
      }
    });
  }
  for (;;) {
    pause();
  }
}

void HttpServer::answer(int connection) const noexcept {
  try {
    constexpr timeval patience{5, 0};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    const std::optional<std::string> line = read_request_line(connection);
    const std::optional<Request> request = line ? parse_request_line(*line) : std::nullopt;
    if (!request) {
      send_response(connection, {400, "bad request\n"});
      return;
    }
    try {
      send_response(connection, handler_(*request));
    } catch (const std::exception& error) {
      send_response(connection, {500, std::string(error.what()) + '\n'});
    }
  } catch (...) {  // out of memory while answering: the peer sees a closed connection
    return;
  }
}

}  // namespace signing_service
