"""Fresh keys, made by the openssl command, with their numbers and their files. The one rule: they live in the folder that the
caller names and nowhere else.

Numbers are integers. Ed25519's strings are read little-endian, so that the layout `le` is the string as it is."""

import base64
import hashlib
import os
import subprocess

KINDS = {
    "rsa-2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa-3072": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
    "p-256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p-384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "ed25519": ["-algorithm", "ED25519"],
}
# Orders of the groups: SEC 2, section 2.4 and 2.5; RFC 8032, section 5.1.
ORDERS = {
    "p-256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "p-384": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    "ed25519": 2**252 + 27742317777372353535851937790883648493,
}


def der_items(data):
    """The elements of one DER level: pairs of tag and content."""
    items, at = [], 0
    while at + 2 <= len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7F
            size, at = int.from_bytes(data[at : at + count], "big"), at + count
        items.append((tag, data[at : at + size]))
        at += size
    return items


def openssl(*argv):
    return subprocess.run(["openssl", *argv], capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout


# Primes of the fields, by which points are kept in Montgomery form (SEC 2).
FIELDS = {"p-256": 2**256 - 2**224 + 2**192 + 2**96 - 1, "p-384": 2**384 - 2**128 - 2**96 + 2**32 - 1}


class Key:
    """A fresh key. `name` is what reports call it; `numbers` maps names to (value, size in bytes), secrets only; `publics` are those of
    the public half."""

    def __init__(self, kind, folder):
        self.kind, self.folder = kind, folder
        self.files = {}
        self._make_files()
        with open(self.files["pkcs8_der"], "rb") as f:
            self.pkcs8 = f.read()
        self.inner = der_items(der_items(self.pkcs8)[0][1])[2][1]
        self.spki = openssl("pkey", "-in", self.files["pkcs8_pem"], "-pubout", "-outform", "DER")
        self.name = hashlib.sha256(self.spki).hexdigest()
        self.numbers = self._numbers()
        self.publics = self._publics()
        self.files["sexp"] = os.path.join(folder, "key.sexp")
        self.files["openssh"] = os.path.join(folder, "id_key")
        for name, text in (("sexp", self._sexp()), ("openssh", self._openssh())):
            with open(os.open(self.files[name], os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as f:
                f.write(text)

    def _make_files(self):
        make = lambda name, suffix: self.files.setdefault(name, os.path.join(self.folder, suffix))
        pem = make("pkcs8_pem", "key.pem")
        openssl("genpkey", *KINDS[self.kind], "-out", pem)
        openssl("pkcs8", "-topk8", "-nocrypt", "-in", pem, "-outform", "DER", "-out", make("pkcs8_der", "key.der"))
        openssl("pkey", "-in", pem, "-pubout", "-out", make("public_pem", "public.pem"))
        openssl("req", "-x509", "-key", pem, "-subj", "/CN=localhost", "-days", "2", "-out", make("cert", "cert.pem"))
        openssl("pkcs12", "-export", "-inkey", pem, "-in", self.files["cert"], "-passout", "pass:recall", "-name", "key",
                "-out", make("pkcs12", "key.p12"))
        if self.kind != "ed25519":
            openssl("pkey", "-in", pem, "-traditional", "-out", make("traditional_pem", "traditional.pem"))
            self.traditional = base64.b64decode("".join(self._lines("traditional_pem")))
            with open(make("traditional_der", "traditional.der"), "wb") as f:
                f.write(self.traditional)
        with open(make("both", "both.pem"), "wb") as out:
            for part in ("cert", "pkcs8_pem"):
                with open(self.files[part], "rb") as f:
                    out.write(f.read())
        for path in self.files.values():
            os.chmod(path, 0o600)

    def _sexp(self):
        """libgcrypt's form; its u is the inverse of p modulo q, where p is the smaller prime."""
        told = lambda name, value: f"({name} #{value.to_bytes(value.bit_length() // 8 + 1, 'big').hex()}#)"
        if self.kind.startswith("rsa"):
            p, q = sorted(self.numbers[name][0] for name in "pq")
            values = {"n": self.modulus, "e": 65537, "d": self.numbers["d"][0], "p": p, "q": q, "u": pow(p, -1, q)}
            return f"(private-key (rsa {' '.join(told(*item) for item in values.items())}))"
        if self.kind == "ed25519":
            seed = self.numbers["seed"][0].to_bytes(32, "little").hex()
            return f"(private-key (ecc (curve Ed25519) (flags eddsa) (q #40{self.spki[-32:].hex()}#) (d #{seed}#)))"
        d, size = self.numbers["d"]
        return f'(private-key (ecc (curve "NIST {self.kind.upper()}") (q #{self.spki[-2 * size - 1 :].hex()}#) {told("d", d)}))'

    def _openssh(self):
        """OpenSSH's own file format, without a passphrase (PROTOCOL.key)."""
        told = lambda data: len(data).to_bytes(4, "big") + data
        mpint = lambda value: told(value.to_bytes(value.bit_length() // 8 + 1, "big"))
        if self.kind.startswith("rsa"):
            n, e = mpint(self.modulus), mpint(65537)
            d, p, q = (self.numbers[name][0] for name in ("d", "p", "q"))
            public = told(b"ssh-rsa") + e + n
            private = told(b"ssh-rsa") + n + e + mpint(d) + mpint(pow(q, -1, p)) + mpint(p) + mpint(q)
        elif self.kind == "ed25519":
            public = told(b"ssh-ed25519") + told(self.spki[-32:])
            private = public + told(self.numbers["seed"][0].to_bytes(32, "little") + self.spki[-32:])
        else:
            d, size = self.numbers["d"]
            curve = self.kind.replace("p-", "nistp").encode()
            public = told(b"ecdsa-sha2-" + curve) + told(curve) + told(self.spki[-2 * size - 1 :])
            private = public + mpint(d)
        self.ssh_private = private
        inner = b"\0\0\0\1" * 2 + private + told(b"")
        inner += bytes(range(1, 9))[: -len(inner) % 8]
        whole = b"openssh-key-v1\0" + told(b"none") + told(b"none") + told(b"") + b"\0\0\0\1" + told(public) + told(inner)
        lines = base64.encodebytes(whole).decode().replace("\n", "")
        body = "\n".join(lines[i : i + 70] for i in range(0, len(lines), 70))
        with open(os.path.join(self.folder, "id_key.pub"), "w", encoding="ascii") as f:
            f.write(f"{public[4 : 4 + public[3]].decode()} {base64.b64encode(public).decode()}\n")
        return f"-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----\n"

    def _lines(self, name):
        with open(self.files[name], encoding="ascii") as f:
            return [line for line in f.read().split("\n") if line and not line.startswith("-")]

    def pem_lines(self):
        """The full base64 lines of the key's own PEM files."""
        return {line for name in ("pkcs8_pem", "traditional_pem") if name in self.files for line in self._lines(name) if len(line) == 64}

    def _numbers(self):
        if self.kind.startswith("rsa"):
            values = [int.from_bytes(content, "big") for _, content in der_items(der_items(self.inner)[0][1])]
            self.modulus = values[1]
            size = self.modulus.bit_length() // 8
            named = dict(zip(("d", "p", "q", "dP", "dQ"), values[3:8]))
            numbers = {name: (value, size if name == "d" else size // 2) for name, value in named.items()}
            for prime in "pq":  # a prime's complement, Montgomery's R mod p
                numbers[f"R-{prime}"] = ((1 << size * 4) - named[prime], size // 2)
            return numbers
        if self.kind == "ed25519":
            return self._ed25519_numbers()
        size = {"p-256": 32, "p-384": 48}[self.kind]
        d = int.from_bytes(der_items(der_items(self.inner)[0][1])[1][1], "big")
        return {"d": (d, size), "d*R mod n": ((d << size * 8) % ORDERS[self.kind], size)}

    def _publics(self):
        if self.kind.startswith("rsa"):
            return {"n": (self.modulus, self.modulus.bit_length() // 8)}
        if self.kind == "ed25519":
            return {"A": (int.from_bytes(self.spki[-32:], "little"), 32)}
        size = self.numbers["d"][1]
        x = int.from_bytes(self.spki[-2 * size : -size], "big")
        return {"x": (x, size), "x*R mod p": ((x << size * 8) % FIELDS[self.kind], size)}

    def _ed25519_numbers(self):
        seed = der_items(self.inner)[0][1]
        digest = hashlib.sha512(seed).digest()
        half = int.from_bytes(digest[:32], "little")
        scalar = half & ~7 & ((1 << 254) - 1) | (1 << 254)
        return {"seed": (int.from_bytes(seed, "little"), 32), "hash": (half, 32), "scalar": (scalar, 32), "scalar mod L": (scalar % ORDERS["ed25519"], 32)}
