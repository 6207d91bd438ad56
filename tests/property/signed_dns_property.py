"""The key with which nsupdate and dig sign is found by what they send, as bare bytes far from it in a dump; no other is."""

import base64
import json
import socket
import subprocess

import program
from program import BLOCK, RELEASE, PropertyCase, scan

SIZES = {"hmac-sha256": 32, "hmac-sha384": 48, "hmac-sha512": 64}
PATIENCE_S = 20
FAR = 300_000  # bytes between message and key: farther than what is looked at around a message


class SignedDns(PropertyCase):
    def sent(self, *command, words=b""):
        """The first datagram that a program sends to a server that never answers: {port} stands for where it listens."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            server.settimeout(PATIENCE_S)
            port = str(server.getsockname()[1])
            arguments = [argument.replace("{port}", port) for argument in command]
            with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                try:
                    process.stdin.write(words.replace(b"{port}", port.encode()))
                    process.stdin.flush()
                    return server.recvfrom(65536)[0]
                finally:
                    process.kill()

    def nsupdate(self, algorithm, secret):
        text = f'key "Update.Example" {{ algorithm {algorithm}; secret "{base64.b64encode(secret).decode()}"; }};\n'
        words = b"server 127.0.0.1 {port}\nzone example.\nupdate add host.example. 60 A 127.0.0.9\nsend\n"
        return self.sent("nsupdate", "-k", str(self.write("key", text.encode())), words=words)

    def dig(self, algorithm, secret):
        key = f"{algorithm}:dig.key.:{base64.b64encode(secret).decode()}"
        return self.sent("dig", "@127.0.0.1", "-p", "{port}", "+tries=1", "-y", key, "example.", "SOA")

    def check(self, sender):
        for algorithm, size in SIZES.items():
            secret = self.random.randbytes(size)
            message = sender(algorithm, secret)
            for place in (len(message) + 4096, FAR):
                with self.subTest(algorithm=algorithm, place=place):
                    self.check_dump(message, secret, place - place % 8)

    def check_dump(self, message, secret, place):
        memory = bytearray(2 * FAR)
        memory[: len(message)] = message
        self.assertEqual(self.findings(memory, RELEASE), [])
        memory[place : place + len(secret)] = self.random.randbytes(len(secret))
        self.assertEqual(self.findings(memory, RELEASE), [])
        memory[place : place + len(secret)] = secret
        found = self.findings(memory, BLOCK)
        self.assertEqual([(each["relation"], each["evidence"], each["bits"]) for each in found], [("hmac(message)", "proof", 8 * len(secret))])
        self.assertEqual(found[0]["offset"], place)

    def findings(self, memory, code):
        ended = scan("-q", "-f", "json", self.write("dump", bytes(memory)))
        self.assertEqual(ended.code, code, ended)
        return [finding for finding in json.loads(ended.out)["findings"] if finding["blocks"]]

    def test_an_update_tells_its_key(self):
        program.need("nsupdate")
        self.check(self.nsupdate)

    def test_a_query_tells_its_key(self):
        program.need("dig")
        self.check(self.dig)


if __name__ == "__main__":
    program.main()
