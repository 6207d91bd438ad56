"""OpenSSH's agent and server, dropbear, and gpg-agent in OpenSSH's place: keys loaded from OpenSSH's own file format, used for signatures
that clients ask for, and taken back where the program can."""

import os
import re
import subprocess
import time

from holder import Holder, Unable
from processes import end, family, free_port, quiet, start, wait_for, write


def must(*argv, **options):
    run = quiet(*argv, **options)
    if run.returncode != 0:
        raise Unable(f"{argv[0]}: {run.stdout.decode(errors='replace')[-300:]}")
    return run.stdout.decode(errors="replace")


def sign_by_agent(key, folder, environment):
    write(f"{folder}/message", "what is signed")
    for _ in range(3):
        must("ssh-keygen", "-q", "-Y", "sign", "-f", f"{key.folder}/id_key.pub", "-n", "recall", f"{folder}/message", env=environment)
        os.unlink(f"{folder}/message.sig")


class SshAgent(Holder):
    name, needs = "ssh-agent", ["openssh-client"]
    kinds = ["rsa-2048", "rsa-3072", "p-256", "p-384", "ed25519"]

    def states(self, key, folder):
        environment = {**os.environ, "SSH_AUTH_SOCK": f"{folder}/agent"}
        process = start(["ssh-agent", "-D", "-a", f"{folder}/agent"], folder)
        try:
            for _ in range(50):
                if os.path.exists(f"{folder}/agent"):
                    break
                time.sleep(0.1)
            must("ssh-add", "-q", key.files["openssh"], env=environment)
            yield "loaded", [process.pid]
            sign_by_agent(key, folder, environment)
            yield "signed", [process.pid]
            must("ssh-add", "-q", "-D", env=environment)
            yield "freed", [process.pid]
        finally:
            end(process)


class SshServer(Holder):
    """sshd or dropbear: a host key, used by the key exchanges of ssh-keyscan."""

    kinds = ["rsa-2048", "p-256", "ed25519"]

    def __init__(self, name, needs, command_line):
        self.name, self.needs, self.command_line = name, needs, command_line

    def states(self, key, folder):
        port = free_port()
        process = start(self.command_line(key, folder, port), folder)
        try:
            if not wait_for(port, process):
                raise Unable("did not start")
            yield "loaded", [process.pid]
            for _ in range(3):
                quiet("ssh-keyscan", "-p", str(port), "127.0.0.1", timeout=60)
            yield "signed", family(process.pid)
        finally:
            end(process)


def sshd(key, folder, port):
    os.makedirs("/run/sshd", exist_ok=True)
    config = f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {key.files['openssh']}\nPidFile none\nUsePAM no\n"
    return ["/usr/sbin/sshd", "-D", "-e", "-f", write(f"{folder}/sshd_config", config)]


def dropbear(key, folder, port):
    must("dropbearconvert", "openssh", "dropbear", key.files["openssh"], f"{folder}/host_key")
    return ["/usr/sbin/dropbear", "-F", "-E", "-p", f"127.0.0.1:{port}", "-P", f"{folder}/pid", "-r", f"{folder}/host_key"]


# Answers every question of gpg-agent, and every request for a passphrase with the same one.
PINENTRY = """#!/bin/sh
echo OK
while read -r word rest; do
  [ "$word" = GETPIN ] && echo "D recall"
  echo OK
  [ "$word" = BYE ] && exit
done
"""


class GpgAgent(Holder):
    """gpg-agent, which takes keys from ssh-add and keeps them protected by a passphrase that it has cached."""

    name, needs = "gpg-agent", ["gpg-agent", "openssh-client"]
    kinds = ["rsa-2048", "rsa-3072", "p-256", "ed25519"]
    version_of = "gpg-agent"

    def states(self, key, folder):
        home = f"{folder}/gnupg"
        os.mkdir(home, 0o700)
        write(f"{home}/gpg-agent.conf", f"pinentry-program {write(f'{folder}/pinentry', PINENTRY, 0o700)}\nenable-ssh-support\n")
        environment = {**os.environ, "GNUPGHOME": home, "SSH_AUTH_SOCK": f"{home}/S.gpg-agent.ssh"}
        # It leaves the session, so it is ended by asking it.
        subprocess.run(["gpg-agent", "--daemon"], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        try:
            pid = int(re.search(r"^D (\d+)", must("gpg-connect-agent", "getinfo pid", "/bye", env=environment), re.MULTILINE).group(1))
            must("ssh-add", "-q", key.files["openssh"], env=environment)
            yield "loaded", [pid]
            sign_by_agent(key, folder, environment)
            yield "signed", [pid]
            must("gpg-connect-agent", "reloadagent", "/bye", env=environment)
            yield "freed", [pid]
        finally:
            quiet("gpg-connect-agent", "killagent", "/bye", env=environment)


HOLDERS = [SshAgent(), GpgAgent(), SshServer("sshd", ["openssh-server"], sshd), SshServer("dropbear", ["dropbear-bin", "openssh-client"], dropbear)]
