"""What tests of the log of evidence share: a log with its keys, grown by statements that say nothing but their number. The one
rule: the log is made, read and judged by the program alone."""

import json
import shutil

import program
from program import PropertyCase

ORIGIN = "gate.example.org/property"


def statement(number):
    return json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": f"core.{number}", "digest": {"sha256": f"{number:064x}"}}],
            "predicateType": "urn:x-dumpgate:test:v1",
            "predicate": {"number": number},
        }
    ).encode()


class EvidenceCase(PropertyCase):
    IN_MEMORY = True

    def setUp(self):
        super().setUp()
        self.keys = self.directory / "keys"
        self.log = self.directory / "log"
        made = program.run("log", "init", "--log", self.log, "--origin", ORIGIN, "--keys", self.keys)
        self.assertEqual(made.code, 0, made)
        self.vkey = made.out.decode().splitlines()[0]
        self.size = 0

    def append_command(self, log):
        return ("log", "append", "--log", log, "--keys", self.keys, "-")

    def append(self, log=None, number=None):
        """Appends a statement, and gives the index that was reported."""
        ended = program.run(*self.append_command(log or self.log), input=statement(number or self.size))
        self.assertEqual(ended.code, 0, ended)
        return int(ended.out.split()[0])

    def grow_to(self, size):
        while self.size < size:
            self.assertEqual(self.append(), self.size)
            self.size += 1

    def verify(self, log=None, *more):
        return program.run("log", "verify", log or self.log, *more)

    def checkpoint(self, log=None):
        ended = program.run("log", "checkpoint", "--log", log or self.log)
        self.assertEqual(ended.code, 0, ended)
        return ended.out

    def leaves(self, log):
        return int(self.checkpoint(log).split(b"\n")[1])

    def copy(self, name):
        to = self.directory / name
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.log, to)
        return to
