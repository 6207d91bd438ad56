#include "scanner/evidence/key_directory.h"

#include <openssl/rand.h>

#include "scanner/base/secret_bytes.h"
#include "scanner/io/durable_file.h"

namespace dumpgate {
namespace {

constexpr std::size_t site_key_bytes = 32;

std::string below(const std::string& directory, std::string_view name) {
  return directory + "/" + std::string(name);
}

}  // namespace

Result<std::unique_ptr<Signer>> create_keys(const std::string& directory) {
  if (const auto made = make_directories(directory, 0700); !made) return made.error();
  for (const std::string_view name : {signing_key_file, site_key_file})
    if (path_exists(below(directory, name)))
      return Error{ErrorCode::usage, below(directory, name) + " is there already", std::nullopt};
  SecretBytes site_key(site_key_bytes);
  if (RAND_priv_bytes(reinterpret_cast<unsigned char*>(site_key.data()), site_key_bytes) != 1)
    return Error{ErrorCode::internal, "OpenSSL has no random bytes", std::nullopt};
  if (const auto made = create_secret_file(below(directory, site_key_file), site_key); !made)
    return made.error();
  return create_signing_key(below(directory, signing_key_file));
}

Result<std::unique_ptr<Signer>> open_signing_key(const std::string& directory) {
  return read_signing_key(below(directory, signing_key_file));
}

}  // namespace dumpgate
