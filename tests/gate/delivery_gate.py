"""From a sender over SSH to the receiver: what sftp, scp, rsync and dd bring through the forced command is taken by a
running gate; what may leave arrives byte for byte with a receipt that its receiver checks alone, and the rest stays."""

import signal

import boundary
import ssh_gate
from boundary import SiteCase, program


class DeliveryCase(SiteCase):
    def setUp(self):
        super().setUp()
        self.sshd = ssh_gate.Sshd(self, f"{program.PROGRAM} gate receive --in {self.inbox}")

    def run_gate(self, *more):
        command = [word for word in self.command("--rescan", "1", *more) if word != "--once"]
        return self.start(command, log="gate.log")

    def send(self, way, path):
        """Sends a file as its name, by one of the ways in; whether the sender was told that it is there."""
        to = f"{self.sshd.host}:{path.name}"
        if way == "sftp":
            return self.sshd.sftp(f"put {path} {path.name}\n").code == 0
        if way == "scp":
            return self.sshd.scp(path, to).code == 0
        if way == "scp -O":
            return self.sshd.scp("-O", path, to).code == 0
        if way == "rsync":
            return self.sshd.rsync("-a", path, to).code == 0
        self.assertEqual(way, "dd")
        return self.sshd.ssh(f"dd of={path.name}", input=path.read_bytes()).code == 0

    def settled(self, count):
        """Waits until `count` dumps were decided on and nothing waits any more."""
        def done():
            states = [path for path in self.quarantine.glob("*/state.json")]
            released = len(self.released_dumps())
            return released + len(states) == count and not any(
                not path.name.startswith(".") for path in self.inbox.iterdir()
            ) and all('"kept"' in path.read_text() for path in states)

        program.wait_until(done, f"{count} dumps that are released or kept\n{self.said('gate.log')}")

    def received(self, path, content):
        """The receiver's side: the file, its receipt and the log's verifier key are all it has."""
        self.assertEqual(path.read_bytes(), content)
        place = self.directory / "receiver"
        place.mkdir(exist_ok=True)
        for ending in ("", ".intoto.jsonl", ".tlog-proof"):
            (place / (path.name + ending)).write_bytes((path.parent / (path.name + ending)).read_bytes())
        options = ["--vkey-file", self.log / "log.vkey", "--state", self.directory / "receivers-state"]
        if not (self.directory / "receivers-state").exists():
            options.append("--first")
        return program.run("verify", place / path.name, *options)


class Delivery(DeliveryCase):
    WAYS = ("sftp", "scp", "scp -O", "rsync", "dd")

    def test_clean_dump_arrives_with_its_receipt_and_forbidden_one_stays(self):
        gate = self.run_gate()
        for i, way in enumerate(self.WAYS):
            with self.subTest(way):
                name = f"core.{i}"
                clean = self.write(f"{name}.clean", self.core())
                forbidden = self.write(f"{name}.forbidden", self.forbidden)
                self.assertTrue(self.send(way, forbidden))
                self.assertTrue(self.send(way, clean))
                self.settled(2 * (i + 1))
                self.assertNotIn(forbidden.name, self.released_dumps())
                verified = self.received(self.released / clean.name, clean.read_bytes())
                self.assertEqual(verified.code, program.RELEASE, verified)
        self.assertIsNone(gate.poll())
        kept = [path.read_bytes() for path in self.quarantine.glob("*/dump")]
        self.assertEqual(kept, [self.forbidden] * len(self.WAYS))
        self.only_released(*(f"core.{i}.clean" for i in range(len(self.WAYS))))
        receipts = [path for path in self.released.iterdir() if path.name not in self.released_dumps()]
        self.assertEqual(len(receipts), 2 * len(self.WAYS))
        for path in receipts:
            self.assertEqual(self.canary.sightings(path.read_bytes()), [], path)

    def test_receiver_refuses_what_is_not_what_left(self):
        self.run_gate()
        clean = self.write("core", self.clean)
        self.assertTrue(self.send("sftp", clean))
        self.settled(1)
        released = self.released / "core"
        self.assertEqual(self.received(released, self.clean).code, program.RELEASE)
        released.write_bytes(self.clean[:-1] + b"!")
        self.assertEqual(self.received(released, self.clean[:-1] + b"!").code, program.BLOCK)
        # A dump that never left, under the receipt of one that did.
        released.write_bytes(self.forbidden)
        self.assertEqual(self.received(released, self.forbidden).code, program.BLOCK)

    def test_gate_that_is_down_lets_nothing_arrive(self):
        clean, forbidden = self.write("clean", self.clean), self.write("forbidden", self.forbidden)
        for way in self.WAYS:
            self.assertTrue(self.send(way, clean))
        self.assertTrue(self.send("dd", forbidden))
        self.assertEqual(list(self.released.iterdir()), [])
        gate = self.run_gate()
        self.settled(len(self.WAYS) + 1)
        self.assertEqual(len(self.released_dumps()), len(self.WAYS))
        for name in self.released_dumps():
            self.assertEqual((self.released / name).read_bytes(), self.clean)
        gate.terminate()
        self.assertEqual(gate.wait(program.PATIENCE_S), 128 + signal.SIGTERM)
        released = self.released_dumps()
        self.assertTrue(self.send("sftp", self.write("late", self.clean)))
        self.only_released(*released)

    def test_full_input_directory_takes_nothing_half(self):
        small = self.small_disk("small-in", "2m")
        self.sshd = self.another_sshd(f"{program.PROGRAM} gate receive --in {small}")
        clean = self.write("clean", self.clean)
        for way in self.WAYS:
            with self.subTest(way):
                self.assertFalse(self.send(way, clean))
                self.left_nothing(small)
        # Of one session what is whole is taken in, what is not is left out, and the sender is told of that.
        little = self.write("little", boundary.dumps.kernel_core([b"ordinary text; " * 100]))
        self.assertNotEqual(self.sshd.sftp(f"-put {clean} x\n-put {clean} {'y' * 120}\nput {little} z\n").code, 0)
        self.left_nothing(small)
        self.sshd.sftp(f"put {little} before\n-put {clean} x\n")
        program.wait_until(lambda: not boundary.running(str(small), "receive"), "the end of the session")
        self.assertEqual([path.name for path in small.iterdir()], ["before"])
        (small / "before").unlink()
        self.assertTrue(self.send("sftp", little))
        self.assertEqual((small / "little").read_bytes(), little.read_bytes())

    def left_nothing(self, directory):
        """Once the session's process has cleared up, which the client does not wait for."""
        program.wait_until(lambda: not boundary.running(str(directory), "receive"), "the end of the session")
        self.assertEqual([path.name for path in directory.iterdir()], [])

    def another_sshd(self, command):
        (self.directory / "ssh").rename(self.directory / "ssh-before")
        return ssh_gate.Sshd(self, command)

    def test_sender_who_may_send_too_little_is_told_so(self):
        self.sshd = self.another_sshd(f"{program.PROGRAM} gate receive --in {self.inbox} --max-size 1MiB")
        clean = self.write("clean", self.clean)
        for way in self.WAYS:
            with self.subTest(way):
                self.assertFalse(self.send(way, clean))
                self.left_nothing(self.inbox)


class Large(DeliveryCase):
    def test_large_dump_arrives_whole_and_a_forbidden_one_stays(self):
        if not boundary.LONG:
            self.skipTest("5 GiB: with DUMPGATE_LONG=1 only")
        self.addCleanup(setattr, program, "PATIENCE_S", program.PATIENCE_S)
        program.PATIENCE_S = 1800
        self.run_gate()
        clean = boundary.sparse_file(self.directory / "clean", 5 << 30)
        forbidden = boundary.sparse_file(self.directory / "forbidden", 5 << 30, self.forbidden)
        self.assertTrue(self.send("sftp", clean))
        self.assertTrue(self.send("rsync", forbidden))
        self.settled(2)
        self.assertEqual(self.released_dumps(), ["clean"])
        self.assertEqual(boundary.sha256_of(self.released / "clean"), boundary.sha256_of(clean))
        self.check_log()


if __name__ == "__main__":
    program.main()
