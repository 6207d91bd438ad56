"""A fault at any system call never releases: exit code 0 comes only with the report that an undisturbed run gives.
strace makes single calls fail, one call a run, from the first instruction of the process on."""

import collections
import re
import subprocess

import dumps
import keys
import program
from program import BLOCK, RELEASE, PropertyCase

# What the program reads its input, its libraries and its memory with.
READING = ("read", "pread64", "openat", "mmap", "newfstatat", "lseek", "poll")
WRITING = ("write", "fsync", "close", "ftruncate")
OTHER = ("munmap", "mprotect", "brk", "clone3", "fcntl", "prctl", "prlimit64", "rt_sigaction", "getrandom", "fadvise64")
ERRORS = {"mmap": "ENOMEM", "brk": "ENOMEM", "clone3": "EAGAIN", "write": "ENOSPC", "openat": "EMFILE"}


class Faults(PropertyCase):
    def setUp(self):
        super().setUp()
        program.need("strace")
        traced = self.strace("trace=none", "true")
        if traced.code != 0:
            self.skipTest(f"strace cannot trace here: {traced.err.decode()[-200:]}")
        memory = self.random.randbytes(5000) + b"ordinary text, again and again; " * 2000
        self.dump = self.write("core", dumps.kernel_core([memory, memory[::-1]]))
        self.report = self.directory / "report"
        self.arguments = program.scan_command("-q", "-j", "2", "-f", "json", "--report", f"json={self.report}")

    def strace(self, expression, *command, more=(), stdin=subprocess.DEVNULL):
        trace = self.directory / "trace"
        done = subprocess.run(
            ["strace", "-f", "-qq", "-o", str(trace), "-e", expression, *more, *map(str, command)],
            stdin=stdin,
            capture_output=True,
            timeout=program.PATIENCE_S,
            check=False,
        )
        return program.Run(done.returncode, done.stdout, done.stderr)

    def calls(self, *command):
        """How often an undisturbed run makes each system call."""
        self.strace("trace=all", *command)
        made = re.findall(r"^\d+ +(\w+)\(", (self.directory / "trace").read_text(errors="replace"), re.MULTILINE)
        return collections.Counter(made)

    def disturb(self, names, samples, *command, stdin=None):
        """Makes single calls fail: evenly chosen ones among all of each name, the last one among them."""
        expected = self.strace("trace=none", *command, stdin=open(stdin, "rb") if stdin else subprocess.DEVNULL)
        written = self.report.read_bytes()
        counts = self.calls(*command) if stdin is None else None
        released = 0
        tried = 0
        for name in names:
            count = counts[name] if counts is not None else 40
            positions = sorted({1 + (count - 1) * i // max(samples - 1, 1) for i in range(samples)}) if count else []
            for when in positions:
                self.report.unlink(missing_ok=True)
                error = ERRORS.get(name, "EIO")
                ended = self.strace(
                    f"trace={name}",
                    *command,
                    more=("-e", f"inject={name}:error={error}:when={when}"),
                    stdin=open(stdin, "rb") if stdin else subprocess.DEVNULL,
                )
                tried += 1
                with self.subTest(f"{name} fails with {error}, the {when}th of {count}"):
                    if expected.code == RELEASE and ended.code == RELEASE:
                        released += 1
                        self.assertEqual(ended.out, expected.out)
                        self.assertEqual(self.report.read_bytes(), written)
                    elif expected.code != RELEASE:
                        self.assertNotEqual(ended.code, RELEASE, ended)
        print(f"{tried} faults, {released} of them without consequence")
        self.assertGreater(tried, 0)
        return expected

    def test_fault_while_reading_never_releases_another_report(self):
        expected = self.disturb(READING, program.sampled(18), *self.arguments, self.dump)
        self.assertEqual(expected.code, RELEASE, expected)

    def test_fault_while_writing_never_releases_another_report(self):
        self.disturb(WRITING, program.sampled(12), *self.arguments, self.dump)

    def test_fault_of_memory_threads_and_signals_never_releases_another_report(self):
        self.disturb(OTHER, program.sampled(6), *self.arguments, self.dump)

    def test_fault_never_releases_what_is_blocked(self):
        key = keys.Key("rsa", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        dump = self.write("holding", dumps.kernel_core([b"x" * 100 + key.pem]))
        expected = self.disturb(("pread64", "mmap", "openat", "newfstatat"), program.sampled(10), *self.arguments, dump)
        self.assertEqual(expected.code, BLOCK, expected)

    def test_nothing_but_reports_is_opened_for_writing(self):
        self.strace("trace=open,openat,creat,memfd_create,mkdir,rename", *self.arguments, self.dump)
        trace = (self.directory / "trace").read_text(errors="replace")
        self.assertIn(str(self.dump), trace)
        writing = [line for line in trace.splitlines()
                   if re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE|creat\(|memfd_create|mkdir|rename", line)
                   and str(self.report) not in line and "/dev/null" not in line]
        self.assertEqual(writing, [])


if __name__ == "__main__":
    program.main()
