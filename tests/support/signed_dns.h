// A DNS update signed with a shared secret (TSIG, RFC 8945), written field by field and apart from the
// program's reader.

#pragma once

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string>

#include "tests/support/test_keys.h"

namespace dumpgate::test {

struct SignedUpdate {
  std::string key{};
  std::string algorithm{"\x0bhmac-sha256\0", 13};  // in wire form
  const EVP_MD* digest = EVP_sha256();
  std::string key_name{"\x06update\x03key\0", 12};
  std::size_t mac_size = 0;  // what the MAC is cut to; 0: whole
  unsigned char id = 1;
};

inline std::string dns_number(std::size_t value, std::size_t size) {
  std::string text(size, '\0');
  for (; size > 0; value >>= 8U) text[--size] = static_cast<char>(value & 0xffU);
  return text;
}

// The message as a forwarder sends it: with another identifier than the one that was signed.
inline std::string signed_update(const SignedUpdate& made) {
  const std::string zone(
      "\x07"
      "example\0\0\x06\0\x01",
      13);
  const std::string record("\x04host\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x09", 21);
  const auto header = [](std::size_t id, std::size_t additional) {
    return dns_number(id, 2) + dns_number(0x2800, 2) + dns_number(1, 2) + dns_number(0, 2) +
           dns_number(1, 2) + dns_number(additional, 2);
  };
  const std::string times = dns_number(1'700'000'000, 6) + dns_number(300, 2);
  const std::string rest(4, '\0');
  const std::string covered = header(made.id, 0) + zone + record + made.key_name + dns_number(255, 2) +
                              dns_number(0, 4) + made.algorithm + times + rest;
  std::string mac(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  require(HMAC(made.digest, made.key.data(), static_cast<int>(made.key.size()),
               reinterpret_cast<const unsigned char*>(covered.data()), covered.size(),
               reinterpret_cast<unsigned char*>(mac.data()), &size) != nullptr,
          "HMAC");
  mac.resize(made.mac_size != 0 ? made.mac_size : size);
  const std::string data =
      made.algorithm + times + dns_number(mac.size(), 2) + mac + dns_number(made.id, 2) + rest;
  return header(made.id + 7U, 1) + zone + record + made.key_name + dns_number(250, 2) + dns_number(255, 2) +
         dns_number(0, 4) + dns_number(data.size(), 2) + data;
}

}  // namespace dumpgate::test
