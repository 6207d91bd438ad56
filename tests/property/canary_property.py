"""No 8-byte run of a planted secret number is in anything that the program leaves: standard output, standard error,
reports, other files, or a core of its own."""

import os
import pathlib
import resource
import signal
import subprocess

import dumps
import keys
import program
from program import BLOCK, HOLD, PropertyCase, run, scan

FORMS = ("text", "json", "jsonl", "sarif")


class CanaryCase(PropertyCase):
    def setUp(self):
        super().setUp()
        program.need("openssl")
        self.keys = keys.fresh_keys()
        self.canary = keys.Canary([secret for key in self.keys for secret in key.secrets])
        self.place = self.directory / "place"  # where the program works, and nothing else writes
        self.place.mkdir()

    def memory(self):
        """Blocks of memory with each key in each form in which the program knows them."""
        filler = b"ordinary text, again and again; " * 40
        blocks = []
        for key in self.keys:
            numbers = b"".join(filler[:64] + key.limbs(number) for number in key.secrets)
            blocks.append(filler + key.pem + filler + key.pkcs8 + filler + key.own + filler + key.public + filler)
            blocks.append(filler + numbers + filler + key.pem.hex().encode() + filler + key.pkcs8.hex().encode())
            blocks.append(filler + key.pem.replace(b"\n", b"\\n") + filler + key.pem.decode().encode("utf-16-le"))
            blocks.append(filler + key.pem[: len(key.pem) // 2] + bytes(100) + key.pkcs8[20:] + filler)
        return blocks

    def inputs(self):
        memory = self.memory()
        core = dumps.kernel_core(memory)
        made = {"image": b"".join(memory), "core": core, "cut": core[: len(core) * 2 // 3]}
        for key in self.keys:
            made[f"{key.kind}.pem"] = key.pem
            made[f"{key.kind}.der"] = key.pkcs8
        program.need("zstd")
        for name in ("image", "core"):
            packed = subprocess.run(["zstd", "-qc"], input=made[name], capture_output=True, check=True).stdout
            made[f"{name}.zst"] = packed
        made["core.zst-cut"] = made["core.zst"][:-100]
        return {name: self.write(name, content) for name, content in made.items()}

    def sees_nothing(self, ended, what):
        for stream, written in (("stdout", ended.out), ("stderr", ended.err)):
            self.assertEqual(self.canary.sightings(written), [], f"{what}: {stream}")
        for path in self.place.rglob("*"):
            if path.is_file():
                self.assertEqual(self.canary.sightings(path.read_bytes()), [], f"{what}: {path.name}")

    def where(self):
        """Run options: the program's working and temporary directory are ours."""
        return {"cwd": self.place, "env": {**os.environ, "TMPDIR": str(self.place), "HOME": str(self.place)}}


class Canary(CanaryCase):
    def test_the_canary_sings(self):
        """The search finds what it is for: else nothing below means anything."""
        key = self.keys[0]
        for number in key.secrets:
            part = number[3:40]
            for written in (
                part, part[::-1], part.hex().encode(), part.hex(":").upper().encode(), key.pem, key.own,
                str(int.from_bytes(number, "big")).encode(), b", ".join(b"0x%02x" % byte for byte in part),
            ):
                with self.subTest(written[:30]):
                    self.assertTrue(self.canary.sightings(b"before " + written + b" after"))
        self.assertEqual(self.canary.sightings(key.public_pem + key.public + key.public_sha256.encode()), [])

    def test_no_report_shows_a_secret(self):
        protected = []
        for key in self.keys:
            protected += ["--protect", self.write(f"{key.kind}.pub", key.public_pem)]
        reports = [part for form in FORMS for part in ("--report", f"{form}=report.{form}")]
        everything = ("--strict", "--progress", "always", "--color", "always", "--no-known-test-keys")
        for name, path in self.inputs().items():
            for more in ((), everything, protected):
                with self.subTest(f"{name} {more}"):
                    ended = scan(*more, *reports, path, **self.where())
                    # Of a layer that was cut early nothing may be left to find.
                    self.assertIn(ended.code, (BLOCK, HOLD) if name.endswith("-cut") else (BLOCK,), ended)
                    self.sees_nothing(ended, name)
                    # Only the reports are left.
                    self.assertEqual({path.name for path in self.place.iterdir()}, {f"report.{form}" for form in FORMS})

    def test_found_keys_are_named_by_their_public_half(self):
        ended = scan("-f", "json", self.inputs()["core"])
        for key in self.keys:
            self.assertIn(key.public_sha256.encode(), ended.out, key.kind)

    def test_no_other_command_shows_a_secret(self):
        for name, path in self.inputs().items():
            for command in (
                ("inspect",), ("inspect", "--all"), ("inspect", "-f", "json"),
                ("entropy",), ("entropy", "-f", "csv", "--block", "64"), ("entropy", "-f", "svg", "-o", "picture.svg"),
            ):
                with self.subTest(f"{name} {command}"):
                    self.sees_nothing(run(*command, path, **self.where()), f"{command} {name}")
        self.assertEqual({path.name for path in self.place.iterdir()}, {"picture.svg"})

    def test_no_error_message_shows_a_secret(self):
        """Private keys where something else belongs: what people mistake for a policy or a certificate."""
        paths = self.inputs()
        for name, path in paths.items():
            for arguments in (
                ("--policy", path, paths["image"]), ("--protect", path, paths["image"]),
                ("--signatures", path, paths["image"]), ("--max-memory", path, paths["image"]),
            ):
                with self.subTest(f"{arguments[0]} {name}"):
                    self.sees_nothing(scan(*arguments, **self.where()), f"{arguments[0]} {name}")
            with self.subTest(f"signatures check {name}"):
                self.sees_nothing(run("signatures", "check", path, **self.where()), f"signatures check {name}")
        # A policy that is one up to the place where a key begins.
        for key in self.keys:
            digits = b'x = "' + key.own.hex().encode() + b'"\n#%s'
            for text in (b'[policy]\nkey = "%s"\n', b"%s\n", b'reason = """\n%s"""\n', digits):
                policy = self.write("policy.toml", text % key.pem)
                with self.subTest(text[:20]):
                    self.sees_nothing(scan("--policy", policy, paths["image"], **self.where()), "policy")
        self.assertEqual(list(self.place.iterdir()), [])


class Core(CanaryCase):
    """A crash of the program is not the leak."""

    def waiting_scan(self):
        """A scan that has read keys from a pipe and waits for more; cores are allowed to it."""
        process = subprocess.Popen(
            program.scan_command("-"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=allow_cores,
            **self.where(),
        )
        self.addCleanup(process.kill)
        process.stdin.write(b"".join(self.memory()) + bytes(2 << 20))
        process.stdin.flush()
        return process

    def test_no_core_is_written_when_it_is_killed(self):
        if not dumps_core(self.place):
            self.skipTest("this system writes no cores at all")
        for left in self.place.iterdir():
            left.unlink()
        for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGQUIT):
            with self.subTest(number):
                process = self.waiting_scan()
                process.send_signal(number)
                for pipe in (process.stdin, process.stdout, process.stderr):
                    self.addCleanup(pipe.close)
                _, status = os.waitpid(process.pid, 0)
                process.returncode = status  # it is waited for; Popen shall not do it again
                self.assertNotEqual(status, 0)
                self.assertFalse(os.WCOREDUMP(status))
                self.assertEqual(list(self.place.iterdir()), [])

    def test_process_may_not_be_dumped(self):
        process = self.waiting_scan()
        limits = pathlib.Path(f"/proc/{process.pid}/limits").read_text(encoding="ascii")
        line, = [line for line in limits.splitlines() if line.startswith("Max core file size")]
        process.kill()
        process.communicate()
        self.assertEqual(line.split()[4:6], ["0", "0"])


def allow_cores():
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def dumps_core(place):
    """Whether the system dumps a process that may be dumped."""
    sleeper = subprocess.Popen(["sleep", "60"], cwd=place, preexec_fn=allow_cores)
    sleeper.send_signal(signal.SIGSEGV)
    _, status = os.waitpid(sleeper.pid, 0)
    sleeper.returncode = status
    return os.WCOREDUMP(status)


if __name__ == "__main__":
    program.main()
