"""A key object of pycryptodome (GMP and own C code), imported from PEM."""
# recall-needs: python3-pycryptodome
# recall-run: /usr/bin/python3 {source} {pkcs8_pem}
# recall-kinds: rsa-2048 rsa-3072 p-256 p-384

import gc
import sys

from Cryptodome.Hash import SHA256, SHA384
from Cryptodome.PublicKey import ECC, RSA
from Cryptodome.Signature import DSS, pkcs1_15

with open(sys.argv[1], encoding="ascii") as file:
    text = file.read()
try:
    key = RSA.import_key(text)
except (ValueError, IndexError):
    key = ECC.import_key(text)
del text


def sign(message):
    if isinstance(key, RSA.RsaKey):
        pkcs1_15.new(key).sign(SHA256.new(message))
    else:  # a hash at least as long as the curve is asked for
        hash_of_curve = SHA256 if key.pointQ.size_in_bits() <= 256 else SHA384
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
