"""Receipts and logs, checked by tools that nobody here wrote, with the very commands of docs/evidence.md: openssl, jq and a
shell, and Go's sumdb. What was changed anywhere, these commands refuse as well."""

import base64
import json
import os
import re
import shutil

import evidence_doc
import keys
import program
from evidence_case import EvidenceCase, statement
from gate_case import GateCase
from program import run

WITNESS = "witness.example.org/w1"
# What each block needs to have been pasted before.
BEFORE = {"receipt": ("key", "envelope"), "inclusion": ("key", "envelope", "checkpoint", "receipt"),
          "consistency": ("key", "checkpoint"), "cosignature": ("key", "checkpoint"),
          "entries": ("key", "envelope", "checkpoint"), "library": ()}


def altered(content, at):
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def other_letter(content, at):
    """Another letter of the base64 alphabet in one place."""
    return content[:at] + (b"B" if content[at : at + 1] == b"A" else b"A") + content[at + 1 :]


class Shell(GateCase):
    """A released dump on the receiver's side, with everything that docs/evidence.md names."""

    def setUp(self):
        super().setUp()
        program.need("openssl", "jq")
        self.blocks = evidence_doc.blocks()
        self.assertEqual(set(self.blocks), {"key", "envelope", "checkpoint", "choice", "removal", *BEFORE})
        for name in ("first", "second", "core"):
            self.put(name, self.clean + name.encode())
            self.assertEqual(self.gate().code, 0)
            if name == "first":
                self.fork = self.directory / "fork"
                shutil.copytree(self.log, self.fork)
        self.good = self.directory / "good"
        self.good.mkdir()
        shutil.copytree(self.log, self.good / "log")
        shutil.copy(self.log / "log.vkey", self.good / "log.vkey")
        for ending in ("", ".intoto.jsonl", ".tlog-proof"):
            shutil.copy(self.released / f"core{ending}", self.good / f"core{ending}")
        self.keep_checkpoint_of("first")
        key = self.directory / "witness.key"
        key.touch(0o600)
        key.write_bytes(keys.openssl("genpkey", "-algorithm", "ed25519"))
        (self.good / "witness.pem").write_bytes(keys.openssl("pkey", "-in", str(key), "-pubout"))
        cosigned = run("log", "witness", "--log", self.log, "--state", self.directory / "seen", "--key", key, "--name", WITNESS)
        self.assertEqual(cosigned.code, 0, cosigned)
        (self.good / "cosigned").write_bytes(cosigned.out)

    def keep_checkpoint_of(self, name):
        _, _, note = (self.released / f"{name}.tlog-proof").read_text().partition("\n\n")
        (self.good / "earlier").write_text(note)

    def ends(self, block, changes):
        """Pastes a block into the receiver's directory, in which some files have another content."""
        here = self.directory / "receiver"
        shutil.rmtree(here, ignore_errors=True)
        shutil.copytree(self.good, here)
        for name, content in changes.items():
            (here / name).write_bytes(content)
        return evidence_doc.shell("".join(self.blocks[name] for name in (*BEFORE[block], block)), here)

    def accepted(self, block):
        ended = self.ends(block, {})
        self.assertEqual(ended.code, 0, ended)
        return ended

    def refused(self, block, what, changes):
        for name, content in changes.items():
            self.assertNotEqual(content, (self.good / name).read_bytes(), what)
        ended = self.ends(block, changes)
        self.assertNotEqual(ended.code, 0, f"{block} accepts {what}: {ended}")

    def read(self, name):
        return (self.good / name).read_bytes()

    def text_of_statement(self, line, old, new):
        """The receipt with other words in one of its statements, encoded as before."""
        lines = self.read("core.intoto.jsonl").splitlines(keepends=True)
        payload = json.loads(lines[line])["payload"]
        content = base64.b64decode(payload)
        self.assertIn(old, content)
        lines[line] = lines[line].replace(payload.encode(), base64.b64encode(content.replace(old, new)))
        return b"".join(lines)

    def test_receipt_is_of_this_file_and_signed(self):
        self.accepted("receipt")
        envelopes = self.read("core.intoto.jsonl")
        verdict, intent = envelopes.splitlines(keepends=True)
        other = (self.released / "second.intoto.jsonl").read_bytes()
        signature = json.loads(verdict)["signatures"][0]["sig"].encode()
        for what, files in {
            "another file": {"core": altered(self.read("core"), 100)},
            "a longer file": {"core": self.read("core") + b"x"},
            "another file's receipt": {"core.intoto.jsonl": other},
            "another file's verdict": {"core.intoto.jsonl": other.splitlines(keepends=True)[0] + intent},
            "another verdict": {"core.intoto.jsonl": self.text_of_statement(0, b'"result":"release"', b'"result":"block"')},
            "another destination": {"core.intoto.jsonl": self.text_of_statement(1, b'"directory ', b'"Directory ')},
            "another signature": {"core.intoto.jsonl": envelopes.replace(signature, other_letter(signature, 7))},
            "no intent": {"core.intoto.jsonl": verdict},
            "statements in the other order": {"core.intoto.jsonl": intent + verdict},
        }.items():
            with self.subTest(what):
                self.refused("receipt", what, files)

    def test_inclusion_is_proven(self):
        self.accepted("inclusion")
        proof = self.read("core.tlog-proof")
        hashes = re.findall(rb"^[A-Za-z0-9+/]{43}=$", proof.split(b"\n\n")[0], re.MULTILINE)
        self.assertGreater(len(hashes), 2)
        size = int(proof.split(b"\n\n")[1].splitlines()[1])
        cases = {f"another hash {i}": proof.replace(h, base64.b64encode(altered(base64.b64decode(h), 5)), 1)
                 for i, h in enumerate(hashes)}
        cases |= {
            "a hash less": proof.replace(hashes[-1] + b"\n", b"", 1),
            "a hash more": proof.replace(hashes[-1] + b"\n", 2 * (hashes[-1] + b"\n"), 1),
            "another index": proof.replace(b"\nindex %d\n" % (size - 1), b"\nindex %d\n" % (size - 2)),
            "another size": proof.replace(b"\n%d\n" % size, b"\n%d\n" % (size + 1)),
            "another file's proof": (self.released / "second.tlog-proof").read_bytes(),
        }
        for what, changed in cases.items():
            with self.subTest(what):
                self.refused("inclusion", what, {"core.tlog-proof": changed})

    def test_log_goes_on_from_earlier(self):
        for name in ("first", "second"):
            self.keep_checkpoint_of(name)
            self.accepted("consistency")
        # A log that forgot, and says something else, signed by its own key.
        rewritten = self.rewritten_checkpoint(int(self.read("earlier").splitlines()[1]))
        self.refused("consistency", "a rewritten log", {"earlier": rewritten})
        self.refused("consistency", "a checkpoint that the receipt does not reach", {"earlier": self.read("log/checkpoint")})
        proof = self.read("core.tlog-proof")
        extra = re.search(rb"^extra (.*)$", proof, re.MULTILINE)[1]
        content = base64.b64decode(extra)
        # A hash of the newest beginning's proof: that of `second`, which is kept.
        place = content.index(b"\n", content.index(b"\n") + 1) + 3
        changed = proof.replace(extra, base64.b64encode(other_letter(content, place)))
        self.refused("consistency", "another proof", {"core.tlog-proof": changed})

    def rewritten_checkpoint(self, size):
        """Of another log of this size, which begins as ours and is signed by the same key."""
        while int((self.fork / "checkpoint").read_text().splitlines()[1]) < size:
            ended = run("log", "append", "--log", self.fork, "--keys", self.keys, "-", input=statement(size))
            self.assertEqual(ended.code, 0, ended)
        return (self.fork / "checkpoint").read_bytes()

    def test_witness_s_cosignature(self):
        ended = self.accepted("cosignature")
        self.assertIn(b"UTC", ended.out)
        cosigned = self.read("cosigned")
        line = cosigned.splitlines()[-1].split(b" ")[-1]
        stamped = base64.b64decode(line)
        for what, at in (("another time", 11), ("another signature", 40)):
            changed = cosigned.replace(line, base64.b64encode(altered(stamped, at)))
            self.refused("cosignature", what, {"cosigned": changed})
        stranger = keys.openssl("pkey", "-pubout", stdin=keys.openssl("genpkey", "-algorithm", "ed25519"))
        self.refused("cosignature", "another witness", {"witness.pem": stranger})
        self.refused("cosignature", "another tree", {"cosigned": self.read("earlier") + cosigned.splitlines(keepends=True)[-1]})

    def test_entries_of_the_log(self):
        self.accepted("entries")
        (bundle,) = [path for path in (self.good / "log/tile/entries").rglob("*")
                     if path.name == self.read("log/checkpoint").splitlines()[1].decode()]
        (tile,) = (self.good / "log/tile/0").rglob(bundle.name)
        bundle, tile = bundle.relative_to(self.good), tile.relative_to(self.good)
        content, hashes, entries = self.read(bundle), self.read(tile), []
        while content:
            length = int.from_bytes(content[:2], "big")
            entries.append(content[: 2 + length])
            content = content[2 + length :]
        whole = self.read(bundle)
        payload = whole.index(b'{"payload":"', len(entries[0])) + 100
        for what, files in {
            "an edited entry": {bundle: other_letter(whole, payload)},
            "an edited tile": {tile: altered(hashes, 70)},
            "entries in another order": {bundle: b"".join([entries[1], entries[0], *entries[2:]])},
            "an entry less": {bundle: b"".join(entries[:-1])},
            "an entry more": {bundle: whole + entries[0]},
            "another size": {"log/checkpoint": self.read("log/checkpoint").replace(b"\n%d\n" % len(entries), b"\n%d\n" % (len(entries) - 1))},
        }.items():
            with self.subTest(what):
                self.refused("entries", what, files)


class Library(EvidenceCase):
    """Go's sumdb, which shares no line with ours."""

    def setUp(self):
        super().setUp()
        program.need("go", "jq")
        if not os.path.isdir("/usr/share/gocode/src/golang.org/x/mod/sumdb"):
            self.skipTest("golang-golang-x-mod-dev is not installed")
        self.here = self.directory / "here"
        self.here.mkdir()
        (self.here / "log.vkey").write_bytes((self.log / "log.vkey").read_bytes())

    def ends(self, log, proof):
        shutil.rmtree(self.here / "log", ignore_errors=True)
        shutil.copytree(log, self.here / "log")
        (self.here / "core.tlog-proof").write_bytes(proof)
        return evidence_doc.shell(evidence_doc.blocks()["library"], self.here)

    def test_whole_log_proofs_and_consistency(self):
        self.grow_to(100)
        fork = self.copy("fork")
        (self.here / "earlier").write_bytes(self.checkpoint())
        for size in (255, 256, 259):
            self.grow_to(size)
            proof = run("log", "proof", "--log", self.log, "--index", size - 2).out
            ended = self.ends(self.log, proof)
            self.assertEqual(ended.code, 0, ended)
            self.assertEqual(ended.out, b"%d entries, extends 100\n" % size)
        # It is no rubber stamp: what we refuse, it refuses.
        self.assertNotEqual(self.ends(self.log, proof.replace(b"index 257", b"index 256")).code, 0)
        log = self.copy("altered")
        for name, at in (("tile/0/000", 40), ("tile/1/000.p/1", 3), ("tile/entries/000", 1000), ("tile/entries/001.p/3", 30)):
            with self.subTest(name):
                content = (log / name).read_bytes()
                (log / name).write_bytes(altered(content, at))
                self.assertNotEqual(self.ends(log, proof).code, 0)
                (log / name).write_bytes(content)
        # What was seen of another log with the same key, and more of a log than there is now.
        self.append(fork, 7000)
        (self.here / "earlier").write_bytes(self.checkpoint(fork))
        self.assertNotEqual(self.ends(self.log, proof).code, 0)
        (self.here / "earlier").write_bytes(self.checkpoint())
        self.assertNotEqual(self.ends(fork, run("log", "proof", "--log", fork, "--index", 100).out).code, 0)
        self.assertEqual(self.ends(self.log, proof).code, 0)


if __name__ == "__main__":
    program.main()
