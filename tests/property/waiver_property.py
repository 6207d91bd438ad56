"""A dump that was blocked leaves by a waiver of two people, for its digest, until a day, and by nothing less; killed at any
step, it is in one place, and what left has its intent in the log and a receipt that says by whose word."""

import json
import shutil
import signal
import subprocess

import dumps
import keys
import program
from gate_case import FaultCase, GateCase
from program import BLOCK, HOLD, RELEASE, USAGE, run


class People:
    """Approvers with keys of their own, and the directory of their public halves."""

    def __init__(self, directory, *names):
        self.directory = directory / "approvers"
        self.directory.mkdir()
        self.keys = directory / "people"
        self.keys.mkdir(mode=0o700)
        for name in names:
            self.admit(name)

    def key(self, name):
        path = self.keys / name
        if not path.exists():
            path.touch(mode=0o600)
            path.write_bytes(keys.openssl("genpkey", "-algorithm", "ed25519"))
        return path

    def admit(self, name):
        (self.directory / f"{name}.pem").write_bytes(keys.openssl("pkey", "-in", str(self.key(name)), "-pubout"))

    def waiver(self, path, digest, *signers):
        made = run("log", "waiver", "create", "--dump-sha256", digest, "--reason", "the vendor needs it", "--expires",
                   "2099-12-31", "--key", self.key(signers[0]), "--out", path)
        assert made.code == 0, made
        for signer in signers[1:]:
            made = run("log", "waiver", "sign", "--key", self.key(signer), path)
            assert made.code == 0, made
        return path


def with_a_key():
    key = keys.Key("ec", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:named_curve")
    return dumps.kernel_core([b"x" * 100 + key.pem])


class BlockedDump:
    """Mixed into a gate's case: a dump with a key that was kept, and two people."""

    def setUp(self):
        super().setUp()
        self.content = with_a_key()
        self.put("core.key", self.content)
        self.assertEqual(self.gate().code, 0)
        (self.scan_id,) = self.kept()
        self.dump = self.quarantine / self.scan_id / "dump"
        self.digest = json.loads((self.quarantine / self.scan_id / "state.json").read_text())["dump_sha256"]
        self.people = People(self.directory, "ada", "bob")

    def release_command(self, waiver, scan_id=None):
        return [program.PROGRAM, "gate", "release", self.scan_id if scan_id is None else scan_id, "--waiver", waiver, "--approvers",
                self.people.directory, "--quarantine", self.quarantine, "--release", self.released, "--log", self.log,
                "--keys", self.keys]

    def release(self, waiver, scan_id=None):
        return run(*self.release_command(waiver, scan_id)[1:])

    def verify(self, name, *more):
        return run("verify", self.released / name, "--vkey-file", self.log / "log.vkey", *more)

    def waivers(self):
        return [leaf for leaf in self.leaves() if leaf["predicateType"].endswith("waiver:v1")]


class Waivers(BlockedDump, GateCase):
    def test_two_people_let_a_blocked_dump_leave_and_the_receiver_is_told(self):
        waiver = self.people.waiver(self.directory / "waiver", self.digest, "ada", "bob")
        done = self.release(waiver)
        self.assertEqual(done.code, RELEASE, done)
        self.only_released("core.key")
        self.assertEqual((self.released / "core.key").read_bytes(), self.content)
        self.assertEqual(self.kept(), [])
        (stages,) = self.releases().values()
        self.assertEqual(stages, ["intent", "complete"])
        kinds = [leaf["predicateType"].split(":")[2] for leaf in self.leaves()]
        self.assertLess(kinds.index("waiver"), kinds.index("dump-release"))
        seen = self.verify("core.key", "--approvers", self.people.directory)
        self.assertEqual(seen.code, RELEASE, seen)
        for words in (b"RELEASED BY A WAIVER", b"ada", b"bob", b"2099-12-31", b"the vendor needs it", b"block at"):
            self.assertIn(words, seen.out)
        # Without the people's keys nobody can say whether they agreed; with others' they did not.
        self.assertEqual(self.verify("core.key").code, HOLD)
        strangers = self.directory / "elsewhere"
        strangers.mkdir()
        others = People(strangers, "eve", "mallory")
        self.assertEqual(self.verify("core.key", "--approvers", others.directory).code, BLOCK)
        again = self.release(waiver)
        self.assertEqual(again.code, BLOCK, again)
        self.assertIn(b"its release ended", again.err)
        self.only_released("core.key")

    def test_nothing_less_lets_it_leave(self):
        people, here = self.people, self.directory
        two = people.waiver(here / "two", self.digest, "ada", "bob")
        once = people.waiver(here / "once", self.digest, "ada")
        doubled = json.loads(once.read_text())
        doubled["signatures"] *= 2
        self.write("doubled", json.dumps(doubled, separators=(",", ":")).encode() + b"\n")
        (people.directory / "ada.spare.pem").write_bytes(keys.openssl("pkey", "-in", str(people.key("spare")), "-pubout"))
        refused = {
            "one person": once,
            "one signature twice": here / "doubled",
            "two keys of one person": people.waiver(here / "spare", self.digest, "ada", "spare"),
            "a stranger": people.waiver(here / "stranger", self.digest, "ada", "eve"),
            "another dump": people.waiver(here / "other", "ab" * 32, "ada", "bob"),
            "expired": keys.waiver_over(people.waiver(here / "expired", self.digest, "ada"), people.key("ada"), people.key("bob")),
            "no waiver": self.write("empty", b"{}\n"),
        }
        before = len(self.leaves())
        for what, waiver in refused.items():
            with self.subTest(what):
                done = self.release(waiver)
                self.assertEqual(done.code, BLOCK, done)
                self.assertIn(b"refused: ", done.err)
        for scan_id in ("0" * 26, "../" + self.scan_id, "", self.scan_id.lower()):
            with self.subTest(scan_id):
                done = self.release(two, scan_id)
                self.assertIn(done.code, (BLOCK, USAGE), done)
        self.assertEqual(self.release(self.directory / "missing").code, USAGE)
        self.assertEqual(len(self.leaves()), before)
        self.assertEqual(self.kept(), [self.scan_id])
        self.only_released()

    def test_changed_dump_does_not_leave(self):
        waiver = self.people.waiver(self.directory / "waiver", self.digest, "ada", "bob")
        for changed in (self.content[:-1] + b"?", self.content + b"?", self.content[:-1], b""):
            self.dump.write_bytes(changed)
            done = self.release(waiver)
            self.assertEqual(done.code, BLOCK, done)
            self.assertIn(b"is not the one that was examined", done.err)
        self.dump.write_bytes(self.content)
        with self.dump.open("ab"):
            self.assertEqual(self.release(waiver).code, BLOCK)
        self.assertEqual(self.waivers(), [])
        self.only_released()
        self.assertEqual(self.release(waiver).code, RELEASE)

    def test_only_what_was_kept_can_be_waived(self):
        waiver = self.people.waiver(self.directory / "waiver", self.digest, "ada", "bob")
        path = self.quarantine / self.scan_id / "state.json"
        state = json.loads(path.read_text())
        for stage in ("taking", "taken", "releasing", "placed", "dropping"):
            path.write_text(json.dumps({**state, "stage": stage}))
            done = self.release(waiver)
            self.assertEqual(done.code, BLOCK, done)
        # Another verdict, or none, than the one that the log has.
        for index in (0, 1, 999):
            path.write_text(json.dumps({**state, "verdict_index": index}))
            self.assertNotEqual(self.release(waiver).code, RELEASE)
        self.only_released()
        self.assertEqual(self.waivers(), [])

    def test_log_s_own_key_is_nobody(self):
        signature_of_the_log = self.people.directory / "carol.pem"
        signature_of_the_log.write_bytes(keys.openssl("pkey", "-in", str(self.keys / "gate.key"), "-pubout"))
        once = self.people.waiver(self.directory / "once", self.digest, "ada")
        appended = run("log", "waiver", "sign", "--key", self.keys / "gate.key", once)
        self.assertEqual(appended.code, 0, appended)
        self.assertEqual(self.release(once).code, BLOCK)
        self.only_released()

    def test_gate_that_runs_goes_on_running(self):
        waiver = self.people.waiver(self.directory / "waiver", self.digest, "ada", "bob")
        command = [str(word) for word in self.command("--rescan", "1") if word != "--once"]
        size_of_log = lambda: int((self.log / "checkpoint").read_text().splitlines()[1])
        before = size_of_log()
        gate = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(gate.wait)
        self.addCleanup(gate.kill)
        program.wait_until(lambda: size_of_log() >= before + 2, "the gate says that it has started")
        done = self.release(waiver)
        self.assertEqual(done.code, RELEASE, done)
        self.put("core.1", self.clean)
        program.wait_until(lambda: "core.1" in self.released_dumps() and not list(self.quarantine.glob("*/state.json")),
                           "the gate releases another dump")
        gate.send_signal(signal.SIGTERM)
        gate.wait(timeout=program.PATIENCE_S)
        self.only_released("core.1", "core.key")


class WaiverFaults(BlockedDump, FaultCase):
    def setUp(self):
        super().setUp()
        self.waiver = self.people.waiver(self.directory / "waiver", self.digest, "ada", "bob")
        self.places_of_state = (self.quarantine, self.released, self.log)
        self.snapshot = self.directory / "snapshot"
        self.snapshot.mkdir()
        for place in self.places_of_state:
            shutil.copytree(place, self.snapshot / place.name)

    def reset(self):
        for place in self.places_of_state:
            shutil.rmtree(place)
            shutil.copytree(self.snapshot / place.name, place)

    def places(self):
        everywhere = [*self.inbox.iterdir(), *self.quarantine.glob("*/dump"), *self.released.iterdir()]
        return [path for path in everywhere if path.is_file() and path.read_bytes() == self.content]

    def check_after_fault(self):
        """Nothing is lost, and what left is in the log."""
        self.assertEqual(len(self.places()), 1)
        if self.released_dumps():
            self.assertTrue(self.intended())
        self.check_log()

    def check_released(self):
        self.assertEqual([path.parent for path in self.places()], [self.released])
        self.only_released("core.key")
        self.assertEqual([stages[-1] for stages in self.intended()], ["complete"])
        seen = self.verify("core.key", "--approvers", self.people.directory)
        self.assertEqual(seen.code, RELEASE, seen)

    def finish(self, by_the_gate):
        """The gate goes on with a release that is intended, and with no other; the same command does it too."""
        if by_the_gate:
            ended = self.gate()
            self.assertEqual(ended.code, 0, ended)
            self.check_after_fault()
            self.assertEqual(self.released_dumps() != [], bool(self.intended()))
        if not self.released_dumps() or list(self.quarantine.glob("*/state.json")):
            ended = self.release(self.waiver)
            self.assertEqual(ended.code, RELEASE, ended)
        self.check_released()

    def each_fault(self, names, samples, inject):
        counts = self.calls(self.release_command(self.waiver))
        self.check_released()
        tried = 0
        for name in names:
            for when in self.positions(counts[name], program.sampled(samples)):
                self.reset()
                self.traced(self.release_command(self.waiver), f"trace={name}", "-e", inject(name, when))
                with self.subTest(f"{name} {when} of {counts[name]}"):
                    self.check_after_fault()
                    self.finish(by_the_gate=tried % 2 == 0)
                tried += 1
        print(f"{tried} faults")
        self.assertGreater(tried, 12)

    def test_kill_at_any_step_loses_nothing_and_releases_nothing_unlogged(self):
        self.each_fault(("renameat2", "rename", "unlink", "rmdir", "fsync", "fdatasync", "write", "sendto", "fchmod"), 3,
                        lambda name, when: f"inject={name}:signal=KILL:when={when}")

    def test_fault_of_any_call_releases_nothing_unlogged_and_loses_nothing(self):
        self.each_fault(("renameat2", "rename", "openat", "write", "fsync", "sendto", "fchmod", "unlink"), 3,
                        lambda name, when: f"inject={name}:error=EIO:when={when}")


if __name__ == "__main__":
    program.main()
