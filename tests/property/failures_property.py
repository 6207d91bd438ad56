"""Whatever fails around the program - disk, pipe, memory, signals, inputs, options - it says so by its exit code, and
nothing but a release ever ends with 0 (design 4.1)."""

import json
import os
import resource
import signal
import subprocess
import time

import dumps
import keys
import program
from program import BLOCK, HOLD, INTERNAL, RELEASE, USAGE, PropertyCase, run, scan


class Writing(PropertyCase):
    """What cannot be written."""

    def setUp(self):
        super().setUp()
        self.clean = self.write("clean", b"nothing to see here\n" * 1000)

    def test_full_disk_behind_stdout_is_an_error(self):
        for form in ("text", "json", "jsonl", "sarif"):
            with self.subTest(form), open("/dev/full", "wb") as full:
                self.assertEqual(scan("-f", form, self.clean, stdout=full).code, INTERNAL)
        for command in (("inspect", self.clean), ("entropy", self.clean), ("version",), ("--help",), ("--version",)):
            with self.subTest(command), open("/dev/full", "wb") as full:
                self.assertEqual(run(*command, stdout=full).code, INTERNAL)

    def test_full_disk_behind_a_report_file_is_an_error(self):
        for form in ("text", "json", "jsonl", "sarif"):
            with self.subTest(form):
                self.assertEqual(scan("--report", f"{form}=/dev/full", self.clean).code, INTERNAL)

    def test_full_disk_leaves_no_half_of_a_report(self):
        """A disk that is full before the report's end, in its first or a later input: a small tmpfs, where root may mount one."""
        disk = self.directory / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", disk], capture_output=True, check=False).returncode:
            self.skipTest("no file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", disk], check=False)
        inputs = [self.clean] * 150
        for form in ("text", "json", "jsonl", "sarif"):
            with self.subTest(form):
                report = disk / form
                ended = scan("-q", "--report", f"{form}={report}", *inputs)
                self.assertEqual(ended.code, INTERNAL, ended)
                self.assertIn(b"cannot write the report", ended.err)
                self.assertIn(b"No space left", ended.err)
                self.assertEqual(report.read_bytes(), b"")
                report.unlink()

    def test_closed_pipe_behind_stdout_is_an_error(self):
        reader, writer = os.pipe()
        os.close(reader)
        try:
            self.assertEqual(scan(self.clean, stdout=writer).code, INTERNAL)
        finally:
            os.close(writer)

    def test_closed_standard_streams_do_not_lend_their_numbers_to_other_files(self):
        expected = self.directory / "expected"
        self.assertEqual(scan("--report", f"json={expected}", self.clean).code, RELEASE)
        for closed, code in ((0, RELEASE), (1, INTERNAL), (2, RELEASE)):
            report = self.directory / f"report-{closed}"
            with self.subTest(closed=closed):
                command = program.scan_command("--report", f"json={report}", self.clean)
                shell = ["sh", "-c", f'exec "$@" {closed}{"<" if closed == 0 else ">"}&-', "sh", *command]
                done = subprocess.run(shell, capture_output=True, timeout=program.PATIENCE_S, check=False)
                self.assertEqual(done.returncode, code, done)
                # After an error a report may be cut; nothing else may be in it.
                written = report.read_bytes()
                self.assertTrue(expected.read_bytes().startswith(written), written)
                self.assertTrue(written or code != RELEASE)

    def test_report_that_would_overwrite_a_dump_is_refused_and_the_dump_kept(self):
        (self.directory / "link").symlink_to(self.clean)
        os.link(self.clean, self.directory / "same")
        before = self.clean.read_bytes()
        for report in ("clean", "link", "same"):
            with self.subTest(report):
                self.assertEqual(scan("--report", f"json={self.directory / report}", self.clean).code, USAGE)
                self.assertEqual(self.clean.read_bytes(), before)

    def test_file_size_limit_never_releases(self):
        for limit in (0, 1, 100, 500):
            with self.subTest(limit):
                ended = scan(
                    "--report",
                    f"json={self.directory / 'report'}",
                    self.clean,
                    preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
                )
                self.assertNotEqual(ended.code, RELEASE, ended)

    def test_little_memory_releases_with_the_whole_report_or_not_at_all(self):
        expected = scan("-f", "json", self.clean).out
        released = 0
        for mebibytes in (8, 16, 32, 64, 96, 128, 192, 256, 320, 384, 448, 512, 768, 1024):
            size = mebibytes << 20
            ended = scan(
                "-f",
                "json",
                self.clean,
                preexec_fn=lambda size=size: resource.setrlimit(resource.RLIMIT_AS, (size, size)),
            )
            with self.subTest(f"{mebibytes} MiB"):
                if ended.code == RELEASE:
                    released += 1
                    self.assertEqual(ended.out, expected)
        print(f"{released} of 14 limits were enough")


class Inputs(PropertyCase):
    """What cannot be read, or changes while it is."""

    def setUp(self):
        super().setUp()
        self.clean = self.write("clean", b"nothing to see here\n" * 1000)

    def odd_inputs(self):
        absent = self.directory / "absent"
        empty = self.write("empty", b"")
        loop = self.directory / "loop"
        loop.symlink_to(loop)
        dangling = self.directory / "dangling"
        dangling.symlink_to(absent)
        return [absent, empty, loop, dangling, self.directory, "/dev/zero", "/dev/null", "/proc/self/maps", "",
                self.clean / "below", "x" * 5000]

    def test_what_is_no_readable_dump_is_held_and_named(self):
        for path in self.odd_inputs():
            with self.subTest(str(path)[:60]):
                ended = scan("-f", "json", path)
                # An empty name may be refused as a mistake on the command line.
                self.assertIn(ended.code, (HOLD, USAGE) if path == "" else (HOLD,), ended)
                if ended.code == HOLD:
                    report = json.loads(ended.out)
                    self.assertEqual(report["verdict"], "hold")
                    self.assertFalse(report["complete"])
                    self.assertTrue(report["coverage"]["gaps"])

    def test_file_without_permission_is_held(self):
        if os.geteuid() == 0 and not hasattr(os, "setresuid"):
            self.skipTest("root reads everything")
        self.clean.chmod(0)
        self.directory.chmod(0o755)

        def become_nobody():
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(65534, 65534, 65534)
                os.setresuid(65534, 65534, 65534)

        try:
            ended = scan(self.clean, preexec_fn=become_nobody)
        except PermissionError:
            self.skipTest("the program cannot be run by another user here")
        self.assertEqual(ended.code, HOLD, ended)
        self.assertIn(b"ermission denied", ended.out)

    def test_inspect_and_entropy_never_end_well_on_what_cannot_be_read(self):
        for path in self.odd_inputs():
            for command in ("inspect", "entropy"):
                with self.subTest(f"{command} {str(path)[:60]}"):
                    self.assertNotEqual(run(command, path).code, 0)

    def while_it_reads(self, change):
        """Scans a file that is changed by change(path) when some of it, not all, was read."""
        size = 64 << 20
        for _ in range(6):  # a quick machine may read all of it before it is stopped: then a larger one
            path = self.directory / "large"
            with path.open("wb") as file:
                file.truncate(size)
            process = subprocess.Popen(
                program.scan_command("-q", "-j", "1", path), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            read = stop_after(process, 8 << 20)
            midway = process.poll() is None and read < size
            if midway:
                change(path)
            process.send_signal(signal.SIGCONT)
            out, _ = process.communicate(timeout=program.PATIENCE_S)
            path.unlink()
            if midway:
                return process.returncode, out
            size *= 4
        self.skipTest("the scan could not be stopped midway")
        return None

    def test_file_that_grows_while_it_is_read_is_held(self):
        def grow(path):
            with path.open("ab") as file:
                file.write(b"more")

        code, out = self.while_it_reads(grow)
        self.assertEqual(code, HOLD, out)

    def test_file_that_shrinks_while_it_is_read_is_held(self):
        code, out = self.while_it_reads(lambda path: os.truncate(path, 1 << 20))
        self.assertEqual(code, HOLD, out)

    def test_file_that_is_overwritten_while_it_is_read_is_held(self):
        def overwrite(path):
            with path.open("r+b") as file:
                file.write(b"other")
            os.utime(path, ns=(0, 0))

        code, out = self.while_it_reads(overwrite)
        self.assertEqual(code, HOLD, out)

    def test_inputs_behind_options_that_may_be_repeated_are_examined(self):
        key = keys.Key("ed25519", "-algorithm", "ED25519")
        public = self.write("public.pem", key.public_pem)
        holding = self.write("holding", b"x" * 100 + key.pem + key.public_pem)
        reports = [self.directory / name for name in ("one", "two")]
        options = ("--protect", public, "--report", f"json={reports[0]}", "--protect", public, "--report", f"json={reports[1]}")
        # The first input could be read as a public key to protect, and must not be.
        ended = scan(*options[:2], holding, self.clean, self.clean)
        self.assertEqual(ended.code, BLOCK, ended)
        ended = scan(*options, self.clean, holding, self.clean)
        self.assertEqual(ended.code, BLOCK, ended)
        for report in reports:
            self.assertEqual([r["exit_code"] for r in program.json_objects(report.read_text())], [RELEASE, BLOCK, RELEASE])

    def test_several_inputs_give_the_worst_code_and_a_report_each(self):
        key = keys.Key("ed25519", "-algorithm", "ED25519")
        holding = self.write("holding", b"x" * 100 + key.pem)
        absent = self.directory / "absent"
        for inputs, code in (
            ((self.clean, self.clean), RELEASE),
            ((self.clean, absent), HOLD),
            ((absent, self.clean), HOLD),
            ((self.clean, holding, absent), BLOCK),
            ((absent, holding, self.clean), BLOCK),
            ((holding, self.clean), BLOCK),
        ):
            with self.subTest([path.name for path in inputs]):
                ended = scan("-f", "jsonl", *inputs)
                self.assertEqual(ended.code, code, ended)
                named = [line["input"]["name"] for line in map(json.loads, ended.out.splitlines())
                         if line["schema"] == "dumpgate.summary/1"]
                self.assertEqual(named, [str(path) for path in inputs])


def read_so_far(process):
    """Bytes that a process has read, of anything."""
    try:
        with open(f"/proc/{process.pid}/io", encoding="ascii") as file:
            return int(file.readline().split()[1])
    except (OSError, ValueError, IndexError):
        return 0  # ended


def stop_after(process, count):
    """Stops a process when it has read `count` bytes; what it had read when it stood still."""
    program.wait_until(lambda: read_so_far(process) >= count or process.poll() is not None, "no bytes are read")
    process.send_signal(signal.SIGSTOP)
    time.sleep(0.02)
    return read_so_far(process)


def opened(process, path):
    """Whether a process has a file open."""
    try:
        folder = f"/proc/{process.pid}/fd"
        return any(os.readlink(f"{folder}/{number}") == str(path) for number in os.listdir(folder))
    except OSError:
        return False


class Signals(PropertyCase):
    """A scan that is ended from outside."""

    def start_on_pipe(self, *arguments):
        """A scan of standard input that has read some bytes and waits for more."""
        process = subprocess.Popen(
            program.scan_command(*arguments, "-"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        process.stdin.write(bytes(1 << 20))
        process.stdin.flush()
        program.wait_until(lambda: read_so_far(process) >= 1 << 20, "standard input is not read")
        return process

    def finish(self, process):
        """(code, stdout) of a scan that ends although its input does not."""
        process.wait(timeout=program.PATIENCE_S)
        code = process.returncode
        out = process.stdout.read()
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()
        return (code if code >= 0 else 128 - code), out

    def test_stopped_scan_of_a_waiting_pipe_ends_at_once_with_the_signal_as_its_code(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number):
                report = self.directory / "report"
                process = self.start_on_pipe("-f", "json", "--report", f"json={report}")
                process.send_signal(number)
                code, out = self.finish(process)
                self.assertEqual(code, 128 + number)
                for text in (out, report.read_bytes()):
                    self.assertEqual(json.loads(text)["verdict"], "hold")

    def test_stopped_scan_waits_no_longer_for_the_writer_of_a_named_pipe(self):
        pipe = self.directory / "pipe"
        os.mkfifo(pipe)
        for command in ("scan", "inspect", "entropy"):
            with self.subTest(command):
                process = subprocess.Popen(
                    [program.PROGRAM, command, pipe], stdout=subprocess.PIPE, stderr=subprocess.PIPE
                )
                self.addCleanup(process.kill)
                program.wait_until(lambda: opened(process, pipe), "the pipe is not opened")
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=program.PATIENCE_S)
                self.assertEqual(process.returncode, 128 + signal.SIGTERM)

    def test_named_pipe_whose_writer_comes_late_is_examined_whole(self):
        pipe = self.directory / "pipe"
        os.mkfifo(pipe)
        process = subprocess.Popen(program.scan_command("-q", "-f", "json", pipe), stdout=subprocess.PIPE)
        self.addCleanup(process.kill)
        program.wait_until(lambda: opened(process, pipe), "the pipe is not opened")
        time.sleep(0.3)
        with pipe.open("wb") as file:
            file.write(bytes(300000))
        out, _ = process.communicate(timeout=program.PATIENCE_S)
        self.assertEqual(process.returncode, RELEASE)
        self.assertEqual(json.loads(out)["coverage"]["bytes_examined"], 300000)

    def test_killed_scan_leaves_no_released_report(self):
        for number in (signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV):
            with self.subTest(number):
                report = self.directory / "report"
                process = self.start_on_pipe("--report", f"json={report}")
                process.send_signal(number)
                code, out = self.finish(process)
                self.assertNotEqual(code, RELEASE)
                self.assertNotIn(b"release", out + report.read_bytes())

    def test_stopped_scan_of_a_file_has_the_signal_as_its_code(self):
        path = self.directory / "large"
        size = 256 << 20
        for number in (signal.SIGTERM, signal.SIGINT):
            for _ in range(4):
                with path.open("wb") as file:
                    file.truncate(size)
                process = subprocess.Popen(
                    program.scan_command("-j", "1", "-f", "json", path),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
                midway = stop_after(process, 8 << 20) < size and process.poll() is None
                process.send_signal(number)
                process.send_signal(signal.SIGCONT)
                out, _ = process.communicate(timeout=program.PATIENCE_S)
                if midway:
                    break
                size *= 4
            if not midway:
                self.skipTest("the scan could not be stopped midway")
            with self.subTest(number):
                code = process.returncode
                self.assertEqual(code if code >= 0 else 128 - code, 128 + number)
                self.assertNotIn(b'"release"', out)

    def test_request_for_a_line_of_progress_changes_nothing(self):
        process = self.start_on_pipe("-q", "-f", "json")
        for _ in range(3):
            process.send_signal(signal.SIGUSR1)
            time.sleep(0.05)
        out, err = process.communicate(timeout=program.PATIENCE_S)
        self.assertEqual(process.returncode, RELEASE, err)
        self.assertEqual(json.loads(out)["coverage"]["bytes_examined"], 1 << 20)
        self.assertTrue(err)


class Mistakes(PropertyCase):
    """What the user got wrong: nothing is examined, nothing is printed as a result."""

    def test_mistakes_on_the_command_line_are_usage_errors(self):
        clean = self.write("clean", b"nothing to see here\n" * 1000)
        bad_policy = self.write("policy.toml", b"[policy\n")
        unknown = self.write("unknown.toml", b"no_such_setting = 1\n")
        not_a_key = self.write("key.pem", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
        absent = self.directory / "absent"
        for arguments in (
            (),
            ("--no-such-option", clean),
            ("-j", "0", clean),
            ("-j", "many", clean),
            ("-j", "99999999999999999999", clean),
            ("--format", "xml", clean),
            ("--report", "json", clean),
            ("--report", "json=", clean),
            ("--report", f"xml={absent}", clean),
            ("--report", f"json={absent}/below", clean),
            ("--report", f"json={self.directory}", clean),
            ("--policy", bad_policy, clean),
            ("--policy", unknown, clean),
            ("--policy", absent, clean),
            ("--policy", self.directory, clean),
            ("--protect", not_a_key, clean),
            ("--protect", clean, clean),
            ("--protect", absent, clean),
            ("--protect", self.directory, clean),
            ("--protect", "/dev/null", clean),
            ("--signatures", absent, clean),
            ("--max-memory", "1", clean),
            ("--max-memory", "lots", clean),
            ("--max-memory", "99999999T", clean),
            ("--max-expanded", "-1", clean),
            ("--max-layers", "0", clean),
            ("--window", "0", clean),
            ("--progress", "sometimes", clean),
            ("--color", "pink", clean),
        ):
            with self.subTest(arguments):
                ended = scan(*arguments)
                self.assertEqual(ended.code, USAGE, ended)
                self.assertEqual(ended.out, b"")
                self.assertTrue(ended.err)
        for arguments in ((), ("no-such-command",), ("scan",), ("--no-such-option",), ("inspect",), ("entropy",)):
            with self.subTest(arguments):
                self.assertEqual(run(*arguments).code, USAGE)


class SameReport(PropertyCase):
    """Threads, windows and the way in change nothing in a report."""

    def dumps(self):
        made = keys.fresh_keys()
        filler = self.random.randbytes(3000) + b"ordinary text, again and again; " * 4000
        memory = [filler[i * 7 :] + key.pem + filler[: i * 1111] + key.pkcs8 + key.public for i, key in enumerate(made)]
        return {"image": b"".join(memory), "core": dumps.kernel_core(memory)}

    def test_threads_and_windows_change_no_report(self):
        for name, content in self.dumps().items():
            path = self.write(name, content)
            for form in ("text", "json", "jsonl", "sarif"):
                expected = scan("-q", "-f", form, path)
                self.assertEqual(expected.code, BLOCK, expected)
                for threads, window in ((1, "1000"), (4, "1000"), (1, "1M"), (4, "1M"), (3, "65537")):
                    with self.subTest(f"{name} {form} -j {threads} --window {window}"):
                        other = scan("-q", "-f", form, "-j", threads, "--window", window, path)
                        self.assertEqual((other.code, other.out), (expected.code, expected.out))

    def test_standard_input_gives_the_report_of_the_file(self):
        for name, content in self.dumps().items():
            path = self.write(name, content)
            expected = scan("-q", "-f", "json", path)
            by_file = json.loads(expected.out)
            with path.open("rb") as file:
                redirected = scan("-q", "-f", "json", "-", stdin=file)
            piped = scan("-q", "-f", "json", "-", input=content)
            for way, other in (("redirected", redirected), ("piped", piped)):
                with self.subTest(f"{name} {way}"):
                    self.assertEqual(other.code, expected.code)
                    report = json.loads(other.out)
                    # A pipe has no size to tell before it was read.
                    for differing in ("name", "size"):
                        report["input"][differing] = by_file["input"][differing]
                    self.assertEqual(report, by_file)


if __name__ == "__main__":
    program.main()
