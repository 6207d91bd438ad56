// What OpenSSL wrote into memory, as bytes. The one rule: the BIO is used up.

#pragma once

#include <openssl/bio.h>

#include <cstddef>
#include <span>
#include <vector>

namespace dumpgate {

// Takes over `bio`, a memory BIO, and frees it.
inline std::vector<std::byte> contents(BIO* bio) {
  const char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  const auto bytes = std::as_bytes(std::span(data, static_cast<std::size_t>(size)));
  std::vector<std::byte> copy(bytes.begin(), bytes.end());
  BIO_free_all(bio);
  return copy;
}

}  // namespace dumpgate
