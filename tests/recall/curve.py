"""Points on P-256, P-384 and Ed25519's curve, so that what a report calls a key can be checked without the scanner. The one rule: plain,
slow, for tests."""

import hashlib

# Prime, order, generator (SEC 2), and the start of a SubjectPublicKeyInfo (RFC 5480); a is -3 on both.
CURVES = {
    "prime256v1": (
        2**256 - 2**224 + 2**192 + 2**96 - 1, 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296, 0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5),
        bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"),
    ),
    "secp384r1": (
        2**384 - 2**128 - 2**96 + 2**32 - 1, 2**384 - 0x389CB27E0BC8D220A7E5F24DB74F58851313E695333AD68D,
        (0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
         0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F),
        bytes.fromhex("3076301006072a8648ce3d020106052b8104002203620004"),
    ),
}  # fmt: skip


def add(p, one, other):
    """The sum of two points; None is the neutral one."""
    if one is None or other is None:
        return one or other
    if one[0] == other[0] and (one[1] + other[1]) % p == 0:
        return None
    slope = (3 * one[0] ** 2 - 3) * pow(2 * one[1], -1, p) if one == other else (other[1] - one[1]) * pow(other[0] - one[0], -1, p)
    x = (slope**2 - one[0] - other[0]) % p
    return x, (slope * (one[0] - x) - one[1]) % p


def size_of(curve):
    """Bytes of a scalar and of a coordinate."""
    return (CURVES[curve][0].bit_length() + 7) // 8


def names_of(curve, scalar):
    """What reports call the key with this scalar, and the one with its negative, which is as good: SHA-256 of the public half."""
    p, order, double, prefix = CURVES[curve]
    total, scalar = None, scalar % order
    while scalar:
        if scalar & 1:
            total = add(p, total, double)
        double, scalar = add(p, double, double), scalar >> 1
    if total is None:
        return set()
    (x, y), size = total, size_of(curve)
    return {hashlib.sha256(prefix + x.to_bytes(size, "big") + each.to_bytes(size, "big")).hexdigest() for each in (y, p - y)}


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
    curve = finding.get("curve")
    if curve not in CURVES or order_of_bytes is None:
        return False
    with open(dump, "rb") as file:
        file.seek(finding["offset"])
        scalar = int.from_bytes(file.read(size_of(curve)), order_of_bytes)
    if form.endswith(montgomery):  # the scalar times 2^256 or 2^384
        scalar = scalar * pow(2 ** (8 * size_of(curve)), -1, CURVES[curve][1])
    return finding["public_key_sha256"] in names_of(curve, scalar)
