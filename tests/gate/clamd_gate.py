"""The gate's clamd socket with Debian's clamdscan, and with clients that lie: only what was examined whole and may leave
is called OK, and each OK has its intent in the log."""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import threading
import time

import boundary
from boundary import SiteCase, need, program

CLEAN, FOUND = 0, 1  # clamdscan's exit codes; 2 is an error


class ClamdCase(SiteCase):
    def setUp(self):
        super().setUp()
        need("clamdscan")
        self.configuration = self.write(
            "clamdscan.conf",
            boundary.sample(
                "clamdscan.conf", socket=("/run/dumpgate/clamd.ctl", self.directory / "clamd.sock")
            ).encode(),
        )

    def command(self, *arguments):
        return ["clamdscan", f"--config-file={self.configuration}", "--no-summary", *map(str, arguments)]

    def clamdscan(self, *arguments, **options):
        return boundary.finished(self.command(*arguments), **options)

    def not_called_clean(self, done):
        self.assertNotEqual(done.code, CLEAN, done)
        self.assertNotIn(b": OK", done.out, done)

    def oks_are_intended(self, count):
        """As many releases in the log as clients heard OK, each intended before and complete."""
        stages = list(self.releases().values())
        self.assertEqual(stages, [["intent", "complete"]] * count)
        self.check_log()

    def caller(self):
        """A connection without clamdscan."""
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.settimeout(program.PATIENCE_S)
        client.connect(str(self.socket))
        return client


def chunk(content):
    return struct.pack(">I", len(content)) + content


def answer_of(client):
    """All that the gate says until it closes."""
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := client.recv(4096):
            said += piece
    return said


def send(client, content):
    """Sends as far as the gate takes it."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        client.sendall(content)


class Clamdscan(ClamdCase):
    WAYS = ((), ("--fdpass",), ("--stream",), ("--multiscan",), ("--multiscan", "--fdpass"), ("--allmatch",))

    def test_forbidden_dump_is_found_and_clean_one_is_ok(self):
        self.clamd()
        clean, forbidden = self.put("clean", self.clean), self.put("forbidden", self.forbidden)
        oks = 0
        for way in self.WAYS:
            with self.subTest(way):
                done = self.clamdscan(*way, clean)
                self.assertEqual((done.code, done.out), (CLEAN, f"{clean}: OK\n".encode()), done)
                oks += 1
                done = self.clamdscan(*way, forbidden)
                self.assertEqual(done.code, FOUND, done)
                self.assertRegex(done.out.decode(), r"forbidden: DumpGate\.KeyMaterial\.[0-9A-Z]{26} FOUND\n$")
        for content, code in ((self.clean, CLEAN), (self.forbidden, FOUND)):
            self.assertEqual(self.clamdscan("-", input=content).code, code)
        self.oks_are_intended(oks + 1)
        self.assertEqual(self.canary.sightings(self.said("clamd.log").encode()), [])
        self.assertEqual(list(self.quarantine.iterdir()), [])

    def test_many_files_at_once_each_get_their_own_answer(self):
        self.clamd("--connections", "4")
        for i in range(6):
            self.put(f"clean.{i}", self.core())
            self.put(f"forbidden.{i}", self.forbidden + bytes(i))
        for way in (("--multiscan", "--fdpass"), ("--fdpass",)):
            with self.subTest(way):
                done = self.clamdscan(*way, self.inbox)  # of a folder it prints what it does not call OK
                self.assertEqual(done.code, FOUND, done)
                lines = sorted(done.out.decode().splitlines())
                for i, line in enumerate(lines):
                    self.assertRegex(line, rf"/forbidden\.{i}: DumpGate\.KeyMaterial\.\w+ FOUND$")
                self.assertEqual(len(lines), 6)
        self.oks_are_intended(12)
        for i in range(6):
            (self.inbox / f"forbidden.{i}").unlink()
        self.assertEqual(self.clamdscan("--multiscan", "--fdpass", self.inbox).out, f"{self.inbox}: OK\n".encode())

    def test_path_outside_the_spool_is_not_examined(self):
        self.clamd()
        elsewhere = self.write("elsewhere", self.clean)
        (self.inbox / "link").symlink_to(elsewhere)
        (self.inbox / "folder").symlink_to(self.directory)
        for path in (elsewhere, self.inbox / "link", self.inbox / "folder" / "elsewhere"):
            done = self.clamdscan(path)
            self.assertEqual(done.code, FOUND, done)
            self.assertIn(b"DumpGate.NotInSpool FOUND", done.out)
        self.assertEqual(self.logged("dump-verdict"), [])

    def test_link_is_followed_to_what_it_names(self):
        self.clamd()
        (self.inbox / "link").symlink_to(self.write("elsewhere", self.forbidden))
        for way in (("--fdpass",), ("--stream",)):
            self.assertEqual(self.clamdscan(*way, self.inbox / "link").code, FOUND)
            self.assertEqual(self.clamdscan(*way, self.inbox).code, FOUND)


class Down(ClamdCase):
    WAYS = (("--fdpass",), ("--stream",), ("--multiscan", "--fdpass"), ())

    def test_gate_that_is_not_there_calls_nothing_clean(self):
        clean = self.put("clean", self.clean)
        for way in self.WAYS:
            self.not_called_clean(self.clamdscan(*way, clean))
        gate = self.clamd()
        self.assertEqual(self.clamdscan("--fdpass", clean).code, CLEAN)
        gate.terminate()
        self.assertEqual(gate.wait(program.PATIENCE_S), 128 + signal.SIGTERM)
        for way in self.WAYS:
            with self.subTest(way):
                self.not_called_clean(self.clamdscan(*way, clean))

    def test_gate_killed_in_an_examination_calls_nothing_clean(self):
        # strace holds the worker back at its first read of the dump, so that the kill comes in the middle.
        need("strace")
        clean = self.put("clean", self.clean)
        for way in self.WAYS:
            with self.subTest(way):
                trace = self.directory / "trace"
                gate = self.clamd(prefix=("strace", "-f", "-qq", "-o", trace, "-e", "trace=fadvise64", "-e",
                                          "inject=fadvise64:delay_enter=30000000"))
                client = subprocess.Popen(self.command(*way, clean), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                program.wait_until(lambda: trace.exists() and "fadvise64" in trace.read_text(), "a worker that examines")
                self.assertIsNone(client.poll())
                boundary.end_group(gate)
                out, err = client.communicate(timeout=program.PATIENCE_S)
                self.not_called_clean(program.Run(client.returncode, out, err))
                trace.unlink()
        self.assertEqual(self.releases(), {})


class Overload(ClamdCase):
    def test_more_connections_than_are_served_wait_and_nothing_passes_meanwhile(self):
        self.clamd("--connections", "2", "--idle-seconds", "600")
        clean, forbidden = self.put("clean", self.clean), self.put("forbidden", self.forbidden)
        holders = [self.caller() for _ in range(2)]
        for holder in holders:
            holder.sendall(b"zIDSESSION\0zPING\0")
            self.assertEqual(holder.recv(64), b"1: PONG\0")
        clients = [
            (path, subprocess.Popen(self.command("--fdpass", path), stdout=subprocess.PIPE, stderr=subprocess.PIPE))
            for path in (clean, forbidden) * 4
        ]
        time.sleep(2)
        for _, client in clients:
            self.assertIsNone(client.poll())
        self.assertEqual(self.logged("dump-verdict"), [])
        for holder in holders:
            holder.close()
        for path, client in clients:
            out, err = client.communicate(timeout=program.PATIENCE_S)
            done = program.Run(client.returncode, out, err)
            self.assertEqual(done.code, CLEAN if path == clean else FOUND, done)
        self.oks_are_intended(4)

    def test_more_than_can_even_wait_are_turned_away_unanswered(self):
        gate = self.clamd("--connections", "1", "--idle-seconds", "600")
        clean = self.put("clean", self.clean)
        waiting = []
        self.addCleanup(lambda: [client.close() for client in waiting])
        for _ in range(1000):
            client = socket.socket(socket.AF_UNIX)
            client.setblocking(False)
            waiting.append(client)
            try:
                client.connect(str(self.socket))
            except BlockingIOError:
                break
        else:
            self.fail("a thousand connections wait")
        client = subprocess.Popen(self.command("--fdpass", clean), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1)
        self.assertIsNone(client.poll())
        self.assertIsNone(gate.poll())
        for other in waiting:
            other.close()
        out, err = client.communicate(timeout=program.PATIENCE_S)
        self.assertEqual(client.returncode, CLEAN, err)
        self.oks_are_intended(1)


class Senders(ClamdCase):
    """Clients that send too slowly, too little, or other than they said."""

    def test_sender_that_stops_is_refused(self):
        self.clamd("--idle-seconds", "1")
        client = self.caller()
        client.sendall(b"zINSTREAM\0" + chunk(self.clean))
        self.assertEqual(answer_of(client), b"stream: DumpGate.TooSlow FOUND\0")
        client = self.caller()
        client.sendall(b"zINSTREAM\0" + struct.pack(">I", len(self.clean)) + self.clean[:-1])
        self.assertEqual(answer_of(client), b"stream: DumpGate.TooSlow FOUND\0")
        self.assertEqual(self.releases(), {})

    def test_sender_that_drips_is_refused(self):
        self.clamd("--idle-seconds", "60", "--receive-seconds", "3")
        client = self.caller()
        client.sendall(b"zINSTREAM\0")
        over = threading.Event()

        def drip():
            for i in range(0, len(self.clean), 64):
                if over.wait(0.1):
                    return
                send(client, chunk(self.clean[i : i + 64]))

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            said = answer_of(client)
        finally:
            over.set()
            dripping.join()
        self.assertEqual(said, b"stream: DumpGate.TooSlow FOUND\0")
        self.assertEqual(self.releases(), {})

    def test_slow_sender_who_ends_in_time_is_examined(self):
        self.clamd()
        for content, code in ((self.clean, CLEAN), (self.forbidden, FOUND)):
            client = subprocess.Popen(self.command("-"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            step = len(content) // 7 + 1
            for i in range(0, len(content), step):
                client.stdin.write(content[i : i + step])
                client.stdin.flush()
                time.sleep(0.3)
            out, _ = client.communicate(timeout=program.PATIENCE_S)
            self.assertEqual(client.returncode, code, out)
        self.oks_are_intended(1)

    def test_lengths_that_lie_release_nothing(self):
        self.clamd("--idle-seconds", "2")
        whole, size = self.clean, struct.Struct(">I").pack
        lies = {
            "one byte more than there is": size(len(whole) + 1) + whole,
            "4 GiB": size(0xFFFFFFFF) + whole,
            "one byte more, and the end mark taken for it": size(len(whole) + 1) + whole + size(0),
            "half of it": size(len(whole) // 2) + whole + size(0),
            "no end mark": chunk(whole),
            "half an end mark": chunk(whole) + b"\0\0",
            "no length at all": whole,
            "nothing": b"",
            "half of it, and an end mark": chunk(whole[: len(whole) // 2]) + size(0),
        }
        for what, sent in lies.items():
            for end in ("close", "wait"):
                with self.subTest(what, end=end):
                    client = self.caller()
                    send(client, b"zINSTREAM\0" + sent)
                    if end == "close":
                        with contextlib.suppress(OSError):
                            client.shutdown(socket.SHUT_WR)
                    said = answer_of(client)
                    self.assertNotIn(b"OK", said)
                    self.assertTrue(said.endswith(b" FOUND\0"), said)
        # The control: the same bytes, truly said.
        client = self.caller()
        client.sendall(b"zINSTREAM\0" + chunk(whole[:1000]) + chunk(whole[1000:]) + size(0))
        self.assertEqual(answer_of(client), b"stream: OK\0")
        self.oks_are_intended(1)

    def test_key_across_chunks_is_found(self):
        self.clamd()
        client = self.caller()
        pieces = (self.forbidden[i : i + 1021] for i in range(0, len(self.forbidden), 1021))
        client.sendall(b"zINSTREAM\0" + b"".join(map(chunk, pieces)) + bytes(4))
        self.assertRegex(answer_of(client), rb"^stream: DumpGate\.KeyMaterial\.\w+ FOUND\0$")

    def test_descriptors_that_are_no_dump_are_refused(self):
        self.clamd("--idle-seconds", "2")
        clean = self.put("clean", self.clean)
        reading, writing = os.pipe()
        self.addCleanup(os.close, writing)
        unlike = {
            "a pipe": reading,
            "a directory": os.open(self.inbox, os.O_RDONLY),
            "a file that may only be written": os.open(clean, os.O_WRONLY),
            "a file that is only named": os.open(clean, os.O_PATH),
            "a device": os.open("/dev/zero", os.O_RDONLY),
        }
        for what, number in unlike.items():
            with self.subTest(what):
                client = self.caller()
                client.sendall(b"zFILDES\0")
                socket.send_fds(client, [b"\0"], [number])
                os.close(number)
                self.assertRegex(answer_of(client), rb"^fd\[\d+\]: DumpGate\.NotAFile FOUND\0$")
        self.assertEqual(self.logged("dump-verdict"), [])


class Shortage(ClamdCase):
    """No room on a disk, no memory."""

    def test_full_quarantine_lets_nothing_pass(self):
        small = self.small_disk("small", "2m")
        self.clamd(quarantine=small)
        clean = self.put("clean", self.clean)
        done = self.clamdscan("--stream", clean)
        self.assertEqual(done.code, FOUND, done)
        self.assertIn(b"DumpGate.NoSpace FOUND", done.out)
        self.assertEqual(self.releases(), {})
        # What has room passes; what needs none, too.
        (self.inbox / "little").write_bytes(small_core())
        self.assertEqual(self.clamdscan("--stream", self.inbox / "little").code, CLEAN)
        self.assertEqual(self.clamdscan("--fdpass", clean).code, CLEAN)
        self.oks_are_intended(2)

    def test_full_log_lets_nothing_pass(self):
        small = self.small_disk("evidence", "8m")
        made = program.run("log", "init", "--log", small / "log", "--keys", self.directory / "other-keys", "--origin", "x.test/full")
        self.assertEqual(made.code, 0, made)
        self.log, self.keys = small / "log", self.directory / "other-keys"
        self.clamd()
        clean = self.put("clean", self.clean)
        self.assertEqual(self.clamdscan("--fdpass", clean).code, CLEAN)
        filler = boundary.fill(small)
        for way in (("--fdpass",), ("--stream",)):
            with self.subTest(way):
                self.not_called_clean(self.clamdscan(*way, clean))
        filler.unlink()
        self.assertEqual(self.clamdscan("--fdpass", clean).code, CLEAN)
        self.check_log()
        self.assertEqual([stages[0] for stages in self.releases().values()], ["intent"] * 2)

    def test_dump_larger_than_allowed_is_refused(self):
        self.clamd("--max-size", str(len(self.clean) - 1))
        clean = self.put("clean", self.clean)
        for way in (("--fdpass",), ("--stream",), ()):
            done = self.clamdscan(*way, clean)
            self.assertEqual(done.code, FOUND, done)
            self.assertIn(b"DumpGate.TooLarge FOUND", done.out)
        self.assertEqual(self.releases(), {})

    def lets_nothing_pass_unexamined(self, limits, options=()):
        """`limits`: (what, preexec_fn) pairs; a gate is started with each and asked."""
        clean, forbidden = self.put("clean", self.clean), self.put("forbidden", self.forbidden)
        asked, oks = 0, 0
        for what, limit in limits:
            with self.subTest(what):
                gate = self.clamd_if_it_starts(*options, preexec_fn=limit)
                for way in (("--fdpass",), ("--stream",)):
                    self.not_called_clean(self.clamdscan(*way, forbidden))
                    oks += self.clamdscan(*way, clean).code == CLEAN
                    asked += 1
                boundary.end_group(gate)
        print(f"{asked} times asked, {oks} times enough memory")
        self.assertGreater(oks, 0)
        self.assertGreater(asked, oks)
        self.oks_are_intended(oks)

    def test_too_few_addresses_let_nothing_pass_unexamined(self):
        # Without the option the worker would end at once: its own limit cannot be set above this one.
        sizes = [*range(16, 160, 24), 300, 600, 4096]
        self.lets_nothing_pass_unexamined(
            [(f"{size} MiB", boundary.limit_memory(size << 20)) for size in sizes], ("--weaker-sandbox",)
        )

    def test_too_little_memory_lets_nothing_pass_unexamined(self):
        sizes = [4, 8, 16, 20, 24, 32, 40, 512]
        self.lets_nothing_pass_unexamined([(f"{size} MiB", self.little_memory(size << 20)) for size in sizes])


def small_core():
    return boundary.dumps.kernel_core([b"ordinary text; " * 100])


class Large(ClamdCase):
    SIZE = 5 << 30

    def setUp(self):
        super().setUp()
        if not boundary.LONG:
            self.skipTest("5 GiB: with DUMPGATE_LONG=1 only")

    def test_large_stream_is_examined_to_its_end(self):
        self.clamd()
        self.addCleanup(setattr, program, "PATIENCE_S", program.PATIENCE_S)
        program.PATIENCE_S = 1500
        clean = boundary.sparse_file(self.inbox / "clean", self.SIZE)
        forbidden = boundary.sparse_file(self.inbox / "forbidden", self.SIZE, self.forbidden)
        for path, expected in ((clean, b"OK"), (forbidden, b"KeyMaterial")):
            with self.subTest(path.name):
                client = self.caller()
                client.sendall(b"zINSTREAM\0")
                with path.open("rb") as file:
                    while piece := file.read(1 << 20):
                        client.sendall(chunk(piece))
                client.sendall(bytes(4))
                self.assertIn(expected, answer_of(client))
                done = self.clamdscan("--fdpass", path)
                self.assertEqual(done.code, CLEAN if expected == b"OK" else FOUND, done)
        self.oks_are_intended(2)


if __name__ == "__main__":
    program.main()
