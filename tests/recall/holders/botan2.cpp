// A key in a Botan::Private_Key, loaded from a PEM file.
// recall-needs: libbotan-2-dev libbotan-2-19
// recall-version: libbotan-2-19
// recall-build: g++ -O2 -I/usr/include/botan-2 {source} -lbotan-2 -o {build}/program
// recall-run: {build}/program {pkcs8_pem}
// recall-kinds: rsa-2048 rsa-3072 rsa-4096 p-256 p-384 p-521 secp256k1 brainpool-256 ed25519 dsa-2048

#include <botan/auto_rng.h>
#include <botan/pkcs8.h>
#include <botan/pubkey.h>

#include <memory>

#include "holder.h"

static Botan::AutoSeeded_RNG rng;
static std::unique_ptr<Botan::Private_Key> key;

static void sign() {
  const std::string name = key->algo_name();
  const std::string scheme = name == "RSA" ? "EMSA3(SHA-256)" : name == "Ed25519" ? "Pure" : "EMSA1(SHA-256)";
  Botan::PK_Signer signer(*key, rng, scheme);
  signer.sign_message(message, message_bytes, rng);
}

static void release() { key.reset(); }

int main(int argc, char** argv) {
  require(argc == 2, "usage");
  key.reset(Botan::PKCS8::load_key(argv[1], rng));
  serve(sign, release);
}
