#include "scanner/gate/signer_process.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <exception>
#include <utility>

#include "scanner/base/strict_text.h"
#include "scanner/base/system_error.h"
#include "scanner/evidence/dsse.h"

namespace dumpgate {
namespace {

using Nonce = std::array<std::byte, 16>;
constexpr std::size_t most_message = 128 * std::size_t{1024};
constexpr timeval patience{.tv_sec = 10, .tv_usec = 0};

bool is_statement(std::string_view message) {
  const std::string opening =
      "DSSEv1 " + std::to_string(in_toto_media_type.size()) + " " + std::string(in_toto_media_type) + " ";
  if (!message.starts_with(opening)) return false;
  message.remove_prefix(opening.size());
  const std::size_t end = message.find(' ');
  if (end == std::string_view::npos) return false;
  return message.substr(0, end) == std::to_string(message.size() - end - 1);
}

bool is_checkpoint(std::string_view message, std::string_view origin) {
  constexpr std::size_t hash_letters = 44;
  const auto name = take_line(message);
  const auto size = take_line(message);
  const auto root = take_line(message);
  return name == origin && size && parse_decimal(*size) && root && root->size() == hash_letters &&
         message.empty();
}

// --- in the signer ---

// The first packet: the public key, or in words why there is none.
void introduce(int socket, const Result<std::unique_ptr<Signer>>& key, const std::string& problem) {
  std::string words = key ? problem : key.error().message;
  std::span<const std::byte> bytes = std::as_bytes(std::span(words));
  if (words.empty()) bytes = (*key)->public_key();
  (void)::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

void serve(int socket, Signer& key, const std::string& origin) {
  std::vector<std::byte> request(most_message);
  for (;;) {
    const ssize_t got = ::recv(socket, request.data(), request.size(), MSG_TRUNC);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    const auto size = static_cast<std::size_t>(got);
    if (size < sizeof(Nonce) || size > request.size()) continue;
    const auto message = std::span(request).first(size).subspan(sizeof(Nonce));
    std::vector<std::byte> answer(request.begin(), request.begin() + sizeof(Nonce));
    if (is_signable({reinterpret_cast<const char*>(message.data()), message.size()}, origin))
      if (const auto signature = key.sign(message))
        answer.insert(answer.end(), signature->begin(), signature->end());
    (void)::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
  }
}

[[noreturn]] void run_signer(int socket, const std::string& key_file, const std::string& origin,
                             const SandboxPolicy& policy) {
  // A terminal's Ctrl-C is for the gate, which still has its last leaves to sign.
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) (void)std::signal(number, SIG_IGN);
  try {
    constexpr int kept = 3;
    const auto key = read_signing_key(key_file);
    if (!keep_only(std::span(&socket, 1))) ::_exit(1);
    const auto confined = confine_to_socket(policy);
    introduce(kept, key, confined ? std::string() : confined.error().message);
    if (key && confined) serve(kept, **key, origin);
  } catch (const std::exception&) {
    ::_exit(1);
  }
  ::_exit(0);
}

// --- in the gate ---

// A lock of the process, which ends with it however it ends. (Those of flock are shared by forks.)
class Turn {
 public:
  explicit Turn(int lock) : lock_(lock) { had_ = set(F_WRLCK, F_SETLKW); }
  ~Turn() { (void)set(F_UNLCK, F_SETLK); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  bool had() const { return had_; }

 private:
  bool set(short type, int command) {
    struct flock range{};
    range.l_type = type;
    range.l_whence = SEEK_SET;
    while (::fcntl(lock_, command, &range) != 0)
      if (errno != EINTR) return false;
    return true;
  }
  int lock_;
  bool had_ = false;
};

}  // namespace

bool is_signable(std::string_view message, std::string_view origin) {
  return is_statement(message) || is_checkpoint(message, origin);
}

Result<std::unique_ptr<SignerProcess>> SignerProcess::start(const std::string& key_file,
                                                            const std::string& origin,
                                                            const SandboxPolicy& policy) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return io_error("cannot make the signer's socket");
  const pid_t pid = ::fork();
  if (pid == 0) run_signer(ends[1], key_file, origin, policy);
  (void)::close(ends[1]);
  const int lock = ::memfd_create("signer", MFD_CLOEXEC);
  std::unique_ptr<SignerProcess> signer(new SignerProcess(pid, ends[0], lock));
  if (pid < 0 || lock < 0) return io_error("cannot start the signer");
  signer->owner_ = ::getpid();
  (void)::setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  (void)::setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  std::array<char, 4096> first{};
  ssize_t got = 0;
  do {
    got = ::recv(ends[0], first.data(), first.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return io_error("the signer did not start");
  if (got != sizeof(signer->public_key_))
    return Error{ErrorCode::usage, std::string(first.data(), static_cast<std::size_t>(got)), std::nullopt};
  std::memcpy(signer->public_key_.data(), first.data(), sizeof(signer->public_key_));
  return signer;
}

SignerProcess::~SignerProcess() {
  (void)::close(socket_);
  if (lock_ >= 0) (void)::close(lock_);
  if (pid_ <= 0 || owner_ != ::getpid()) return;
  (void)::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
}

Result<Ed25519Signature> SignerProcess::sign(std::span<const std::byte> message) {
  Nonce nonce{};
  if (::getrandom(nonce.data(), nonce.size(), 0) != static_cast<ssize_t>(nonce.size()))
    return io_error("no random bytes for the signer");
  if (message.size() > most_message - nonce.size())
    return Error{ErrorCode::limit, "too long to sign", std::nullopt};
  std::vector<std::byte> request(nonce.begin(), nonce.end());
  request.insert(request.end(), message.begin(), message.end());
  const Turn turn(lock_);
  if (!turn.had()) return io_error("cannot wait for the signer");
  auto signature = ask(request);
  // What is not a signature of this key over this message would spoil the log.
  if (signature && !verify_ed25519(public_key_, message, *signature))
    return Error{ErrorCode::io, "the signer's signature is not valid", std::nullopt};
  return signature;
}

Result<Ed25519Signature> SignerProcess::ask(std::span<const std::byte> request) {
  const auto nonce = request.first(sizeof(Nonce));
  ssize_t sent = 0;
  do {
    sent = ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return io_error("the signer cannot be reached");
  for (;;) {
    std::array<std::byte, sizeof(Nonce) + sizeof(Ed25519Signature) + 1> answer{};
    const ssize_t got = ::recv(socket_, answer.data(), answer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return io_error("the signer does not answer");
    const auto words = std::span(answer).first(static_cast<std::size_t>(got));
    if (words.size() < nonce.size() || !std::ranges::equal(words.first(nonce.size()), nonce)) continue;
    Ed25519Signature signature{};
    if (words.size() != nonce.size() + signature.size())
      return Error{ErrorCode::io, "the signer refuses to sign this", std::nullopt};
    std::ranges::copy(words.subspan(nonce.size()), signature.begin());
    return signature;
  }
}

}  // namespace dumpgate
