// A key in Crypto++'s signer objects, loaded from PKCS #8 DER.
// recall-needs: libcrypto++-dev libcrypto++8
// recall-version: libcrypto++8
// recall-build: g++ -O2 {source} -lcryptopp -o {build}/program
// recall-run: {build}/program {kind} {pkcs8_der}
// recall-kinds: rsa-2048 rsa-3072 rsa-4096 p-256 p-384 p-521 secp256k1 brainpool-256 ed25519 dsa-2048

#include <cryptopp/dsa.h>
#include <cryptopp/eccrypto.h>
#include <cryptopp/files.h>
#include <cryptopp/osrng.h>
#include <cryptopp/rsa.h>
#include <cryptopp/xed25519.h>

#include <memory>
#include <string>

#include "holder.h"

static std::unique_ptr<CryptoPP::PK_Signer> signer;
static CryptoPP::AutoSeededRandomPool rng;

template <class Signer>
static void load(const char* path) {
  CryptoPP::FileSource file(path, true);
  auto made = std::make_unique<Signer>();
  made->AccessKey().Load(file);
  signer = std::move(made);
}

static void sign() {
  std::string signature(signer->MaxSignatureLength(), '\0');
  signer->SignMessage(rng, message, message_bytes, reinterpret_cast<CryptoPP::byte*>(signature.data()));
}

static void release() { signer.reset(); }

int main(int argc, char** argv) {
  require(argc == 3, "usage");
  using namespace CryptoPP;
  if (argv[1][0] == 'r') load<RSASS<PKCS1v15, SHA256>::Signer>(argv[2]);
  if (argv[1][0] == 'p' || argv[1][0] == 's' || argv[1][0] == 'b') load<ECDSA<ECP, SHA256>::Signer>(argv[2]);
  if (argv[1][0] == 'd') load<DSA2<SHA256>::Signer>(argv[2]);
  if (argv[1][0] == 'e') {
    FileSource file(argv[2], true);
    auto made = std::make_unique<ed25519Signer>();
    static_cast<ed25519PrivateKey&>(made->AccessPrivateKey()).Load(file);
    signer = std::move(made);
  }
  serve(sign, release);
}
