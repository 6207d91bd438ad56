"""Fresh keys, made by the openssl command, with their numbers and their files. The one rule: they live in the folder that the
caller names and nowhere else.

Numbers are integers. Strings of Edwards curves are read little-endian, so that the layout `le` is the string as it is."""

import base64
import hashlib
import os
import subprocess

import curve
from curve import der, der_items

KINDS = {
    "rsa-2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa-3072": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
    "rsa-4096": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
    "p-256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p-384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "p-521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "secp256k1": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
    "brainpool-256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"],
    "sm2": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2"],
    "ed25519": ["-algorithm", "ED25519"],
    "ed448": ["-algorithm", "ED448"],
    "dsa-2048": ["-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:2048", "-pkeyopt", "dsa_paramgen_q_bits:256"],
}
# What OpenSSL calls the curves.
CURVES = {"p-256": "prime256v1", "p-384": "secp384r1", "p-521": "secp521r1", "secp256k1": "secp256k1", "brainpool-256": "brainpoolP256r1", "sm2": "SM2"}
# What libgcrypt calls them.
GCRYPT_CURVES = {"p-256": "NIST P-256", "p-384": "NIST P-384", "p-521": "NIST P-521", "secp256k1": "secp256k1", "brainpool-256": "brainpoolP256r1", "sm2": "sm2p256v1"}
# Edwards curves (RFC 8032, sections 5.1 and 5.2): bytes of a seed, the group's order, the hash of a seed and the bits of a scalar.
EDWARDS = {
    "ed25519": (32, 2**252 + 27742317777372353535851937790883648493, lambda seed: hashlib.sha512(seed).digest(), 254, 7),
    "ed448": (57, 2**446 - 13818066809895115352007386748515426880336692474882178609894547503885, lambda seed: hashlib.shake_256(seed).digest(114), 447, 3),
}


def openssl(*argv):
    return subprocess.run(["openssl", *argv], capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout


class Key:
    """A fresh key. `name` is what reports call it; `numbers` maps names to (value, size in bytes), secrets only; `publics` are those of
    the public half."""

    def __init__(self, kind, folder):
        self.kind, self.folder = kind, folder
        self.files = {}
        self._make_files()
        with open(self.files["pkcs8_der"], "rb") as f:
            self.pkcs8 = f.read()
        _, self.algorithm, self.inner = (content for _, content in der_items(der_items(self.pkcs8)[0][1])[:3])
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
        if self.kind.startswith("dsa"):
            openssl("genpkey", "-genparam", *KINDS[self.kind], "-out", make("parameters", "parameters.pem"))
            openssl("genpkey", "-paramfile", self.files["parameters"], "-out", pem)
        else:
            openssl("genpkey", *KINDS[self.kind], "-out", pem)
        openssl("pkcs8", "-topk8", "-nocrypt", "-in", pem, "-outform", "DER", "-out", make("pkcs8_der", "key.der"))
        openssl("pkey", "-in", pem, "-pubout", "-out", make("public_pem", "public.pem"))
        openssl("req", "-x509", "-key", pem, "-subj", "/CN=localhost", "-days", "2", "-out", make("cert", "cert.pem"))
        openssl("pkcs12", "-export", "-inkey", pem, "-in", self.files["cert"], "-passout", "pass:recall", "-name", "key",
                "-out", make("pkcs12", "key.p12"))
        if self.kind not in EDWARDS and self.kind != "sm2":  # those have no older form
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
        if self.kind.startswith("dsa"):
            values = {**self.domain, "y": self.publics["y"][0], "x": self.numbers["x"][0]}
            return f"(private-key (dsa {' '.join(told(*item) for item in values.items())}))"
        if self.kind in EDWARDS:
            seed = self.numbers["seed"][0].to_bytes(EDWARDS[self.kind][0], "little").hex()
            named = f"(curve {self.kind.capitalize()}){' (flags eddsa)' if self.kind == 'ed25519' else ''}"
            return f"(private-key (ecc {named} (q #{'40' if self.kind == 'ed25519' else ''}{self._point().hex()}#) (d #{seed}#)))"
        d, size = self.numbers["d"]
        return f'(private-key (ecc (curve "{GCRYPT_CURVES[self.kind]}") (q #{self.spki[-2 * size - 1 :].hex()}#) {told("d", d)}))'

    def _point(self):
        """A public key on an Edwards curve."""
        return self.spki[-EDWARDS[self.kind][0] :]

    def _openssh(self):
        """OpenSSH's own file format, without a passphrase (PROTOCOL.key)."""
        told = lambda data: len(data).to_bytes(4, "big") + data
        mpint = lambda value: told(value.to_bytes(value.bit_length() // 8 + 1, "big"))
        if self.kind.startswith("rsa"):
            n, e = mpint(self.modulus), mpint(65537)
            d, p, q = (self.numbers[name][0] for name in ("d", "p", "q"))
            public = told(b"ssh-rsa") + e + n
            private = told(b"ssh-rsa") + n + e + mpint(d) + mpint(pow(q, -1, p)) + mpint(p) + mpint(q)
        elif self.kind.startswith("dsa"):
            public = told(b"ssh-dss") + b"".join(mpint(value) for value in (*self.domain.values(), self.publics["y"][0]))
            private = public + mpint(self.numbers["x"][0])
        elif self.kind in EDWARDS:  # no SSH knows the second
            public = told(f"ssh-{self.kind}".encode()) + told(self._point())
            private = public + told(self.numbers["seed"][0].to_bytes(EDWARDS[self.kind][0], "little") + self._point())
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
        if self.kind.startswith("dsa"):
            p, q, g = (int.from_bytes(content, "big") for _, content in der_items(der_items(self.algorithm)[1][1]))
            self.domain = {"p": p, "q": q, "g": g}
            return {"x": (int.from_bytes(der_items(self.inner)[0][1], "big"), q.bit_length() // 8)}
        if self.kind in EDWARDS:
            return self._edwards_numbers()
        self.curve = curve.known(CURVES[self.kind])
        size = curve.size_of(self.curve)
        d = int.from_bytes(der_items(der_items(self.inner)[0][1])[1][1], "big")
        return {"d": (d, size), "d*R mod n": ((d << self._word_bits(size)) % self.curve.order, size)}

    @staticmethod
    def _word_bits(size):
        """The bits of Montgomery's R for numbers of so many bytes."""
        return -(-size // 8) * 64

    def _publics(self):
        if self.kind.startswith("rsa"):
            return {"n": (self.modulus, self.modulus.bit_length() // 8)}
        if self.kind.startswith("dsa"):
            y = pow(self.domain["g"], self.numbers["x"][0], self.domain["p"])
            return {"y": (y, self.domain["p"].bit_length() // 8)}
        if self.kind in EDWARDS:
            return {"A": (int.from_bytes(self._point(), "little"), EDWARDS[self.kind][0])}
        size = self.numbers["d"][1]
        x = int.from_bytes(self.spki[-2 * size : -size], "big")
        return {"x": (x, size), "x*R mod p": ((x << self._word_bits(size)) % self.curve.p, size)}

    def relates(self, dump, finding):
        """Whether the bytes that a finding of DSA points at are an exponent of this key's group that gives the public half it names:
        signing leaves nonces k with g^k, and their inverses."""
        if not self.kind.startswith("dsa") or finding.get("relation") != "g^x=y":
            return False
        with open(dump, "rb") as file:
            file.seek(finding["offset"])
            data = file.read(finding["length"])
        order = {"bytes-be": 1, "limbs-le64": len(data), "words32-be-order": 4}.get(finding.get("representation"))
        if order is None or len(data) != self.numbers["x"][1]:
            return False
        x = int.from_bytes(b"".join(data[i : i + order][::-1] for i in range(0, len(data), order)), "big")
        p, q, g = self.domain.values()
        named = lambda base, value: hashlib.sha256(self._dsa_spki(base, value)).hexdigest() == finding["public_key_sha256"]
        inverse = pow(x, -1, q)
        return any(named(base, pow(base, x, p)) or named(pow(base, inverse, p), base) for base in (g, self.publics["y"][0]))

    def _dsa_spki(self, g, y):
        """A SubjectPublicKeyInfo (RFC 3279, section 2.3.2)."""
        integer = lambda value: der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))
        domain = der(0x30, integer(self.domain["p"]) + integer(self.domain["q"]) + integer(g))
        return der(0x30, der(0x30, bytes.fromhex("06072a8648ce380401") + domain) + der(0x03, b"\0" + integer(y)))

    def _edwards_numbers(self):
        size, order, digest_of, top_bit, low_bits = EDWARDS[self.kind]
        seed = der_items(self.inner)[0][1]
        half = int.from_bytes(digest_of(seed)[:size], "little")
        scalar = half & ~low_bits & ((1 << top_bit) - 1) | (1 << top_bit)
        little = lambda value: (value, size)
        return {"seed": little(int.from_bytes(seed, "little")), "hash": little(half), "scalar": little(scalar), "scalar mod L": little(scalar % order)}
