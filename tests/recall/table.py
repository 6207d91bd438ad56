"""docs/recall.md, from the cells. The one rule: every figure in it comes from the run that wrote it."""

import collections
import datetime
import os
import platform
import subprocess

import cell

INTRO = """# Recall

Written by `tests/recall/run`; do not edit. Real programs load a fresh key, sign, free it; each state is dumped and scanned. A dump in which
dumpgate finds nothing is searched for every number of the key (RSA: d, p, q, dP, dQ, and the primes' complements; EC: d and d·2^k mod n;
Ed25519: seed, hash, scalar) in every layout of `tests/recall/truth.py` at every offset, with the key at hand:

- **found**: the report names the key by its public half, or (unnamed) blocks the dump for a private key without a name.
- **found with --protect**: a whole number is there, its public half in no layout; the report names the key when told the public half.
- **not in the dump**: no half of any number is there in any layout. **fragments only**: no number is there whole.
- **MISS**: a whole number is there and was not found: a defect. **WRONG**: a blocking finding names another key, and the
  bytes it points at are not that key's: a defect. (Scalars of a program's own, such as signing nonces, are multiplied again by the harness.)

Layouts: `le` little-endian bytes or limbs, `be` big-endian bytes, `be-words32` most significant 32-bit word first, `digitsN` N-bit digits in
larger words, `R-p` a prime's complement; ×N: N times. A YARA rule (`tests/recall/peers.yar`), a PEM search and rsakeyfind looked at the same dumps;
theirs counts when the key is where they point.
"""


def sign(seen, name):
    value = seen.get(name)
    return "n/a" if value is None else "yes" if value else "no"


def summary(cells):
    """One line of totals."""
    count = collections.Counter(row.outcome for row in cells)
    holding = [row for row in cells if row.whole()]
    peer = lambda name: sum(1 for row in holding if row.seen.get(name))
    names = ("PEM search", "YARA", "rsakeyfind")
    beside = ", ".join(f"{name} {peer(name)}" for name in names if any(name in row.seen for row in cells))
    return (
        f"{len(cells)} dumps, {len(holding)} with a whole private number: dumpgate finds {sum(1 for r in holding if r.outcome == cell.FOUND)}"
        f"{' (' + beside + ')' if beside else ''}; in all: " + ", ".join(f"{count[o]} {o}" for o in (cell.FOUND, cell.PROTECTED, cell.FRAGMENTS, cell.ABSENT, cell.MISS, cell.WRONG))
    )


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    with open("/etc/os-release", encoding="utf-8") as f:
        system = dict(line.rstrip().split("=", 1) for line in f if "=" in line)["PRETTY_NAME"].strip('"')
    return f"{system}, Linux {platform.release()}, {model}, {os.cpu_count()} processors"


def rows_of(cells, names):
    head = ["program", "key", "state", "dump", "in the dump", "public half", "dumpgate", "evidence", *names]
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in cells:
        outcome = row.outcome if row.outcome in (cell.FOUND, cell.PROTECTED, cell.ABSENT, cell.FRAGMENTS) else f"**{row.outcome}**"
        others = f"; and {len(row.others)} other of the program's own" if row.others else ""
        values = [row.holder, row.kind, row.state, row.form, row.layouts() or "-", row.public_layouts() or "-", outcome, (row.evidence() or "-") + others]
        yield "| " + " | ".join([*values, *(sign(row.seen, name) for name in names)]).replace("p|n", "p\\|n") + " |"


def document(cells, skipped, broken, bench):
    names = list(bench.peers)
    version = subprocess.run([bench.options.scanner, "version"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
    parts = [INTRO, f"{datetime.date.today()}, {version}, on {machine()}.\n", f"**{summary(cells)}.**\n"]
    if bench.missing_peers:
        parts.append(f"Not on this machine: {', '.join(bench.missing_peers)} (radare2 is not packaged in Debian 12).\n")
    libraries = collections.OrderedDict((row.library, None) for row in cells)
    for library in libraries:
        mine = [row for row in cells if row.library == library]
        parts.append(f"## {library}\n\n" + "\n".join(rows_of(mine, names)) + "\n")
    if skipped or broken:
        parts.append("## Not measured\n\n" + "\n".join([*(f"- {name}: {why}" for name, why in skipped.items()), *(f"- {what}" for what in broken)]) + "\n")
    return "\n".join(parts)
