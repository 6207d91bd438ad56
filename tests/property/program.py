"""Runs the built program as its users do. The one rule: nothing here knows how the program works inside; the properties
see exit codes, what is printed and what is left on disk. DUMPGATE_PROGRAM names the program; CTest sets it.

A property is a file <name>_property.py of unittest cases; CTest runs each test method by itself and shows a skipped one
as skipped (exit code 77).
"""

import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

RELEASE, BLOCK, USAGE, HOLD, INTERNAL = 0, 1, 2, 3, 4
SKIPPED = 77
PATIENCE_S = 120  # for what must end: only a hang takes so long

PROGRAM = os.environ.get("DUMPGATE_PROGRAM", "")
# Leaks are not what is tested here, and LeakSanitizer cannot run under strace.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"


def sampled(count):
    """How many samples to take: DUMPGATE_LONG=1 takes ten times as many."""
    return count * 10 if os.environ.get("DUMPGATE_LONG") == "1" else count


def need(*tools):
    for tool in tools:
        if shutil.which(tool) is None:
            raise unittest.SkipTest(f"{tool} is not installed")


class Run:
    """A run that ended: code (128 + n for signal n, as a shell says it), out and err as bytes."""

    def __init__(self, returncode, out, err):
        self.code = returncode if returncode >= 0 else 128 - returncode
        self.out = out
        self.err = err

    def __repr__(self):
        return f"exit code {self.code}\n--- stdout\n{self.out[-2000:]!r}\n--- stderr\n{self.err[-2000:]!r}"


def scan_command(*arguments):
    return [PROGRAM, "scan", *map(str, arguments)]


def run(*arguments, **options):
    """Runs `dumpgate ARGUMENTS`; options are those of subprocess.run."""
    options.setdefault("stdin", subprocess.DEVNULL if "input" not in options else None)
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    if options["stdin"] is None:
        del options["stdin"]
    done = subprocess.run([PROGRAM, *map(str, arguments)], timeout=PATIENCE_S, check=False, **options)
    return Run(done.returncode, done.stdout or b"", done.stderr or b"")


def scan(*arguments, **options):
    return run("scan", *arguments, **options)


def summaries(paths, *arguments):
    """Scans many files in one run: the summary line of each (JSON lines), in order."""
    found = scan("-q", "-f", "jsonl", *arguments, *paths)
    lines = [json.loads(line) for line in found.out.splitlines()]
    found_summaries = [line for line in lines if line["schema"] == "dumpgate.summary/1"]
    if len(found_summaries) != len(paths):
        raise AssertionError(f"{len(found_summaries)} summaries of {len(paths)} inputs: {found}")
    return found_summaries


def json_objects(text):
    """The JSON reports of several inputs, which follow one another."""
    decoder = json.JSONDecoder()
    text = text.strip()
    while text:
        report, end = decoder.raw_decode(text)
        yield report
        text = text[end:].lstrip()


def memory_disk():
    """A directory whose files live in memory, with room for many small ones; None where there is none."""
    disk = pathlib.Path("/dev/shm")
    return disk if disk.is_dir() and os.access(disk, os.W_OK) and shutil.disk_usage(disk).free >= 1 << 28 else None


class PropertyCase(unittest.TestCase):
    """A test case with a directory of its own and random choices that are the same in every run."""

    # Whoever makes thousands of small files durable waits for nothing but the disk.
    IN_MEMORY = False

    def setUp(self):
        if not PROGRAM:
            self.skipTest("DUMPGATE_PROGRAM does not name the program")
        where = memory_disk() if self.IN_MEMORY else None
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="dumpgate-property-", dir=where))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.random = random.Random(20230715)

    def write(self, name, content):
        path = self.directory / name
        path.write_bytes(content)
        return path

    def never_released(self, cases, in_one_run=64):
        """`cases`: (what it is, bytes) pairs. Each is scanned; none may be released. Files exist in groups only."""
        for begin in range(0, len(cases), in_one_run):
            group = cases[begin : begin + in_one_run]
            paths = [self.write(f"case-{i}", content) for i, (_, content) in enumerate(group)]
            for (what, _), summary in zip(group, summaries(paths)):
                with self.subTest(what):
                    self.assertNotEqual(summary["verdict"], "release", what)
                    self.assertNotEqual(summary["exit_code"], RELEASE, what)
            # The verdict in the report and the exit code are two things: one of the group runs alone.
            what, _ = group[0]
            with self.subTest(what):
                self.assertNotEqual(scan("-q", paths[0]).code, RELEASE, what)
            for path in paths:
                path.unlink()


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain: {what}")
        time.sleep(0.001)


def main():
    """Runs the file's tests, or those that the command line names; 77 when nothing ran because all were skipped."""
    result = unittest.main(exit=False, verbosity=2).result
    if not result.wasSuccessful() or result.testsRun == 0:
        sys.exit(1)
    sys.exit(SKIPPED if len(result.skipped) == result.testsRun else 0)
