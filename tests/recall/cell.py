"""One cell of the table: a dump of one program in one state with one key, what is in it, and what dumpgate says. The one rule: only
`judge` decides whether a cell is found, and nothing but the report and the search with the key at hand is asked."""

import json
import subprocess

import curve

RANK = ["hint", "marker", "structure", "proof"]
FOUND, PROTECTED, ABSENT, FRAGMENTS, MISS, WRONG = "found", "found with --protect", "not in the dump", "fragments only", "MISS", "WRONG"
PEM_LINES_THAT_HOLD_A_KEY = 0.8  # of the lines of an RSA key's file; the other kinds need all


def scan(scanner, dump, *options):
    """The report on a dump, with the exit status under `status`."""
    run = subprocess.run([scanner, "scan", "--quiet", "--format", "json", *options, dump], capture_output=True, stdin=subprocess.DEVNULL, check=False)
    report = json.loads(run.stdout)
    report["status"] = run.returncode
    return report


class Cell:
    """What was measured on one dump. `present`, `public`: truth.Searcher.look; `seen`: what each peer found."""

    others = ()  # findings that name true keys of the program's own

    def __init__(self, holder, key, state, form, present, public, report, seen, dump):
        self.holder, self.library, self.kind, self.state, self.form = holder.name, holder.library(), key.kind, state, form
        self.present, self.public, self.seen = present, public, seen
        self.lines = len(key.pem_lines())
        blocking = [f for f in report["findings"] if f["blocks"]]
        self.named = [f for f in report["findings"] if f.get("public_key_sha256") == key.name and RANK.index(f["evidence"]) > 0]
        self.unnamed = [f for f in blocking if not f.get("public_key_sha256")]
        others = [f for f in blocking if f.get("public_key_sha256") not in (None, "", key.name)]
        # Programs make keys and signing nonces of their own, whose names nobody knows: their scalars are multiplied here once more; what is
        # proven of the RSA keys of a program that is known to make them is believed.
        believed = lambda f: f["evidence"] == "proof" and (curve.is_true(dump, f) or key.relates(dump, f) or holder.makes_keys and f.get("algorithm") == "rsa")
        self.others = [f for f in others if believed(f)]
        self.wrong = [f for f in others if f not in self.others]
        self.outcome = self.judge()

    def told_the_public_half(self, report, key):
        """A second look at a MISS: when nothing in the dump tells the public half, the user must."""
        named = [f for f in report["findings"] if f.get("public_key_sha256") == key.name and RANK.index(f["evidence"]) > 0]
        if named and not any(presence.whole for presence in self.public.values()):
            self.named, self.outcome = named, PROTECTED

    def judge(self):
        if self.wrong:
            return WRONG
        if self.named or self.unnamed:
            return FOUND
        if self.whole():
            return MISS
        return FRAGMENTS if self.present else ABSENT

    def failed(self):
        return self.outcome in (MISS, WRONG)

    def whole(self):
        """The numbers that are there completely: {(number, layout): count}."""
        found = {what: p.whole for what, p in self.present.items() if p.whole and what[1] != "pem lines"}
        lines = self.pem_lines()
        if lines and lines >= self.lines * (PEM_LINES_THAT_HOLD_A_KEY if self.kind.startswith("rsa") else 1):
            found["key", "pem lines"] = lines
        return found

    def pem_lines(self):
        presence = self.present.get(("key", "pem lines"))
        return len(presence.distinct) if presence else 0

    def layouts(self):
        """In words: the layouts of whole numbers, or the largest fragments."""
        by_layout = {}
        for (number, layout), count in self.whole().items():
            by_layout.setdefault(layout, []).append(f"{number}×{count}" if layout != "pem lines" else f"{count}/{self.lines}")
        if by_layout:
            return "; ".join(f"{layout}: {', '.join(numbers)}" for layout, numbers in by_layout.items())
        parts = [f"{layout}: {number} {p.largest:.0%}" for (number, layout), p in self.present.items() if layout != "pem lines"]
        if self.pem_lines():
            parts.append(f"pem lines: {self.pem_lines()}/{self.lines}")
        return "; ".join(parts)

    def public_layouts(self):
        """In words: the layouts of the public half."""
        return ", ".join(sorted({f"{layout}" if number in ("n", "x", "A", "y") else f"{layout} {number}" for (number, layout), p in self.public.items() if p.whole}))

    def evidence(self):
        """In words: the best findings that name the key, or else those that name none."""
        findings = self.named or self.unnamed
        if self.wrong:
            findings = self.wrong
        if not findings:
            return ""
        best = max((f["evidence"] for f in findings), key=RANK.index)
        findings = [f for f in findings if f["evidence"] == best]
        relations = sorted({f["relation"] for f in findings if f.get("relation")})
        forms = sorted({f.get("representation") or f["signature"] for f in findings})
        text = " ".join([best, ", ".join(relations), f"({', '.join(forms)})"]).replace("  ", " ")
        return text if self.named or self.wrong else f"unnamed: {text}"

    def line(self):
        """One line for a terminal."""
        head = "failed" if self.failed() else "passed"
        return f"{head:8} {self.holder} {self.kind} {self.state} [{self.form}] {self.outcome}: {self.evidence() or '-'} | in dump: {self.layouts() or '-'} | public half: {self.public_layouts() or '-'}"
