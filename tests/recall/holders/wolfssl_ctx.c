// A key in a WOLFSSL_CTX, loaded from a PEM file as TLS servers do.
// recall-needs: libwolfssl-dev libwolfssl35
// recall-version: libwolfssl35
// recall-build: gcc -O2 {source} -lwolfssl -o {build}/program
// recall-run: {build}/program {pkcs8_pem} {cert}
// recall-kinds: rsa-2048 p-256

#include "holder.h"

#include <pthread.h>
#include <sys/socket.h>

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

static WOLFSSL_CTX* context;

static void* connect_to(void* socket) {
  WOLFSSL_CTX* plain = wolfSSL_CTX_new(wolfTLSv1_2_client_method());
  wolfSSL_CTX_set_verify(plain, WOLFSSL_VERIFY_NONE, NULL);
  WOLFSSL* client = wolfSSL_new(plain);
  wolfSSL_set_fd(client, *(int*)socket);
  require(wolfSSL_connect(client) == SSL_SUCCESS, "connect");
  wolfSSL_free(client);
  wolfSSL_CTX_free(plain);
  return NULL;
}

static void sign(void) {
  int sockets[2];
  pthread_t thread;
  require(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0, "socketpair");
  pthread_create(&thread, NULL, connect_to, &sockets[1]);
  WOLFSSL* server = wolfSSL_new(context);
  wolfSSL_set_fd(server, sockets[0]);
  require(wolfSSL_accept(server) == SSL_SUCCESS, "accept");
  wolfSSL_free(server);
  pthread_join(thread, NULL);
  close(sockets[0]);
  close(sockets[1]);
}

static void release(void) { wolfSSL_CTX_free(context); }

int main(int argc, char** argv) {
  require(argc == 3, "usage");
  wolfSSL_Init();
  context = wolfSSL_CTX_new(wolfTLSv1_2_server_method());
  require(wolfSSL_CTX_use_certificate_file(context, argv[2], SSL_FILETYPE_PEM) == SSL_SUCCESS, "certificate");
  require(wolfSSL_CTX_use_PrivateKey_file(context, argv[1], SSL_FILETYPE_PEM) == SSL_SUCCESS, "key");
  serve(sign, release);
}
