"""The gate: what it releases was examined whole, byte for byte, with its intent in the log before; whatever else happens,
to files, to the system or to the gate itself, each dump is in exactly one place and the log holds."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess

import dumps
import evidence_case
import keys
import program
from gate_case import ERRORS, FaultCase, GateCase
from program import BLOCK, HOLD, INTERNAL, RELEASE, USAGE, run


class Verdicts(GateCase):
    def test_clean_dump_is_released_byte_for_byte_with_its_proofs(self):
        self.put("core.1", self.clean)
        ended = self.gate()
        self.assertEqual(ended.code, 0, ended)
        self.only_released("core.1")
        self.assertEqual((self.released / "core.1").read_bytes(), self.clean)
        self.assertTrue((self.released / "core.1.intoto.jsonl").read_bytes())
        self.assertTrue((self.released / "core.1.tlog-proof").read_bytes())
        # The receiver, who has nothing but the file, its receipt and the log's key.
        verify = ("verify", self.released / "core.1", "--vkey-file", self.log / "log.vkey", "--state", self.directory / "state")
        received = run(*verify, "--first")
        self.assertEqual(received.code, RELEASE, received)
        with (self.released / "core.1").open("ab") as file:
            file.write(b"x")
        self.assertEqual(run(*verify).code, BLOCK)
        self.assertEqual(list(self.inbox.iterdir()), [])
        self.assertEqual(self.kept(), [])
        (stages,) = self.releases().values()
        self.assertEqual(stages, ["intent", "complete"])
        verdict = [leaf for leaf in self.leaves() if leaf["predicateType"].endswith("dump-verdict:v1")][0]
        self.assertEqual(verdict["predicate"]["result"], "release")
        self.assertIn("seccomp", verdict["predicate"]["sandbox"])

    def test_dump_with_a_key_stays_and_no_byte_of_it_is_anywhere_else(self):
        made = keys.fresh_keys()
        content = dumps.kernel_core([b"x" * 100 + key.pem + key.limbs(key.secrets[0]) for key in made])
        self.put("core.2", content)
        ended = self.gate()
        self.assertEqual(ended.code, 0, ended)
        self.only_released()
        (scan_id,) = self.kept()
        self.assertEqual((self.quarantine / scan_id / "dump").read_bytes(), content)
        canary = keys.Canary([secret for key in made for secret in key.secrets])
        written = [path for place in (self.log, self.quarantine, self.released) for path in place.rglob("*")
                   if path.is_file() and path.name != "dump"]
        self.assertGreater(len(written), 5)
        for path in written:
            self.assertEqual(canary.sightings(path.read_bytes()), [], path)
        self.assertEqual(canary.sightings(ended.out + ended.err), [])

    def test_truncated_dump_stays(self):
        self.put("core.3", self.clean[:-4096])
        self.gate()
        self.only_released()
        self.assertEqual(len(self.kept()), 1)

    def test_name_that_is_taken_is_not_overwritten(self):
        (self.released / "core.4").write_bytes(b"of somebody else")
        self.put("core.4", self.clean)
        self.gate()
        self.assertEqual((self.released / "core.4").read_bytes(), b"of somebody else")
        (other,) = [name for name in self.released_dumps() if name != "core.4"]
        self.assertRegex(other, r"^core\.4\.[0-9A-Z]{26}$")
        self.assertEqual((self.released / other).read_bytes(), self.clean)
        self.check_log()

    def test_dump_that_check_let_pass_is_not_said_to_be_kept(self):
        key = keys.Key("rsa", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        for content, code in ((dumps.kernel_core([key.public_pem]), RELEASE), (dumps.kernel_core([key.pem]), BLOCK)):
            path = self.write("dump", content)
            self.assertEqual(run("gate", "check", "--log", self.log, "--keys", self.keys, path).code, code)
        asked = run("log", "query", "--log", self.log, "--key", key.public_sha256, "--format", "json")
        self.assertEqual([dump["became"] for dump in json.loads(asked.out)["dumps"]], ["let pass", "not released"])
        hunted = run("log", "hunt", self.write("key", key.pem), "--log", self.log, "--site-key", self.keys / "site.key",
                     "--format", "json")
        self.assertEqual([dump["fate"] for dump in json.loads(hunted.out)["dumps"]], ["let pass", "not released"])

    def test_check_gives_the_exit_codes_of_scan_and_logs_the_verdict(self):
        key = keys.Key("rsa", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        where = ("--log", self.log, "--keys", self.keys)
        for content, code in ((self.clean, RELEASE), (dumps.kernel_core([key.pem]), BLOCK), (self.clean[:-10], HOLD)):
            path = self.write("dump", content)
            self.assertEqual(run("gate", "check", *where, path).code, code)
            self.assertEqual(run("gate", "check", *where, "-", input=content).code, code)
        verdicts = [leaf for leaf in self.leaves() if leaf["predicateType"].endswith("dump-verdict:v1")]
        self.assertEqual([leaf["predicate"]["result"] for leaf in verdicts],
                         ["release"] * 2 + ["block"] * 2 + ["hold"] * 2)
        self.assertEqual(run("gate", "check", "--log", self.directory / "none", "--keys", self.keys, path).code, USAGE)
        self.check_log()


class Files(GateCase):
    """What is in the input directory and is no complete file of its own."""

    def test_file_that_is_open_for_writing_is_not_taken(self):
        path = self.put("core", self.clean)
        with path.open("ab"):
            self.gate()
            self.assertTrue(path.exists())
            self.only_released()
        self.gate()
        self.only_released("core")

    def test_links_pipes_sockets_directories_and_names_set_aside_are_left_alone(self):
        secret = self.write("elsewhere", self.clean)
        (self.inbox / "symlink").symlink_to(secret)
        os.mkfifo(self.inbox / "fifo")
        (self.inbox / "directory").mkdir()
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        server.bind(str(self.inbox / "socket"))
        for name in (".hidden", "a.part", "b.tmp", "c.filepart"):
            self.put(name, self.clean)
        before = sorted(path.name for path in self.inbox.iterdir())
        ended = self.gate()
        self.assertEqual(ended.code, 0, ended)
        self.assertEqual(sorted(path.name for path in self.inbox.iterdir()), before)
        self.only_released()
        self.assertEqual(self.kept(), [])

    def test_change_through_another_link_reaches_no_released_file(self):
        path = self.put("core", self.clean)
        other = self.directory / "other-link"
        os.link(path, other)
        self.gate()
        self.only_released("core")
        with other.open("r+b") as file:
            file.write(b"changed afterwards")
        self.assertEqual((self.released / "core").read_bytes(), self.clean)

    def test_file_that_is_written_to_in_quarantine_is_not_released(self):
        self.put("core", self.clean)
        # The worker's examination is made slow by strace, and the dump is opened for writing meanwhile.
        program.need("strace")
        gate = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fadvise64", "-e",
             "inject=fadvise64:delay_enter=2000000", *map(str, self.command())],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        program.wait_until(lambda: self.kept() or self.released_dumps(), "the dump in quarantine")
        (scan_id,) = self.kept()
        path = self.quarantine / scan_id / "dump"
        program.wait_until(lambda: json.loads((self.quarantine / scan_id / "state.json").read_text())["stage"] == "taken",
                           "the dump is taken in")
        changed = True
        try:
            file = os.open(path, os.O_RDWR | os.O_NONBLOCK)
            os.pwrite(file, b"another byte", len(self.clean) - 100)
            os.close(file)
        except BlockingIOError:  # the gate's lease is in the way: now it knows
            changed = False
        gate.communicate(timeout=program.PATIENCE_S)
        for name in self.released_dumps():  # then nothing was written after the examination began
            if not changed:
                self.assertEqual((self.released / name).read_bytes(), self.clean)
            verdict = [leaf for leaf in self.leaves() if leaf["predicateType"].endswith("dump-verdict:v1")][-1]
            digest = hashlib.sha256((self.released / name).read_bytes()).hexdigest()
            self.assertEqual(verdict["subject"][0]["digest"]["sha256"], digest)
        self.check_log()


class Rights(GateCase):
    """Root works in a spool with the rights of its owner: else nobody but root could go on there."""

    OWNER, OTHER = 1, 2

    def setUp(self):
        super().setUp()
        self.give_to(owner=self.OWNER)

    def all_is_the_owners(self, *places):
        for place in (self.quarantine, self.log, *places):
            # The index is made by whoever asks.
            self.assertEqual([path for path in place.rglob("*") if path.stat().st_uid != self.OWNER and path.name != "index.sqlite"], [])

    def test_run_takes_files_of_others(self):
        os.chown(self.put("core", self.clean), self.OTHER, self.OTHER)
        (self.inbox / "core").chmod(0o644)
        self.put("cut", self.clean[:-4096]).chmod(0o644)
        trace = self.directory / "trace"
        prefix = ("strace", "-f", "-qq", "-o", trace, "-e", "trace=renameat2,capset") if shutil.which("strace") else ()
        done = self.gate(prefix=prefix)
        self.assertEqual(done.code, 0, done)
        self.only_released("core")
        self.assertEqual(len(self.kept()), 1)
        self.all_is_the_owners(self.released)
        if prefix:
            said = trace.read_text(errors="replace")
            self.assertIn("effective=1<<CAP_CHOWN|1<<CAP_LEASE, permitted=1<<CAP_CHOWN|1<<CAP_LEASE, inheritable=0", said)
            self.assertRegex(said, r'"core", \d+, "dump", RENAME_NOREPLACE\) += 0')  # not copied
            # Whoever reads what a worker answers has nothing of root's any more.
            (releasing,) = set(re.findall(r'^(\d+) +renameat2\(AT_FDCWD, "[^"]*/dump", \d+, "core"', said, re.MULTILINE))
            self.assertRegex(said, rf"(?m)^{releasing} +capset\(.*effective=0, permitted=0, inheritable=0")

    def test_check_opens_what_root_may_read_and_logs_as_the_owner(self):
        path = self.write("dump", self.clean)
        path.chmod(0o600)
        done = run("gate", "check", "--log", self.log, "--keys", self.keys, path)
        self.assertEqual(done.code, RELEASE, done)
        verdict = [leaf for leaf in self.leaves() if leaf["predicateType"].endswith("dump-verdict:v1")][-1]
        self.assertEqual(verdict["predicate"]["source"]["requester"], "uid 0")
        self.all_is_the_owners()

    def test_log_that_root_has_written_to_is_still_the_gates(self):
        statement = self.write("statement", evidence_case.statement(1))
        statement.chmod(0o600)  # and so are, below, the keys: root's, in an owner's log
        for path in (self.keys, *self.keys.iterdir()):
            os.chown(path, 0, 0)
        for command in (("append", "--keys", self.keys, "--log", self.log, statement),
                        ("checkpoint", "--log", self.log, "--sign", "--keys", self.keys)):
            done = run("log", *command)
            self.assertEqual(done.code, 0, done)
            self.all_is_the_owners()
        self.give_to(self.OWNER)
        self.put("core", self.clean)
        done = self.gate()
        self.assertEqual(done.code, 0, done)
        self.only_released("core")
        self.all_is_the_owners(self.released)

    def test_clamd_socket_is_the_owners(self):
        place = self.directory / "run"
        place.mkdir()
        os.chown(place, self.OWNER, self.OWNER)
        path = place / "clamd.sock"
        gate = subprocess.Popen([program.PROGRAM, "gate", "clamd", "--socket", path, "--quarantine", self.quarantine, "--log", self.log,
                                 "--keys", self.keys, "-j", "2", "--max-memory", "128MiB"],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(gate.wait)
        self.addCleanup(gate.kill)
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(program.PATIENCE_S)
            program.wait_until(lambda: client.connect_ex(str(path)) == 0, "a listener behind the socket")
            client.sendall(b"zINSTREAM\0" + struct.pack(">I", len(self.clean)) + self.clean + struct.pack(">I", 0))
            self.assertEqual(client.recv(4096), b"stream: OK\0")
        self.assertEqual(path.stat().st_uid, self.OWNER)
        status = pathlib.Path(f"/proc/{gate.pid}/status").read_text()
        self.assertRegex(status, rf"Uid:\t{self.OWNER}\t{self.OWNER}\t{self.OWNER}\t{self.OWNER}\n")
        self.assertRegex(status, r"CapPrm:\t0+\nCapEff:\t0+\n")
        self.all_is_the_owners()


class Replaced(GateCase):
    """One of the gate's directories is renamed away, and another put there, while the gate works."""

    def replace(self, place):
        aside = place.with_name(place.name + ".aside")
        place.rename(aside)
        place.mkdir(mode=0o700)
        return aside

    def put_back(self, place, aside):
        place.rmdir()
        aside.rename(place)

    def ends_at_once(self, gate, place):
        _, said = gate.communicate(timeout=program.PATIENCE_S)
        self.assertEqual(gate.returncode, INTERNAL, said)
        self.assertIn(f"{place} is not the directory any more that it was when the work began".encode(), said)
        self.assertEqual(list(place.iterdir()), [])

    def start(self, *command):
        gate = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(gate.kill)
        return gate

    def test_gate_stops_and_says_so(self):
        for place in (self.inbox, self.released, self.quarantine):
            with self.subTest(place.name):
                self.put("core", self.clean)
                command = [word for word in self.command("--rescan", "1") if word != "--once"]
                before = len(self.released_dumps())
                gate = self.start(*command)
                program.wait_until(lambda: len(self.released_dumps()) > before and not self.kept(), "the gate works")
                aside = self.replace(place)
                self.ends_at_once(gate, place)
                self.put_back(place, aside)
                stop = self.leaves()[-1]["predicate"]
                self.assertEqual(stop["event"], "stop")
                self.assertIn(str(place), stop["details"]["because"])
        self.check_log()

    def test_dump_that_is_just_examined_goes_to_neither(self):
        program.need("strace")
        self.put("core", self.clean)
        gate = self.start("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fadvise64", "-e",
                          "inject=fadvise64:delay_enter=2000000", *self.command())
        program.wait_until(self.kept, "the dump in quarantine")
        aside = self.replace(self.released)
        self.ends_at_once(gate, self.released)
        self.assertEqual(list(aside.iterdir()), [])
        self.assertEqual(len(self.kept()), 1)
        self.put_back(self.released, aside)
        done = self.gate()
        self.assertEqual(done.code, 0, done)
        self.only_released("core")
        self.assertEqual((self.released / "core").read_bytes(), self.clean)


class Faults(FaultCase):
    def reset(self):
        """The directories as before any dump, with a log of its own."""
        for place in (self.inbox, self.released, self.quarantine, self.log, self.keys):
            subprocess.run(["rm", "-rf", str(place)], check=True)
        for place in (self.inbox, self.released, self.quarantine):
            place.mkdir(mode=0o700)
        self.assertEqual(
            run("log", "init", "--log", self.log, "--keys", self.keys, "--origin", "gate.test/dumps").code, 0)
        self.put("core", self.clean)

    def places(self):
        """In how many places the dump is, whole."""
        everywhere = [*self.inbox.iterdir(), *self.quarantine.glob("*/dump"), *self.released.iterdir()]
        return [path for path in everywhere if path.is_file() and path.read_bytes() == self.clean]

    def test_kill_at_any_step_loses_nothing_and_releases_nothing_unlogged(self):
        self.reset()
        counts = self.calls(self.command())
        tried = 0
        for name in ("renameat2", "rename", "unlink", "unlinkat", "rmdir", "mkdirat", "fsync", "fdatasync", "write",
                     "sendto", "fchmod"):
            for when in self.positions(counts[name], program.sampled(8)):
                self.reset()
                self.traced(self.command(), f"trace={name}", "-e", f"inject={name}:signal=KILL:when={when}")
                tried += 1
                with self.subTest(f"killed at {name} {when} of {counts[name]}"):
                    if self.released_dumps():
                        self.assertTrue(self.intended())
                    again = self.gate()
                    self.assertEqual(again.code, 0, again)
                    self.assertEqual([path.parent for path in self.places()], [self.released], again)
                    self.only_released(*self.released_dumps())
                    ended = [stages for stages in self.releases().values() if stages[-1] == "complete"]
                    self.assertEqual(len(ended), 1)
                    self.assertEqual(ended[0][0], "intent")
        print(f"{tried} kills")
        self.assertGreater(tried, 20)

    def test_fault_of_any_call_releases_nothing_unlogged_and_loses_nothing(self):
        self.reset()
        counts = self.calls(self.command())
        tried = 0
        for name in ("renameat2", "rename", "openat", "write", "fsync", "fdatasync", "mkdirat", "sendto", "fchmod",
                     "unlink"):
            for when in self.positions(counts[name], program.sampled(6)):
                self.reset()
                error = ERRORS.get(name, "EIO")
                self.traced(self.command(), f"trace={name}", "-e", f"inject={name}:error={error}:when={when}")
                tried += 1
                with self.subTest(f"{name} fails with {error}, the {when}th of {counts[name]}"):
                    if self.released_dumps():
                        self.assertTrue(self.intended())
                    again = self.gate()
                    self.assertEqual(again.code, 0, again)
                    self.assertEqual(len(self.places()), 1, again)
                    self.check_log()
        print(f"{tried} faults")
        self.assertGreater(tried, 20)


if __name__ == "__main__":
    program.main()
