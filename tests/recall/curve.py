"""Elliptic curves, so that what a report calls a key can be checked without the scanner. The one rule: plain, slow, for tests; what defines a
Weierstrass curve is asked of the openssl command."""

import collections
import functools
import hashlib
import subprocess

# p, a, the generator and its order; the start of a SubjectPublicKeyInfo (RFC 5480) up to the coordinates of the point.
Curve = collections.namedtuple("Curve", "p a generator order prefix")


def der_items(data):
    """The elements of one DER level: pairs of tag and content."""
    items, at = [], 0
    while at + 2 <= len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7F
            size, at = int.from_bytes(data[at : at + count], "big"), at + count
        items.append((tag, data[at : at + size]))
        at += size
    return items


def der(tag, content):
    size = len(content)
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag]) + (bytes([size]) if size < 128 else bytes([0x80 | len(octets)]) + octets) + content


@functools.cache
def known(name):
    """The curve of this name in OpenSSL; None when it has none."""
    ask = lambda *more: subprocess.run(["openssl", "ecparam", "-name", name, "-outform", "DER", *more], capture_output=True, check=False).stdout
    explicit, oid = ask("-param_enc", "explicit"), ask()
    if not explicit or not oid:
        return None
    number = lambda data: int.from_bytes(data, "big")
    _, field, equation, base, order = (content for _, content in der_items(der_items(explicit)[0][1])[:5])
    p, size = number(der_items(field)[1][1]), (len(base) - 1) // 2
    algorithm = der(0x30, bytes.fromhex("06072a8648ce3d0201") + oid)
    prefix = der(0x30, algorithm + der(0x03, bytes(2 * size + 2)))[: -2 * size - 1] + b"\4"
    return Curve(p, number(der_items(equation)[0][1]), (number(base[1 : size + 1]), number(base[size + 1 :])), number(order), prefix)


def add(curve, one, other):
    """The sum of two points; None is the neutral one."""
    p = curve.p
    if one is None or other is None:
        return one or other
    if one[0] == other[0] and (one[1] + other[1]) % p == 0:
        return None
    slope = (3 * one[0] ** 2 + curve.a) * pow(2 * one[1], -1, p) if one == other else (other[1] - one[1]) * pow(other[0] - one[0], -1, p)
    x = (slope**2 - one[0] - other[0]) % p
    return x, (slope * (one[0] - x) - one[1]) % p


def size_of(curve):
    """Bytes of a scalar and of a coordinate."""
    return (curve.p.bit_length() + 7) // 8


def names_of(curve, scalar):
    """What reports call the key with this scalar, and the one with its negative, which is as good: SHA-256 of the public half."""
    total, double, scalar = None, curve.generator, scalar % curve.order
    while scalar:
        if scalar & 1:
            total = add(curve, total, double)
        double, scalar = add(curve, double, double), scalar >> 1
    if total is None:
        return set()
    (x, y), size = total, size_of(curve)
    return {hashlib.sha256(curve.prefix + x.to_bytes(size, "big") + each.to_bytes(size, "big")).hexdigest() for each in (y, curve.p - y)}


# RFC 8032, section 5.1, and the start of a SubjectPublicKeyInfo (RFC 8410).
EDWARDS_PRIME = 2**255 - 19
EDWARDS_D = -121665 * pow(121666, -1, EDWARDS_PRIME) % EDWARDS_PRIME
EDWARDS_BASE = (15112221349535400772501151409588531511454012693041857206046113283949847762202, 4 * pow(5, -1, EDWARDS_PRIME) % EDWARDS_PRIME)
EDWARDS_PREFIX = bytes.fromhex("302a300506032b6570032100")


def edwards_add(one, other):
    """The sum of two points of edwards25519."""
    p, (x, y), (u, v) = EDWARDS_PRIME, one, other
    t = EDWARDS_D * x * y * u * v % p
    return (x * v + y * u) * pow(1 + t, -1, p) % p, (y * v + x * u) * pow(1 - t, -1, p) % p


def edwards_name_of(scalar):
    """What reports call the Ed25519 key with this scalar."""
    total, double = (0, 1), EDWARDS_BASE
    while scalar:
        if scalar & 1:
            total = edwards_add(total, double)
        double, scalar = edwards_add(double, double), scalar >> 1
    return hashlib.sha256(EDWARDS_PREFIX + (total[1] | (total[0] & 1) << 255).to_bytes(32, "little")).hexdigest()


def is_true(dump, finding):
    """Whether the bytes that a finding points at are the scalar of the key that it names, as it says they lie."""
    if finding.get("algorithm") == "ed25519" and finding.get("representation") == "raw-scalar":
        with open(dump, "rb") as file:
            file.seek(finding["offset"])
            return edwards_name_of(int.from_bytes(file.read(32), "little")) == finding["public_key_sha256"]
    form, montgomery = finding.get("representation", ""), "-montgomery"
    order_of_bytes = {"bytes-be": "big", "limbs-le64": "little"}.get(form.removesuffix(montgomery))
    curve = known(finding.get("curve", ""))
    if curve is None or order_of_bytes is None:
        return False
    size, words = size_of(curve), -(-size_of(curve) // 8) * 8
    if finding["length"] not in (size, words):  # a number of no whole words lies in as many bytes as it has, or as its words have
        return False
    with open(dump, "rb") as file:
        file.seek(finding["offset"])
        scalar = int.from_bytes(file.read(finding["length"]), order_of_bytes)
    if form.endswith(montgomery):  # the scalar times a power of 2^64
        scalar = scalar * pow(2 ** (8 * words), -1, curve.order)
    return finding["public_key_sha256"] in names_of(curve, scalar)
