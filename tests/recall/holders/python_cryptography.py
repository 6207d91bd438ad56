"""A key object of python3-cryptography (OpenSSL through cffi), loaded from PEM."""
# recall-needs: python3-cryptography
# recall-run: /usr/bin/python3 {source} {pkcs8_pem}
# recall-kinds: rsa-2048 rsa-3072 rsa-4096 p-256 p-384 p-521 secp256k1 brainpool-256 ed25519 ed448 dsa-2048

import gc
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa

with open(sys.argv[1], "rb") as file:
    key = serialization.load_pem_private_key(file.read(), None)


def sign(message):
    if isinstance(key, rsa.RSAPrivateKey):
        key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        key.sign(message, ec.ECDSA(hashes.SHA256()))
    elif isinstance(key, dsa.DSAPrivateKey):
        key.sign(message, hashes.SHA256())
    else:
        key.sign(message)


print("ok", flush=True)
for word in sys.stdin:
    if word.startswith("sign"):
        for _ in range(3):
            sign(b"what is signed")
    else:
        del key
        gc.collect()
    print("ok", flush=True)
