"""MariaDB, of this machine or from Debian's packages."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .programs import NOBODY, PR_SET_PDEATHSIG, NotHad, debian_packages, free_port


class MariaDB:
    """A MariaDB over *folder*, on a port of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.socket = folder, free_port(), folder / "socket"
        self.pid = 0


_MARIADB = ("mariadb-server-core", "liburing2", "libaio1")
"""Packages of Debian that hold the server, and what it needs beside what every machine has."""


@contextmanager
def mariadb() -> Iterator[MariaDB]:
    """Run MariaDB over a new folder, and remove both at the end: the one of this machine, or the one of Debian's packages,
    unpacked without being installed. Its user `root` has no password on the socket. Raises NotHad."""
    folder = Path(tempfile.mkdtemp(prefix="penstock-my-"))
    user = NOBODY if os.geteuid() == 0 else None
    process = None
    try:
        program, home, libraries = _mariadb_programs(folder)
        server = MariaDB(folder)
        data = folder / "data"
        data.mkdir()
        _certify(folder)
        if user:
            folder.chmod(0o755)
            for place in (folder, data, folder / "key"):
                os.chown(place, user, user)
        environ = {"LC_ALL": "C", "PATH": os.defpath, "LD_LIBRARY_PATH": ":".join(map(str, libraries))}
        options = [
            "--no-defaults", f"--datadir={data}", f"--lc-messages-dir={home}", f"--character-sets-dir={home / 'charsets'}",
            f"--ssl-cert={folder / 'certificate'}", f"--ssl-key={folder / 'key'}",
            "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M",
        ]  # fmt: skip
        made = subprocess.run(
            [program, *options, "--bootstrap", "--skip-networking"], input=_tables(home), user=user, group=user,
            extra_groups=() if user else None, env=environ, cwd="/", capture_output=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise NotHad(f"mariadbd made no tables: {made.stderr.decode(errors='replace').strip()[-300:]}")
        prctl = ctypes.CDLL(None).prctl
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [program, *options, f"--socket={server.socket}", f"--port={server.port}", "--bind-address=127.0.0.1"],
                user=user, group=user, extra_groups=() if user else None, stdout=log, stderr=log, cwd="/", env=environ,
                preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL), restore_signals=False,
            )  # fmt: skip
        server.pid = process.pid
        _await_mariadb(server, process)
        yield server
    finally:
        if process is not None:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _certify(folder: Path) -> None:
    """Write a key, and a certificate that nobody but its owner has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "db")]), datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "certificate").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem))
    (folder / "key").touch(0o600)
    (folder / "key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))


def _mariadb_programs(folder: Path) -> tuple[Path, Path, list[Path]]:
    """Return the server, the folder of its messages, and folders of libraries."""
    found = shutil.which("mariadbd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    share = Path("/usr/share/mysql")
    if found is not None and (share / "mysql_system_tables.sql").exists():
        return Path(found), share, []
    unpacked = debian_packages(folder, _MARIADB)
    libraries = [path.parent for path in unpacked.glob("**/lib*.so.*")]
    return unpacked / "usr/sbin/mariadbd", unpacked / "usr/share/mysql", libraries


def _tables(home: Path) -> bytes:
    """Return the statements that make the tables of a new server, whose `root` may do everything from the socket."""
    names = ("mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql")
    scripts = b"".join((home / name).read_bytes() for name in names if (home / name).exists())
    first = (
        "CREATE DATABASE mysql;",
        "USE mysql;",
        "SET @auth_root_socket = NULL;",
        "SET @skip_auth_anonymous = 1;",
        "",
    )
    return "\n".join(first).encode() + scripts  # A statement ends with its line.


def _await_mariadb(server: MariaDB, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while True:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", server.port)) == 0:
                return
        if process.poll() is not None or time.monotonic() > until:
            said = (server.folder / "log").read_text(errors="replace").strip()
            raise NotHad(f"mariadbd did not start: {said[-300:]}")
        time.sleep(0.05)
