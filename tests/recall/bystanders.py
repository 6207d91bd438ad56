"""Real programs that hold no signing key: what must be released. Each is brought into the state in which it would crash at work: with modules
loaded, queries answered, a page shown, a connection to a TLS server open. The one rule: nothing here plants a private key; the key of the TLS
server belongs to another process.

A bystander yields the process ids to dump once and ends everything it started when it is closed. Without `needs_server` it is
called with (folder), with it as (folder, server)."""

import contextlib
import glob
import os
import pathlib
import socket
import time

from clients_server import ClientsServer
from processes import end, family, free_port, quiet, start, wait_for

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE_S = 60


class Unable(Exception):
    """The program could not be brought into its state; the message says why."""


@contextlib.contextmanager
def running(folder, argv, ready=None, **options):
    """A program at rest: `ready` is a port, a condition, or None for a moment's time."""
    process = start(argv, folder, **options)
    try:
        if isinstance(ready, int):
            came = wait_for(ready, process, PATIENCE_S)
        elif ready is None:
            time.sleep(1)
            came = process.poll() is None
        else:
            came = wait_until(process, ready)
        if not came:
            said = pathlib.Path(folder, "output").read_text(encoding="utf-8", errors="replace")
            raise Unable(f"{argv[0]} did not come so far: {said[-400:]}")
        yield process
    finally:
        end(process)


def wait_until(process, condition):
    for _ in range(PATIENCE_S * 10):
        if condition():
            time.sleep(0.5)  # what follows the last answer
            return process.poll() is None
        if process.poll() is not None:
            return False
        time.sleep(0.1)
    return False


def bash(folder):
    work = "declare -A seen; for i in {1..20000}; do seen[$i]=$((i * i)); done; echo ready; while :; do sleep 1; done"
    with running(folder, ["bash", "-c", work], lambda: said(folder, "ready")) as process:
        yield [process.pid]


def said(folder, word):
    return word in pathlib.Path(folder, "output").read_text(encoding="utf-8", errors="replace")


PYTHON_WORK = """
import hashlib, hmac, http.client, json, secrets, sqlite3, ssl, time
import cryptography.hazmat.primitives.serialization.ssh, cryptography.hazmat.primitives.asymmetric.rsa, cryptography.x509
import Cryptodome.PublicKey.RSA, Cryptodome.PublicKey.ECC, nacl.signing, OpenSSL, paramiko, requests
ssl.create_default_context()
roots = cryptography.x509.load_pem_x509_certificate
found = [roots(("-----BEGIN CERTIFICATE-----" + part).encode()) for part in open("/etc/ssl/certs/ca-certificates.crt").read().split("-----BEGIN CERTIFICATE-----")[1:]]
kept = [(root.public_key(), root.subject.rfc4514_string(), hashlib.sha256(root.tbs_certificate_bytes).hexdigest()) for root in found]
documents = [json.loads(json.dumps({"id": secrets.token_hex(16), "n": i, "text": secrets.token_urlsafe(48)})) for i in range(5000)]
print("ready", len(kept), flush=True)
time.sleep(3600)
"""


def python(folder):
    with running(folder, ["/usr/bin/python3", "-c", PYTHON_WORK], lambda: said(folder, "ready")) as process:
        yield [process.pid]


QUERIES = """
create extension if not exists pgcrypto;
create table account (id uuid primary key default gen_random_uuid(), name text, secret bytea, digest text);
insert into account (name, secret, digest) select 'user ' || n, gen_random_bytes(32), encode(sha256(n::text::bytea), 'hex') from generate_series(1, 20000) n;
create index on account (digest);
select crypt('a password', gen_salt('bf', 4));
select count(*), max(digest) from account a join account b using (id) where a.name like '%7';
"""


def postgres(folder):
    """A cluster without TLS, its clients let in by SCRAM, one session left open after its queries."""
    os.chmod(folder, 0o755)
    programs = pathlib.Path(sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1])
    data, port = f"{folder}/data", free_port()
    quiet("install", "-d", "-o", "postgres", "-m", "700", data, check=True)
    password = pathlib.Path(folder, "password")
    password.write_text(os.urandom(12).hex() + "\n", encoding="ascii")
    as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    made = quiet(*as_postgres, programs / "initdb", "-D", data, "-A", "scram-sha-256", f"--pwfile={password}")
    if made.returncode != 0:
        raise Unable("initdb: " + made.stdout.decode(errors="replace")[-400:])
    environment = {**os.environ, "PGPASSWORD": password.read_text(encoding="ascii").strip()}
    psql = ["psql", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-X", "-v", "ON_ERROR_STOP=1"]
    with running(folder, [*as_postgres, programs / "postgres", "-D", data, "-p", str(port), "-k", data, "-h", "127.0.0.1"], port) as process:
        client = start([*psql, "-f", "-"], folder, stdin=-1, env=environment)
        try:
            client.stdin.write(QUERIES.encode() + b"\\echo ready\n")
            client.stdin.flush()
            if not wait_until(client, lambda: said(folder, "ready")):
                raise Unable("psql: " + pathlib.Path(folder, "output").read_text(encoding="utf-8")[-400:])
            yield [*family(process.pid), client.pid]
        finally:
            end(client)
            client.stdin.close()


def redis(folder):
    port = free_port()
    with running(folder, ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--requirepass", "x" * 20], port) as process:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"AUTH " + b"x" * 20 + b"\r\n" + b"".join(b"SET key:%d %s\r\n" % (n, os.urandom(24).hex().encode()) for n in range(5000)))
            client.sendall(b"EVAL \"return redis.sha1hex(ARGV[1])\" 0 text\r\nACL GENPASS\r\nECHO ready\r\n")
            answers = b""
            while b"ready" not in answers:
                answers = answers[-64:] + client.recv(1 << 16)
            yield [process.pid]


CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-breakpad", "--disable-dev-shm-usage", "--remote-debugging-port=0", "--ignore-certificate-errors"]
PAGE = """<!doctype html><title>page</title><script>
crypto.subtle.digest("SHA-256", new Uint8Array(1000)).then(sum => { document.title = Array.from(new Uint8Array(sum)).map(b => b.toString(16)).join(""); });
let kept = Array.from({length: 20000}, (_, i) => ({id: i, name: crypto.getRandomValues(new Uint32Array(8)).join("-")}));
</script><p>A page with some text.</p>"""


def chromium(folder):
    page = pathlib.Path(folder, "page.html")
    page.write_text(PAGE, encoding="utf-8")
    with browser(folder, page.as_uri(), None) as process:
        yield family(process.pid)


def chromium_tls(folder, server):
    with browser(folder, f"https://127.0.0.1:{server.port}/", server.answered.is_set) as process:
        yield family(process.pid)


@contextlib.contextmanager
def browser(folder, address, ready):
    os.mkdir(f"{folder}/profile")
    with running(folder, [*CHROMIUM, f"--user-data-dir={folder}/profile", address], ready or (lambda: said(folder, "DevTools listening"))) as process:
        time.sleep(5)  # renderers start behind the answer
        yield process


def java(folder):
    built = quiet("javac", "-d", folder, str(HERE / "Verifier.java"))
    if built.returncode != 0:
        raise Unable("javac: " + built.stdout.decode(errors="replace")[-400:])
    quick = ["-Xmx48m", "-XX:ReservedCodeCacheSize=16m", "-XX:CompressedClassSpaceSize=16m", "-XX:+UseSerialGC", "-XX:-UsePerfData"]
    signed = signed_text(folder)
    with running(folder, ["java", *quick, "-cp", folder, "Verifier", *signed], lambda: said(folder, "ready")) as process:
        yield [process.pid]


def signed_text(folder):
    """Certificates and signatures of a text, made by keys that are gone before the verifier starts."""
    text = pathlib.Path(folder, "text")
    text.write_bytes(b"what is signed")
    words = [str(text)]
    for name, *kind in (("rsa", "rsa:2048"), ("ec", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
        key, certificate, signature = (f"{folder}/{name}.{what}" for what in ("key", "pem", "sig"))
        quiet("openssl", "req", "-x509", "-nodes", "-newkey", *kind, "-keyout", key, "-out", certificate, "-subj", "/CN=signer", check=True)
        quiet("openssl", "dgst", "-sha256", "-sign", key, "-out", signature, str(text), check=True)
        os.unlink(key)
        words += [certificate, signature]
    return words


def client(*argv):
    """A TLS client that has its answer, or a part of it, and keeps the connection open."""

    def run(folder, server):
        command = [word.format(port=server.port, ca=server.key.files["cert"], folder=folder) for word in argv]
        with running(folder, command, server.answered.is_set, stdin=-1) as process:
            if process.stdin.closed:
                raise Unable("its input was closed")
            yield [process.pid]
            process.stdin.close()

    return run


PYTHON_CLIENT = """
import ssl, socket, sys, time
context = ssl.create_default_context()
context.load_verify_locations(sys.argv[2])
context.check_hostname = False
with context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="localhost") as connection:
    connection.sendall(b"GET / HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
    while connection.recv(1 << 16):
        pass
"""


def stunnel_client(folder, server):
    port = free_port()
    conf = pathlib.Path(folder, "stunnel.conf")
    conf.write_text(f"foreground = yes\npid =\n[s]\nclient = yes\naccept = 127.0.0.1:{port}\nconnect = 127.0.0.1:{server.port}\n", encoding="ascii")
    with running(folder, ["stunnel4", str(conf)], port) as process:
        with socket.create_connection(("127.0.0.1", port)) as asking:
            asking.sendall(b"GET / HTTP/1.1\r\n\r\n")
            if not wait_until(process, server.answered.is_set):
                raise Unable("no answer through the tunnel")
            yield [process.pid]


class Bystander:
    """`crashes`: its processes are dumped by the kernel, children first."""

    def __init__(self, name, package, run, needs=(), needs_server=False, crashes=False):
        self.name, self.package, self.run, self.needs = name, package, run, [package, *needs]
        self.needs_server, self.crashes = needs_server, crashes


ALONE = [
    Bystander("bash", "bash", bash),
    Bystander("python", "python3", python, ["python3-cryptography", "python3-pycryptodome", "python3-nacl", "python3-openssl", "python3-paramiko", "python3-requests"]),
    Bystander("postgres", "postgresql", postgres),
    Bystander("redis", "redis-server", redis),
    Bystander("chromium", "chromium", chromium, crashes=True),
    Bystander("java-verifier", "openjdk-17-jdk-headless", java),
]
CLIENTS = [
    Bystander("curl", "curl", client("curl", "-sN", "--cacert", "{ca}", "https://localhost:{port}/"), needs_server=True),
    Bystander("openssl-client", "openssl", client("openssl", "s_client", "-quiet", "-CAfile", "{ca}", "-connect", "127.0.0.1:{port}"), needs_server=True),
    Bystander("python-client", "python3", client("/usr/bin/python3", "-c", PYTHON_CLIENT, "{port}", "{ca}"), needs_server=True),
    Bystander("gnutls-client", "gnutls-bin", client("gnutls-cli", "--x509cafile", "{ca}", "-p", "{port}", "localhost"), needs_server=True),
    Bystander("stunnel-client", "stunnel4", stunnel_client, needs_server=True),
    Bystander("chromium-client", "chromium", chromium_tls, needs_server=True, crashes=True),
]
ALL = {one.name: one for one in [*ALONE, *CLIENTS]}
