"""A TLS server for clients to be dumped: answers each connection with the beginning of a page that never ends, so that the connection stays
open. The one rule: it runs in a thread of the caller, whose memory, not the client's, then holds the key."""

import contextlib
import socket
import ssl
import threading

PAGE_BYTES = 1 << 20  # promised; a part is sent
GREETING = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % PAGE_BYTES + b"some text; " * 1000


class ClientsServer:
    """`answered` is set when a client's request was answered; close() ends all connections."""

    def __init__(self, key):
        self.key, self.answered = key, threading.Event()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(key.files["cert"], key.files["pkcs8_pem"])
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain):
        with contextlib.suppress(OSError):
            connection = self._context.wrap_socket(plain, server_side=True)
            self._open.append(connection)
            connection.settimeout(3)
            with contextlib.suppress(TimeoutError):  # those who wait for the server to speak first
                connection.recv(1 << 16)
            connection.sendall(GREETING)
            self.answered.set()

    def close(self):
        for one in self._open:
            one.close()
