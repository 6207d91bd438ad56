"""What tests of the gate share: its directories, its log read without it, and a fault injector. The one rule: what is on
disk is looked at from outside, as an operator or an auditor would."""

import base64
import collections
import json
import os
import re
import struct
import subprocess

import dumps
import program
from program import PropertyCase, run

# The calls by which the gate changes something outside itself.
CHANGING = ("renameat2", "rename", "write", "fsync", "fdatasync", "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir",
            "openat", "sendto", "fchmod", "ftruncate", "link", "linkat")
ERRORS = {"write": "ENOSPC", "renameat2": "ENOSPC", "rename": "ENOSPC", "mkdir": "ENOSPC", "mkdirat": "ENOSPC",
          "openat": "EMFILE", "mmap": "ENOMEM", "clone": "EAGAIN", "sendto": "ENOBUFS", "fcntl": "EAGAIN"}


def as_if_we_dumped_core():
    """What comes before the command of a coredump socket, so that this process can play the kernel: strace changes what the real
    one tells of us (struct pidfd_info of linux/pidfd.h), as if we were dumping core. Whoever serves makes no other ioctl."""
    program.need("strace")
    me = os.getpid()
    info = struct.pack("=QQ11IiII", 1 | 2 | 16 | 64, 0, me, me, os.getppid(), 1000, 1001, *[1000] * 6, 0, 1, 6)
    return ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=ioctl", "-e",
            f"inject=ioctl:poke_exit=@arg3={info.hex()}"]


class GateCase(PropertyCase):
    def setUp(self):
        super().setUp()
        for name in ("in", "release", "quarantine"):
            (self.directory / name).mkdir(mode=0o700)
        self.inbox, self.released, self.quarantine = (self.directory / n for n in ("in", "release", "quarantine"))
        self.log, self.keys = self.directory / "log", self.directory / "keys"
        made = run("log", "init", "--log", self.log, "--keys", self.keys, "--origin", "gate.test/dumps")
        self.assertEqual(made.code, 0, made)
        self.clean = dumps.kernel_core([b"ordinary text, again and again; " * 500])

    def command(self, *more):
        return [program.PROGRAM, "gate", "run", "--in", self.inbox, "--release", self.released, "--quarantine",
                self.quarantine, "--log", self.log, "--keys", self.keys, "--once", "--reserve", "1M", "-j", "2",
                "--max-memory", "128MiB", *more]

    def gate(self, *more, prefix=()):
        done = subprocess.run([*map(str, prefix), *map(str, self.command(*more))], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=program.PATIENCE_S, check=False)
        return program.Run(done.returncode, done.stdout, done.stderr)

    def give_to(self, owner):
        """Everything of the gate becomes this user's; a visible skip unless root asks."""
        if os.geteuid() != 0:
            self.skipTest("only root can give files away")
        self.directory.chmod(0o755)
        for place in (self.inbox, self.released, self.quarantine, self.log, self.keys):
            for path in (place, *place.rglob("*")):
                os.chown(path, owner, owner)

    def put(self, name, content):
        path = self.inbox / name
        path.write_bytes(content)
        return path

    def leaves(self):
        """The statements of the log, in order, read from its entry bundles without the program."""
        found = []
        entries = self.log / "tile" / "entries"
        size = int((self.log / "checkpoint").read_text().splitlines()[1])
        self.assertLess(size, 256_000)
        for bundle in range(-(-size // 256)):
            whole, width = entries / f"{bundle:03}", size - 256 * bundle
            data = (whole if width >= 256 and whole.exists() else entries / f"{bundle:03}.p" / str(width)).read_bytes()
            while data:
                length = int.from_bytes(data[:2], "big")
                found.append(json.loads(base64.b64decode(json.loads(data[2 : 2 + length])["payload"])))
                data = data[2 + length :]
        self.assertEqual(len(found), size)
        return found

    def releases(self):
        """Of each scan id the stages of its release, in order."""
        stages = collections.defaultdict(list)
        for leaf in self.leaves():
            if leaf["predicateType"].endswith("dump-release:v1"):
                stages[leaf["predicate"]["scanId"]].append(leaf["predicate"]["stage"])
        return stages

    def kept(self):
        return sorted(path.parent.name for path in self.quarantine.glob("*/dump"))

    def released_dumps(self):
        return sorted(path.name for path in self.released.iterdir()
                      if not path.name.startswith(".") and not path.name.endswith((".intoto.jsonl", ".tlog-proof")))

    def check_log(self):
        verified = run("log", "verify", self.log)
        self.assertEqual(verified.code, 0, verified)

    def only_released(self, *names):
        self.assertEqual(self.released_dumps(), sorted(names))
        self.check_log()


class FaultCase(GateCase):
    """Runs of the program in which strace makes one system call fail, or kills at it."""

    IN_MEMORY = True

    def setUp(self):
        super().setUp()
        program.need("strace")

    def traced(self, command, expression, *more):
        """Runs the command under strace: how it ended, and the trace."""
        trace = self.directory / "trace"
        prefix = ["strace", "-f", "-qq", "-o", trace, "-e", expression, *more]
        done = subprocess.run(list(map(str, [*prefix, *command])), stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=program.PATIENCE_S, check=False)
        return program.Run(done.returncode, done.stdout, done.stderr), trace.read_text(errors="replace")

    def calls(self, command):
        """How often the command makes each of the changing calls."""
        _, trace = self.traced(command, "trace=" + ",".join(CHANGING))
        return collections.Counter(re.findall(r"^\d+ +(\w+)\(", trace, re.MULTILINE))

    def positions(self, count, samples):
        return sorted({1 + (count - 1) * i // max(samples - 1, 1) for i in range(samples)}) if count else []

    def intended(self):
        return [stages for stages in self.releases().values() if "intent" in stages]
