"""What the tests of the gate's ways in share: a gate, a dump with a key and one without, free ports, programs that end
with the test. The one rule: the other side of each way in is a program that nobody here wrote; where it is not
installed the test is skipped, visibly."""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "property"))

import program  # noqa: E402  (the tests of this folder have it from here)
from program import need, wait_until  # noqa: E402

LONG = os.environ.get("DUMPGATE_LONG") == "1"


def tool(name):
    """The path of a program that may be in /usr/sbin; a visible skip without it."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin")
    if path is None:
        raise unittest.SkipTest(f"{name} is not installed")
    return path


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def reachable(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_for_port(port):
    wait_until(lambda: reachable(port), f"something that listens on port {port}")


def finished(command, **options):
    """Runs a program to its end: a program.Run."""
    options.setdefault("stdin", subprocess.DEVNULL if "input" not in options else None)
    if options["stdin"] is None:
        del options["stdin"]
    done = subprocess.run(
        list(map(str, command)), capture_output=True, timeout=program.PATIENCE_S, check=False, **options
    )
    return program.Run(done.returncode, done.stdout, done.stderr)


def running(*words):
    """Whether a process runs whose arguments contain all these words."""
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes()
        except OSError:
            continue
        if all(word.encode() in line for word in words):
            return True
    return False


class BoundaryCase(program.PropertyCase):
    """A test case whose programs end with it."""

    def start(self, command, log=None, **options):
        """Starts a program that is killed, with the processes of its group, at the end of the test."""
        with open(self.directory / (log or "log"), "ab") as file:
            process = subprocess.Popen(
                list(map(str, command)), stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True,
                **options,
            )
        self.addCleanup(end_group, process)
        return process


def end_group(process):
    try:
        os.killpg(process.pid, 9)
    except ProcessLookupError:
        pass
    process.wait()
