"""What docs/evidence.md promises, taken out of the page itself: its blocks of commands and its table of attacks. The one rule:
a test runs what the page says, never a copy of it."""

import os
import pathlib
import re
import subprocess

import program

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
PAGE = CHECKOUT / "docs" / "evidence.md"


def blocks():
    """The commands of each named block, in the page's order."""
    found = re.findall(r"<!-- block: ([a-z]+) -->\n```sh\n(.*?)```\n", PAGE.read_text(), re.DOTALL)
    unnamed = PAGE.read_text().count("```sh\n") - len(found)
    if unnamed or len(dict(found)) != len(found):
        raise AssertionError(f"{unnamed} blocks of {PAGE} without a name of their own")
    return dict(found)


class Step:
    """A row of the table of attacks: the command that looks, the exit code and words it ends with."""

    def __init__(self, cells):
        self.command, code, self.words = cells[1].strip("`"), cells[2], re.findall(r"`([^`]+)`", cells[3])
        self.code = int(code)

    def check(self, case, ended):
        case.assertEqual(ended.code, self.code, f"{self.command}: {ended}")
        said = (ended.out + ended.err).decode()
        for words in self.words:
            pattern = ".*".join(map(re.escape, words.split("…")))
            case.assertRegex(said, pattern, self.command)


def attacks():
    """Of each attack its rows. A row without an attack of its own belongs to the one above."""
    text = PAGE.read_text()
    table = text[text.index("<!-- begin: attacks -->") : text.index("<!-- end: attacks -->")]
    found, attack = {}, None
    for line in [line for line in table.splitlines() if line.startswith("| ")][1:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 5:
            raise AssertionError(f"not five cells: {line}")
        attack = cells[0] or attack
        found.setdefault(attack, []).append(Step(cells))
    return found


def shell(commands, directory):
    """Runs commands as a person would paste them, after `sh -eu`."""
    environment = os.environ | {"checkout": str(CHECKOUT), "GOCACHE": os.environ.get("GOCACHE", str(directory / "cache")),
                                "GOFLAGS": "-p=2", "LC_ALL": "C"}
    done = subprocess.run(["sh", "-eu"], input=commands.encode(), cwd=directory, env=environment, capture_output=True,
                          timeout=300, check=False)
    return program.Run(done.returncode, done.stdout, done.stderr)
