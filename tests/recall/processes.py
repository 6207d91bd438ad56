"""Starting programs and taking dumps of them. The one rule: whatever was started here is ended here, by its process id."""

import glob
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import time

DUMP_TIMEOUT_S = 180
COMMAND_TIMEOUT_S = 300


def quiet(*argv, **options):
    """Runs a command without a terminal; output and exit status in the result."""
    options = {"stdin": subprocess.DEVNULL, "timeout": COMMAND_TIMEOUT_S, **options}
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def write(path, text, mode=0o644):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as f:
        f.write(text)
    return path


def family(pid):
    """The process and its descendants."""
    found, queue = [], [pid]
    while queue:
        one = queue.pop()
        found.append(one)
        for path in glob.glob(f"/proc/{one}/task/*/children"):  # each thread has children of its own
            try:
                queue += [int(c) for c in pathlib.Path(path).read_text(encoding="ascii").split()]
            except OSError:
                pass
    return found


def wait_for(port, process, seconds=10):
    """Until somebody listens on the port; False when the process ends first."""
    for _ in range(seconds * 10):
        if process.poll() is not None:
            return False
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return True
        except OSError:
            time.sleep(0.1)
    return False


def allow_core():
    """In the child: kernel cores of any size, whoever starts it."""
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def start(argv, folder, **options):
    """A program in its own session and folder, whose output goes to folder/output."""
    options.setdefault("stdin", subprocess.DEVNULL)
    with open(f"{folder}/output", "ab") as output:
        options.setdefault("stdout", output)
        options.setdefault("env", {**os.environ, "GOTRACEBACK": "crash"})  # or Go's runtime ends without a core
        return subprocess.Popen(argv, stderr=output, start_new_session=True, cwd=folder, preexec_fn=allow_core, **options)


def end(process, number=signal.SIGKILL):
    """Ends the process, its session, and descendants that made sessions of their own."""
    descendants = family(process.pid)[1:]
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pid in descendants:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def gcore(pid, path):
    """A core of a living process by gdb; False when none could be taken."""
    quiet("gdb", "-q", "-nx", "-batch", "-p", str(pid), "-ex", f"generate-core-file {path}", timeout=DUMP_TIMEOUT_S)
    return os.path.exists(path)


def kernel_writes_cores_here():
    """Whether a crash leaves a core in the working directory of the process, and not with another program."""
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text(encoding="utf-8").strip()
    return bool(pattern) and pattern[0] not in "|/" and "/" not in pattern


def crash(pid, folder, number="ABRT", file=None):
    """Ends a process by a signal and returns the dump that it left in `folder`, its working directory: `file`, or else the kernel's core; None
    without one."""
    before = set(os.listdir(folder))
    try:
        os.kill(pid, getattr(signal, "SIG" + number))
    except ProcessLookupError:
        return None
    for _ in range(600):
        if not alive(pid):
            break
        time.sleep(0.1)
    if file:
        return f"{folder}/{file}" if os.path.exists(f"{folder}/{file}") else None
    new = [name for name in set(os.listdir(folder)) - before if name.startswith("core")]
    return f"{folder}/{new[0]}" if new else None


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def has(program):
    return shutil.which(program) is not None or os.path.exists(program)


def package_version(package):
    """The version of an installed Debian package; None when it is not there."""
    run = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package], capture_output=True, text=True, check=False)
    status, _, version = run.stdout.partition(" ")
    return version if status == "installed" else None
