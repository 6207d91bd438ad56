"""The spool between real file systems and real users: dumps that are replaced, grown or truncated while they are examined,
a release directory on another file system, a gate that is not root. What appears in the release directory is always
what was examined, whole."""

import contextlib
import hashlib
import json
import mmap
import os
import pwd
import shutil
import stat
import subprocess
import threading

import boundary
from boundary import SiteCase, need, program

HELD_BACK_S = 4


class Changed(SiteCase):
    """self.examining() holds the worker back at its first read; what the test does meanwhile, a producer with a foot in the
    door could do."""

    def setUp(self):
        super().setUp()
        need("strace")

    @contextlib.contextmanager
    def examining(self):
        """A gate that has taken `core` in and is about to examine it; its end at the end."""
        trace = self.directory / "trace"
        gate = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", trace, "-e", "trace=fadvise64", "-e",
             f"inject=fadvise64:delay_enter={HELD_BACK_S * 1_000_000}", *map(str, self.command())],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(lambda: gate.poll() is None and gate.kill())
        program.wait_until(lambda: trace.exists() and "fadvise64" in trace.read_text(), "a worker that examines")
        (scan_id,) = self.kept()
        yield self.quarantine / scan_id / "dump"
        out, err = gate.communicate(timeout=program.PATIENCE_S)
        self.assertEqual(gate.returncode, 0, err)
        trace.unlink()

    def released_are_what_was_examined(self):
        """Each released file is whole, and the verdict of the log is of its bytes."""
        digests = {}
        for leaf in self.leaves():
            if leaf["predicateType"].endswith("dump-verdict:v1") and leaf["predicate"]["result"] == "release":
                digests[leaf["subject"][0]["digest"]["sha256"]] = leaf
        for name in self.released_dumps():
            self.assertIn(hashlib.sha256((self.released / name).read_bytes()).hexdigest(), digests)
        self.check_log()

    def test_another_file_under_its_name_is_another_dump(self):
        self.put("core", self.clean)
        with self.examining():
            self.put("core", self.forbidden)
        self.assertEqual([(self.released / name).read_bytes() for name in self.released_dumps()], [self.clean])
        self.gate()
        self.only_released("core")
        kept = [path.read_bytes() for path in self.quarantine.glob("*/dump")]
        self.assertEqual(kept, [self.forbidden])

    def test_file_put_in_place_of_the_examined_one_is_not_released(self):
        self.put("core", self.clean)
        with self.examining() as dump:
            other = self.write("other", self.forbidden)
            os.replace(other, dump)
        self.assertEqual(self.released_dumps(), [])
        self.released_are_what_was_examined()
        self.gate()
        self.assertEqual(self.released_dumps(), [])

    def test_second_name_given_to_the_examined_file_lets_nothing_else_out(self):
        self.put("core", self.clean)
        with self.examining() as dump:
            os.link(dump, self.directory / "second-name")
        for name in self.released_dumps():  # then nobody else has a name for it
            self.assertEqual((self.released / name).stat().st_nlink, 1)
        self.released_are_what_was_examined()

    def change(self, how):
        """Changes the dump in a thread, since the gate's lease makes whoever opens it for writing wait."""
        self.put("core", self.clean)
        with self.examining() as dump:
            changing = threading.Thread(target=how, args=(dump,), daemon=True)
            changing.start()
        changing.join(program.PATIENCE_S)
        for name in self.released_dumps():
            self.assertEqual((self.released / name).read_bytes(), self.clean)
        self.assertEqual(self.released_dumps(), [])
        self.released_are_what_was_examined()
        (kept,) = self.kept()
        self.assertEqual(json.loads((self.quarantine / kept / "state.json").read_text())["stage"], "kept")

    def test_grown_dump_is_not_released(self):
        def grow(path):
            with path.open("ab") as file:
                file.write(self.forbidden)

        self.change(grow)

    def test_truncated_dump_is_not_released(self):
        self.change(lambda path: os.truncate(path, len(self.clean) - 4096))

    def test_rewritten_dump_of_the_same_size_and_time_is_not_released(self):
        def rewrite(path):
            before = path.stat()
            with path.open("r+b") as file:
                file.seek(len(self.clean) // 2)
                file.write(b"something else")
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

        self.change(rewrite)

    def test_file_that_somebody_has_mapped_for_writing_is_not_taken(self):
        path = self.put("core", self.clean)
        with path.open("r+b") as file:
            mapped = mmap.mmap(file.fileno(), 0)
        self.gate()
        self.assertTrue(path.exists())
        self.assertEqual(self.released_dumps(), [])
        mapped[-14:] = b"something else"
        mapped.close()
        self.gate()
        self.only_released("core")
        self.assertEqual((self.released / "core").read_bytes()[-14:], b"something else")


class OtherFileSystem(SiteCase):
    def setUp(self):
        super().setUp()
        self.released = self.small_disk("other-release", "8m")

    def test_release_is_a_copy_that_was_checked(self):
        self.put("clean", self.clean)
        self.put("forbidden", self.forbidden)
        done = self.gate()
        self.assertEqual(done.code, 0, done)
        self.only_released("clean")
        self.assertNotEqual(self.released.stat().st_dev, self.quarantine.stat().st_dev)
        self.assertEqual((self.released / "clean").read_bytes(), self.clean)
        self.assertEqual(len(self.kept()), 1)
        self.assertEqual([path.name for path in self.released.iterdir() if path.name.startswith(".")], [])
        verified = program.run("verify", self.released / "clean", "--vkey-file", self.log / "log.vkey", "--state",
                               self.directory / "state", "--first")
        self.assertEqual(verified.code, program.RELEASE, verified)

    def test_name_that_is_taken_there_is_not_overwritten(self):
        (self.released / "core").write_bytes(b"of somebody else")
        self.put("core", self.clean)
        self.gate()
        self.assertEqual((self.released / "core").read_bytes(), b"of somebody else")
        (other,) = [name for name in self.released_dumps() if name != "core"]
        self.assertEqual((self.released / other).read_bytes(), self.clean)
        self.check_log()

    def test_names_of_any_length_and_those_of_receipts_leave_and_verify(self):
        names = ["x", "x.tlog-proof", "x.intoto.jsonl", "n" * 237, "n" * 238, "n" * 255, os.fsdecode(b"\xff\n")]
        for name in names:
            self.put(name, b"ordinary text")
        # A dump that is called like a receipt never has the receipt's place, whichever leaves first.
        done = self.gate("--workers", "4")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.kept(), [], done)
        released = self.released_dumps()
        self.assertEqual(len(released), len(names), released)
        self.assertIn("x", released)
        self.assertIn("n" * 237, released)
        for name in released:
            self.assertEqual((self.released / name).read_bytes(), b"ordinary text")
            verified = program.run("verify", self.released / name, "--vkey-file", self.log / "log.vkey", "--state",
                                   self.directory / "state", "--first")
            self.assertEqual(verified.code, program.RELEASE, (name, verified))
        self.check_log()

    def test_pipes_in_place_of_hidden_names_there_are_not_waited_for(self):
        for name in (".core.tlog-proof.tmp", ".core.intoto.jsonl.tmp"):
            os.mkfifo(self.released / name)
        self.put("core", self.clean)
        done = self.gate()
        self.assertEqual(done.code, 0, done)
        self.only_released("core")

    def test_full_release_directory_gets_nothing_half(self):
        filler = boundary.fill(self.released)
        path = self.put("core", self.clean)
        # No room at all; then room for the gate's reserve and for a part of the dump.
        for room in (0, len(self.clean) - (1 << 20)):
            with self.subTest(room=room):
                os.truncate(filler, filler.stat().st_size - room)
                self.gate()
                self.assertEqual(self.released_dumps(), [filler.name])
                self.assertEqual(path.exists() + len(self.kept()), 1)
        filler.unlink()
        again = self.gate()
        self.assertEqual(again.code, 0, again)
        self.only_released("core")
        self.assertEqual((self.released / "core").read_bytes(), self.clean)
        self.assertEqual(self.kept(), [])

    def test_each_of_two_dumps_of_one_name_has_its_own_receipt(self):
        filler = boundary.fill(self.released)
        contents = [self.clean, self.clean.replace(b"ordinary", b"everyday")]
        for content in contents:
            self.put("core", content)
            self.gate()  # a release that is intended, and finds no room for its receipt
        self.assertEqual(list(self.releases().values()), [["intent"], ["intent"]])
        filler.unlink()
        again = self.gate()
        self.assertEqual(again.code, 0, again)
        names = self.released_dumps()
        self.assertEqual(sorted((self.released / name).read_bytes() for name in names), sorted(contents))
        for name in names:
            verified = program.run("verify", self.released / name, "--vkey-file", self.log / "log.vkey", "--state",
                                   self.directory / f"state.{name}", "--first")
            self.assertEqual(verified.code, program.RELEASE, (name, verified))

    def test_kill_at_any_step_loses_nothing_and_releases_nothing_half(self):
        need("strace")
        tried = 0
        for call in ("renameat2", "fsync", "unlink", "write"):
            counts = self.count(call)
            for when in sorted({1 + (counts - 1) * i // 5 for i in range(6)}) if counts else ():
                with self.subTest(call, when=when):
                    name = f"core.{call}.{when}"
                    path = self.put(name, self.clean)
                    self.gate(prefix=("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                                      f"inject={call}:signal=KILL:when={when}"))
                    tried += 1
                    if name in self.released_dumps():
                        self.assertEqual((self.released / name).read_bytes(), self.clean)
                    again = self.gate()
                    self.assertEqual(again.code, 0, again)
                    self.assertFalse(path.exists())
                    self.assertEqual(self.kept(), [])
                    self.only_released(name)
                    self.assertEqual((self.released / name).read_bytes(), self.clean)
                    for left in self.released.iterdir():
                        left.unlink()
        print(f"{tried} kills")
        self.assertGreater(tried, 10)

    def test_dump_whose_copy_lies_in_another_release_directory_stays_until_that_one_is_back(self):
        # A copy for release has no name yet when the machine stops, and its file system is not mounted when the gate starts again.
        need("strace")
        mounted, not_mounted = self.released / "mounted", self.released / "not-mounted"
        mounted.mkdir()
        not_mounted.mkdir()
        self.released = mounted
        for when in range(1, 1 + self.count("renameat2")):
            self.put("core", self.clean)
            self.gate(prefix=("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=renameat2", "-e",
                              f"inject=renameat2:signal=KILL:when={when}"))
            states = [json.loads(path.read_text()) for path in self.quarantine.glob("*/state.json")]
            if [state["stage"] for state in states] == ["placed"] and list(mounted.glob(".*.part")):
                break
            self.gate()
            for left in mounted.iterdir():
                left.unlink()
        else:
            self.fail("no kill leaves a copy without a name")
        self.released = not_mounted
        done = self.gate()
        self.assertEqual(done.code, 0, done)
        self.assertEqual(len(self.kept()), 1, done)
        self.assertEqual([stages for stages in self.releases().values() if stages[-1] != "complete"], [["intent"]])
        self.assertEqual(list(not_mounted.iterdir()), [])
        self.released = mounted
        again = self.gate()
        self.assertEqual(again.code, 0, again)
        self.only_released("core")
        self.assertEqual((mounted / "core").read_bytes(), self.clean)
        self.assertEqual(self.kept(), [])

    def test_link_in_place_of_a_hidden_copy_gives_nobody_a_key(self):
        # Who may remove what was released may also put a link there, while the gate still writes.
        secret = self.keys / "gate.key"
        replaced = threading.Event()

        def replace():
            while not replaced.is_set():
                for part in self.released.glob(".*.part"):
                    with contextlib.suppress(OSError):
                        part.unlink()
                        part.symlink_to(secret)
                        replaced.set()

        self.put("core", self.clean)
        receiver = threading.Thread(target=replace)
        receiver.start()
        self.gate()
        won = replaced.is_set()
        replaced.set()
        receiver.join(program.PATIENCE_S)
        print("the copy was replaced" if won else "the gate was faster")
        self.assertEqual(stat.S_IMODE(secret.stat().st_mode), 0o600)

    def count(self, call):
        """How often the gate makes a system call in the passage of one dump."""
        self.put("core.count", self.clean)
        trace = self.directory / "trace"
        self.gate(prefix=("strace", "-f", "-qq", "-o", trace, "-e", f"trace={call}"))
        for left in self.released.iterdir():
            left.unlink()
        return trace.read_text(errors="replace").count(f" {call}(")

    def test_holes_that_a_copy_would_fill_the_disk_with_are_not_copied(self):
        need("strace")
        self.inbox = self.small_disk("other-in", "16m")
        self.quarantine = self.small_disk("small-quarantine", "8m")
        path = self.put("core", b"ordinary text")
        os.truncate(path, 1 << 40)
        self.put("small", b"ordinary text")
        trace = self.directory / "trace"
        done = self.gate(prefix=("strace", "-f", "-qq", "-o", trace, "-e", "trace=openat"))
        self.assertEqual(done.code, 0, done)
        self.only_released("small")
        self.assertEqual(path.stat().st_size, 1 << 40)
        self.assertEqual(trace.read_text(errors="replace").count("dump.part"), 1)  # of the small one

    def test_input_on_another_file_system_is_copied_and_checked(self):
        self.inbox = self.small_disk("other-in", "16m")
        self.put("clean", self.clean)
        self.put("forbidden", self.forbidden)
        self.gate()
        self.only_released("clean")
        self.assertEqual((self.released / "clean").read_bytes(), self.clean)
        self.assertEqual([path.read_bytes() for path in self.quarantine.glob("*/dump")], [self.forbidden])
        self.assertEqual(list(self.inbox.iterdir()), [])


class MountedOver(SiteCase):
    """Another directory is mounted over one of the gate's while it works, in a mount namespace of the test's own."""

    # $1 is mounted over $2 once the first dump has left; then a second one comes. The gate's command follows.
    SCRIPT = """
other=$1 over=$2 inbox=$3 released=$4 core=$5
shift 5
"$@" & gate=$!
until [ -e "$released/first" ]; do kill -0 $gate || exit 100; sleep 0.05; done
mount --bind "$other" "$over" || exit 101
cp "$core" "$inbox/.second" && mv "$inbox/.second" "$inbox/second"
wait $gate
"""

    def setUp(self):
        super().setUp()
        need("unshare", "mount")
        self.other = self.directory / "other"
        self.other.mkdir(mode=0o700)
        allowed = boundary.finished(["unshare", "-m", "mount", "--bind", self.other, self.other])
        if allowed.code != 0:
            self.skipTest(f"nothing may be mounted in a namespace of one's own here: {allowed.err.decode().strip()}")

    def mounted_over(self, place):
        """Runs a gate over one of whose directories `other` is mounted; how it ended."""
        self.put("first", self.clean)
        command = [word for word in map(str, self.command("--rescan", "1")) if word != "--once"]
        done = boundary.finished(["unshare", "-m", "--propagation", "private", "sh", "-c", self.SCRIPT, "sh", self.other, place,
                                  self.inbox, self.released, self.write("second.core", self.clean), *command])
        self.assertEqual(done.code, program.INTERNAL, done)
        (stop,) = [control for control in self.logged("control") if control["event"] == "stop"]
        self.assertEqual(stop["details"]["because"], f"{place} is not the directory any more that it was when the work began")
        self.assertEqual(self.releases().popitem()[1], ["intent", "complete"])
        # Without the mount everything is where it was, and nothing went to where nobody had meant it to go.
        self.only_released("first")
        self.assertEqual(self.kept(), [])

    def test_gate_with_another_release_directory_stops_and_releases_nothing_into_either(self):
        self.mounted_over(self.released)
        self.assertEqual(os.listdir(self.other), [])
        self.assertEqual(os.listdir(self.inbox), ["second"])
        again = self.gate()
        self.assertEqual(again.code, 0, again)
        self.only_released("first", "second")

    def test_gate_with_another_quarantine_stops_and_takes_nothing_in(self):
        self.mounted_over(self.quarantine)
        self.assertEqual(os.listdir(self.other), [])
        self.assertEqual(os.listdir(self.inbox), ["second"])

    def test_gate_with_another_input_directory_stops_and_takes_nothing_in(self):
        self.mounted_over(self.inbox)
        self.assertEqual(os.listdir(self.other), ["second"])
        self.assertEqual(os.listdir(self.inbox), [])

    def test_release_directory_that_is_mounted_over_while_a_dump_is_examined_gets_nothing(self):
        need("strace")
        trace = self.directory / "trace"
        self.put("core", self.clean)
        script = """
other=$1 released=$2 trace=$3
shift 3
"$@" & gate=$!
until grep -q fadvise64 "$trace" 2>/dev/null; do kill -0 $gate || exit 100; sleep 0.05; done
mount --bind "$other" "$released" || exit 101
wait $gate
"""
        done = boundary.finished(
            ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", self.other, self.released, trace,
             "strace", "-f", "-qq", "-o", trace, "-e", "trace=fadvise64", "-e",
             f"inject=fadvise64:delay_enter={HELD_BACK_S * 1_000_000}", *self.command()])
        self.assertEqual(done.code, program.INTERNAL, done)
        self.assertIn(b"is not the directory any more", done.err)
        self.assertEqual(os.listdir(self.other), [])
        self.only_released()
        self.assertEqual(self.releases(), {})
        again = self.gate()
        self.assertEqual(again.code, 0, again)
        self.only_released("core")


class OtherUser(SiteCase):
    """A gate that runs as an ordinary user, with directories of its own, and a sender who is another one."""

    GATE, SENDER = "nobody", "daemon"

    def setUp(self):
        super().setUp()
        need("setpriv")
        if os.getuid() != 0:
            self.skipTest("only root can become another user")
        try:
            self.gate_user, self.sender = pwd.getpwnam(self.GATE), pwd.getpwnam(self.SENDER)
        except KeyError as error:
            self.skipTest(str(error))
        # The built program may lie where only root comes to.
        self.program = self.directory / "dumpgate"
        shutil.copy(program.PROGRAM, self.program)
        self.program.chmod(0o755)
        self.directory.chmod(0o755)
        for place in (self.inbox, self.released, self.quarantine, self.log, self.keys):
            for path in (place, *place.rglob("*")):
                os.chown(path, self.gate_user.pw_uid, self.gate_user.pw_gid)
        # As docs/gate.md has it: the sender may put files in, and see none.
        os.chown(self.inbox, self.gate_user.pw_uid, self.sender.pw_gid)
        self.inbox.chmod(0o2730)

    def as_user(self, user):
        return ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")

    def command(self, *more):
        return [self.program, *super().command(*more)[1:]]

    def gate(self, *more, prefix=()):
        return super().gate(*more, prefix=(*prefix, *self.as_user(self.gate_user)))

    def send(self, name, content, mode):
        """The sender writes a file as another program of its would."""
        done = boundary.finished(
            [*self.as_user(self.sender), "sh", "-c", 'umask 0; cat > "$1.part" && chmod "$2" "$1.part" && mv "$1.part" "$1"',
             "sh", self.inbox / name, f"{mode:o}"], input=content)
        self.assertEqual(done.code, 0, done)

    def test_clean_dump_is_released_and_forbidden_one_stays(self):
        self.send("clean", self.clean, 0o644)
        self.send("forbidden", self.forbidden, 0o644)
        # Of a file of somebody else nobody but root can have a lease: it is taken once nobody has written for a while.
        program.wait_until(lambda: (self.gate(), not any(self.inbox.iterdir()))[1], "an empty input directory")
        self.only_released("clean")
        self.assertEqual((self.released / "clean").read_bytes(), self.clean)
        (scan_id,) = self.kept()
        dump = self.quarantine / scan_id / "dump"
        self.assertEqual(dump.read_bytes(), self.forbidden)
        self.assertEqual(dump.stat().st_uid, self.gate_user.pw_uid)
        self.assertEqual(dump.stat().st_mode & 0o077, 0)
        verdict = self.logged("dump-verdict")[0]
        self.assertIn("seccomp", verdict["sandbox"])
        self.assertTrue(any(name.startswith("landlock") for name in verdict["sandbox"]), verdict["sandbox"])

    def test_sender_sees_nothing_and_changes_nothing_that_was_taken(self):
        self.send("forbidden", self.forbidden, 0o666)
        program.wait_until(lambda: (self.gate(), self.kept())[1], "a dump in quarantine")
        (scan_id,) = self.kept()
        dump = self.quarantine / scan_id / "dump"
        keys = [path for path in self.keys.iterdir() if path.stat().st_mode & 0o077 == 0]
        self.assertGreater(len(keys), 1)
        for attempt in (["ls", self.inbox], ["ls", self.quarantine], ["cat", dump], ["sh", "-c", f"echo x >> {dump}"],
                        *(["cat", path] for path in keys)):
            with self.subTest(attempt):
                done = boundary.finished([*self.as_user(self.sender), *attempt])
                self.assertNotEqual(done.code, 0, done)
                self.assertEqual(done.out, b"")

    def test_writer_who_keeps_the_file_open_changes_nothing_that_leaves(self):
        # Without a lease the gate cannot know of the writer: it copies, and what leaves is the copy.
        self.send("core", self.clean, 0o666)
        with (self.inbox / "core").open("r+b") as file:
            program.wait_until(lambda: (self.gate(), self.released_dumps())[1], "a released dump")
            file.write(self.forbidden)
        self.assertEqual((self.released / "core").read_bytes(), self.clean)
        self.check_log()

    def test_dump_that_may_not_be_read_stays_where_it_is(self):
        self.send("secretive", self.clean, 0o200)
        done = self.gate()
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.released_dumps(), [])
        self.assertTrue((self.inbox / "secretive").exists())


if __name__ == "__main__":
    program.main()
