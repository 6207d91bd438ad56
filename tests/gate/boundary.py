"""What the tests of the gate's ways in share: a gate, a dump with a key and one without, free ports, programs that end
with the test. The one rule: the other side of each way in is a program that nobody here wrote; where it is not
installed the test is skipped, visibly."""

import errno
import hashlib
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "property"))

import dumps  # noqa: E402
import keys  # noqa: E402
import program  # noqa: E402  (the tests of this folder have it from here)
from gate_case import GateCase  # noqa: E402
from program import need, wait_until  # noqa: E402

SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "samples" / "gate"
LONG = os.environ.get("DUMPGATE_LONG") == "1"


def tool(name):
    """The path of a program that may be in /usr/sbin; a visible skip without it."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin")
    if path is None:
        raise unittest.SkipTest(f"{name} is not installed")
    return path


def sample(name, **places):
    """The text of samples/gate/NAME with other places: each key of `places` names one, the value is (as it is there, as it
    shall be). What is not there cannot be replaced: then the sample is no longer what is tested."""
    text = (SAMPLES / name).read_text()
    for what, (old, new) in places.items():
        if old not in text:
            raise AssertionError(f"samples/gate/{name} has no {what} {old!r}")
        text = text.replace(old, str(new))
    return text


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
        """Starts a program that is killed, with the processes of its group, at the end of the test. What it prints goes
        to the file `log` of the test's directory."""
        with open(self.directory / (log or "log"), "ab") as file:
            process = subprocess.Popen(
                list(map(str, command)), stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True,
                **options,
            )
        self.addCleanup(end_group, process)
        return process

    def small_disk(self, name, size):
        """A directory of the test that is a file system of its own, of `size` (as mount -o size= has it); a visible skip
        where none may be mounted."""
        path = self.directory / name
        path.mkdir(mode=0o700, exist_ok=True)
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "dumpgate-test", path], capture_output=True, check=False
        )
        if mounted.returncode != 0:
            self.skipTest(f"no file system may be mounted here: {mounted.stderr.decode().strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", path], check=True)
        return path


    def little_memory(self, size):
        """For Popen's preexec_fn: the program and all that it starts have `size` bytes of memory together, by a memory
        control group; the kernel kills what needs more. A visible skip where no group can be made."""
        for parent, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
            group = pathlib.Path(parent, f"dumpgate-test-{os.getpid()}-{size}")
            try:
                group.mkdir()
            except OSError:
                continue
            self.addCleanup(remove_group, group)
            try:
                (group / limit).write_text(str(size))
            except OSError:
                continue
            return lambda: (group / "cgroup.procs").write_text(str(os.getpid()))
        self.skipTest("no control group for memory can be made here")


class SiteCase(GateCase, BoundaryCase):
    """A gate's directories and log, a dump that may leave (`clean`) and one that may not (`forbidden`)."""

    def setUp(self):
        super().setUp()
        # So that it is larger than what any of the programs between keeps in memory or sends ahead.
        self.clean = self.core()
        key = keys.Key("rsa", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        self.forbidden = self.core(b"".join(map(key.limbs, key.secrets)), key.pem)
        self.canary = keys.Canary(key.secrets)

    def core(self, *held):
        """A core with random bytes and text around what it holds."""
        return dumps.kernel_core(
            [self.random.randbytes(1 << 20), b"ordinary text, again and again; " * 4096, *held, self.random.randbytes(1 << 21)]
        )

    def common(self, *more):
        """The options that every verb of the gate takes."""
        return ["--log", self.log, "--keys", self.keys, "-j", "2", "--max-memory", "128MiB", *more]

    def clamd(self, *more, quarantine=None, prefix=(), **options):
        """Starts the gate's clamd socket and waits for it; the process. self.socket is its path."""
        process = self.clamd_if_it_starts(*more, quarantine=quarantine, prefix=prefix, **options)
        self.assertIsNone(process.poll(), self.said("clamd.log"))
        return process

    def clamd_if_it_starts(self, *more, quarantine=None, prefix=(), **options):
        self.socket = self.directory / "clamd.sock"
        self.socket.unlink(missing_ok=True)  # a gate that was killed may take a moment to be gone, and must not answer for this one
        command = [*prefix, program.PROGRAM, "gate", "clamd", "--socket", self.socket, "--in", self.inbox,
                   "--quarantine", quarantine or self.quarantine, *self.common(*more)]
        process = self.start(command, log="clamd.log", **options)
        wait_until(lambda: answers(self.socket) or process.poll() is not None, "the gate's clamd socket")
        return process

    def said(self, log):
        return (self.directory / log).read_text(errors="replace")

    def logged(self, kind):
        """The predicates of the log's statements of one kind, like "dump-verdict", in order."""
        return [leaf["predicate"] for leaf in self.leaves() if leaf["predicateType"].endswith(f"{kind}:v1")]


def fill(directory):
    """Takes all the room of a file system; the file that has it."""
    path = directory / "filler"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
    return path


def sparse_file(path, size, end=b""):
    """A file of `size` bytes that takes little room: text, zeros, and then `end`."""
    with path.open("wb") as file:
        file.write(b"no format; " * 1000)
        file.seek(size - len(end))
        file.write(end)
        file.truncate(size)
    return path


def sha256_of(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def answers(path):
    """Whether somebody accepts connections on a Unix socket."""
    with socket.socket(socket.AF_UNIX) as caller:
        try:
            caller.connect(str(path))
        except OSError:
            return False
    return True


def limit_memory(size):
    """For Popen's preexec_fn: the program and what it starts have at most `size` bytes of addresses each."""
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (size, size))


def remove_group(group):
    """Once its processes are gone, which takes the kernel a moment."""
    wait_until(lambda: not (group / "cgroup.procs").read_text(), "an empty control group")
    group.rmdir()


def end_group(process):
    try:
        os.killpg(process.pid, 9)
    except ProcessLookupError:
        pass
    process.wait()
