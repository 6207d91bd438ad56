"""Cores as they are born: the kernel's own core_pattern hands a real crash to the gate, with the values that
samples/gate/60-dumpgate-core.conf gives.

The pattern belongs to the whole machine. These tests take a lock, hold it for seconds, and put back what was there."""

import contextlib
import fcntl
import os
import pathlib
import re
import resource
import shlex
import signal
import socket
import stat
import struct
import subprocess
import sys
import threading

import boundary
from boundary import SiteCase, program
from gate_case import as_if_we_dumped_core

PATTERN = pathlib.Path("/proc/sys/kernel/core_pattern")
PIPE_LIMIT = pathlib.Path("/proc/sys/kernel/core_pipe_limit")
MODES = pathlib.Path("/proc/sys/kernel/core_modes")

# Reads what it shall hold from its standard input, says so, and crashes when it is told to.
HOLDER = """
import os, resource, signal, sys
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
held = sys.stdin.buffer.read()
print("held", flush=True)
os.kill(os.getpid(), signal.SIGSEGV)
"""


@contextlib.contextmanager
def pattern_lock():
    """This machine's core_pattern is ours until the end; afterwards everything is as it was."""
    with open("/tmp/core_pattern.lock", "a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = [(path, path.read_text()) for path in (PATTERN, PIPE_LIMIT)]
        try:
            yield
        finally:
            for path, text in before:
                path.write_text(text)


class CoreCase(SiteCase):
    def setUp(self):
        super().setUp()
        if os.getuid() != 0 or not os.access(PATTERN, os.W_OK):
            self.skipTest("core_pattern may not be set here")
        try:
            with pattern_lock():
                PATTERN.write_text(PATTERN.read_text())
        except OSError as error:
            self.skipTest(f"core_pattern may not be set here: {error}")
        if not self.kernel_shares_our_root():
            self.skipTest("the kernel looks for handlers in another root directory than ours")
        self.key = boundary.keys.Key("ed25519", "-algorithm", "ED25519")

    def kernel_shares_our_root(self):
        """Whether a handler of ours is started at all: the kernel takes paths in the machine's first root directory, and we
        may be in a container or chroot."""
        started = self.directory / "started"
        handler = self.directory / "p"
        handler.write_text(f"#!/bin/sh\n: >{started}\n")
        handler.chmod(0o755)
        with pattern_lock():
            PATTERN.write_text(f"|{handler}")
            PIPE_LIMIT.write_text("1")  # the crashed process is gone when its handler is
            self.crash(b"")
        return started.exists()

    def crash(self, held, limit=resource.RLIM_INFINITY):
        """A process that holds these bytes and crashes; its process id, once it is gone."""
        holder = subprocess.Popen([sys.executable, "-I", "-S", "-c", HOLDER, str(limit)], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, cwd=self.directory)
        out, _ = holder.communicate(held, timeout=program.PATIENCE_S)
        self.assertEqual(out, b"held\n")
        self.assertEqual(holder.returncode, -signal.SIGSEGV)
        return holder.pid

    def cores(self):
        """What was released: names that begin as those of cores do."""
        return [name for name in self.released_dumps() if name.startswith("core.")]

    def only_core_of(self, pid):
        (name,) = self.cores()
        self.assertIn(f".{pid}.", name)
        self.assertEqual((self.released / name).read_bytes()[:4], b"\x7fELF")
        return self.released / name

    def nothing_left_behind(self):
        """No core beside the places that the gate knows."""
        self.assertEqual([path.name for path in self.directory.glob("core*") if path.is_file()], [])


class Piped(CoreCase):
    def use_handler(self, *more, limit=8, before=""):
        """Sets the pattern, with the values of the sample; call with the lock held. The handler is the sample's command in a
        script that notes its exit code; `before` are lines of that script."""
        handler = self.directory / "h"
        words = [program.PROGRAM, "gate", "core", "--quarantine", self.quarantine, "--release", self.released,
                 *self.common(*more)]
        handler.write_text(
            f'#!/bin/sh\n{before}\n{shlex.join(map(str, words))} "$@" 2>>{self.directory}/handler.log\n'
            f"echo $? >>{self.directory}/codes\n"
        )
        handler.chmod(0o755)
        (setting,) = re.findall(r"^kernel\.core_pattern=\|.* (%P .*)$", boundary.sample("60-dumpgate-core.conf"), re.MULTILINE)
        pattern = f"|{handler} {setting}"
        self.assertLess(len(pattern), 128)
        PATTERN.write_text(pattern)
        PIPE_LIMIT.write_text(str(limit))

    def codes(self):
        path = self.directory / "codes"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def test_core_without_a_key_is_released_and_one_with_a_key_is_not(self):
        with pattern_lock():
            self.use_handler()
            clean = self.crash(b"nothing of interest " * 1000)
            forbidden = self.crash(b"x" * 1000 + self.key.pem)
        self.assertEqual(self.codes(), [program.RELEASE, program.BLOCK], self.said("handler.log"))
        path = self.only_core_of(clean)
        self.assertIn(b"nothing of interest " * 10, path.read_bytes())
        kept = [place.read_bytes() for place in self.quarantine.glob("*/dump")]
        self.assertEqual(len(kept), 1)
        self.assertIn(self.key.pem, kept[0])
        for place in self.quarantine.glob("*/dump"):
            self.assertEqual(stat.S_IMODE(place.stat().st_mode) & 0o077, 0)
        blocked = [verdict for verdict in self.logged("dump-verdict") if verdict["result"] == "block"]
        self.assertEqual([verdict["source"]["producer"].get("pid") for verdict in blocked], [str(forbidden)])
        self.assertEqual([stages for stages in self.releases().values()], [["intent", "complete"]])
        self.nothing_left_behind()
        self.check_log()
        canary = boundary.keys.Canary(self.key.secrets)
        for file in (self.directory / "handler.log", *self.log.rglob("*")):
            if file.is_file():
                self.assertEqual(canary.sightings(file.read_bytes()), [], file)

    def test_refused_core_is_nowhere(self):
        with pattern_lock():
            self.use_handler("--refuse")
            self.crash(self.key.pem)
        self.assertEqual(self.codes(), [program.BLOCK], self.said("handler.log"))
        self.assertEqual(self.cores(), [])
        self.assertEqual(list(self.quarantine.glob("*/dump")), [])
        self.nothing_left_behind()

    def test_limit_of_zero_is_obeyed(self):
        with pattern_lock():
            self.use_handler()
            self.crash(b"nothing", 0)
        self.assertNotIn(program.RELEASE, self.codes())
        self.assertEqual(len(self.codes()), 1)
        self.assertEqual(self.cores(), [])
        self.assertEqual(list(self.quarantine.glob("*/dump")), [])

    def test_handler_that_cannot_work_leaves_no_core(self):
        for what in ("no log", "no room", "no memory", "no program"):
            with self.subTest(what):
                before = len(self.codes())
                log, quarantine, memory = self.log, self.quarantine, ""
                if what == "no log":
                    self.log = self.directory / "none"
                elif what == "no room":
                    self.quarantine = self.small_disk("small", "1m")
                elif what == "no memory":
                    memory = "ulimit -v 30000"
                with pattern_lock():
                    self.use_handler(before=memory)
                    if what == "no program":
                        (self.directory / "h").unlink()
                    self.crash(b"nothing of interest")
                self.log, self.quarantine = log, quarantine
                codes = self.codes()[before:]
                self.assertEqual(len(codes), 0 if what == "no program" else 1)
                self.assertNotIn(program.RELEASE, codes, self.said("handler.log") if codes else "")
                self.assertEqual(self.cores(), [])
                self.nothing_left_behind()

    def test_many_crashes_at_once_each_get_their_own_verdict(self):
        count = 6
        with pattern_lock():
            self.use_handler(limit=2 * count)
            pids, threads = {}, []

            def one(i):
                pids[i] = self.crash(self.key.pem if i % 2 else b"nothing of interest")

            for i in range(count):
                threads.append(threading.Thread(target=one, args=(i,)))
                threads[-1].start()
            for thread in threads:
                thread.join(program.PATIENCE_S)
            program.wait_until(lambda: len(self.codes()) == count, "an end of each handler")
        self.assertEqual(sorted(self.codes()), [program.RELEASE] * (count // 2) + [program.BLOCK] * (count // 2),
                         self.said("handler.log"))
        names = " ".join(self.cores())
        for i, pid in pids.items():
            self.assertEqual(f".{pid}." in names, i % 2 == 0, names)
        self.check_log()


class Socketed(CoreCase):
    """The gate's coredump socket: with the kernel where it has that (6.17), and with a client that plays the kernel."""

    def serve(self, prefix=()):
        path = self.directory / "c.sock"
        command = [*prefix, program.PROGRAM, "gate", "core", "--coredump-socket", path, "--quarantine", self.quarantine,
                   "--release", self.released, *self.common()]
        process = self.start(command, log="socket.log")
        program.wait_until(lambda: boundary.answers(path) or process.poll() is not None, "the coredump socket")
        self.assertIsNone(process.poll(), self.said("socket.log"))
        return path

    def verdicts(self, count):
        """Waits until so many cores were judged, and each is where its verdict wants it."""

        def settled():
            try:
                results = [verdict["result"] for verdict in self.logged("dump-verdict")]
                ended = [stages for stages in self.releases().values() if stages[-1] == "complete"]
            except (AssertionError, OSError, ValueError):  # the gate is writing
                return False
            kept = len(list(self.quarantine.glob("*/dump")))
            return len(results) == count and results.count("release") == len(ended) and kept == count - len(ended)

        program.wait_until(settled, f"{count} cores in their places")

    def test_kernel_hands_over_its_cores(self):
        if not MODES.exists() or "socket" not in MODES.read_text().split():
            self.skipTest("this kernel has no coredump sockets")
        self.give_to(owner=1)  # whose rights the server works with
        path = self.serve()
        with pattern_lock():
            try:
                PATTERN.write_text(f"@@{path}")
            except OSError as error:
                self.skipTest(f"this kernel takes no '@@' in core_pattern: {error}")
            clean = self.crash(b"nothing of interest " * 1000)
            self.crash(b"x" * 1000 + self.key.pem)
            self.verdicts(2)
        self.assertIn(b"nothing of interest " * 10, self.only_core_of(clean).read_bytes())
        kept = [place.read_bytes() for place in self.quarantine.glob("*/dump")]
        self.assertEqual(len(kept), 1)
        self.assertIn(self.key.pem, kept[0])
        for verdict in self.logged("dump-verdict"):
            self.assertEqual(verdict["source"]["producer"]["program"], os.path.realpath(sys.executable))
        self.nothing_left_behind()
        self.check_log()

    def test_gate_that_is_down_leaves_no_core(self):
        if not MODES.exists() or "socket" not in MODES.read_text().split():
            self.skipTest("this kernel has no coredump sockets")
        with pattern_lock():
            try:
                PATTERN.write_text(f"@@{self.directory}/none.sock")
            except OSError as error:
                self.skipTest(f"this kernel takes no '@@' in core_pattern: {error}")
            self.crash(b"nothing of interest")
        self.assertEqual(self.cores(), [])
        self.nothing_left_behind()

    REQUEST = struct.pack("<IIQ", 16, 16, 0xF)  # size, size of the answer, what is offered: all

    def play_kernel(self, request, mark, core, path):
        """The kernel's part: what the gate answered, or nothing."""
        with socket.socket(socket.AF_UNIX) as kernel:
            kernel.settimeout(program.PATIENCE_S)
            kernel.connect(str(path))
            answer = b""
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                kernel.sendall(request)
                answer = kernel.recv(16)
                if answer:
                    kernel.sendall(struct.pack("<I", mark) + core)
                    kernel.shutdown(socket.SHUT_WR)
                    kernel.recv(1)  # until the gate has closed
            return answer

    def test_whole_core_of_an_agreed_request_is_judged(self):
        path = self.serve(as_if_we_dumped_core())
        for core in (self.clean, self.forbidden, self.clean[:-4096]):
            answer = self.play_kernel(self.REQUEST, 0, core, path)
            size, _, mask = struct.unpack("<IIQ", answer)
            self.assertEqual((size, mask & 1, mask & 4), (16, 1, 0))
        self.verdicts(3)
        self.assertEqual([(self.released / name).read_bytes() for name in self.cores()], [self.clean])
        kept = sorted(place.read_bytes() for place in self.quarantine.glob("*/dump"))
        self.assertEqual(kept, sorted([self.forbidden, self.clean[:-4096]]))

    def test_nothing_is_kept_of_a_request_that_is_not_agreed(self):
        path = self.serve(as_if_we_dumped_core())
        for what, request, mark in (
            ("offers nothing", struct.pack("<IIQ", 16, 16, 0), 0),
            ("shorter than the first version", struct.pack("<IIQ", 8, 16, 0xF), 0),
            ("of an impossible size", struct.pack("<IIQ", 1 << 31, 16, 0xF), 0),
            ("takes no answer", struct.pack("<IIQ", 16, 4, 0xF), 0),
            ("the kernel refuses the answer", self.REQUEST, 1),
        ):
            with self.subTest(what):
                before = self.said("socket.log").count("coredump socket: ")
                self.play_kernel(request, mark, self.clean, path)
                program.wait_until(lambda: self.said("socket.log").count("coredump socket: ") > before, "what the gate says")
        self.assertEqual(self.cores(), [])
        self.assertEqual(self.logged("dump-verdict"), [])


if __name__ == "__main__":
    program.main()
