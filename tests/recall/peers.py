"""Other tools on the same dumps, each by one small function: does it point at the planted key? The one rule: a hit counts only when
the key's own bytes are where the tool points, so that constants and test keys earn nothing."""

import os
import re
import subprocess

import keys
import processes

HERE = os.path.dirname(os.path.abspath(__file__))
PEM = re.compile(rb"-----BEGIN (?:[A-Z0-9]{1,10} )?PRIVATE KEY-----[\sA-Za-z0-9+/=\\]{64,8192}")
NEAR_BYTES = 8192  # how far behind the place that a tool names the key's numbers are looked for


def bytes_of(key):
    """What must be near a hit: the numbers as in DER, and the lines of the PEM file."""
    numbers = [value.to_bytes(size, "big") for value, size in key.numbers.values()]
    if key.kind in keys.EDWARDS:
        numbers += [number[::-1] for number in numbers]
    return numbers + [line.encode() for line in key.pem_lines()]


def pem(dump, key):
    """A search for PEM labels with a body."""
    lines = [line.encode() for line in key.pem_lines()]
    with open(dump, "rb") as f:
        data = f.read()
    return any(line in match.group() for match in PEM.finditer(data) for line in lines)


def yara(dump, key):
    """A YARA rule for PEM labels and the first bytes of PKCS #1, PKCS #8 and SEC 1."""
    run = subprocess.run(["yara", "-s", os.path.join(HERE, "peers.yar"), dump], capture_output=True, check=False)
    wanted = bytes_of(key)
    with open(dump, "rb") as f:
        for place in re.findall(rb"^0x([0-9a-f]+):", run.stdout, re.MULTILINE):
            f.seek(int(place, 16))
            near = f.read(NEAR_BYTES)
            if any(number in near for number in wanted):
                return True
    return False


def rsakeyfind(dump, key):
    """rsakeyfind: PKCS #1 in DER; prints the numbers of what it finds."""
    if not key.kind.startswith("rsa"):
        return None
    run = subprocess.run(["rsakeyfind", dump], capture_output=True, check=False)
    printed = re.sub(rb"[\s:]", b"", run.stdout).lower()
    return any(value.to_bytes(size, "big").hex().encode() in printed for value, size in key.numbers.values())


def radare2(dump, key):
    """radare2's search for private keys; it prints where."""
    run = subprocess.run(["r2", "-n", "-q", "-c", "/cr", dump], capture_output=True, check=False)
    wanted = bytes_of(key)
    with open(dump, "rb") as f:
        for place in re.findall(rb"^0x([0-9a-f]+)", run.stdout, re.MULTILINE):
            f.seek(int(place, 16))
            near = f.read(NEAR_BYTES)
            if any(number in near for number in wanted):
                return True
    return False


def available():
    """The peers of this machine: {name: function}, and what is missing."""
    needs = {"PEM search": (None, pem), "YARA": ("yara", yara), "rsakeyfind": ("rsakeyfind", rsakeyfind), "radare2": ("r2", radare2)}
    found = {name: function for name, (program, function) in needs.items() if program is None or processes.has(program)}
    return found, [name for name in needs if name not in found]
