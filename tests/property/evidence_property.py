"""The log of evidence, as its enemies and bad luck see it. A process that is killed, or that finds no room, at any of the
system calls by which it appends leaves a log that verifies and goes on; whatever is changed in a log is noticed."""

import collections
import re
import shutil
import struct
import subprocess

import program
from evidence_case import ORIGIN, EvidenceCase, statement

# By what an append changes the disk, or waits for it.
CHANGING = ("openat", "write", "fsync", "rename", "mkdir", "unlink", "rmdir", "flock", "ftruncate", "link", "linkat")


class Faults(EvidenceCase):
    def setUp(self):
        super().setUp()
        program.need("strace")
        if self.strace("trace=none", (), [shutil.which("true")]).code != 0:
            self.skipTest("strace cannot trace here")

    def strace(self, expression, more, command, **options):
        done = subprocess.run(
            ["strace", "-f", "-qq", "-y", "-o", str(self.directory / "trace"), "-e", expression, *more, *map(str, command)],
            capture_output=True,
            timeout=program.PATIENCE_S,
            check=False,
            **options,
        )
        return program.Run(done.returncode, done.stdout, done.stderr)

    def places(self, log):
        """(call, its ordinal among the calls of its name) of each call by which an append touches the log."""
        command = [program.PROGRAM, *self.append_command(log)]
        traced = self.strace("trace=" + ",".join(f"?{name}" for name in CHANGING), (), command, input=statement(7))
        self.assertEqual(traced.code, 0, traced)
        seen = collections.Counter()
        found = collections.defaultdict(list)
        for line in (self.directory / "trace").read_text(errors="replace").splitlines():
            call = re.match(r"^\d+ +(\w+)\(", line)
            if not call:
                continue
            seen[call[1]] += 1
            if str(log) in line or (call[1] == "write" and "<pipe:" in line):
                found[call[1]].append(seen[call[1]])
        self.assertTrue({"openat", "write", "fsync", "rename", "flock"} <= set(found), found)
        places = []
        for name, ordinals in found.items():
            few = ordinals if len(ordinals) <= 9 else ordinals[:3] + ordinals[len(ordinals) // 2 :][:3] + ordinals[-3:]
            places += [(name, ordinal) for ordinal in few]
        return places

    def disturb(self, fault, check):
        """Appends once for each place, with the fault there, each time to a copy of the same log."""
        before = self.directory / "before"
        before.write_bytes(self.checkpoint())
        places = self.places(self.copy("traced"))
        for name, ordinal in places:
            with self.subTest(f"{name} {ordinal} {fault} of a log of {self.size}"):
                log = self.copy("disturbed")
                inject = ("-e", f"inject={name}:{fault}:when={ordinal}")
                command = [program.PROGRAM, *self.append_command(log)]
                ended = self.strace(f"trace={name}", inject, command, input=statement(7))
                check(log, ended)
                verified = self.verify(log, "--vkey", self.vkey, "--consistent-with", before)
                self.assertEqual(verified.code, 0, verified)
                leaves = self.leaves(log)
                self.assertIn(leaves, (self.size, self.size + 1))
                self.assertEqual(self.append(log, 8), leaves)
                verified = self.verify(log, "--consistent-with", before)
                self.assertEqual(verified.code, 0, verified)
        print(f"{len(places)} places in an append to a log of {self.size}")

    def killed(self, log, ended):
        self.assertEqual(ended.code, 137, ended)
        if ended.out:  # reported: it is there
            self.assertEqual(self.leaves(log), self.size + 1)

    def full(self, log, ended):
        if ended.code == 0:
            self.assertEqual(ended.out.split()[0], b"%d" % self.size)
            self.assertEqual(self.leaves(log), self.size + 1)
        else:
            self.assertEqual(ended.code, 4, ended)
            self.assertEqual(ended.out, b"")

    def test_killed_at_any_call_of_the_first_append(self):
        self.disturb("signal=KILL", self.killed)

    def test_killed_at_any_call_while_a_tile_grows(self):
        self.grow_to(3)
        self.disturb("signal=KILL", self.killed)

    def test_no_room_at_any_call(self):
        for size in (0, 3):
            self.grow_to(size)
            self.disturb("error=ENOSPC", self.full)

    def test_killed_or_without_room_at_any_call_while_a_tile_becomes_full(self):
        self.grow_to(255)  # the half of the time, so once for both
        self.disturb("signal=KILL", self.killed)
        self.disturb("error=ENOSPC", self.full)


class Enemies(EvidenceCase):
    def refused(self, log, what, *more):
        ended = self.verify(log, *more)
        self.assertEqual(ended.code, 1, f"{what}: {ended}")
        return ended

    def test_every_file_counts(self):
        """A byte changed, cut off or added in any file but the lock and the index, a cache that is compared by its rows."""
        self.grow_to(5)
        self.assertEqual(self.verify().code, 0)
        names = [path.relative_to(self.log) for path in self.log.rglob("*") if path.is_file() and path.name not in ("lock", "index.sqlite")]
        self.assertGreater(len(names), 10)
        for name in names:
            content = (self.log / name).read_bytes()
            at = self.random.randrange(len(content))
            changed = content[:at] + bytes([content[at] ^ (1 << self.random.randrange(8))]) + content[at + 1 :]
            for what, altered in (("changed", changed), ("cut", content[:-1]), ("longer", content + b"\0"), ("empty", b"")):
                log = self.copy("altered")
                (log / name).write_bytes(altered)
                self.refused(log, f"{name} {what} at {at}")

    def test_entries_removed_or_in_another_order(self):
        self.grow_to(5)
        bundle = self.log / "tile/entries/000.p/5"
        tile = self.log / "tile/0/000.p/5"
        content, entries = bundle.read_bytes(), []
        while content:
            length = struct.unpack(">H", content[:2])[0]
            entries.append(content[: 2 + length])
            content = content[2 + length :]
        hashes = [tile.read_bytes()[i : i + 32] for i in range(0, 160, 32)]
        order = [0, 3, 2, 1, 4]
        log = self.copy("reordered")
        (log / "tile/entries/000.p/5").write_bytes(b"".join(entries[i] for i in order))
        self.refused(log, "entries reordered")
        (log / "tile/0/000.p/5").write_bytes(b"".join(hashes[i] for i in order))
        self.refused(log, "entries and hashes reordered")
        ended = program.run(*self.append_command(log), input=statement(9))
        self.assertEqual(ended.code, 1, ended)
        self.assertEqual(ended.out, b"")

    def test_rolled_back(self):
        self.grow_to(3)
        earlier = self.copy("earlier")
        self.grow_to(6)
        newest = self.write("newest", self.checkpoint())
        # The whole directory as it once was is a good log, and shorter than somebody knows it to be.
        self.assertEqual(self.verify(earlier).code, 0)
        self.assertIn(b"rolled back", self.refused(earlier, "rolled back", "--consistent-with", newest).err)
        # The old checkpoint alone is noticed by what lies beyond it.
        log = self.copy("old-checkpoint")
        shutil.copy(earlier / "checkpoint", log / "checkpoint")
        self.refused(log, "old checkpoint")

    def test_rewritten_with_the_same_key(self):
        self.grow_to(3)
        fork = self.copy("fork")
        self.grow_to(5)
        newest = self.write("newest", self.checkpoint())
        for number in (70, 71, 72):
            self.append(fork, number)
        self.assertEqual(self.verify(fork).code, 0)
        self.assertIn(b"rewritten", self.refused(fork, "rewritten", "--consistent-with", newest).err)
        self.witness(self.log, 0)
        self.witness(fork, 1)

    def test_signed_by_another_key(self):
        self.grow_to(2)
        other = self.directory / "other"
        made = program.run("log", "init", "--log", other, "--origin", ORIGIN, "--keys", self.directory / "other-keys")
        self.assertEqual(made.code, 0, made)
        self.assertEqual(self.verify(other).code, 0)
        self.refused(other, "another key", "--vkey", self.vkey)
        (self.log / "log.vkey").write_bytes((other / "log.vkey").read_bytes())
        self.refused(self.log, "another verifier key")

    def witness(self, log, code):
        key = self.directory / "witness.key"
        if not key.exists():
            key.touch(0o600)
            subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True)
        ended = program.run("log", "witness", "--log", log, "--vkey", self.vkey, "--state", self.directory / "state",
                            "--key", key, "--name", "witness.example.org/w1")
        self.assertEqual(ended.code, code, ended)
        return ended.out

    def test_witness_signs_only_what_goes_on(self):
        self.grow_to(1)
        first = self.witness(self.log, 0)
        self.assertTrue(first.startswith(self.checkpoint()))
        self.assertIn("— witness.example.org/w1 ".encode(), first)
        earlier = self.copy("earlier")
        self.grow_to(3)
        self.witness(self.log, 0)
        self.assertEqual(self.witness(earlier, 1), b"")
        self.witness(self.log, 0)


if __name__ == "__main__":
    program.main()
