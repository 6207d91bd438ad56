"""docs/recall.md, from the cells, and from what earlier runs wrote there. The one rule: every row comes from a run of this program and
tells its day; every total is counted from the rows."""

import collections
import datetime
import os
import platform
import re
import subprocess

import cell

INTRO = """# Recall

Written by `tests/recall/run`; do not edit. Real programs load a fresh key, sign, free it; each state is dumped and scanned. A dump in which
dumpgate finds nothing is searched for every number of the key (RSA: d, p, q, dP, dQ, and the primes' complements; EC: d and d·2^k mod n;
Ed25519 and Ed448: seed, hash, scalar; DSA: x) in every layout of `tests/recall/truth.py` at every offset, with the key at hand:

- **found**: the report names the key by its public half, or (unnamed) blocks the dump for a private key without a name.
- **found with --protect**: a whole number is there, its public half in no layout; the report names the key when told the public half.
- **not in the dump**: no half of any number is there in any layout. **fragments only**: no number is there whole.
- **MISS**: a whole number is there and was not found: a defect. **WRONG**: a blocking finding names another key, and the
  bytes it points at are not that key's: a defect. (Scalars of a program's own, such as signing nonces, are multiplied again by the harness.)

Layouts: `le` little-endian bytes or limbs, `be` big-endian bytes, `be-words32` most significant 32-bit word first, `digitsN` N-bit digits in
larger words, `R-p` a prime's complement; ×N: N times. A YARA rule (`tests/recall/peers.yar`), a PEM search and rsakeyfind looked at the same dumps;
theirs counts when the key is where they point.
"""

PEERS = ["PEM search", "YARA", "rsakeyfind"]
COLUMNS = ["program", "key", "state", "dump", "in the dump", "public half", "dumpgate", "evidence", *PEERS, "measured"]
HEAD = "| " + " | ".join(COLUMNS) + " |"


class Row:
    """A line of a table: the texts of its columns, and the library whose table it is in."""

    def __init__(self, library, values):
        self.library, self.values = library, dict(zip(COLUMNS, values))
        self.outcome = self.values["dumpgate"].strip("*")

    @classmethod
    def of(cls, measured):
        """From a cell of this run."""
        outcome = f"**{measured.outcome}**" if measured.failed() else measured.outcome
        others = f"; and {len(measured.others)} other of the program's own" if measured.others else ""
        values = [measured.holder, measured.kind, measured.state, measured.form, measured.layouts() or "-", measured.public_layouts() or "-", outcome]
        values += [(measured.evidence() or "-") + others, *(sign(measured.seen, name) for name in PEERS), str(datetime.date.today())]
        return cls(measured.library, values)

    def what(self):
        return self.values["program"], self.values["key"]

    def whole(self):
        """Whether a number of the key, or the text of its file, is there whole: as cell.Cell.whole."""
        lines = re.search(r"pem lines: (\d+)/(\d+)", self.values["in the dump"])
        enough = cell.PEM_LINES_THAT_HOLD_A_KEY if self.values["key"].startswith("rsa") else 1
        return "×" in self.values["in the dump"] or lines is not None and int(lines[1]) >= enough * int(lines[2])

    def text(self):
        return "| " + " | ".join(value.replace("p|n", "p\\|n") for value in self.values.values()) + " |"


def sign(seen, name):
    value = seen.get(name)
    return "n/a" if value is None else "yes" if value else "no"


def rows_of(text):
    """The rows of a document that this program wrote."""
    library, rows = None, []
    for line in text.splitlines():
        if line.startswith("## "):
            library = line[3:]
        elif line.startswith("| ") and line != HEAD:
            values = [value.replace("p\\|n", "p|n") for value in line[2:-2].split(" | ")]
            if len(values) != len(COLUMNS):
                raise ValueError(f"no row of {len(COLUMNS)} columns: {line}")
            rows.append(Row(library, values))
    return rows


def merged(earlier, cells):
    """The rows of these cells, and those of earlier runs for other holders and kinds of keys; by holder, each holder's in their order."""
    now = [Row.of(measured) for measured in cells]
    again = {row.what() for row in now}
    return sorted([row for row in earlier if row.what() not in again] + now, key=lambda row: row.values["program"])


def summary(rows):
    """One line of totals."""
    count = collections.Counter(row.outcome for row in rows)
    holding = [row for row in rows if row.whole()]
    beside = ", ".join(f"{name} {sum(1 for row in holding if row.values[name] == 'yes')}" for name in PEERS)
    return (
        f"{len(rows)} dumps, {len(holding)} with a whole private number: dumpgate finds {sum(1 for row in holding if row.outcome == cell.FOUND)}"
        f" ({beside}); in all: " + ", ".join(f"{count[o]} {o}" for o in (cell.FOUND, cell.PROTECTED, cell.FRAGMENTS, cell.ABSENT, cell.MISS, cell.WRONG))
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


def document(rows, skipped, broken, bench):
    version = subprocess.run([bench.options.scanner, "version"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
    parts = [INTRO, f"Last run: {datetime.date.today()}, {version}, on {machine()}.\n", f"**{summary(rows)}.**\n"]
    if bench.missing_peers:
        parts.append(f"Not on this machine: {', '.join(bench.missing_peers)} (radare2 is not packaged in Debian 12).\n")
    for library in dict.fromkeys(row.library for row in rows):
        mine = [row.text() for row in rows if row.library == library]
        parts.append("\n".join([f"## {library}\n", HEAD, "|" + "---|" * len(COLUMNS), *mine]) + "\n")
    if skipped or broken:
        parts.append("## Not measured\n\n" + "\n".join([*(f"- {name}: {why}" for name, why in skipped.items()), *(f"- {what}" for what in broken)]) + "\n")
    return "\n".join(parts)
