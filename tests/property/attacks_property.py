"""What attacks on the log look like to whoever checks it: each one in the table of docs/evidence.md is made on a real log, and
each command ends as its row says. An attack that a command does not notice has a row that says so."""

import json
import os
import shlex
import shutil
import sqlite3

import dumps
import evidence_doc
import keys
from gate_case import GateCase
from program import run

ORIGIN = "gate.test/dumps"


class Attacks(GateCase):
    """Three dumps: one that was kept because of its key, two that were released; and what an auditor, a witness and a
    receiver kept when there were two."""

    def setUp(self):
        super().setUp()
        self.key = keys.Key("ed25519", "-algorithm", "ED25519")
        self.write("key.pem", self.key.pem)
        self.examine("keyed", dumps.kernel_core([b"x" * 100 + self.key.pem + self.key.public_pem]))
        self.examine("first", self.clean + b"1")
        self.old_log = self.copy_of_log("old-log")
        self.examine("second", self.clean + b"2")
        self.write("seen", (self.log / "checkpoint").read_bytes())
        witness = self.write("witness.key", keys.openssl("genpkey", "-algorithm", "ed25519"))
        witness.chmod(0o600)
        for name in ("first", "second"):
            done = self.command_of("verify --state")(name, "--first")
            self.assertEqual(done.code, 0, done)
        for command in ("log witness", "log query --index"):
            done = self.command_of(command)()
            self.assertEqual(done.code, 0, done)
        done = self.command_of("log query")()
        self.assertIn(b"HELD the private key", done.out)
        for name in ("log", "release", "state", "keys"):
            shutil.copytree(self.directory / name, self.directory / "good" / name)
        for name in ("own.sqlite", "witness"):
            shutil.copy(self.directory / name, self.directory / "good" / name)

    def examine(self, name, content):
        self.put(name, content)
        done = self.gate("--site-key", self.keys / "site.key") if False else self.gate()
        self.assertEqual(done.code, 0, done)

    def copy_of_log(self, name):
        shutil.copytree(self.log, self.directory / name)
        return self.directory / name

    def restore(self):
        for name in ("log", "release", "state", "keys"):
            shutil.rmtree(self.directory / name)
            shutil.copytree(self.directory / "good" / name, self.directory / name)
        for name in ("own.sqlite", "witness"):
            shutil.copy(self.directory / "good" / name, self.directory / name)
        self.received = "second"

    # What the rows name.

    def command_of(self, words):
        here, log = self.directory, self.log
        vkey = (here / "good" / "log" if (here / "good").exists() else log) / "log.vkey"
        key = vkey.read_text().strip()
        commands = {
            "log verify": ("log", "verify", log),
            "log verify --vkey": ("log", "verify", log, "--vkey", key),
            "log verify --consistent-with": ("log", "verify", log, "--consistent-with", here / "seen"),
            "log witness": ("log", "witness", "--log", log, "--state", here / "witness", "--key", here / "witness.key",
                            "--name", "witness.test/w"),
            "log query": ("log", "query", "--log", log, "--key", self.key.public_sha256),
            "log query --rebuild": ("log", "query", "--log", log, "--key", self.key.public_sha256, "--rebuild"),
            "log query --index": ("log", "query", "--log", log, "--key", self.key.public_sha256, "--index", here / "own.sqlite"),
            "log hunt": ("log", "hunt", here / "key.pem", "--log", log, "--site-key", self.keys / "site.key"),
            "log export": ("log", "export", "--log", log),
        }
        if words in commands:
            return lambda: run(*commands[words])
        verify = ("--vkey-file", vkey)
        if words == "verify --state":
            return lambda name=None, *more: run("verify", self.released / (name or self.received), *verify, "--state", here / "state", *more)
        if words == "verify":
            return lambda: run("verify", self.released / self.received, *verify)
        raise AssertionError(f"no such command in this test: {words}")

    def test_each_attack_is_seen_as_the_table_says(self):
        table = evidence_doc.attacks()
        made = {name.replace("_", " "): getattr(self, name) for name in dir(ATTACKS) if not name.startswith("_")}
        self.maxDiff = None
        self.assertEqual(set(table), set(made))
