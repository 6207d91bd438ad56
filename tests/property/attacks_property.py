"""What attacks on the log look like to whoever checks it: each one in the table of docs/evidence.md is made on a real log, and
each command ends as its row says. An attack that a command does not notice has a row that says so."""

import base64
import json
import shutil
import sqlite3

import dumps
import evidence_doc
import keys
import program
from gate_case import GateCase
from program import run

FOLDERS = ("log", "release", "state", "keys", "quarantine")
FILES = ("own.sqlite", "witness")


class Attacks(GateCase):
    """Three dumps: one that was kept because of its key, two that were released; and what an auditor, a witness and a
    receiver kept when there were two."""

    def setUp(self):
        super().setUp()
        program.need("openssl", "jq")
        self.received = "second"
        # Of many windows: a short number may be one of those that a retro filter loses.
        self.key = keys.Key("rsa", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
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
        self.assertEqual(self.command_of("log witness")().code, 0)
        for command in ("log query --index", "log query"):
            done = self.command_of(command)()
            self.assertEqual(done.code, 1, done)
            self.assertIn(b"HELD the private key", done.out)
        good = self.directory / "good"
        for name in FOLDERS:
            shutil.copytree(self.directory / name, good / name)
        for name in FILES:
            shutil.copy(self.directory / name, good / name)

    def examine(self, name, content):
        self.put(name, content)
        done = self.gate()
        self.assertEqual(done.code, 0, done)

    def copy_of_log(self, name):
        shutil.copytree(self.log, self.directory / name)
        return self.directory / name

    def restore(self):
        for name in FOLDERS:
            shutil.rmtree(self.directory / name, ignore_errors=True)
            shutil.copytree(self.directory / "good" / name, self.directory / name)
        for name in FILES:
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

    # The attacks, each on a log and receipts as they were.

    def artifact(self, name, dump="second"):
        (verdict,) = [leaf for leaf in self.leaves() if leaf["predicateType"].endswith("dump-verdict:v1")
                      and leaf["subject"][0]["name"] == dump]
        (sha256,) = [a["digest"]["sha256"] for a in verdict["predicate"]["artifacts"] if a["name"] == name]
        return self.log / "store/sha256" / sha256[:2] / sha256

    def newest(self, folder):
        size = (self.log / "checkpoint").read_text().splitlines()[1]
        return self.log / folder / "000.p" / size

    def flip(self, path, at):
        content = path.read_bytes()
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])

    def rows(self, statement):
        with sqlite3.connect(self.log / "index.sqlite") as database:
            self.assertGreater(database.execute(statement).rowcount, 0)
        database.close()

    def older_log(self):
        shutil.rmtree(self.log)
        shutil.copytree(self.old_log, self.log)

    def an_edited_entry(self):
        self.flip(self.newest("tile/entries"), 500)

    def an_edited_tile(self):
        self.flip(self.newest("tile/0"), 40)

    def entries_in_another_order(self):
        bundle, tile = self.newest("tile/entries"), self.newest("tile/0")
        content, entries = bundle.read_bytes(), []
        while content:
            length = 2 + int.from_bytes(content[:2], "big")
            entries.append(content[:length])
            content = content[length:]
        bundle.write_bytes(b"".join([entries[1], entries[0], *entries[2:]]))
        hashes = tile.read_bytes()
        tile.write_bytes(hashes[32:64] + hashes[:32] + hashes[64:])

    def a_truncated_log(self):
        for folder in ("tile/entries", "tile/0"):
            self.newest(folder).unlink()

    def an_edited_checkpoint(self):
        path = self.log / "checkpoint"
        lines = path.read_text().split("\n")
        path.write_text("\n".join([lines[0], str(int(lines[1]) - 1), *lines[2:]]))

    def an_old_checkpoint_put_back(self):
        shutil.copy(self.old_log / "checkpoint", self.log / "checkpoint")

    def an_old_copy_of_the_log_put_back(self):
        self.older_log()

    def a_history_rewritten_with_the_log_s_own_key(self):
        """The log forgets the second release, and tells another story that is longer."""
        self.older_log()
        (self.released / "second").unlink()
        for suffix in (".intoto.jsonl", ".tlog-proof"):
            (self.released / f"second{suffix}").unlink()
        self.put("third", self.clean + b"3")
        self.put("fourth", self.clean + b"4")
        done = self.gate()
        self.assertEqual(done.code, 0, done)
        self.received = "third"

    def a_log_signed_by_another_key(self):
        shutil.rmtree(self.log)
        shutil.rmtree(self.keys)
        made = run("log", "init", "--log", self.log, "--keys", self.keys, "--origin", "gate.test/dumps")
        self.assertEqual(made.code, 0, made)
        shutil.rmtree(self.quarantine)
        self.quarantine.mkdir(mode=0o700)
        self.put("third", self.clean + b"3")
        done = self.gate()
        self.assertEqual(done.code, 0, done)
        self.received = "third"

    def rows_taken_out_of_the_index(self):
        self.rows("DELETE FROM key")

    def edited_rows_of_the_index(self):
        self.rows("UPDATE key SET leaf = leaf + 1")

    def a_damaged_index(self):
        (self.log / "index.sqlite").write_bytes(b"SQLite format 3\0" + b"x" * 5000)

    def an_edited_report(self):
        self.flip(self.artifact("report"), 50)

    def a_report_swapped_for_that_of_another_dump(self):
        shutil.copy(self.artifact("report", "first"), self.artifact("report"))

    def a_lost_report(self):
        self.artifact("report").unlink()

    def paste(self, block):
        """Commands of docs/evidence.md, where `log` and `keys` are those of the gate: their directory."""
        here = self.directory / "auditor"
        here.mkdir(exist_ok=True)
        for name, place in (("log", self.log), ("keys", self.keys)):
            if not (here / name).exists():
                (here / name).symlink_to(place)
        commands = evidence_doc.blocks()[block].replace("dumpgate ", f"{program.PROGRAM} ")
        if block == "choice":
            commands = commands.replace("before=2024-01-01", f"before={self.day}")
        done = evidence_doc.shell(commands, here)
        self.assertEqual(done.code, 0, done)
        return here / "remove"

    def remove(self, *paths):
        (self.directory / "auditor").mkdir(exist_ok=True)
        (self.directory / "auditor/remove").write_text("".join(f"{path.name}\n" for path in paths))
        self.paste("removal")
        for path in paths:
            self.assertFalse(path.exists())

    def a_report_that_the_log_says_was_removed(self):
        self.remove(self.artifact("report"))

    def a_retro_filter_that_the_log_says_was_removed(self):
        self.remove(self.artifact("retro-filter"))

    def a_lost_retro_filter(self):
        self.artifact("retro-filter").unlink()

    def an_edited_retro_filter(self):
        self.flip(self.artifact("retro-filter"), 60)

    def a_list_of_public_keys_that_is_lost(self):
        self.artifact("public-keys", "keyed").unlink()

    def an_edited_file(self):
        self.flip(self.released / "second", 5000)

    def a_receipt_of_another_file(self):
        for suffix in (".intoto.jsonl", ".tlog-proof"):
            shutil.copy(self.released / f"first{suffix}", self.released / f"second{suffix}")

    def an_edited_statement_in_a_receipt(self):
        path = self.released / "second.intoto.jsonl"
        payload = json.loads(path.read_text().splitlines()[0])["payload"]
        statement = base64.b64decode(payload)
        edited = base64.b64encode(statement.replace(b'"complete":true', b'"complete":1234')).decode()
        self.assertNotEqual(edited, payload)
        path.write_text(path.read_text().replace(payload, edited))

    def an_edited_proof_in_a_receipt(self):
        path = self.released / "second.tlog-proof"
        text = path.read_text()
        path.write_text(text.replace("\nindex ", "\nindex 1", 1))

    def a_receipt_withheld(self):
        (self.released / "second.tlog-proof").unlink()

    def a_receiver_s_memory_that_is_deleted(self):
        shutil.rmtree(self.directory / "state")

    def a_receiver_s_memory_that_is_damaged(self):
        (memory,) = (self.directory / "state").glob("*.memory")
        memory.write_bytes(memory.read_bytes()[:-5])

    def test_each_attack_is_seen_as_the_table_says(self):
        table = evidence_doc.attacks()
        made = {name.replace("_s_", "'s_").replace("_", " "): name for name in vars(Attacks)
                if name.startswith(("a_", "an_", "rows_", "edited_", "entries_"))}
        self.assertEqual(set(table), set(made))
        for attack, steps in table.items():
            for step in steps:
                with self.subTest(f"{attack}: {step.command}"):
                    self.restore()
                    getattr(self, made[attack])()
                    step.check(self, self.command_of(step.command)())

    def test_reports_of_before_a_day_are_removed_and_nothing_else_is_excused(self):
        names = {self.artifact("report", dump).name for dump in ("keyed", "first", "second")}
        for self.day, expected in (("2024-01-01", set()), ("9999-01-01", names)):
            self.assertEqual(set(self.paste("choice").read_text().split()), expected)
        self.paste("removal")
        done = self.command_of("log verify")()
        self.assertEqual(done.code, 0, done)
        self.assertIn(b"3 removed, as the log itself says", done.out)
        # As many as one leaf takes.
        self.remove(*(self.log / f"{number:064x}" for number in range(600)))
        self.assertEqual(self.command_of("log verify")().code, 0)
        # A removal excuses what was named before it, and nothing else.
        listed = self.artifact("public-keys", "keyed")
        self.remove(listed)
        self.assertEqual(self.command_of("log verify")().code, 0)
        self.examine("again", dumps.kernel_core([b"y" * 100 + self.key.public_pem]))
        self.assertEqual(self.artifact("public-keys", "again"), listed)
        self.assertEqual(self.command_of("log verify")().code, 0)
        listed.unlink()
        self.assertEqual(self.command_of("log verify")().code, 1)

    def test_store_may_lie_elsewhere(self):
        (self.log / "store").rename(self.directory / "elsewhere")
        (self.log / "store").symlink_to(self.directory / "elsewhere")
        self.examine("third", self.clean + b"3")
        self.assertTrue(self.artifact("report", "third").exists())
        self.assertTrue((self.log / "store").is_symlink())
        self.check_log()


if __name__ == "__main__":
    program.main()
