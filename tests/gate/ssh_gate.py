"""The forced command of an SSH key, with a real sshd and the clients people use: what they send arrives whole and
once in the gate's input directory, and nothing comes back out."""

import os
import pathlib
import pwd
import signal
import subprocess
import threading
import time

import boundary
from boundary import BoundaryCase, need, program


class Sshd:
    """An sshd on a free port of 127.0.0.1 that lets one key in, to `command` alone."""

    def __init__(self, case, command):
        need("ssh", "ssh-keygen", "sftp", "scp")
        server = boundary.tool("sshd")
        here = case.directory / "ssh"
        here.mkdir()
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", here / name], check=True)
        key = (here / "user.pub").read_text()
        (here / "authorized").write_text(f'restrict,command="{command}" {key}')
        self.port = boundary.free_port()
        (here / "config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {here}/host\nAuthorizedKeysFile {here}/authorized\n"
            "PidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nPermitRootLogin forced-commands-only\n"
            "Subsystem sftp internal-sftp\n"
        )
        user = pwd.getpwuid(os.getuid()).pw_name
        if os.getuid() == 0:
            pathlib.Path("/run/sshd").mkdir(exist_ok=True)
        case.start([server, "-D", "-e", "-f", here / "config"], log="sshd.log")
        boundary.wait_for_port(self.port)
        self.host = f"{user}@127.0.0.1"
        self.options = ["-F", "/dev/null", "-i", here / "user", "-o", f"UserKnownHostsFile={here}/known"]
        self.options += ["-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR"]
        self.shell = " ".join(map(str, ["ssh", *self.options, "-p", self.port]))

    def ssh(self, command, **options):
        return boundary.finished(["ssh", *self.options, "-p", self.port, self.host, command], **options)

    def sftp(self, batch, *arguments):
        return boundary.finished(
            ["sftp", "-q", *self.options, *arguments, "-P", self.port, "-b", "-", self.host], input=batch.encode()
        )

    def scp(self, *arguments):
        return boundary.finished(["scp", "-q", *self.options, "-P", self.port, *arguments])

    def rsync(self, *arguments):
        need("rsync")
        return boundary.finished(["rsync", "-e", self.shell, *arguments])


class SshCase(BoundaryCase):
    def setUp(self):
        super().setUp()
        self.inbox = self.directory / "in"
        self.inbox.mkdir()
        self.sshd = Sshd(self, f"{program.PROGRAM} gate receive --in {self.inbox}")
        self.dump = self.write("core.4711", self.random.randbytes(3_000_000) + bytes(1_000_000))

    def visible(self):
        return sorted(path.name for path in self.inbox.iterdir() if not path.name.startswith("."))

    def arrived(self, name):
        self.assertEqual(self.visible(), [name])
        self.assertEqual((self.inbox / name).read_bytes(), self.dump.read_bytes())
        (self.inbox / name).unlink()


class Sending(SshCase):
    def test_sftp_delivers_whole_files(self):
        done = self.sshd.sftp(f"put {self.dump}\n")
        self.assertEqual(done.code, 0, done)
        self.arrived("core.4711")
        done = self.sshd.sftp(f"mkdir host\nput {self.dump} host/x.part\nrename host/x.part host/core\n")
        self.assertEqual(done.code, 0, done)
        self.arrived("host_core")

    def test_scp_delivers_in_both_of_its_protocols(self):
        for options in ((), ("-O",), ("-p",)):
            with self.subTest(options):
                done = self.sshd.scp(*options, self.dump, f"{self.sshd.host}:")
                self.assertEqual(done.code, 0, done)
                self.arrived("core.4711")

    def test_rsync_delivers_whole_files(self):
        for options in (("-a",), ("-az",), ("--archive", "--sparse", "--checksum")):
            with self.subTest(options):
                done = self.sshd.rsync(*options, self.dump, f"{self.sshd.host}:")
                self.assertEqual(done.code, 0, done)
                self.arrived("core.4711")

    def test_dd_delivers_as_kdump_uses_it(self):
        content = self.dump.read_bytes()
        stamp = "/var/crash/202611280106"
        self.assertEqual(self.sshd.ssh(f"mkdir -p {stamp}").code, 0)
        done = self.sshd.ssh(f"dd of={stamp}/dump-incomplete", input=content)
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.visible(), [])
        done = self.sshd.ssh(f"mv {stamp}/dump-incomplete {stamp}/dump.202611280106")
        self.assertEqual(done.code, 0, done)
        self.arrived("var_crash_202611280106_dump.202611280106")
        self.assertEqual(self.sshd.ssh("dd of=core", input=content).code, 0)
        self.arrived("core")

    def test_name_that_is_taken_is_not_taken_over(self):
        (self.inbox / "core.4711").write_bytes(b"earlier")
        self.assertEqual(self.sshd.sftp(f"put {self.dump}\n").code, 0)
        self.assertEqual((self.inbox / "core.4711").read_bytes(), b"earlier")
        self.assertEqual(len(self.visible()), 2)


class Taking(SshCase):
    def test_nothing_can_be_read_back(self):
        (self.inbox / "core").write_bytes(b"somebody's secret dump")
        (self.inbox / "core").chmod(0o644)
        into = self.directory / "stolen"
        for batch in (
            f"get {self.inbox}/core {into}\n",
            f"put {self.dump} mine\nget mine {into}\n",
            f"get /etc/passwd {into}\n",
            f"ls {self.inbox}\n",
            "ls\n",
            f"symlink {self.inbox}/core x\n",
            f"ln {self.inbox}/core x\n",
        ):
            with self.subTest(batch):
                done = self.sshd.sftp(batch)
                # Without a path sftp prints an empty list of what it was refused, and calls that success.
                self.assertTrue(done.code != 0 or batch == "ls\n", done)
                self.assertNotIn(b"secret dump", done.out)
                self.assertFalse(into.exists() and into.stat().st_size)
                into.unlink(missing_ok=True)
        for command in (("scp", "-O"), ("scp",), ("rsync",)):
            source = f"{self.sshd.host}:{self.inbox}/core"
            with self.subTest(command):
                done = self.sshd.rsync(source, into) if command[0] == "rsync" else self.sshd.scp(*command[1:], source, into)
                self.assertNotEqual(done.code, 0, done)
                self.assertFalse(into.exists() and into.stat().st_size)
                into.unlink(missing_ok=True)
        for command in (f"cat {self.inbox}/core", f"dd if={self.inbox}/core", "sh", "", f"dd of=x; cat {self.inbox}/core"):
            with self.subTest(command):
                done = self.sshd.ssh(command, input=b"")
                self.assertNotEqual(done.code, 0, done)
                self.assertEqual(done.out, b"")

    def test_nothing_is_written_or_changed_elsewhere(self):
        other = self.directory / "other"
        other.mkdir()
        victim = self.directory / "victim"
        victim.write_bytes(b"as it was")
        before = victim.stat()
        for batch in (
            f"put {self.dump} {other}/core\n",
            f"put {self.dump} {victim}\n",
            f"put {self.dump} {self.inbox}/core\n",
            f"put {self.dump} ../core\n",
            f"put {self.dump} kept\nrename kept {other}/core\n",
            f"rm {victim}\n",
            f"chmod 777 {victim}\n",
            f"mkdir {other}/x\n",
        ):
            with self.subTest(batch):
                self.assertNotEqual(self.sshd.sftp(batch).code, 0)
        self.sshd.scp("-O", self.dump, f"{self.sshd.host}:{victim}")
        self.sshd.rsync("-a", self.dump, f"{self.sshd.host}:{other}/")
        self.assertEqual(list(other.iterdir()), [])
        self.assertEqual(victim.read_bytes(), b"as it was")
        self.assertEqual(victim.stat().st_mode, before.st_mode)
        self.assertNotIn("core", self.visible())


class CutOff(SshCase):
    """A sender that disappears in the middle of a file."""

    def cut(self, command, sent, **options):
        """Starts the client, ends it and its ssh once `sent` says so, and waits until the gate's side has ended too."""
        client = subprocess.Popen(list(map(str, command)), start_new_session=True, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, **options)
        try:
            program.wait_until(sent, f"something of the file, by {command[0]}")
            self.assertIsNone(client.poll())
        finally:
            os.killpg(client.pid, signal.SIGKILL)
            client.wait()
            if client.stdin:
                client.stdin.close()
        program.wait_until(lambda: not boundary.running(str(self.inbox), "receive"), "the end of the session")

    def half_there(self):
        return any(path.is_file() and path.stat().st_size for path in self.inbox.glob(".receive-*/**/*"))

    def test_cut_off_upload_never_appears(self):
        large = self.write("large", self.random.randbytes(1 << 20) * 16)
        host = self.sshd.host
        clients = {
            "sftp": ["scp", *self.sshd.options, "-P", self.sshd.port, "-l", "20000", large, f"{host}:"],
            "scp": ["scp", "-O", *self.sshd.options, "-P", self.sshd.port, "-l", "20000", large, f"{host}:"],
            "rsync": ["rsync", "-e", self.sshd.shell, "--bwlimit=2000", large, f"{host}:"],
        }
        for name, command in clients.items():
            with self.subTest(name):
                self.cut(command, self.half_there)
                self.assertEqual(self.visible(), [])
                self.assertEqual(list(self.inbox.glob(".receive-*")), [])

    def test_cut_off_pipe_never_appears(self):
        command = ["ssh", *self.sshd.options, "-p", self.sshd.port, self.sshd.host, "dd of=core"]
        reading, writing = os.pipe()
        feeding = threading.Event()

        def feed():
            with os.fdopen(writing, "wb", buffering=0) as pipe:
                try:
                    for _ in range(8):
                        pipe.write(self.random.randbytes(1 << 16))
                    feeding.set()
                    time.sleep(60)
                except BrokenPipeError:
                    pass

        threading.Thread(target=feed, daemon=True).start()
        with os.fdopen(reading, "rb") as pipe:
            self.cut(command, lambda: feeding.is_set() and boundary.running(str(self.inbox), "receive"), stdin=pipe)
        self.assertEqual(list(self.inbox.iterdir()), [])


if __name__ == "__main__":
    program.main()
