"""Starts real programs and takes dumps of them: what tests/bench/run uses."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

START_LIMIT_S = 180


def resident_bytes(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def take_core(pid, path):
    """Writes the memory of a running process to `path`, by gdb; the process goes on."""
    done = subprocess.run(["gcore", "-o", path, str(pid)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    written = pathlib.Path(f"{path}.{pid}")
    if done.returncode != 0 or not written.exists():
        sys.exit(f"gcore failed: {done.stderr[-500:]}")
    written.rename(path)


def core_of_command(command, path, ready):
    """Starts a command, waits until ready(pid), writes its core to `path`, ends it."""
    log = path.with_suffix(".log")
    with log.open("wb") as sink:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env={"PATH": "/usr/bin"})
    try:
        deadline = time.monotonic() + START_LIMIT_S
        while not ready(process.pid):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{command[0]} was not there to be dumped: {log.read_text(errors='replace')[-500:]}")
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGSTOP)
        take_core(process.pid, path)
    finally:
        process.kill()
        process.wait()
        log.unlink()
