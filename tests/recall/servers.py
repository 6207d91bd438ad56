"""Packaged TLS servers, configured to hold one key. Each function writes the server's configuration into a folder and returns its command
line; `tls` is a keys.Key, or None for a server without TLS. The one rule: unmodified programs, default settings."""

import os
import shutil

from processes import write


def nginx(folder, port, tls):
    listen = f"listen 127.0.0.1:{port} ssl; ssl_certificate {tls.files['cert']}; ssl_certificate_key {tls.files['pkcs8_pem']};" if tls else f"listen 127.0.0.1:{port};"
    conf = write(f"{folder}/nginx.conf", f"daemon off; user root; worker_processes 1; pid {folder}/pid; error_log {folder}/log;"
                 f"events {{}} http {{ access_log off; server {{ {listen} return 200 ok; }} }}")
    return ["nginx", "-c", conf, "-p", folder, "-e", f"{folder}/log"]


def apache(folder, port, tls):
    text = (f"ServerRoot {folder}\nServerName localhost\nPidFile {folder}/pid\nErrorLog {folder}/log\nListen 127.0.0.1:{port}\n"
            f"Mutex file:{folder}\nUser www-data\nGroup www-data\nDocumentRoot {folder}\n")
    for module in ("mpm_event", "authz_core", "ssl"):
        text += f"LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so\n"
    if tls:
        text += f"SSLSessionCache none\nSSLEngine on\nSSLCertificateFile {tls.files['cert']}\nSSLCertificateKeyFile {tls.files['pkcs8_pem']}\n"
    return ["apache2", "-X", "-f", write(f"{folder}/apache.conf", text)]


def haproxy(folder, port, tls):
    bind = f"127.0.0.1:{port}" + (f" ssl crt {tls.files['both']}" if tls else "")
    conf = write(f"{folder}/haproxy.cfg", "global\n  nbthread 1\ndefaults\n  mode http\n  timeout connect 5s\n  timeout client 5s\n"
                 f"  timeout server 5s\nfrontend f\n  bind {bind}\n  http-request return status 200\n")
    return ["haproxy", "-db", "-f", conf]


def stunnel(folder, port, tls):
    if not tls:
        return None
    conf = write(f"{folder}/stunnel.conf", f"foreground = yes\npid =\n[s]\naccept = 127.0.0.1:{port}\nconnect = 127.0.0.1:9\ncert = {tls.files['both']}\n")
    return ["stunnel4", conf]


def mosquitto(folder, port, tls):
    text = f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n" + (f"certfile {tls.files['cert']}\nkeyfile {tls.files['pkcs8_pem']}\n" if tls else "")
    return ["mosquitto", "-c", write(f"{folder}/mosquitto.conf", text)]


# What postfix's master starts, without chroots: who talks to clients, and whom that asks.
POSTFIX_SERVICES = """127.0.0.1:{port} inet n - n - - smtpd{options}
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
pickup unix n - n 60 1 pickup
"""


def postfix(folder, port, tls):
    """smtpd loads the key as root and serves as the user postfix, who must reach the folder."""
    os.chmod(folder, 0o755)
    for name, owner in (("etc", "root"), ("queue", "root"), ("data", "postfix")):
        os.mkdir(f"{folder}/{name}", 0o755)
        shutil.chown(f"{folder}/{name}", owner)
    text = (f"compatibility_level = 3.6\nqueue_directory = {folder}/queue\ndata_directory = {folder}/data\nmyhostname = localhost\n"
            f"inet_protocols = ipv4\nmydestination = localhost\nalias_maps =\nlocal_recipient_maps =\n")
    if tls:
        text += f"smtpd_tls_security_level = may\nsmtpd_tls_cert_file = {tls.files['cert']}\nsmtpd_tls_key_file = {tls.files['pkcs8_pem']}\n"
    write(f"{folder}/etc/main.cf", text)
    write(f"{folder}/etc/master.cf", POSTFIX_SERVICES.format(port=port, options=" -o smtpd_tls_wrappermode=yes" if tls else ""))
    return ["postfix", "-c", f"{folder}/etc", "start-fg"]
