"""What holds a key while it is dumped. A holder is one file in holders/, in one of two shapes:

a program (C, Go, Java, a script, ...) that loads the key file it is given, answers "ok", and then obeys the words `sign` and `free` on
standard input, answering "ok" after each. Comments at its top tell how it is built and run:
    recall-needs: packages without which it cannot be built or run
    recall-version: the package whose version is the library's (default: first of recall-needs)
    recall-build: a command; {source}, {here} (holders/) and {build} (a folder of its own) are put in
    recall-run: a command; the same, and the key's files by the names of keys.Key.files
    recall-kinds: the kinds of keys it takes (keys.KINDS)
    recall-also: a name, then a command that writes another kind of dump of the running program {pid} to {dump}
    recall-crash: a signal and the file that the program, not the kernel, then writes into its folder
    recall-fast: yes, when it belongs to the subset of tests/run
or a Python module with a list HOLDERS of objects like `Holder` below, for unmodified servers and agents.

The one rule: a holder yields a state only when the program is at rest in it."""

import importlib.util
import os
import pathlib
import re
import shlex
import shutil

import processes

HERE = pathlib.Path(__file__).resolve().parent / "holders"
DIRECTIVE = re.compile(r"^\W*recall-([a-z]+): *(.*?)\s*(?:\*/)?$", re.MULTILINE)


class Unable(Exception):
    """The holder could not do what was asked; the message says why."""


class Holder:
    """One program that holds keys. `kinds`: the kinds of keys it takes."""

    name, needs, version_of, kinds, fast = "", [], "", [], False
    makes_keys = False  # True: it holds RSA or EC keys of its own beside the planted one
    crashes = False  # True: the kernel's core of it lies in the folder it was given; (signal, file): what it writes itself

    def missing(self):
        """What must be installed before this can run: Debian packages."""
        return [package for package in self.needs if processes.package_version(package) is None]

    def library(self):
        package = self.version_of or self.needs[0]
        return f"{package} {processes.package_version(package)}"

    def build(self, folder):
        """Once, before any run."""

    def states(self, key, folder):
        """Yields (name of the state, process ids or paths of dumps already taken); ends everything it started, at the latest when closed."""
        raise NotImplementedError


class Program(Holder):
    """A program that obeys words on its standard input."""

    def __init__(self, source):
        told = {}
        for name, value in DIRECTIVE.findall(source.read_text(encoding="utf-8")):
            told[name] = f"{told[name]} {value}" if name in told else value
        self.source, self.name = source, source.stem.lower().replace("_", "-")
        self.needs, self.kinds = told["needs"].split(), told["kinds"].split()
        self.version_of, self.fast = told.get("version", ""), told.get("fast") == "yes"
        self.build_command, self.run_command = told.get("build"), told["run"]
        self.also, self.crashes = told.get("also", "").split(None, 1), told.get("crash", "").split() or True
        self.folder = None

    def _argv(self, command, **names):
        return [word.format(source=self.source, here=HERE, build=self.folder, **names) for word in shlex.split(command)]

    def build(self, folder):
        self.folder = folder
        if self.build_command:
            run = processes.quiet("sh", "-ec", self.build_command.format(source=self.source, here=HERE, build=folder), cwd=folder)
            if run.returncode != 0:
                raise Unable("does not build: " + run.stdout.decode(errors="replace")[-600:])

    def states(self, key, folder):
        process = processes.start(self._argv(self.run_command, folder=folder, kind=key.kind, **key.files), folder, stdin=-1, stdout=-1)
        try:
            self._expect(process, folder)
            yield "loaded", self._holding(process, folder, "loaded")
            for word, state in (("sign", "signed"), ("free", "freed")):
                process.stdin.write(word.encode() + b"\n")
                process.stdin.flush()
                self._expect(process, folder)
                yield state, self._holding(process, folder, state)
        finally:
            processes.end(process)
            process.stdin.close()
            process.stdout.close()

    def _holding(self, process, folder, state):
        if not self.also:
            return [process.pid]
        form, command = self.also
        dump = f"{folder}/{state}.{form}"
        run = processes.quiet(*self._argv(command, pid=process.pid, dump=dump), cwd=folder)
        if not os.path.exists(dump):
            raise Unable(f"{form}: {run.stdout.decode(errors='replace')[-300:]}")
        return [process.pid, (form, dump)]

    def _expect(self, process, folder):
        answer = process.stdout.readline()
        if answer.strip() != b"ok":
            raise Unable(f"answered {answer!r}: " + pathlib.Path(folder, "output").read_text(encoding="utf-8", errors="replace")[-600:])


def all_holders():
    """Every holder of the folder, by name."""
    found = {}
    for path in sorted(HERE.iterdir()):
        if path.suffix in (".h", ".md") or path.name.startswith(("_", ".")):
            continue
        if "recall-run:" in path.read_text(encoding="utf-8"):
            holders = [Program(path)]
        else:
            spec = importlib.util.spec_from_file_location(path.stem, path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            holders = module.HOLDERS
        for holder in holders:
            found[holder.name] = holder
    return found


def fresh_folder(*parts):
    """An empty folder."""
    path = os.path.join(*parts)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path
