"""A new log is made, or nobody can use what there is of it: log init that is killed, or refused by the system, at any of its calls
is finished by the same command, and by nothing else is anything of it thrown away."""

import collections
import re
import shutil
import subprocess

import program
from program import USAGE, PropertyCase, run

CHANGING = ("openat", "write", "fsync", "rename", "renameat2", "mkdir", "unlink", "flock")


class Init(PropertyCase):
    def setUp(self):
        super().setUp()
        program.need("strace")
        self.log, self.keys = self.directory / "new/log", self.directory / "new/keys"

    def command(self, origin="gate.test/dumps", log=None, keys=None):
        return ("log", "init", "--log", log or self.log, "--origin", origin, "--keys", keys or self.keys)

    def traced(self, expression, *more):
        trace = self.directory / "trace"
        command = ["strace", "-f", "-qq", "-y", "-o", trace, "-e", expression, *more, program.PROGRAM, *self.command()]
        done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=program.PATIENCE_S, check=False)
        return program.Run(done.returncode, done.stdout, done.stderr), trace.read_text(errors="replace")

    def places(self):
        """(call, its ordinal among those of its name) of each call from the first that touches what is made."""
        ended, trace = self.traced("trace=" + ",".join(f"?{name}" for name in CHANGING))
        self.assertEqual(ended.code, 0, ended)
        seen, found, begun = collections.Counter(), [], False
        for name, rest in re.findall(r"^\d+ +(\w+)\((.*)$", trace, re.MULTILINE):
            seen[name] += 1
            begun = begun or str(self.directory / "new") in rest
            if begun:
                found.append((name, seen[name]))
        shutil.rmtree(self.directory / "new")
        self.assertGreater(len(found), 30)
        return found

    def finished(self, what):
        """The same command finishes, once; then the log takes entries and verifies."""
        done = run(*self.command())
        self.assertEqual(done.code, 0, f"{what}: {done}")
        vkey = done.out.decode().splitlines()[0]
        self.assertEqual((self.log / "log.vkey").read_text(), vkey + "\n")
        self.assertEqual(sorted(path.name for path in self.keys.iterdir()), ["gate.key", "site.key"], what)
        self.assertEqual((self.keys / "site.key").stat().st_size, 32)
        self.usable(what)

    def usable(self, what):
        ended = run("log", "append", "--log", self.log, "--keys", self.keys, "-", input=b'{"_type":"https://in-toto.io/Statement/v1",'
                    b'"subject":[{"name":"x"}],"predicateType":"urn:x-dumpgate:test:v1","predicate":{}}')
        self.assertEqual(ended.code, 0, f"{what}: {ended}")
        ended = run("log", "verify", self.log)
        self.assertEqual(ended.code, 0, f"{what}: {ended}")

    def each_fault(self, fault):
        unfinished = 0
        places = self.places()
        for name, ordinal in places:
            what = f"{name} {ordinal} {fault}"
            with self.subTest(what):
                shutil.rmtree(self.directory / "new", ignore_errors=True)
                ended, _ = self.traced(f"trace={name}", "-e", f"inject={name}:{fault}:when={ordinal}")
                if ended.code == 0:  # what failed did not matter
                    self.usable(what)
                    continue
                self.assertEqual(ended.out, b"", what)
                if self.log.exists() and (self.keys / "init.unfinished").exists():
                    unfinished += 1
                    self.assertNotEqual(run("log", "append", "--log", self.log, "--keys", self.keys, "-", input=b"{}").code, 0)
                    before = {path: path.read_bytes() for path in self.keys.iterdir()}
                    for other in (self.command(origin="gate.test/other"), self.command(log=self.directory / "new/other")):
                        done = run(*other)
                        self.assertEqual(done.code, USAGE, done)
                        self.assertIn(b"was not finished: gate.test/dumps in " + bytes(self.log), done.err)
                    self.assertEqual({path: path.read_bytes() for path in self.keys.iterdir()}, before)
                if (self.log / "checkpoint").exists() and not (self.keys / "init.unfinished").exists():
                    # All was done but to say so.
                    done = run(*self.command())
                    self.assertEqual(done.code, USAGE, done)
                    self.usable(what)
                    continue
                self.finished(what)
        print(f"{len(places)} places, {unfinished} left an unfinished log")
        self.assertGreater(unfinished, 5)

    def test_killed_at_any_call_is_finished_by_the_same_command(self):
        self.each_fault("signal=KILL")

    def test_no_room_at_any_call_is_finished_by_the_same_command(self):
        self.each_fault("error=ENOSPC")

    def test_what_is_there_is_never_thrown_away(self):
        self.assertEqual(run(*self.command()).code, 0)
        before = {path: path.read_bytes() for path in (self.directory / "new").rglob("*") if path.is_file()}
        for again in (self.command(), self.command(log=self.directory / "other-log"), self.command(keys=self.directory / "other-keys")):
            done = run(*again)
            self.assertEqual(done.code, USAGE, done)
        self.assertFalse((self.directory / "other-log").exists())
        self.assertEqual(list((self.directory / "other-keys").iterdir()), [])
        self.assertEqual({path: path.read_bytes() for path in before}, before)


if __name__ == "__main__":
    program.main()
