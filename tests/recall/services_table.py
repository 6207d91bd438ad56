"""docs/services.md, from the trials of tests/recall/services. The one rule: every figure in it comes from the run that wrote it."""

import collections
import datetime
import subprocess

import table

INTRO = """# Real programs, with a key and without

Written by `tests/recall/services`; do not edit. Every process of each program was dumped by gcore (of a browser by
the kernel) and scanned with the default policy.
"""
WITH = """## With a fresh key

After three handshakes. "holding": processes whose dump holds a private number of the key whole, by a search with the key at hand in all layouts of
`tests/recall/truth.py`; each of them must be blocked with evidence `proof` under the SHA-256 of the public half that openssl computes, and every other one released.
"""
WITHOUT = """## Without a signing key

Each process must be released, examined whole. Servers have answered plain connections; clients have a TLS connection open to a server that holds the key.
What was seen and does not block: hints (statistics, bare labels), known test keys, keys of use `agreement` (X25519) and `symmetric` (AES schedules).
"""


def words(finding):
    parts = [finding.get("algorithm") or finding["kind"], finding.get("curve", ""), finding["evidence"], finding.get("relation", ""), finding.get("representation", "")]
    told = finding.get("public_key_sha256", "")
    return " ".join(part for part in [*parts, finding.get("use", ""), told[:16]] if part)


def verdicts(trial):
    count = collections.Counter(one.report["verdict"] + ("" if one.report["complete"] else ", incomplete") for one in trial.seen)
    return ", ".join(f"{number} {verdict}" for verdict, number in sorted(count.items()))


def size(trial):
    return f"{sum(one.bytes for one in trial.seen) / 2**20:,.0f} MiB"


def evidence(trial):
    """The relations that proved the key, and the representations they were seen in."""
    found = [finding for one in trial.holding() for finding in one.naming(trial.key)]
    relations = sorted({f["relation"] for f in found if f.get("relation")})
    forms = sorted({f["representation"] for f in found if f.get("representation")})
    return f"proof {', '.join(relations)} ({', '.join(forms)})" if found else "-"


def passing(trial):
    """What does not block, by kind and reason."""
    count = collections.Counter()
    for one in trial.seen:
        for finding in one.report["findings"]:
            if not finding["blocks"]:
                what = "known test key" if finding.get("known_test_key") else finding["evidence"]
                count[f"{what} {finding.get('algorithm') or finding['kind']}"] += 1
    return ", ".join(f"{what} ×{number}" for what, number in sorted(count.items())) or "-"


def line(trial):
    """For a terminal."""
    told = f"{len(trial.holding())} of {len(trial.seen)} processes hold the key; {evidence(trial)}" if trial.key else passing(trial)
    return f"{trial.name} {trial.kind or 'without TLS'}: {size(trial)}, {verdicts(trial)}; {told}"


def rows(head, lines):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(cells).replace("p|n", "p\\|n") + " |" for cells in lines)]) + "\n"


def outcome(trial):
    bad = list(trial.complaints())
    return "as demanded" if not bad else "**" + "; ".join(bad) + "**"


def document(bench):
    version = subprocess.run([bench.options.scanner, "version"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
    keyed = [trial for trial in bench.trials if trial.key]
    plain = [trial for trial in bench.trials if not trial.key]
    good = [sum(1 for trial in group if not list(trial.complaints())) for group in (keyed, plain)]
    parts = [INTRO, f"{datetime.date.today()}, {version}, on {table.machine()}.\n",
             f"**{good[0]} of {len(keyed)} servers with a key blocked with proof, {good[1]} of {len(plain)} programs without one released complete.**\n"]
    parts += [WITH, rows(["program", "package", "key", "processes", "holding", "size", "verdicts", "evidence", "outcome"],
                         [[t.name, t.library(), t.kind, str(len(t.seen)), str(len(t.holding())), size(t), verdicts(t), evidence(t), outcome(t)] for t in keyed])]
    parts += [WITHOUT, rows(["program", "package", "key", "processes", "size", "verdicts", "seen and not blocked", "outcome"],
                            [[t.name, t.library(), t.kind or "none", str(len(t.seen)), size(t), verdicts(t), passing(t), outcome(t)] for t in plain])]
    if bench.skipped:
        parts.append("## Not measured\n\n" + "\n".join(f"- {name}: {why}" for name, why in bench.skipped.items()) + "\n")
    return "\n".join(parts)
