"""Dumps to scan: small ELF cores made by hand, cores of running processes, and the collection of real dumps beside the
checkout. The one rule: what a dump promises is worked out here independently of the program."""

import csv
import os
import pathlib
import struct
import re
import subprocess
import tempfile
import typing
import unittest

PAGE = 4096
PT_LOAD, PT_NOTE = 1, 4
ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("DUMPGATE_SHARED", ROOT.parent / "shared"))


def note(name, kind, body):
    name += b"\0"
    pad = lambda data: data + b"\0" * (-len(data) % 4)
    return struct.pack("<III", len(name), len(body), kind) + pad(name) + pad(body)


def kernel_core(memory, first_address=0x7F0000000000):
    """An ELF64 x86-64 core as Linux writes it: header, segments, notes, then page-aligned memory to the last byte of
    the file; no section headers. `memory`: the contents of the mappings; each is padded to pages. Between them lie
    mappings without bytes in the file, as text of files is in real cores."""
    notes = note(b"CORE", 1, bytes(336)) + note(b"CORE", 3, bytes(136)) + note(b"CORE", 6, bytes(320))
    blocks = [block + bytes(-len(block) % PAGE) for block in memory]
    count = 1 + 2 * len(blocks)
    notes_at = 64 + 56 * count
    at = -(-(notes_at + len(notes)) // PAGE) * PAGE
    segments = [struct.pack("<IIQQQQQQ", PT_NOTE, 4, notes_at, 0, 0, len(notes), len(notes), 4)]
    address = first_address
    body = b""
    for block in blocks:
        for content, size, flags in ((b"", 16 * PAGE, 5), (block, len(block), 6)):
            segments.append(
                struct.pack("<IIQQQQQQ", PT_LOAD, flags, at + len(body), address, 0, len(content), size, PAGE)
            )
            body += content
            address += size
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = ident + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, count, 0, 0, 0)
    head = header + b"".join(segments) + notes
    return head + bytes(at - len(head)) + body


def process_core():
    """A core of a real process by gcore, or a visible skip."""
    with tempfile.TemporaryDirectory(prefix="dumpgate-gcore-") as directory:
        process = subprocess.Popen(["sleep", "600"])
        try:
            made = subprocess.run(
                ["gcore", "-o", f"{directory}/core", str(process.pid)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError:
            raise unittest.SkipTest("gcore (gdb) is not installed") from None
        finally:
            process.kill()
            process.wait()
        path = pathlib.Path(f"{directory}/core.{process.pid}")
        if made.returncode != 0 or not path.exists():
            raise unittest.SkipTest(f"gcore cannot dump here: {made.stderr.decode()[-200:]}")
        return path.read_bytes()


class RealDump(typing.NamedTuple):
    path: pathlib.Path
    name: str  # below the collection
    format: str  # that the program should name
    cut: bool  # whether whoever gathered it found that its headers promise more than it has


def collection():
    """The real dumps, as the headers that their manifest quotes describe them; a visible skip without them."""
    folder = SHARED / "dumps"
    if not (folder / "MANIFEST.tsv").exists():
        raise unittest.SkipTest(f"no collection of real dumps at {folder}")
    with (folder / "MANIFEST.tsv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    found = []
    for row in rows:
        headers = row["header_parse"] or ""
        found.append(RealDump(folder / row["path"], row["path"], format_of(headers), "TRUNC need" in headers))
    return found


def format_of(headers):
    if re.search(r"\bELF(32|64) \w+ type=4\b", headers):  # ET_CORE
        return "elf-core"
    return "minidump" if re.search(r"(?<!FREEBSD-)\bMINIDUMP\b", headers) else "raw"
