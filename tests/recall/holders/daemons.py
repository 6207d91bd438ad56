"""Daemons that load a key at their start and have no use for it without a network: tor with the key of an onion service, strongSwan's charon
with a private key for IKE."""

import hashlib
import os
import time

from holder import Holder, Unable
from processes import end, quiet, start, write


# The folders that swanctl wants to see.
CREDENTIALS = ["x509", "x509ca", "x509aa", "x509ocsp", "x509crl", "x509ac", "pubkey", "private", "rsa", "ecdsa", "bliss", "pkcs8", "pkcs12"]


class Tor(Holder):
    """tor keeps the key of an onion service as the expanded scalar and the prefix, and makes RSA keys of its own for its links."""

    makes_keys = True
    name, needs, kinds = "tor", ["tor"], ["ed25519"]

    def states(self, key, folder):
        service = f"{folder}/service"
        os.mkdir(service, 0o700)
        seed = key.numbers["seed"][0].to_bytes(32, "little")
        expanded = key.numbers["scalar"][0].to_bytes(32, "little") + hashlib.sha512(seed).digest()[32:]
        for name, kind, content in (("secret", b"secret", expanded), ("public", b"public", key.spki[-32:])):
            with open(f"{service}/hs_ed25519_{name}_key", "wb") as f:
                f.write((b"== ed25519v1-" + kind + b": type0 ==").ljust(32, b"\0") + content)
        config = f"DataDirectory {folder}/data\nSocksPort 0\nDisableNetwork 1\nHiddenServiceDir {service}\nHiddenServicePort 80\n"
        process = start(["tor", "-f", write(f"{folder}/torrc", config), "--defaults-torrc", write(f"{folder}/defaults", "")], folder)
        try:
            wait_until(process, folder, lambda: os.path.exists(f"{service}/hostname"))
            yield "loaded", [process.pid]
        finally:
            end(process)


class Charon(Holder):
    name, needs, kinds = "strongswan", ["strongswan-charon", "strongswan-swanctl", "libstrongswan-standard-plugins"], ["rsa-2048", "p-256"]

    def states(self, key, folder):
        socket = f"unix://{folder}/vici"
        config = write(
            f"{folder}/strongswan.conf",
            f"charon {{\n port = 0\n port_nat_t = 0\n plugins {{\n vici {{\n socket = {socket}\n }}\n include /etc/strongswan.d/charon/*.conf\n }}\n}}\n",
        )
        # Else every thread reserves 64 MiB, which gcore writes out.
        environment = {**os.environ, "MALLOC_ARENA_MAX": "1", "STRONGSWAN_CONF": config, "SWANCTL_DIR": f"{folder}/swanctl"}
        for name in CREDENTIALS:
            os.makedirs(f"{folder}/swanctl/{name}")
        write(f"{folder}/swanctl/swanctl.conf", "")
        with open(key.files["pkcs8_pem"], encoding="ascii") as f:
            write(f"{folder}/swanctl/private/key.pem", f.read(), 0o600)
        process = start(["/usr/lib/ipsec/charon"], folder, env=environment)
        try:
            wait_until(process, folder, lambda: os.path.exists(f"{folder}/vici"))
            loaded = quiet("swanctl", "--load-creds", "--uri", socket, env=environment)
            if b"loaded" not in loaded.stdout:
                raise Unable("swanctl: " + loaded.stdout.decode()[-300:])
            yield "loaded", [process.pid]
        finally:
            end(process)


def wait_until(process, folder, ready):
    for _ in range(200):
        if ready():
            time.sleep(1)
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    with open(f"{folder}/output", encoding="utf-8", errors="replace") as f:
        raise Unable("did not start: " + f.read()[-400:])


HOLDERS = [Tor(), Charon()]
