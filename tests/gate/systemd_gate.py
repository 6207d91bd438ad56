"""The systemd units: systemd understands them, they are closed as far as it can tell, and what the gate does in earnest is
within what they allow. Units cannot be started here; what the program does is seen by strace."""

import os
import pathlib
import re
import subprocess

import boundary
from boundary import need, program

UNITS = pathlib.Path(__file__).resolve().parents[2] / "samples" / "gate" / "systemd"
MOST_EXPOSURE = "20"  # tenths, of 100: systemd's own word for that is "OK"

import dumps  # noqa: E402  (boundary has made its folder known)
import gate_case  # noqa: E402


class Units(boundary.BoundaryCase):
    def setUp(self):
        super().setUp()
        need("systemd-analyze")
        self.units = []
        for source in sorted(UNITS.glob("*.service.in")):
            unit = self.directory / source.stem
            unit.write_text(source.read_text().replace("@PROGRAM@", program.PROGRAM))
            self.units.append(unit)
        self.assertEqual(len(self.units), 3)

    def test_systemd_understands_every_line(self):
        done = boundary.finished(["systemd-analyze", "verify", "--man=no", *self.units])
        self.assertEqual((done.code, done.out, done.err), (0, b"", b""), done)
        # It does find what is wrong.
        wrong = self.directory / "wrong.service"
        wrong.write_text(self.units[0].read_text().replace("NoNewPrivileges=yes", "NoNewPrivilege=yes"))
        self.assertIn(b"NoNewPrivilege", boundary.finished(["systemd-analyze", "verify", "--man=no", wrong]).err)

    def test_units_are_closed(self):
        for unit in self.units:
            done = boundary.finished(["systemd-analyze", "security", "--offline=true", "--no-pager",
                                      f"--threshold={MOST_EXPOSURE}", unit])
            self.assertEqual(done.code, 0, done)
        opened = self.directory / "opened.service"
        opened.write_text("[Service]\nExecStart=/bin/true\n")
        self.assertNotEqual(boundary.finished(["systemd-analyze", "security", "--offline=true",
                                               f"--threshold={MOST_EXPOSURE}", opened]).code, 0)

    def test_users_and_directories_can_be_made(self):
        root = self.directory / "root"
        (root / "etc").mkdir(parents=True)
        need("systemd-sysusers", "systemd-tmpfiles")
        made = boundary.finished(["systemd-sysusers", f"--root={root}", UNITS / "sysusers.conf"])
        self.assertEqual(made.code, 0, made)
        self.assertIn("dumpgate:", (root / "etc" / "passwd").read_text())
        made = boundary.finished(["systemd-tmpfiles", "--create", f"--root={root}", UNITS / "tmpfiles.conf"])
        self.assertEqual(made.code, 0, made)
        self.assertEqual((root / "var/lib/dumpgate/quarantine").stat().st_mode & 0o7777, 0o700)
        self.assertEqual((root / "var/lib/dumpgate/in").stat().st_mode & 0o7777, 0o2730)


def calls_of(filters):
    """The system calls that lines of SystemCallFilter allow, by systemd's own lists."""
    def members(word):
        if not word.startswith("@"):
            return {word}
        listed = boundary.finished(["systemd-analyze", "syscall-filter", "--no-pager", word]).out.decode()
        found = set()
        for line in listed.splitlines()[1:]:
            entry = line.strip()
            if entry and not entry.startswith("#"):
                found |= members(entry)
        return found

    allowed = members("@default")
    for line in filters:
        words = set().union(*(members(word) for word in line.lstrip("~").split()))
        allowed = allowed - words if line.startswith("~") else allowed | words
    return allowed


class Service(gate_case.GateCase):
    """The gate as its unit starts it: as a user, with two capabilities and no way to more."""

    def test_files_of_other_users_are_taken_by_rename(self):
        need("setpriv")
        self.give_to(owner=1)
        unit = (UNITS / "dumpgate-gate.service.in").read_text()
        (caps,) = re.findall(r"^AmbientCapabilities=(.*)$", unit, re.MULTILINE)
        self.assertEqual(re.findall(r"^CapabilityBoundingSet=(.*)$", unit, re.MULTILINE), [caps])
        wanted = ",".join("+" + cap.removeprefix("CAP_").lower() for cap in caps.split())
        path = self.put("core", self.clean)  # root's, and of the group that the input directory gives
        os.chown(path, 0, 1)
        path.chmod(0o640)
        self.put("unreadable", self.clean).chmod(0o600)
        before = path.stat().st_ino
        done = self.gate(prefix=("setpriv", "--reuid=1", "--regid=1", "--clear-groups", "--no-new-privs",
                                 f"--bounding-set=-all,{wanted}", f"--inh-caps={wanted}", f"--ambient-caps={wanted}"))
        self.assertEqual(done.code, 0, done)
        self.assertIn(b"unreadable: not taken in: this user may not read it", done.err)
        self.only_released("core")
        released = (self.released / "core").stat()
        self.assertEqual((released.st_ino, released.st_uid), (before, 1))


class Calls(gate_case.GateCase):
    def test_what_the_gate_calls_is_allowed(self):
        need("systemd-analyze", "strace")
        unit = (UNITS / "dumpgate-gate.service.in").read_text()
        allowed = calls_of(re.findall(r"^SystemCallFilter=(.*)$", unit, re.MULTILINE))
        self.assertNotIn("ptrace", allowed)
        self.assertNotIn("init_module", allowed)
        self.put("core", self.clean)
        self.put("core.cut", self.clean[:-4096])
        trace = self.directory / "trace"
        done = self.gate(prefix=("strace", "-f", "-qq", "-o", trace))
        self.assertEqual(done.code, 0, done)
        self.only_released("core")
        text = trace.read_text(errors="replace")
        used = set(re.findall(r"^\d+ +(\w+)\(", text, re.MULTILINE))
        self.assertGreater(len(used), 40)
        # That a process ends is no call that could be filtered; root becomes another user, which the service is already.
        self.assertEqual(used - allowed - {"setresuid", "setresgid", "setgroups"}, set())
        # MemoryDenyWriteExecute: no memory that is both, and none that becomes executable; the loader maps programs.
        self.assertEqual(re.findall(r"^.*\bmmap\(.*PROT_WRITE\|PROT_EXEC.*$", text, re.MULTILINE), [])
        self.assertEqual(re.findall(r"^.*\bmprotect\(.*PROT_EXEC.*$", text, re.MULTILINE), [])


if __name__ == "__main__":
    program.main()
