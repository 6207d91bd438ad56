"""Fresh keys, and the numbers in them that nobody may see. The one rule: a key is generated in the run that uses it and
lives in that run's temporary directory only."""

import base64
import hashlib
import json
import re
import subprocess
import tempfile

RUN = 8  # bytes: a shorter run of a secret tells nothing worth having, and occurs by chance


def openssl(*arguments, stdin=b""):
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True).stdout


def der_items(der):
    """The (tag, content) pairs of a DER encoding's outermost values; lengths are trusted, as openssl wrote them."""
    at = 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(der[at : at + count], "big"), at + count
        yield tag, der[at : at + length]
        at += length


class Key:
    """A private key: its encodings and its secret numbers (as big-endian bytes)."""

    def __init__(self, kind, *genpkey):
        self.kind = kind
        self.pem = openssl("genpkey", *genpkey)
        self.pkcs8 = openssl("pkcs8", "-topk8", "-nocrypt", "-outform", "DER", stdin=self.pem)
        self.public_pem = openssl("pkey", "-pubout", stdin=self.pem)
        self.public = openssl("pkey", "-pubout", "-outform", "DER", stdin=self.pem)
        self.public_sha256 = hashlib.sha256(self.public).hexdigest()
        (_, sequence), = der_items(self.pkcs8)
        # RFC 5958: version, algorithm, OCTET STRING with the key's own encoding.
        (_, self.own), = [item for item in der_items(sequence) if item[0] == 0x04]
        self.secrets = self._secrets()

    def _secrets(self):
        (tag, content), = der_items(self.own)
        if self.kind == "rsa":  # RFC 8017 A.1.2: version, n, e, d, p, q, dP, dQ, qInv
            return [number.lstrip(b"\0") for tag, number in list(der_items(content))[3:9]]
        if self.kind == "ec":  # RFC 5915: version, private key
            return [list(der_items(content))[1][1]]
        assert tag == 0x04  # RFC 8410: an OCTET STRING in an OCTET STRING
        expanded = hashlib.sha512(content).digest()
        return [content, expanded]

    def limbs(self, number):
        """As OpenSSL holds it: 64-bit limbs, least significant first."""
        return number.rjust(-(-len(number) // 8) * 8, b"\0")[::-1]


def sealed(payload, *paths):
    """A DSSE envelope around an in-toto statement, signed with the Ed25519 keys of these files, as one line."""
    kind = b"application/vnd.in-toto+json"
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    signatures = []
    for path in paths:
        with tempfile.NamedTemporaryFile() as file:
            file.write(message)
            file.flush()
            signature = openssl("pkeyutl", "-sign", "-inkey", str(path), "-rawin", "-in", file.name)
        public = openssl("pkey", "-in", str(path), "-pubout", "-outform", "DER")
        signatures.append({"keyid": hashlib.sha256(public).hexdigest(), "sig": base64.b64encode(signature).decode()})
    return json.dumps({"payload": base64.b64encode(payload).decode(), "payloadType": kind.decode(), "signatures": signatures}).encode()


def waiver_over(path, *paths):
    """The waiver of that file with its day in the past, signed anew: no program of ours makes one."""
    said = json.loads(base64.b64decode(json.loads(path.read_bytes())["payload"]))
    said["predicate"]["expires"] = "2020-01-01"
    path.write_bytes(sealed(json.dumps(said).encode(), *paths) + b"\n")
    return path


def fresh_keys():
    return [
        Key("rsa", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
        Key("ec", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:named_curve"),
        Key("ed25519", "-algorithm", "ED25519"),
    ]


def runs(text, length):
    return {text[i : i + length] for i in range(len(text) - length + 1)}


class Canary:
    """Looks for any 8-byte run of the secrets in what a program wrote: raw in both byte orders, hex in any case and
    grouping, base64 and base64url in each phase and across line breaks, decimal."""

    def __init__(self, secrets):
        both = [order for secret in secrets for order in (secret, secret[::-1])]
        self._raw = set().union(*(runs(secret, RUN) for secret in both))
        self._hex = set().union(*(runs(secret.hex(), 2 * RUN) for secret in both))
        # Ten characters are 60 bits of the run and whole in every phase.
        self._base64 = set()
        for secret in both:
            for phase in range(3):
                coded = base64.b64encode(b"\0" * phase + secret).decode()
                self._base64 |= runs(coded[4 if phase else 0 : -4], 10)
        # Numbers of RUN bytes and whole ones; 20 digits are more than RUN bytes of them.
        self._decimal = set().union(*(runs(str(int.from_bytes(s, "big")), 20) for s in both))

    def sightings(self, written):
        """What of the secrets is in the bytes: a list of words, empty when nothing is."""
        found = []
        if self._raw & runs(written, RUN):
            found.append("raw")
        text = written.decode("latin-1")
        digits = re.sub(r"[\s:,_-]|0[xX]|\\x", "", text).lower()
        if self._hex & runs(digits, 2 * RUN):
            found.append("hex")
        letters = re.sub(r"\\[nr]|\s", "", text)
        for letters in (letters, letters.replace("-", "+").replace("_", "/")):
            if self._base64 & runs(letters, 10):
                found.append("base64")
        if self._decimal & runs(text, 20):
            found.append("decimal")
        return found
