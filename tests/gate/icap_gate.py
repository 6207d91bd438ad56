"""squid and c-icap with the configurations of samples/gate/ between a client and a receiver, and the gate behind them: an
upload over HTTP arrives when it may leave, byte for byte, and else not a byte of its body does."""

import collections
import concurrent.futures
import grp
import gzip
import hashlib
import http.server
import os
import pathlib
import pwd
import re
import shutil
import socket
import threading

import boundary
from boundary import SiteCase, need, program

MODULES = pathlib.Path("/usr/lib/x86_64-linux-gnu/c_icap")
MAGIC = pathlib.Path("/etc/c-icap/c-icap.magic")


class Receiver:
    """The corporate side: an HTTP server that takes uploads and keeps of each the size, the digest and the beginning."""

    def __init__(self, case):
        self.arrived = []  # (path, size, sha256), one for each request whose body began
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self):
                receiver.arrived.append((self.path, *self.body()))
                self.send_response(201)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_DELETE = do_PUT

            def body(self):
                digest, size = hashlib.sha256(), 0
                for piece in self.pieces():
                    digest.update(piece)
                    size += len(piece)
                return size, digest.hexdigest()

            def pieces(self):
                if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                    while length := int(self.rfile.readline(), 16):
                        yield self.rfile.read(length)
                        self.rfile.readline()
                    self.rfile.readline()
                    return
                left = int(self.headers.get("Content-Length", 0))
                while left and (piece := self.rfile.read(min(left, 1 << 20))):
                    left -= len(piece)
                    yield piece

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        case.addCleanup(server.server_close)
        case.addCleanup(server.shutdown)
        self.port = server.server_port


def user_or_own(name):
    """The user whom a server changes to, with its group: NAME when this is root, else who runs the test."""
    user = pwd.getpwnam(name) if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    return user.pw_name, grp.getgrgid(user.pw_gid).gr_name


class IcapCase(SiteCase):
    """self.receiver, and the three programs in front of it; each is started by a test or by all_up()."""

    def setUp(self):
        super().setUp()
        need("curl")
        self.c_icap, self.squid = boundary.tool("c-icap"), boundary.tool("squid")
        if not (MODULES / "virus_scan.so").exists():
            self.skipTest("libc-icap-mod-virus-scan is not installed")
        self.directory.chmod(0o755)
        self.receiver = Receiver(self)
        self.icap_port, self.proxy_port = boundary.free_port(), boundary.free_port()

    def place_for(self, name, user):
        path = self.directory / name
        path.mkdir(mode=0o700)
        if os.getuid() == 0:
            shutil.chown(path, user)
        return path

    def start_icap(self, bodies=None):
        user, group = user_or_own("c-icap")
        place = self.place_for("icap", user)
        (place / "tmp").mkdir(mode=0o700)
        if os.getuid() == 0:
            shutil.chown(place / "tmp", user)
        text = boundary.sample(
            "c-icap.conf",
            run=("/run/c-icap/", f"{place}/"),
            logs=("/var/log/c-icap/", f"{place}/"),
            temporary=("/var/lib/c-icap/tmp", bodies or place / "tmp"),
            port=("127.0.0.1:1344", f"127.0.0.1:{self.icap_port}"),
            socket=("/run/dumpgate/clamd.ctl", self.directory / "clamd.sock"),
            user=("User c-icap", f"User {user}"),
            group=("Group c-icap", f"Group {group}"),
        )
        process = self.start([self.c_icap, "-N", "-f", self.write("c-icap.conf", text.encode())], log="c-icap.out")
        boundary.wait_for_port(self.icap_port)
        return process

    def start_squid(self):
        user, _ = user_or_own("proxy")
        place = self.place_for("squid", user)
        text = boundary.sample(
            "squid.conf",
            port=("127.0.0.1:3128", f"127.0.0.1:{self.proxy_port}"),
            icap=("127.0.0.1:1344", f"127.0.0.1:{self.icap_port}"),
            run=("/run/squid/", f"{place}/"),
            logs=("/var/log/squid/", f"{place}/"),
        )
        process = self.start([self.squid, "-N", "-f", self.write("squid.conf", text.encode())], log="squid.out")
        boundary.wait_for_port(self.proxy_port)
        return process

    def all_up(self, *gate_options, bodies=None, **options):
        gate = self.clamd("--socket-mode", "666", *gate_options, **options)
        return gate, self.start_icap(bodies), self.start_squid()

    def upload(self, path, *more):
        """PUTs a file through the proxy: (what the client was answered, what arrived since)."""
        before = len(self.receiver.arrived)
        done = boundary.finished(
            ["curl", "-sS", "-o", self.directory / "answer", "-w", "%{http_code}", "--noproxy", "",
             "--proxy", f"http://127.0.0.1:{self.proxy_port}", "-T", path, *more,
             f"http://127.0.0.1:{self.receiver.port}/{path.name}"]
        )
        return done.out.decode(), self.receiver.arrived[before:]

    def post_form(self, path):
        before = len(self.receiver.arrived)
        done = boundary.finished(
            ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--noproxy", "", "--proxy",
             f"http://127.0.0.1:{self.proxy_port}", "-F", f"upload_file_minidump=@{path}",
             f"http://127.0.0.1:{self.receiver.port}/form"]
        )
        return done.out.decode(), self.receiver.arrived[before:]

    def arrives(self, path, *more):
        status, arrived = self.upload(path, *more)
        content = path.read_bytes()
        expected = [(f"/{path.name}", len(content), hashlib.sha256(content).hexdigest())]
        self.assertEqual((status, arrived), ("201", expected), self.logs())

    def does_not_arrive(self, path, *more):
        status, arrived = self.upload(path, *more)
        self.assertEqual(arrived, [], self.logs())
        self.assertNotIn(status, ("200", "201", "204"), self.logs())
        return status

    def logs(self):
        names = ("clamd.log", "c-icap.out", "icap/server.log", "icap/access.log", "squid.out", "squid/cache.log", "squid/access.log")
        return "".join(f"--- {name}\n{self.said(name)[-1500:]}\n" for name in names if (self.directory / name).exists())


class Uploads(IcapCase):
    def test_clean_dump_arrives_and_forbidden_one_does_not(self):
        self.all_up()
        clean, forbidden = self.write("clean", self.clean), self.write("forbidden", self.forbidden)
        for more in ((), ("-H", "Expect:"), ("-X", "POST")):
            with self.subTest(more):
                self.arrives(clean, *more)
                self.assertEqual(self.does_not_arrive(forbidden, *more), "403")
        self.assertEqual(list(self.releases().values()), [["intent", "complete"]] * 3)
        self.check_log()
        self.assertEqual(self.canary.sightings((self.directory / "answer").read_bytes()), [])
        self.assertEqual(list((self.directory / "icap" / "tmp").iterdir()), [])

    def test_dump_that_begins_like_something_else_is_examined(self):
        self.all_up()
        magics = list(magics_of(MAGIC))
        chosen = ("MP4", "PDF", "PNG", "ZIP", "ShouthCast")
        self.assertLessEqual(set(chosen), {kind for kind, _ in magics})
        for kind, beginning in magics:
            if kind in chosen or boundary.LONG:
                with self.subTest(kind):
                    self.does_not_arrive(self.write(kind, beginning + self.forbidden[len(beginning):]))
        for kind, beginning in (("HTML", b"<html><body>"), ("ASCII", b"text\n" * 400), ("empty", bytes(8192))):
            with self.subTest(kind):
                self.does_not_arrive(self.write(kind, beginning + self.forbidden))
        # The control: what begins so and holds nothing arrives.
        self.arrives(self.write("control", dict(magics)["PNG"] + self.random.randbytes(1 << 20)))

    def test_every_group_of_the_magic_file_is_examined(self):
        (line,) = [line for line in boundary.sample("c-icap.conf").splitlines() if line.startswith("virus_scan.ScanFileTypes")]
        groups = {group for _, _, *groups in magic_fields(MAGIC) for group in groups}
        self.assertGreater(len(groups), 3)
        self.assertLessEqual(groups | {"TEXT", "DATA"}, set(line.split()[1:]))

    def test_encoding_that_is_said_hides_nothing(self):
        self.all_up()
        packed = self.write("packed", gzip.compress(self.forbidden, 1))
        self.does_not_arrive(packed, "-H", "Content-Encoding: gzip")
        self.does_not_arrive(packed)
        forbidden = self.write("forbidden", self.forbidden)
        for said in ("gzip", "deflate", "br", "bzip2", "zstd", "identity", "gzip, gzip", "unheard-of"):
            with self.subTest(said):
                self.does_not_arrive(forbidden, "-H", f"Content-Encoding: {said}")
        bomb = self.write("bomb", gzip.compress(bytes(8 << 20) + self.forbidden))
        self.does_not_arrive(bomb, "-H", "Content-Encoding: gzip")
        self.arrives(self.write("packed-clean", gzip.compress(self.clean, 1)))

    def test_form_with_a_dump_in_it_is_examined(self):
        self.all_up()
        forbidden = self.write("forbidden", self.forbidden)
        status, arrived = self.post_form(forbidden)
        self.assertEqual((status, arrived), ("403", []), self.logs())
        status, arrived = self.post_form(self.write("clean", self.clean))
        self.assertEqual((status, len(arrived)), ("201", 1), self.logs())

    def test_tunnel_is_refused(self):
        self.all_up()
        done = boundary.finished(
            ["curl", "-sS", "--noproxy", "", "--proxytunnel", "--proxy", f"http://127.0.0.1:{self.proxy_port}",
             "-T", self.write("clean", self.clean), f"http://127.0.0.1:{self.receiver.port}/x"]
        )
        self.assertNotEqual(done.code, 0)
        self.assertIn(b"403", done.err)
        self.assertEqual(self.receiver.arrived, [])

    def test_small_body_and_one_in_chunks_are_refused(self):
        self.all_up()
        small = self.write("small", boundary.dumps.kernel_core([b"ordinary text; " * 100]))
        self.assertEqual(self.does_not_arrive(small), "403")
        for path in (small, self.write("clean", self.clean)):
            self.assertEqual(self.does_not_arrive(path, "-H", "Transfer-Encoding: chunked"), "403")
        self.assertEqual(self.logged("dump-verdict"), [])

    def test_slow_sender_is_examined_when_it_has_ended(self):
        self.all_up()
        self.assertEqual(self.does_not_arrive(self.write("forbidden", self.forbidden), "--limit-rate", "1M"), "403")
        self.arrives(self.write("clean", self.clean), "--limit-rate", "1M")

    def test_lengths_that_lie_let_nothing_pass(self):
        self.all_up()
        size = len(self.forbidden)
        for what, said, sent in (
            ("more than is sent", size + 1, self.forbidden),
            ("cut off in the middle", size, self.forbidden[: size // 2]),
            ("a clean dump, less than is said", len(self.clean) + 1, self.clean),
        ):
            with self.subTest(what):
                self.raw_request(f"Content-Length: {said}", sent)
        for what, sent in (
            ("a chunk cut off", b"%x\r\n" % size + self.forbidden[:-1]),
            ("no last chunk", b"%x\r\n" % size + self.forbidden + b"\r\n"),
            ("a chunk of more than all", b"7fffffffffffffff\r\n" + self.forbidden),
            ("no number", b"xyz\r\n" + self.forbidden),
        ):
            with self.subTest(what):
                self.raw_request("Transfer-Encoding: chunked", sent)
        self.assertEqual([one for one in self.receiver.arrived if one[1]], [], self.logs())
        self.arrives(self.write("clean", self.clean))

    def raw_request(self, header, body):
        """Sends a PUT as it stands, closes its side, and reads whatever is answered."""
        with socket.create_connection(("127.0.0.1", self.proxy_port), timeout=program.PATIENCE_S) as client:
            head = f"PUT http://127.0.0.1:{self.receiver.port}/raw HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n\r\n"
            try:
                client.sendall(head.encode() + body)
                client.shutdown(socket.SHUT_WR)
                while client.recv(65536):
                    pass
            except (BrokenPipeError, ConnectionResetError):
                pass

    def test_many_uploads_at_once_each_get_their_own_answer(self):
        self.all_up("--connections", "2")
        paths = [self.write(f"{'clean' if i % 2 else 'forbidden'}.{i}", self.clean if i % 2 else self.forbidden) for i in range(24)]
        with concurrent.futures.ThreadPoolExecutor(len(paths)) as pool:
            statuses = dict(zip(paths, pool.map(lambda path: self.upload(path)[0], paths)))
        arrived = sorted(name for name, _, _ in self.receiver.arrived)
        allowed = sorted(f"/{path.name}" for path in paths if statuses[path] == "201")
        self.assertEqual(arrived, allowed, self.logs())
        digest = hashlib.sha256(self.clean).hexdigest()
        for name, size, sha256 in self.receiver.arrived:
            self.assertEqual((name[:7], size, sha256), ("/clean.", len(self.clean), digest))
        print(f"{len(arrived)} of {len(paths) // 2} clean dumps arrived, statuses {collections.Counter(statuses.values())}")
        self.assertGreater(len(arrived), 0)


class Down(IcapCase):
    """Something behind the proxy is not there, or has no room."""

    def test_gate_that_is_down_lets_nothing_pass(self):
        gate, _, _ = self.all_up()
        clean, forbidden = self.write("clean", self.clean), self.write("forbidden", self.forbidden)
        self.arrives(clean)
        boundary.end_group(gate)
        for path in (clean, forbidden):
            self.does_not_arrive(path)
        self.socket.unlink()
        self.does_not_arrive(clean)
        self.clamd("--socket-mode", "666")
        self.arrives(clean)
        self.does_not_arrive(forbidden)

    def test_c_icap_that_is_down_lets_nothing_pass(self):
        _, icap, _ = self.all_up()
        clean = self.write("clean", self.clean)
        self.arrives(clean)
        boundary.end_group(icap)
        for path in (clean, self.write("forbidden", self.forbidden)):
            self.does_not_arrive(path)

    def test_c_icap_that_knows_no_gate_lets_nothing_pass(self):
        # virus_scan then calls everything unmodified; squid must not take that for an answer.
        self.start_icap()
        self.start_squid()
        self.nothing_passes()
        gate = self.clamd("--socket-mode", "666")
        self.nothing_passes()
        self.reconfigure_icap()
        self.arrives(self.write("clean", self.clean))
        self.does_not_arrive(self.write("forbidden", self.forbidden))
        boundary.end_group(gate)
        self.reconfigure_icap()
        self.nothing_passes()
        self.assertIn("Antivirus engine is not available, allow 204", self.said("icap/server.log"))

    def nothing_passes(self):
        for size in (1, 100, 65535, 65536, 99999, 100000, 1 << 20):
            path = self.write("some", self.forbidden[:size])
            for more in ((), ("-H", "Transfer-Encoding: chunked"), ("-X", "DELETE", "-H", "Content-Encoding: gzip")):
                with self.subTest(size=size, more=more):
                    self.does_not_arrive(path, *more)
        self.does_not_arrive(self.write("clean", self.clean))
        self.assertEqual(self.post_form(self.write("little", self.forbidden[:100]))[1], [])

    def reconfigure_icap(self):
        """The tag of its service changes when the engines that it knows do."""
        before = self.icap_tag()
        (self.directory / "icap" / "c-icap.ctl").write_text("reconfigure")
        program.wait_until(lambda: self.icap_tag() not in (before, None), "another tag of c-icap's service")

    def icap_tag(self):
        done = boundary.finished(["c-icap-client", "-i", "127.0.0.1", "-p", self.icap_port, "-s", "dumpgate", "-v"])
        tag = re.search(r"ISTag: (\S+)", done.out.decode() + done.err.decode())
        return tag and tag[1]

    def test_gate_and_c_icap_killed_in_an_examination_let_nothing_pass(self):
        need("strace")
        clean = self.write("clean", self.clean)
        trace = self.directory / "trace"
        held_back = ("strace", "-f", "-qq", "-o", trace, "-e", "trace=fadvise64", "-e",
                     "inject=fadvise64:delay_enter=60000000")
        icap, squid = self.start_icap_after(lambda: self.clamd("--socket-mode", "666", prefix=held_back))
        for what in ("gate", "c-icap"):
            with self.subTest(what):
                trace.unlink(missing_ok=True)
                gate = self.clamd("--socket-mode", "666", prefix=held_back)
                with concurrent.futures.ThreadPoolExecutor(1) as pool:
                    uploading = pool.submit(self.does_not_arrive, clean)
                    program.wait_until(lambda: trace.exists() and "fadvise64" in trace.read_text(), "a worker that examines")
                    boundary.end_group(gate if what == "gate" else icap)
                    uploading.result(program.PATIENCE_S)
                boundary.end_group(gate)
        self.assertIsNone(squid.poll())

    def start_icap_after(self, start_gate):
        gate = start_gate()
        programs = self.start_icap(), self.start_squid()
        boundary.end_group(gate)
        return programs

    def test_gate_without_room_for_its_log_lets_nothing_pass(self):
        small = self.small_disk("evidence", "8m")
        self.log, self.keys = small / "log", self.directory / "other-keys"
        made = program.run("log", "init", "--log", self.log, "--keys", self.keys, "--origin", "x.test/full")
        self.assertEqual(made.code, 0, made)
        self.all_up()
        clean = self.write("clean", self.clean)
        self.arrives(clean)
        filler = boundary.fill(small)
        self.does_not_arrive(clean)
        self.does_not_arrive(self.write("forbidden", self.forbidden))
        filler.unlink()
        self.arrives(clean)

    def test_c_icap_without_room_for_bodies_lets_nothing_pass(self):
        small = self.small_disk("bodies", "2m")
        small.chmod(0o1777)
        self.all_up(bodies=small)
        self.does_not_arrive(self.write("clean", self.clean))
        self.does_not_arrive(self.write("forbidden", self.forbidden))
        self.arrives(self.write("little", boundary.dumps.kernel_core([b"ordinary text; " * 10_000])))

    def test_gate_without_memory_lets_nothing_pass(self):
        self.all_up("--weaker-sandbox", preexec_fn=boundary.limit_memory(64 << 20))
        clean, forbidden = self.write("clean", self.clean), self.write("forbidden", self.forbidden)
        self.does_not_arrive(forbidden)
        self.does_not_arrive(clean)


class Large(IcapCase):
    def setUp(self):
        super().setUp()
        if not boundary.LONG:
            self.skipTest("gigabytes: with DUMPGATE_LONG=1 only")
        self.addCleanup(setattr, program, "PATIENCE_S", program.PATIENCE_S)
        program.PATIENCE_S = 1200
        self.all_up()

    def test_largest_body_is_examined_to_its_end_and_arrives(self):
        size = 2046 << 20
        clean = boundary.sparse_file(self.directory / "clean", size)
        status, arrived = self.upload(clean)
        self.assertEqual((status, arrived), ("201", [("/clean", size, boundary.sha256_of(clean))]), self.logs())
        forbidden = boundary.sparse_file(self.directory / "forbidden", size, self.forbidden)
        status, arrived = self.upload(forbidden)
        self.assertEqual((status, arrived), ("403", []), self.logs())

    def test_body_that_c_icap_cannot_hand_back_is_refused(self):
        for size in (2047 << 20) + 1, (2 << 30) + 1, 3 << 30, 4 << 30, 5 << 30:
            with self.subTest(size=size):
                path = boundary.sparse_file(self.directory / "some", size)
                status, arrived = self.upload(path)
                self.assertEqual((status, arrived), ("413", []), self.logs())
        self.assertEqual(self.logged("dump-verdict"), [])


def magic_fields(path):
    """Of each line of c-icap's magic file: (offset, magic and type, group...), as text."""
    for line in path.read_text(encoding="latin-1").splitlines():
        if line.strip() and not line.startswith("#"):
            offset, magic, kind, _, *groups = re.split(r"(?<!\\):", line.strip())
            yield int(offset), (magic, kind), *groups


def magics_of(path):
    """(type, how a file of it begins), for every line of the magic file."""
    for offset, (magic, kind), *_ in magic_fields(path):
        yield kind, bytes(offset) + magic.encode("latin-1").decode("unicode_escape").encode("latin-1")


if __name__ == "__main__":
    program.main()
