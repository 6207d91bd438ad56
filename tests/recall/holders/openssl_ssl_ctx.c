// A key in an SSL_CTX, loaded from a file as TLS servers do, used by handshakes with itself.
// recall-needs: libssl-dev libssl3
// recall-version: libssl3
// recall-build: gcc -O2 {source} -lssl -lcrypto -o {build}/program
// recall-run: {build}/program {pkcs8_pem} {cert}
// recall-kinds: rsa-2048 rsa-3072 p-256 p-384 ed25519
// recall-fast: yes

#include "holder.h"

#include <openssl/ssl.h>

static SSL_CTX* context;

static void sign(void) {
  SSL_CTX* plain = SSL_CTX_new(TLS_client_method());
  SSL *server = SSL_new(context), *client = SSL_new(plain);
  BIO *one = NULL, *other = NULL;
  BIO_new_bio_pair(&one, 0, &other, 0);
  SSL_set_bio(server, one, one);
  SSL_set_bio(client, other, other);
  SSL_set_accept_state(server);
  SSL_set_connect_state(client);
  for (int i = 0; i < 8; ++i) {
    SSL_do_handshake(client);
    SSL_do_handshake(server);
  }
  require(SSL_is_init_finished(client), "handshake");
  SSL_free(server);
  SSL_free(client);
  SSL_CTX_free(plain);
}

static void release(void) { SSL_CTX_free(context); }

int main(int argc, char** argv) {
  require(argc == 3, "usage");
  context = SSL_CTX_new(TLS_server_method());
  require(SSL_CTX_use_certificate_file(context, argv[2], SSL_FILETYPE_PEM) == 1, "certificate");
  require(SSL_CTX_use_PrivateKey_file(context, argv[1], SSL_FILETYPE_PEM) == 1, "key");
  serve(sign, release);
}
