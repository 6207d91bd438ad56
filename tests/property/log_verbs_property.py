"""The verbs of log, and verify, as scripts use them: the exit code and the words of each answer, right ones and wrong ones. What
attacks look like is in attacks_property.py."""

import datetime
import hashlib
import json
import shutil

import dumps
import keys
import program
from gate_case import GateCase
from program import BLOCK, HOLD, INTERNAL, RELEASE, USAGE, run

UNKNOWN = hashlib.sha256(b"of no key").hexdigest()
NO_KEY = "not a verifier key (name+id+key)"


class Verbs(GateCase):
    """A dump with a key was kept, one with its certificate was released."""

    def setUp(self):
        super().setUp()
        program.need("openssl")
        # Of many windows: a short number may be one of those that a retro filter loses.
        self.key = keys.Key("rsa", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        self.private = self.write("key.pem", self.key.pem)
        self.certificate = self.write("cert.pem", keys.openssl("req", "-new", "-x509", "-key", str(self.private), "-subj", "/CN=x"))
        self.put("keyed", dumps.kernel_core([b"x" * 100 + self.key.pem]))
        self.put("seen", dumps.kernel_core([b"x" * 100 + self.certificate.read_bytes()]))
        done = self.gate()
        self.assertEqual(done.code, 0, done)
        self.only_released("seen")
        self.size = len(self.leaves())
        self.missing = self.directory / "missing"

    def ends(self, code, words, *command, shown=False, answer=False, **options):
        """Runs a command; what it says wrong goes to standard error, and standard output then stays empty
        (unless something is shown before). An `answer` is on standard output whatever its code."""
        done = run(*command, **options)
        with self.subTest(" ".join(map(str, command))):
            self.assertEqual(done.code, code, done)
            self.assertIn(words.encode(), done.out if code == 0 or answer else done.err)
            if (code == USAGE and not shown) or (code == INTERNAL and "stdout" not in options):
                self.assertEqual(done.out, b"")
        return done

    def log_ends(self, code, words, verb, *more, log=None, answer=False):
        return self.ends(code, words, "log", verb, "--log", log or self.log, *more, answer=answer)

    def held(self, *more, words="HELD the private key"):
        return self.log_ends(BLOCK, words, *more, answer=True)

    def person(self, name):
        path = self.directory / f"{name}.key"
        path.touch(mode=0o600)
        path.write_bytes(keys.openssl("genpkey", "-algorithm", "ed25519"))
        approvers = self.directory / "approvers"
        approvers.mkdir(exist_ok=True)
        (approvers / f"{name}.pem").write_bytes(keys.openssl("pkey", "-in", str(path), "-pubout"))
        return path

    def test_query_takes_certificates_keys_and_digests(self):
        der = self.write("cert.der", keys.openssl("x509", "-in", str(self.certificate), "-outform", "DER"))
        public = self.write("public.pem", self.key.public_pem)
        for form in (self.certificate, der, public, self.write("public.der", self.key.public), self.key.public_sha256):
            done = self.held("query", "--key", form, words=f"key {self.key.public_sha256}")
            for words in (b"HELD the private key", b"held its public half", b"became      not released", b"became      released"):
                self.assertIn(words, done.out)
        self.log_ends(0, "No dump in the log is known to have held it", "query", "--key", UNKNOWN)
        told = json.loads(self.held("query", "--key", self.certificate, "--format", "json", words="").out)
        self.assertEqual([(dump["name"], dump["relation"]) for dump in told["dumps"]], [("keyed", "held"), ("seen", "seen")])

    def test_query_ends_as_hunt_when_a_dump_cannot_say(self):
        asked, other = ("query", "--key", self.key.public_sha256), ("query", "--key", UNKNOWN)
        self.put("cut", self.clean[:-4096])
        self.assertEqual(self.gate().code, 0)
        self.assertIn(b"1 verdicts cannot say", self.held(*asked).out)
        for form in ("text", "json"):
            self.log_ends(HOLD, "cut", *other, "--format", form, answer=True)
        site = ("--site-key", self.keys / "site.key")
        stranger = self.write("other.pem", keys.openssl("genpkey", "-algorithm", "ed25519"))
        self.log_ends(BLOCK, "contained", "hunt", self.private, *site, answer=True)
        self.log_ends(HOLD, "1 undecidable", "hunt", stranger, *site, answer=True)

    def test_query_refuses_what_is_no_key_or_no_log(self):
        self.log_ends(USAGE, "--key is required", "query")
        self.log_ends(USAGE, "neither a file nor a SHA-256 in lower-case", "query", "--key", self.key.public_sha256.upper())
        self.log_ends(USAGE, "neither a file nor a SHA-256 in lower-case", "query", "--key", self.missing)
        self.log_ends(USAGE, "holds a private key", "query", "--key", self.private)
        self.log_ends(USAGE, "there is no log", "query", "--key", UNKNOWN, log=self.missing)
        self.log_ends(USAGE, NO_KEY, "query", "--key", UNKNOWN, "--vkey", "x")
        self.log_ends(USAGE, "--format", "query", "--key", UNKNOWN, "--format", "xml")
        self.log_ends(INTERNAL, "cannot read", "query", "--key", UNKNOWN, log=self.inbox)

    def test_query_with_no_index_a_damaged_one_and_one_of_its_own(self):
        index, asked = self.log / "index.sqlite", ("query", "--key", self.key.public_sha256)
        index.unlink(missing_ok=True)
        self.held(*asked)
        good = index.read_bytes()
        for content in (b"", good[:100], good[: len(good) // 2], b"x" * 5000, good[:4096] + b"\xff" * (len(good) - 4096)):
            index.write_bytes(content)
            self.held(*asked)
        index.write_bytes(b"x")
        self.held(*asked, "--rebuild")
        self.assertNotEqual(index.read_bytes(), b"x")
        own = self.directory / "own.sqlite"
        self.held(*asked, "--index", own)
        first = own.read_bytes()
        self.put("later", dumps.kernel_core([b"y" * 100 + self.key.pem]))
        self.assertEqual(self.gate().code, 0)
        done = self.held(*asked, "--index", own)
        self.assertEqual(done.out.count(b"HELD"), 2)
        self.assertNotEqual(own.read_bytes(), first)
        own.write_bytes(b"x" * 5000)
        self.assertEqual(self.held(*asked, "--index", own).out, done.out)
        self.log_ends(INTERNAL, "the index", *asked, "--index", self.missing / "own")
        other = self.directory / "other"
        made = run("log", "init", "--log", other, "--origin", "other.test/dumps", "--keys", self.directory / "other-keys")
        self.assertEqual(made.code, 0, made)
        self.log_ends(USAGE, "is the index of another log, gate.test/dumps", *asked, "--index", own, log=other)

    def test_verify_of_a_log(self):
        self.ends(0, f"gate.test/dumps: {self.size} entries and", "log", "verify", self.log)
        self.ends(USAGE, "there is no log", "log", "verify", self.missing)
        self.ends(USAGE, "DIR is required", "log", "verify")
        self.ends(USAGE, NO_KEY, "log", "verify", self.log, "--vkey", "x")
        self.ends(INTERNAL, "cannot read", "log", "verify", self.log, "--consistent-with", self.missing)
        self.ends(BLOCK, "cert.pem: the note has no signature", "log", "verify", self.log, "--consistent-with", self.certificate)
        seen = self.write("seen.checkpoint", (self.log / "checkpoint").read_bytes())
        self.ends(0, "it extends the older checkpoint", "log", "verify", self.log, "--consistent-with", seen)

    def test_export_and_proof(self):
        exported = self.log_ends(0, "", "export").out.splitlines()
        self.assertEqual(len(exported), self.size)
        self.assertEqual(self.log_ends(0, "", "export", "--index", 1).out.splitlines(), exported[1:2])
        self.assertEqual(self.log_ends(0, "", "export", "--from", 1, "--to", 2).out.splitlines(), exported[1:3])
        payloads = self.log_ends(0, "", "export", "--payload").out.splitlines()
        self.assertEqual([json.loads(line) for line in payloads], self.leaves())
        nothing = f"the log has {self.size} entries"
        self.log_ends(USAGE, nothing, "export", "--index", self.size)
        self.log_ends(USAGE, nothing, "export", "--from", 2, "--to", 1)
        self.log_ends(USAGE, "--index excludes", "export", "--index", 1, "--to", 1)
        self.log_ends(0, "c2sp.org/tlog-proof@v1\nindex 2\n", "proof", "--index", 2)
        self.log_ends(USAGE, f"the log has no entry {self.size}", "proof", "--index", self.size)
        self.log_ends(USAGE, "--index is required", "proof")
        self.log_ends(USAGE, "--index", "proof", "--index", "x")
        for verb in (("export",), ("proof", "--index", 0), ("checkpoint",)):
            self.log_ends(USAGE, "there is no log", *verb, log=self.missing)

    def test_witness(self):
        key, state = self.person("witness"), self.directory / "witness.state"
        asked = ("witness", "--state", state, "--key", key, "--name", "witness.test/w")
        self.log_ends(USAGE, "not a name for a witness", *asked[:-1], "w w")
        self.assertFalse(state.exists())
        self.log_ends(0, "— witness.test/w ", *asked)
        good = state.read_bytes()
        for damage in (b"", good[:-10], good.replace(b"\ngate.test/dumps\n", b"\ngate.test/other\n"), b"x\n"):
            state.write_bytes(damage)
            self.log_ends(INTERNAL, "is not the state of a witness, or is damaged", *asked)
            self.assertEqual(state.read_bytes(), damage)
        state.write_bytes(good)
        self.log_ends(0, "— witness.test/w ", *asked)
        self.log_ends(INTERNAL, "cannot write", "witness", "--state", self.missing / "x", *asked[3:])
        self.log_ends(INTERNAL, "cannot read", "witness", "--state", state, "--key", self.missing, "--name", "w")
        key.chmod(0o640)
        self.log_ends(USAGE, "may be read by others", *asked)

    def test_hunt(self):
        site = self.keys / "site.key"
        self.log_ends(BLOCK, "", "hunt", self.private, "--site-key", site)
        other = self.write("other.pem", keys.openssl("genpkey", "-algorithm", "ed25519"))
        self.log_ends(0, "0 contained it", "hunt", other, "--site-key", site)
        wrong = self.write("wrong.key", b"k" * 32)
        wrong.chmod(0o600)
        done = self.log_ends(HOLD, "", "hunt", self.private, "--site-key", wrong)
        self.assertIn(b"2 undecidable", done.out)
        self.log_ends(USAGE, "cannot read the key", "hunt", self.missing, "--site-key", site)
        self.log_ends(USAGE, "not a private key", "hunt", self.certificate, "--site-key", site)
        self.log_ends(USAGE, "there is no log", "hunt", self.private, "--site-key", site, log=self.missing)
        self.log_ends(USAGE, NO_KEY, "hunt", self.private, "--site-key", site, "--vkey", "x")

    def test_waiver(self):
        digest, people, paper = hashlib.sha256(b"dump").hexdigest(), self.directory / "approvers", self.directory / "waiver"
        ada, bob = self.person("ada"), self.person("bob")

        def create(code, words, dump=digest, reason="why", day="2099-12-31", key=ada, out=None):
            return self.ends(code, words, "log", "waiver", "create", "--dump-sha256", dump, "--reason", reason, "--expires", day,
                             "--key", key, "--out", out or self.missing)

        def check(code, words, file=paper, dump=digest, approvers=people):
            return self.ends(code, words, "log", "waiver", "check", file, "--dump-sha256", dump, "--approvers", approvers)

        create(USAGE, "not a SHA-256 in lower-case", dump="xx")
        create(USAGE, "no such day: 2099-02-30", day="2099-02-30")
        today = datetime.datetime.now(datetime.timezone.utc).date()
        create(USAGE, "the waiver would never hold: 2020-01-01 is over", day="2020-01-01")
        create(USAGE, "is over (today is ", day=(today - datetime.timedelta(days=2)).isoformat())
        create(0, "", day=(today + datetime.timedelta(days=1)).isoformat(), out=self.directory / "soon")
        create(USAGE, "a waiver gives a reason", reason="")
        create(USAGE, "not an Ed25519 key", key=self.owned(self.private))
        create(INTERNAL, "cannot read", key=self.directory / "nobody")
        self.assertFalse(self.missing.exists())
        create(0, "", out=paper)
        create(USAGE, "exists", out=paper)
        check(BLOCK, "signed by 1 of the 2 approvers")
        self.ends(USAGE, "this approver has signed already", "log", "waiver", "sign", paper, "--key", ada, shown=True)
        done = self.ends(0, digest, "log", "waiver", "sign", paper, "--key", bob)
        self.assertIn(b"2099-12-31", done.out)
        done = check(0, digest)
        self.assertIn(b"approver ada", done.out)
        self.assertIn(b"approver bob", done.out)
        check(BLOCK, "the waiver is for another dump", dump=UNKNOWN)
        check(USAGE, "not a SHA-256 in lower-case", dump="zz")
        check(USAGE, "No such file", approvers=self.missing)
        check(INTERNAL, "cannot read", file=self.missing)
        check(BLOCK, "the waiver is not signed by an approver", file=self.certificate)
        self.ends(USAGE, "not a DSSE envelope", "log", "waiver", "sign", self.certificate, "--key", ada)
        self.ends(USAGE, "A subcommand is required", "log", "waiver")
        late = self.directory / "late"
        create(0, "", out=late)
        keys.waiver_over(late, ada, bob)
        check(BLOCK, "2020-01-01", file=late)

    def owned(self, path):
        path.chmod(0o600)
        return path

    def test_verify_of_a_file(self):
        file, vkey, state = self.released / "seen", ("--vkey-file", self.log / "log.vkey"), ("--state", self.directory / "state")
        told = self.ends(RELEASE, "not asked: nothing is remembered", "verify", file, *vkey)
        self.assertIn(b"seen: verified\n", told.out)
        self.ends(RELEASE, "verified", "verify", file, "--vkey", (self.log / "log.vkey").read_text().strip())
        self.ends(HOLD, "no checkpoint of this log was accepted before", "verify", file, *vkey, *state)
        self.ends(RELEASE, "consistency   first", "verify", file, *vkey, *state, "--first")
        self.ends(RELEASE, "consistency   proven", "verify", file, *vkey, *state)
        for words, more in (("verify takes --vkey or --vkey-file", ()), (NO_KEY, ("--vkey", "x")),
                            ("--first and --log take --state", (*vkey, "--first")),
                            ("--first and --log take --state", (*vkey, "--log", self.log)),
                            ("cannot read", ("--vkey-file", self.missing)), ("No such file", (*vkey, "--approvers", self.missing))):
            self.ends(USAGE, words, "verify", file, *more)
        self.ends(USAGE, "No such file", "verify", self.missing, *vkey)
        self.ends(HOLD, "the copy of the log cannot be used", "verify", file, *vkey, *state, "--log", self.missing)
        # Not a release, when nobody can be told of it.
        with open("/dev/full", "wb") as full:
            self.ends(INTERNAL, "", "verify", file, *vkey, stdout=full)
        for suffix in (".intoto.jsonl", ".tlog-proof"):
            receipt = self.released / f"seen{suffix}"
            content = receipt.read_bytes()
            receipt.unlink()
            self.ends(HOLD, "there is no receipt to be read", "verify", file, *vkey)
            receipt.write_bytes(content[:-3])
            self.ends(BLOCK, "refused: ", "verify", file, *vkey)
            receipt.write_bytes(content)
        # A dump that was kept, beside the receipt of one that was released.
        kept = self.released / "kept"
        shutil.copy(next(self.quarantine.glob("*/dump")), kept)
        self.ends(HOLD, "there is no receipt to be read", "verify", kept, *vkey)
        for suffix in (".intoto.jsonl", ".tlog-proof"):
            shutil.copy(self.released / f"seen{suffix}", self.released / f"kept{suffix}")
        self.ends(BLOCK, "refused: the verdict is about another file", "verify", kept, *vkey)


if __name__ == "__main__":
    program.main()
