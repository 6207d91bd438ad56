"""BIND and Knot signing a zone by a key that was imported: dumped when the signed zone is served."""

import base64
import os
import time

from holder import Holder, Unable
from processes import end, free_port, quiet, start, wait_for, write

# DNSSEC algorithm numbers (RFC 8624, section 3.1) and Knot's names for them.
ALGORITHMS = {"rsa-2048": (8, "rsasha256"), "p-256": (13, "ecdsap256sha256"), "ed25519": (15, "ed25519")}
ZONE = "example. 60 IN SOA ns.example. host.example. 1 3600 600 86400 60\nexample. 60 IN NS ns.example.\nns.example. 60 IN A 127.0.0.1\n"
SETTLE_S = 3  # after the signed zone is there, until the signing threads rest


class Signer(Holder):
    kinds = list(ALGORITHMS)

    def __init__(self, name, needs, command_line, signed):
        self.name, self.needs, self.command_line, self.signed = name, needs, command_line, signed

    def states(self, key, folder):
        write(f"{folder}/zone", ZONE)
        port = free_port()
        # Else every thread reserves 64 MiB, which gcore writes out.
        process = start(self.command_line(key, folder, port), folder, env={**os.environ, "MALLOC_ARENA_MAX": "1"})
        try:
            if not wait_for(port, process) or not self.wait_until_signed(folder):
                with open(f"{folder}/output", encoding="utf-8", errors="replace") as f:
                    raise Unable("did not sign: " + f.read()[-400:])
            time.sleep(SETTLE_S)
            yield "signed", [process.pid]
        finally:
            end(process)

    def wait_until_signed(self, folder):
        for _ in range(200):
            if self.signed(folder):
                return True
            time.sleep(0.1)
        return False


def dnskey(key):
    """The public key field of a DNSKEY record (RFC 3110, 6605, 8080)."""
    if key.kind.startswith("rsa"):
        return b"\x03\x01\x00\x01" + key.modulus.to_bytes(key.modulus.bit_length() // 8, "big")
    return key.spki[-32:] if key.kind == "ed25519" else key.spki[-2 * key.numbers["d"][1] :]


def key_tag(record):
    """RFC 4034, appendix B."""
    total = sum(byte if i % 2 else byte << 8 for i, byte in enumerate(record))
    return (total + (total >> 16)) & 0xFFFF


def bind_fields(key):
    """The private half, as BIND's key files have it."""
    big = lambda value: value.to_bytes(-(-value.bit_length() // 8), "big")
    if key.kind.startswith("rsa"):
        d, p, q, dp, dq = (key.numbers[name][0] for name in ("d", "p", "q", "dP", "dQ"))
        numbers = {"Modulus": key.modulus, "PublicExponent": 65537, "PrivateExponent": d, "Prime1": p, "Prime2": q, "Exponent1": dp, "Exponent2": dq}
        fields = {name: big(value) for name, value in {**numbers, "Coefficient": pow(q, -1, p)}.items()}
    elif key.kind == "ed25519":
        fields = {"PrivateKey": key.numbers["seed"][0].to_bytes(32, "little")}
    else:
        fields = {"PrivateKey": key.numbers["d"][0].to_bytes(key.numbers["d"][1], "big")}
    return "".join(f"{name}: {base64.b64encode(value).decode()}\n" for name, value in fields.items())


def named(key, folder, port):
    number, name = ALGORITHMS[key.kind]
    tag = key_tag(b"\x01\x01\x03" + bytes([number]) + dnskey(key))
    stem = f"{folder}/Kexample.+{number:03}+{tag:05}"
    write(f"{stem}.key", f"example. 60 IN DNSKEY 257 3 {number} {base64.b64encode(dnskey(key)).decode()}\n")
    times = "".join(f"{event}: 20200101000000\n" for event in ("Created", "Publish", "Activate"))
    write(f"{stem}.private", f"Private-key-format: v1.3\nAlgorithm: {number} ({name.upper()})\n{bind_fields(key)}{times}", 0o600)
    config = (
        f'options {{ directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; pid-file none; session-keyfile none; '
        f'lock-file none; recursion no; dnssec-validation no; }}; controls {{ }}; zone "example" {{ type primary; file "{folder}/zone"; '
        f'inline-signing yes; auto-dnssec maintain; key-directory "{folder}"; }};'
    )
    return ["/usr/sbin/named", "-g", "-n", "1", "-c", write(f"{folder}/named.conf", config)]


def knotd(key, folder, port):
    os.mkdir(f"{folder}/db")
    config = write(
        f"{folder}/knot.conf",
        f"server:\n  rundir: {folder}\n  listen: 127.0.0.1@{port}\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n"
        f"database:\n  storage: {folder}/db\n  journal-db-max-size: 1M\n  kasp-db-max-size: 5M\n  timer-db-max-size: 1M\nlog:\n  - target: stderr\n    any: info\n"
        f"policy:\n  - id: manual\n    manual: on\n    single-type-signing: on\n    algorithm: {ALGORITHMS[key.kind][1]}\n"
        f"zone:\n  - domain: example.\n    storage: {folder}\n    file: zone\n    dnssec-signing: on\n    dnssec-policy: manual\n",
    )
    made = quiet("keymgr", "-c", config, "example.", "import-pem", key.files["pkcs8_pem"], f"algorithm={ALGORITHMS[key.kind][1]}", "ksk=yes", "zsk=yes")
    if made.returncode != 0:
        raise Unable("keymgr: " + made.stdout.decode()[-300:])
    return ["/usr/sbin/knotd", "-c", config]


def knot_has_signed(folder):
    with open(f"{folder}/output", encoding="utf-8", errors="replace") as f:
        return "successfully signed" in f.read()


HOLDERS = [
    Signer("bind", ["bind9"], named, lambda folder: os.path.exists(f"{folder}/zone.signed")),
    Signer("knot", ["knot"], knotd, knot_has_signed),
]
