"""Small files that decode to much, and layers around nothing: no ratio is a limit, only the work in all, and what lies beyond
it is held with the limit named."""

import bz2
import gzip
import json
import lzma

import keys
import program
from program import BLOCK, HOLD, RELEASE, PropertyCase, scan


class Expansion(PropertyCase):
    """Small files that decode to much: honest dumps of mostly empty memory shrink 10,000 times and more."""

    DECODED = 32 << 20

    def bomb(self):
        """A file of 100,000:1 and more."""
        path = self.write("bomb.bz2", bz2.compress(bytes(self.DECODED)))
        self.assertGreater(self.DECODED, 10_000 * path.stat().st_size)
        return path

    def test_honest_expansion_of_any_ratio_is_examined_whole(self):
        ended = scan("-q", "-f", "json", self.bomb())
        self.assertEqual(ended.code, RELEASE, ended)
        self.assertEqual(json.loads(ended.out)["coverage"]["bytes_examined"], self.DECODED)

    def test_key_behind_a_long_expansion_is_found(self):
        key = keys.Key("ed25519", "-algorithm", "ED25519")
        path = self.write("bomb.bz2", bz2.compress(bytes(self.DECODED) + key.pem))
        self.assertEqual(scan("-q", path).code, BLOCK)

    def test_expansion_beyond_the_limit_is_held_and_the_limit_named(self):
        limit = self.DECODED // 2
        path = self.bomb()
        for options, source in (((path,), {}), (("-",), {"input": path.read_bytes()})):
            with self.subTest(options):
                ended = scan("-q", "-f", "json", "--max-expanded", str(limit), *options, **source)
                self.assertEqual(ended.code, HOLD, ended)
                gap, = json.loads(ended.out)["coverage"]["gaps"]
                self.assertEqual((gap["reason"], gap["offset"]), ("limit", limit))
                self.assertIn(f"limit of {limit} decoded bytes", gap["detail"])
                self.assertIn("--max-expanded", gap["detail"])
        self.assertEqual(scan("-q", "--max-expanded", str(self.DECODED), path).code, RELEASE)

    def test_layers_around_nothing_are_held(self):
        for name, content in (("gz", gzip.compress(b"")), ("bz2", bz2.compress(b"")), ("xz", lzma.compress(b"")),
                              ("gz.gz", gzip.compress(gzip.compress(b"")))):
            with self.subTest(name):
                ended = scan("-q", self.write(f"nothing.{name}", content))
                self.assertEqual(ended.code, HOLD, ended)
                self.assertIn(b"nothing to examine", ended.out)


if __name__ == "__main__":
    program.main()
