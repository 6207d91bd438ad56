"""A key in a token of SoftHSM, used through PKCS #11: attributes lie encrypted in memory, under a masked key."""
# recall-needs: softhsm2 libsofthsm2 python3-pykcs11
# recall-version: libsofthsm2
# recall-run: /usr/bin/python3 {source} {kind} {pkcs8_pem}
# recall-kinds: rsa-2048 p-256 ed25519

import os
import subprocess
import sys

import PyKCS11

PIN = "1234"
with open("softhsm2.conf", "w", encoding="ascii") as config:
    os.mkdir("tokens")
    config.write(f"directories.tokendir = {os.getcwd()}/tokens\n")
os.environ["SOFTHSM2_CONF"] = f"{os.getcwd()}/softhsm2.conf"


def util(*words):
    subprocess.run(["softhsm2-util", *words], check=True, stdout=subprocess.DEVNULL)


util("--init-token", "--free", "--label", "recall", "--pin", PIN, "--so-pin", PIN)
util("--import", sys.argv[2], "--token", "recall", "--label", "key", "--id", "01", "--pin", PIN)
library = PyKCS11.PyKCS11Lib()
library.load("/usr/lib/softhsm/libsofthsm2.so")
slot = next(s for s in library.getSlotList(tokenPresent=True) if library.getTokenInfo(s).label.strip("\0 ") == "recall")
session = library.openSession(slot, PyKCS11.CKF_SERIAL_SESSION)
session.login(PIN)
key = session.findObjects([(PyKCS11.CKA_CLASS, PyKCS11.CKO_PRIVATE_KEY)])[0]
mechanism = {"r": PyKCS11.CKM_SHA256_RSA_PKCS, "p": PyKCS11.CKM_ECDSA, "e": PyKCS11.CKM_EDDSA}[sys.argv[1][0]]

print("ok", flush=True)
for word in sys.stdin:
    if word.startswith("sign"):
        for _ in range(3):
            session.sign(key, b"what is signed: 32 bytes, a hash", PyKCS11.Mechanism(mechanism, None))
    else:
        session.logout()
        session.closeSession()
    print("ok", flush=True)
