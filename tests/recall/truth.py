"""What of a key is in a dump, searched with the key at hand: every number in every layout that software is known to use, at
every offset. The one rule: this knows nothing of how the scanner looks.

A place counts as whole when every byte of the encoded number is there; as a fragment when half of it or more is."""

import base64
import collections
import hashlib
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
FRAGMENT_BYTES = 24
# OpenSSH's prekey and the size word of the glibc chunk that holds it.
PREKEY_BYTES = 16384
PREKEY_CHUNK = (PREKEY_BYTES + 16 | 1).to_bytes(8, "little")
# Layouts in digits: name, bits a digit, bytes a digit takes, bits it is shifted by.
DIGITS = [
    ("digits60-u64", 60, 8, 0), ("digits63-u64", 63, 8, 0), ("digits56-u64", 56, 8, 0), ("digits52-u64", 52, 8, 0),
    ("digits51-u64", 51, 8, 0), ("digits30-u32", 30, 4, 0), ("digits31-u32", 31, 4, 0), ("digits29-u32", 29, 4, 0),
    ("digits28-u32", 28, 4, 0), ("digits26-u32", 26, 4, 0), ("digits24-u32", 24, 4, 0), ("digits15-u16", 15, 2, 0),
    ("digits28-smi", 28, 8, 32), ("digits26-smi", 26, 8, 32), ("digits28-u64", 28, 8, 0), ("digits26-u64", 26, 8, 0),
]  # fmt: skip


def in_digits(value, bits, unit, shift):
    out = bytearray()
    while value:
        out += ((value & ((1 << bits) - 1)) << shift).to_bytes(unit, "little")
        value >>= bits
    return bytes(out)


def base64_pieces(raw):
    """The characters that stand for `raw` alone, whatever precedes it: one string a phase."""
    for phase in range(3):
        text = base64.b64encode(bytes(phase) + raw)
        yield text[(0, 2, 3)[phase] : len(text) - (4 if (phase + len(raw)) % 3 else 0)]


def layouts(value, size):
    """All encodings of one number, without zeros at its upper end: pairs of layout and bytes."""
    padded = value.to_bytes(-(-size // 8) * 8, "big")
    size = -(-value.bit_length() // 8)
    big, little = value.to_bytes(size, "big"), value.to_bytes(size, "little")
    yield "le", little
    yield "be", big
    for unit in (4, 8):
        words = [padded[i : i + unit] for i in range(0, len(padded), unit)]
        yield f"be-words{unit * 8}", b"".join(word[::-1] for word in words)
        yield f"le-words{unit * 8}", b"".join(reversed(words))
    for name, bits, unit, shift in DIGITS:
        yield name, in_digits(value, bits, unit, shift)
    for order, raw in (("be", big), ("le", little)):
        yield f"hex {order}", raw.hex().encode()
        yield f"HEX {order}", raw.hex().upper().encode()
        yield f"hex: {order}", raw.hex(":").encode()
        for text in base64_pieces(raw):
            yield f"base64 {order}", text
            yield f"base64url {order}", text.replace(b"+", b"-").replace(b"/", b"_")
            yield f"base64-utf16 {order}", text.decode().encode("utf-16-le")
    yield "decimal", str(value).encode()


def patterns_of(key):
    """All byte strings to look for: triples of number, layout and bytes, each bytes once."""
    seen = {}
    for number, (value, size) in {**key.numbers, **key.publics}.items():
        for layout, encoded in layouts(value, size):
            seen.setdefault(encoded, (number, layout))
    seen.setdefault(key.pkcs8, ("key", "pkcs8 der"))
    if hasattr(key, "traditional"):
        seen.setdefault(key.traditional, ("key", "traditional der"))
    for line in key.pem_lines():
        seen.setdefault(line.encode(), ("key", "pem lines"))
    return [(number, layout, encoded) for encoded, (number, layout) in seen.items()]


class Searcher:
    """Looks in dumps for patterns, by search.cpp, which it builds in `folder` once."""

    def __init__(self, folder):
        self.program = os.path.join(folder, "search")
        subprocess.run(["g++", "-O2", "-std=c++17", os.path.join(HERE, "search.cpp"), "-o", self.program], check=True)

    def places(self, dump, strings):
        """For each string the offsets where it lies in the file."""
        lines = "".join(s.hex() + "\n" for s in strings)
        run = subprocess.run([self.program, dump], input=lines, capture_output=True, text=True, check=True)
        found = collections.defaultdict(list)
        for line in run.stdout.splitlines():
            index, offset = line.split()
            found[int(index)].append(int(offset))
        return found

    def look(self, dump, key):
        """What of the key is in the dump: {(number, layout): Presence}, of its private numbers and of its public ones."""
        patterns = patterns_of(key)
        middles = [max(0, len(encoded) // 2 - FRAGMENT_BYTES // 2) for _, _, encoded in patterns]
        fragments = [encoded[m : m + FRAGMENT_BYTES] for (_, _, encoded), m in zip(patterns, middles)]
        present = {}
        with open(dump, "rb") as file:
            for index, offsets in self.places(dump, fragments).items():
                number, layout, encoded = patterns[index]
                presence = present.setdefault((number, layout), Presence())
                for offset in offsets:
                    presence.add(matching(file, offset - middles[index], encoded, middles[index]), encoded)
        self._look_shielded(dump, key, present)
        told = {what: presence for what, presence in present.items() if presence.whole or presence.largest >= 0.5}
        public = {what: presence for what, presence in told.items() if what[0] in key.publics}
        return {what: presence for what, presence in told.items() if what not in public}, public


    def _look_shielded(self, dump, key, present):
        """OpenSSH's shield (sshkey.c): encrypted by AES-256-CTR under the SHA-512 of 16 KiB in a chunk of their own."""
        with open(dump, "rb") as file:
            for offset in self.places(dump, [PREKEY_CHUNK]).get(0, [])[:64]:
                file.seek(offset + len(PREKEY_CHUNK))
                digest = hashlib.sha512(file.read(PREKEY_BYTES)).digest()
                command = ["openssl", "enc", "-aes-256-ctr", "-K", digest[:32].hex(), "-iv", digest[32:48].hex()]
                sealed = subprocess.run(command, input=key.ssh_private, capture_output=True, check=True).stdout
                for _ in self.places(dump, [sealed]).get(0, []):
                    present.setdefault(("key", "openssh shielded"), Presence()).add(len(sealed), sealed)


def matching(file, start, encoded, middle):
    """How many bytes around the middle are those of the encoding."""
    file.seek(max(0, start))
    data = bytes(max(0, -start)) + file.read(len(encoded))
    first, last = middle, middle
    while first > 0 and data[first - 1] == encoded[first - 1]:
        first -= 1
    while last < min(len(encoded), len(data)) and data[last] == encoded[last]:
        last += 1
    return last - first


class Presence:
    """How often a number lies in a dump in one layout."""

    def __init__(self):
        self.whole, self.largest, self.distinct = 0, 0.0, set()

    def add(self, matched, encoded):
        if matched == len(encoded):
            self.whole += 1
            self.distinct.add(encoded)
        else:
            self.largest = max(self.largest, matched / len(encoded))
