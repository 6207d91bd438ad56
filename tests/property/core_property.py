"""A core as it is born: the handler that core_pattern names, with the core on standard input, and the coredump socket with
the kernel's side played here. What came whole goes the way of every dump; what did not leaves nothing behind."""

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys

import dumps
import program
from gate_case import FaultCase, GateCase, as_if_we_dumped_core
from program import BLOCK, HOLD, RELEASE, USAGE, run
from waiver_property import with_a_key

NO_LIMIT = "18446744073709551615"
NAME = "core.signing_service.4711.1700000000"


def told_by_the_kernel(limit=NO_LIMIT, host="host1"):
    return ["4711", "1000", "1000", "6", "1700000000", limit, host, "1", "!opt!signing_service"]


class CoreCase(GateCase):
    def core_command(self, *more, told=None):
        return [program.PROGRAM, "gate", "core", "--quarantine", self.quarantine, "--release", self.released, "--log",
                self.log, "--keys", self.keys, "--tmp", self.directory, "-j", "2", "--max-memory", "128MiB", *more,
                *(told_by_the_kernel() if told is None else told)]

    def core(self, content, *more, told=None):
        return run(*self.core_command(*more, told=told)[1:], input=content)

    def verified(self, name):
        return run("verify", self.released / name, "--vkey-file", self.log / "log.vkey").code == RELEASE

    def left_in_quarantine(self):
        return sorted(path.name for path in self.quarantine.iterdir() if not path.name.startswith("."))


class Cores(CoreCase):
    def test_clean_core_is_released_with_its_receipt(self):
        done = self.core(self.clean)
        self.assertEqual(done.code, RELEASE, done)
        self.only_released(NAME)
        self.assertEqual((self.released / NAME).read_bytes(), self.clean)
        self.assertTrue(self.verified(NAME))
        self.assertEqual(self.left_in_quarantine(), [])
        verdict = [leaf for leaf in self.leaves() if leaf["predicateType"].endswith("dump-verdict:v1")][-1]
        source = verdict["predicate"]["source"]
        self.assertEqual(source["channel"], "core-pattern")
        self.assertEqual(source["producer"]["program"], "/opt/signing_service")
        (stages,) = self.releases().values()
        self.assertEqual(stages, ["intent", "complete"])

    def test_core_with_a_key_stays_as_every_dump_that_is_kept(self):
        content = with_a_key()
        done = self.core(content)
        self.assertEqual(done.code, BLOCK, done)
        self.only_released()
        (scan_id,) = self.kept()
        state = json.loads((self.quarantine / scan_id / "state.json").read_text())
        self.assertEqual((state["stage"], state["decision"], state["channel"]), ("kept", "block", "core-pattern"))
        dump = self.quarantine / scan_id / "dump"
        self.assertEqual(dump.read_bytes(), content)
        self.assertEqual(dump.stat().st_mode & 0o777, 0o600)
        self.assertEqual(dump.parent.stat().st_mode & 0o777, 0o700)

    def test_value_that_the_process_chose_is_no_option(self):
        for host in ("--help", "--coredump-socket=x", "--release=/tmp", "-j", "--", "--config=!tmp!mine", "-h"):
            for dashes in ([], ["--"]):
                done = self.core(with_a_key(), told=[*dashes, *told_by_the_kernel(host=host)])
                self.assertEqual(done.code, BLOCK, (host, done))
                verdict = [leaf for leaf in self.leaves() if leaf["predicateType"].endswith("dump-verdict:v1")][-1]
                self.assertEqual(verdict["predicate"]["source"]["producer"]["host"], host)
        self.only_released()

    def test_refused_core_is_nowhere(self):
        for content, code in ((with_a_key(), BLOCK), (self.clean[:-4096], HOLD)):
            done = self.core(content, "--refuse")
            self.assertEqual(done.code, code, done)
            self.assertEqual(self.left_in_quarantine(), [])
        self.only_released()
        self.assertEqual(self.core(self.clean, "--refuse").code, RELEASE)
        self.only_released(NAME)

    def test_cut_core_is_held(self):
        for content in (b"", self.clean[:-4096], self.clean[:100]):
            self.assertEqual(self.core(content).code, HOLD)
        self.only_released()
        self.assertEqual(len(self.kept()), 3)

    def test_core_that_nobody_wants_or_that_is_not_understood_is_dropped_unseen(self):
        self.assertEqual(self.core(self.clean, told=told_by_the_kernel("0")).code, HOLD)
        self.assertEqual(self.core(self.clean, told=told_by_the_kernel()[:-1]).code, USAGE)
        self.assertEqual(self.left_in_quarantine(), [])
        self.only_released()

    def test_root_works_with_the_rights_of_the_spools_owner(self):
        self.give_to(owner=1)
        for content, code in ((self.clean, RELEASE), (with_a_key(), BLOCK)):
            done = self.core(content)
            self.assertEqual(done.code, code, done)
        self.only_released(NAME)
        self.assertEqual(len(self.kept()), 1)
        for place in (self.released, self.quarantine, self.log):
            self.assertEqual([path for path in place.rglob("*") if path.stat().st_uid != 1 and path.name != "index.sqlite"], [])

    def test_cores_of_one_moment_beside_a_gate_all_arrive(self):
        command = [str(word) for word in self.command("--rescan", "1", "--heartbeat", "1") if word != "--once"]
        gate = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(gate.wait)
        self.addCleanup(gate.kill)
        handlers = [subprocess.Popen(list(map(str, self.core_command())), stdin=subprocess.PIPE,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(3)]
        for handler in handlers:
            handler.stdin.write(self.clean)
            handler.stdin.close()
        self.assertEqual([handler.wait(program.PATIENCE_S) for handler in handlers], [RELEASE] * 3)
        gate.send_signal(signal.SIGTERM)
        gate.wait(program.PATIENCE_S)
        self.assertEqual(len(self.released_dumps()), 3)
        for name in self.released_dumps():
            self.assertEqual((self.released / name).read_bytes(), self.clean)
            self.assertTrue(self.verified(name))
        self.assertEqual(sorted(self.releases().values()), [["intent", "complete"]] * 3)
        self.check_log()


class Socket(CoreCase):
    OFFER = struct.pack("=IIQ", 16, 16, 15)

    def serve(self, prefix=()):
        """The server of a coredump socket, and its path."""
        path = self.directory / "coredump.socket"
        command = [*prefix, *self.core_command("--coredump-socket", path, told=[])]
        with (self.directory / "socket.log").open("wb") as said:
            server = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        program.wait_until(path.exists, "the socket")
        return server, path

    def connected(self, path):
        kernel = socket.socket(socket.AF_UNIX)
        self.addCleanup(kernel.close)
        kernel.settimeout(program.PATIENCE_S)
        program.wait_until(lambda: kernel.connect_ex(str(path)) == 0, "a listener behind the socket")
        return kernel

    def deliver(self, path, content):
        """As the kernel does it: the offer, the answer, its mark, the core."""
        with self.connected(path) as kernel:
            kernel.sendall(self.OFFER)
            self.assertEqual(kernel.recv(16, socket.MSG_WAITALL), struct.pack("=IIQ", 16, 0, 9))
            kernel.sendall(struct.pack("=I", 0) + content)
            kernel.shutdown(socket.SHUT_WR)
            self.assertEqual(kernel.recv(1), b"")  # closed by the gate when it has ended with the core

    def test_cores_through_the_socket_go_the_same_way(self):
        server, path = self.serve(as_if_we_dumped_core())
        self.deliver(path, self.clean)
        self.deliver(path, with_a_key())
        server.send_signal(signal.SIGTERM)
        server.wait(program.PATIENCE_S)
        (name,) = self.released_dumps()
        self.assertEqual((self.released / name).read_bytes(), self.clean)
        self.assertTrue(self.verified(name))
        (scan_id,) = self.kept()
        state = json.loads((self.quarantine / scan_id / "state.json").read_text())
        self.assertEqual((state["decision"], state["channel"]), ("block", "coredump-socket"))
        producer = [leaf for leaf in self.leaves() if leaf["predicateType"].endswith("dump-verdict:v1")][-1]["predicate"]["source"]["producer"]
        self.assertEqual([producer[name] for name in ("pid", "uid", "gid", "signal")], [str(os.getpid()), "1000", "1001", "6"])
        self.assertEqual(os.path.basename(producer["program"]), os.path.basename(os.path.realpath(sys.executable)))
        self.check_log()

    def test_root_serves_with_the_rights_of_the_spools_owner(self):
        self.give_to(owner=1)
        server, path = self.serve()
        # One that is refused has been served: by then nothing is as it was at the start.
        with self.connected(path) as client:
            with contextlib.suppress(ConnectionResetError):
                self.assertEqual(client.recv(1), b"")
        with open(f"/proc/{server.pid}/status", encoding="ascii") as status:
            told = dict(line.split(":\t", 1) for line in status.read().splitlines())
        self.assertEqual(told["Uid"].split(), ["1"] * 4)
        self.assertEqual(told["Gid"].split(), ["1"] * 4)
        sys_ptrace = 1 << 19
        self.assertEqual([int(told[of], 16) & ~sys_ptrace for of in ("CapInh", "CapPrm", "CapEff", "CapAmb")], [0] * 4)

    def test_process_that_does_not_dump_core_is_not_listened_to(self):
        # Whoever may open the socket can connect, offer, and send a core of his own making: none of it is taken.
        server, path = self.serve()
        before = len(self.leaves())
        for sent in (self.OFFER, self.OFFER + struct.pack("=I", 0) + self.clean, b"", b"x" * 10):
            with self.subTest(len(sent)), self.connected(path) as client:
                answer = b""
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    client.sendall(sent)
                    answer = client.recv(16)
                self.assertEqual(answer, b"")
        # Nor do those who only stay connected keep the kernel waiting: more than are served at a time.
        for client in [self.connected(path) for _ in range(20)]:
            with contextlib.suppress(ConnectionResetError):
                self.assertEqual(client.recv(1), b"")
        server.send_signal(signal.SIGTERM)
        server.wait(program.PATIENCE_S)
        said = (self.directory / "socket.log").read_text()
        self.assertRegex(said, rf"process {os.getpid()} of user {os.getuid()} has connected, and does not dump core|this kernel does not tell")
        self.assertEqual(self.left_in_quarantine(), [])
        self.assertEqual(len(self.leaves()), before)
        self.only_released()


class CoreFaults(CoreCase, FaultCase):
    def test_killed_handler_leaves_nothing_or_a_dump_that_the_gate_goes_on_with(self):
        core = self.directory / "core"
        core.write_bytes(self.clean)
        # strace hands its standard input on.
        command = ["sh", "-c", 'exec "$@" <"$0"', core, *self.core_command()]
        counts = self.calls(command)
        self.only_released(NAME)
        tried = 0
        for name in ("mkdirat", "linkat", "rename", "renameat2", "fsync", "write", "sendto", "rmdir"):
            for when in self.positions(counts[name], program.sampled(3)):
                for path in self.released.iterdir():
                    path.unlink()
                before = len(self.intended())
                self.traced(command, f"trace={name}", "-e", f"inject={name}:signal=KILL:when={when}")
                tried += 1
                with self.subTest(f"killed at {name} {when} of {counts[name]}"):
                    was_taken_in = bool(self.kept() or self.released_dumps())
                    if self.released_dumps():
                        self.assertEqual(len(self.intended()), before + 1)
                    again = self.gate()
                    self.assertEqual(again.code, 0, again)
                    self.assertEqual(self.left_in_quarantine(), [])
                    self.only_released(*([NAME] if was_taken_in else []))
                    if was_taken_in:
                        self.assertEqual((self.released / NAME).read_bytes(), self.clean)
                        self.assertTrue(self.verified(NAME))
        print(f"{tried} kills")
        self.assertGreater(tried, 10)


if __name__ == "__main__":
    program.main()
