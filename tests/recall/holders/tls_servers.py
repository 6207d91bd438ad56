"""Unmodified TLS servers, dumped after they have loaded their key and after three handshakes: OpenSSL's (nginx, Apache, haproxy,
stunnel, mosquitto), GnuTLS's gnutls-serv and NSS's selfserv."""

import os

import servers
from holder import Holder, Unable
from processes import end, family, free_port, quiet, start, wait_for


def gnutls_serv(folder, port, tls):
    return ["gnutls-serv", "--quiet", "--http", "-p", str(port), "--x509keyfile", tls.files["pkcs8_pem"], "--x509certfile", tls.files["cert"]]


def selfserv(folder, port, tls):
    store = f"sql:{folder}/nss"
    os.mkdir(f"{folder}/nss")
    quiet("certutil", "-N", "-d", store, "--empty-password")
    made = quiet("pk12util", "-i", tls.files["pkcs12"], "-d", store, "-W", "recall", "-K", "")
    if made.returncode != 0:
        raise Unable("pk12util: " + made.stdout.decode()[-200:])
    return ["selfserv", "-d", store, "-n", "key", "-p", str(port), "-V", "tls1.2:"]


class TlsServer(Holder):
    """A server on loopback. Every process of it is dumped."""

    kinds = ["rsa-2048", "p-256"]

    def __init__(self, command_line, needs, version_of=""):
        self.name, self.command_line = command_line.__name__.replace("_", "-"), command_line
        self.needs, self.version_of = needs, version_of

    def states(self, key, folder):
        port = free_port()
        process = start(self.command_line(folder, port, key), folder)
        try:
            if not wait_for(port, process):
                with open(f"{folder}/output", encoding="utf-8", errors="replace") as f:
                    raise Unable("did not start: " + f.read()[-300:])
            yield "loaded", family(process.pid)
            for _ in range(3):
                quiet("openssl", "s_client", "-connect", f"127.0.0.1:{port}", timeout=60)
            yield "signed", family(process.pid)
        finally:
            end(process)


HOLDERS = [
    TlsServer(servers.nginx, ["nginx-light"]),
    TlsServer(servers.apache, ["apache2-bin"]),
    TlsServer(servers.haproxy, ["haproxy"]),
    TlsServer(servers.stunnel, ["stunnel4"]),
    TlsServer(servers.mosquitto, ["mosquitto"]),
    TlsServer(gnutls_serv, ["gnutls-bin"]),
    TlsServer(selfserv, ["libnss3-tools"]),
]
