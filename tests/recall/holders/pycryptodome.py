"""A key object of pycryptodome (GMP and own C code), imported from PEM."""
# recall-needs: python3-pycryptodome
# recall-run: /usr/bin/python3 {source} {pkcs8_pem}
# recall-kinds: rsa-2048 rsa-3072 rsa-4096 p-256 p-384 p-521 dsa-2048

import gc
import sys

from Cryptodome.Hash import SHA256, SHA384, SHA512
from Cryptodome.PublicKey import DSA, ECC, RSA
from Cryptodome.Signature import DSS, pkcs1_15

with open(sys.argv[1], encoding="ascii") as file:
    text = file.read()
for maker in (RSA, ECC, DSA):
    try:
        key = maker.import_key(text)
        break
    except (ValueError, IndexError):
        pass
del text


def sign(message):
    if isinstance(key, RSA.RsaKey):
        pkcs1_15.new(key).sign(SHA256.new(message))
    else:  # a hash at least as long as the curve is asked for
        bits = key.pointQ.size_in_bits() if isinstance(key, ECC.EccKey) else 256
        hash_of_curve = SHA256 if bits <= 256 else SHA384 if bits <= 384 else SHA512
        DSS.new(key, "fips-186-3").sign(hash_of_curve.new(message))


print("ok", flush=True)
for word in sys.stdin:
    if word.startswith("sign"):
        for _ in range(3):
            sign(b"what is signed")
    else:
        del key
        gc.collect()
    print("ok", flush=True)
