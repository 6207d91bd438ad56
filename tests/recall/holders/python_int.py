"""An RSA key as plain Python integers, read from its file without any cryptographic package, as scripts and pure Python libraries
hold it."""
# recall-needs: python3
# recall-run: /usr/bin/python3 {source} {traditional_der}
# recall-kinds: rsa-2048 rsa-3072
# recall-fast: yes

import gc
import hashlib
import sys


def integers(der):
    """The INTEGERs of a PKCS #1 file, whose lengths all have the long form but the version's and the exponent's."""
    at, found = 4, []
    while at < len(der):
        size, at = der[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7F
            size, at = int.from_bytes(der[at : at + count], "big"), at + count
        found.append(int.from_bytes(der[at : at + size], "big"))
        at += size
    return found


with open(sys.argv[1], "rb") as file:
    _, n, _, d, p, q, dp, dq, inverse = integers(file.read())


def sign(message):
    m = int.from_bytes(hashlib.sha512(message).digest() * 3, "big")
    one, other = pow(m, dp, p), pow(m, dq, q)
    return other + q * (inverse * (one - other) % p)


print("ok", flush=True)
for word in sys.stdin:
    if word.startswith("sign"):
        for _ in range(3):
            sign(b"what is signed")
    else:
        d = p = q = dp = dq = inverse = None
        gc.collect()
    print("ok", flush=True)
