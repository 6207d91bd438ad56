#include "scanner/evidence/key_directory.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <span>

#include "scanner/base/secret_bytes.h"
#include "scanner/base/system_error.h"
#include "scanner/io/durable_file.h"

namespace dumpgate {
namespace {

constexpr std::size_t site_key_bytes = 32;

constexpr std::size_t most_line = 8192;

// The log that the keys in a directory are being made for; "" when none is.
Result<std::string> unfinished_log(const std::string& directory) {
  const std::string path = below(directory, unfinished_file);
  if (!path_exists(path)) return std::string();
  const auto bytes = read_file(path, most_line);
  if (!bytes) return bytes.error();
  return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

Result<void> make_site_key(const std::string& path) {
  SecretBytes site_key(site_key_bytes);
  if (RAND_priv_bytes(reinterpret_cast<unsigned char*>(site_key.data()), site_key_bytes) != 1)
    return Error{ErrorCode::internal, "OpenSSL has no random bytes", std::nullopt};
  return create_secret_file(path, site_key);
}

}  // namespace

Result<KeyMaking> KeyMaking::begin(const std::string& directory, const std::string& log) {
  if (const auto made = make_directories(directory, 0700); !made) return made.error();
  KeyMaking making(directory, log);
  making.lock_ = Descriptor(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!making.lock_) return io_error(directory);
  if (::flock(making.lock_.get(), LOCK_EX | LOCK_NB) != 0)
    return errno == EWOULDBLOCK ? usage("somebody else makes keys in " + directory) : io_error(directory);
  const auto unfinished = unfinished_log(directory);
  if (!unfinished) return unfinished.error();
  making.goes_on_ = !unfinished->empty();
  if (making.goes_on_ && *unfinished != log + "\n")
    return usage("the keys in " + directory + " were made for a log that was not finished: " + *unfinished +
                 "finish that one with the same command, or remove " + directory + " and that log");
  if (making.goes_on_) return making;
  for (const std::string_view name : {signing_key_file, site_key_file})
    if (path_exists(below(directory, name))) return usage(below(directory, name) + " is there already");
  return making;
}

Result<std::unique_ptr<Signer>> KeyMaking::keys() const {
  const std::string line = log_ + "\n";
  if (!goes_on_)
    if (const auto marked =
            replace_file(below(directory_, unfinished_file), std::as_bytes(std::span(line)), 0600);
        !marked)
      return marked.error();
  const std::string site_key = below(directory_, site_key_file);
  const std::string signing_key = below(directory_, signing_key_file);
  if (!path_exists(site_key))
    if (const auto made = make_site_key(site_key); !made) return made.error();
  return path_exists(signing_key) ? read_signing_key(signing_key) : create_signing_key(signing_key);
}

Result<void> KeyMaking::finish() const {
  const std::string path = below(directory_, unfinished_file);
  if (::unlink(path.c_str()) != 0) return io_error(path);
  return sync_directory(directory_);
}

Result<std::unique_ptr<Signer>> open_signing_key(const std::string& directory) {
  const auto unfinished = unfinished_log(directory);
  if (!unfinished) return unfinished.error();
  if (!unfinished->empty())
    return usage("log init was not finished, and does so when it is run again: " + *unfinished);
  return read_signing_key(below(directory, signing_key_file));
}

}  // namespace dumpgate
