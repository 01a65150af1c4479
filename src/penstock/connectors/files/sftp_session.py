"""A session of SFTP: folders and files of a server, and its faults as ours. It is opened anew when it broke off."""

from __future__ import annotations

import asyncio
import stat
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import asyncssh
from asyncssh.sftp import SFTPAttrs, SFTPClient

from penstock.connectors.files import guard
from penstock.connectors.files.finding import Folder, Found, joined
from penstock.errors import PermanentError, TransientError
from penstock.kit.outbound import LOOK_S, STOP
from penstock.plan.ports import Connection

CONNECT_S = 15.0
KEEP_ALIVE_S = 15
"""How often a server is asked whether it is there; after the third time without an answer it is not."""
CALL_S = 120.0
"""How long one call may take."""
PIECE_BYTES = 4 << 20
SPECIAL = "special"
"""The version of what is neither file nor folder."""
ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Login:
    """Where a session leads, and who opens it. *host_keys* are the keys that are trusted, or their fingerprints."""

    host: str
    port: int
    username: str
    password: str | None = field(repr=False)
    private_key: str | None = field(repr=False)
    passphrase: str | None = field(repr=False)
    host_keys: str


def login_of(connection: Connection) -> Login:
    """Return what a connection says. Raises PermanentError where something is missing."""
    given, secrets = connection.parameters, connection.secrets

    def secret(name: str) -> str | None:
        value = secrets.get(name) or given.get(name)
        return str(value) if value else None

    with_key = given.get("auth_method") == "key"
    for name, value in (("host", given.get("host")), ("username", given.get("username"))):
        if not value:
            raise PermanentError(f"The connection '{connection.key}' has no {name}. Give it one.")
    wanted = "private_key" if with_key else "password"
    if secret(wanted) is None:
        raise PermanentError(f"The connection '{connection.key}' has no {wanted}. Give it one.")
    return Login(
        str(given["host"]), int(given.get("port") or 22), str(given["username"]),
        None if with_key else secret("password"), secret("private_key") if with_key else None,
        secret("passphrase") or (secret("password") if with_key else None), secret("host_key") or "",
    )  # fmt: skip


class Session:
    """One login, used by several threads: a context, closed at its end. *allow* are the internal networks that may be reached,
    None for all. Names are paths of the server: those without a slash at their begin count from where the login leads."""

    def __init__(self, login: Login, allow: str | None) -> None:
        self._login = login
        self._allow = allow
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="sftp")
        self._opening = asyncio.Lock()
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: SFTPClient | None = None

    def __enter__(self) -> Session:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._loop.call_soon_threadsafe(self._connection.abort)
            asyncio.run_coroutine_threadsafe(self._connection.wait_closed(), self._loop).result(CONNECT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CONNECT_S)
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    # --- reading

    def children(self, folder: str) -> list[Found | Folder]:
        """Return what lies in a folder; nothing where there is none."""

        async def listed(sftp: SFTPClient) -> list[Found | Folder]:
            made: list[Found | Folder] = []
            async for one in sftp.scandir(folder or "."):
                name = str(one.filename)
                if name in (".", ".."):
                    continue
                place = joined(folder, name)
                attrs = one.attrs
                if attrs.type not in (asyncssh.FILEXFER_TYPE_REGULAR, asyncssh.FILEXFER_TYPE_DIRECTORY):
                    attrs = await sftp.stat(place)  # a link, or a server that does not say
                made.append(_entry(place, attrs))
            return made

        try:
            return self._call(folder or ".", listed)
        except Missing:
            return []

    def look(self, name: str) -> Found | Folder | None:
        """Return what is at a path, links followed, if anything is."""
        try:
            return _entry(name, self._call(name, lambda sftp: sftp.stat(name)))
        except Missing:
            return None

    def pieces(self, found: Found, begin: int, end: int) -> Iterator[bytes]:
        """Give the bytes of a file that is still the one that was found."""
        self._still(found)
        for at in range(begin, end, PIECE_BYTES):
            size = min(PIECE_BYTES, end - at)

            async def read(sftp: SFTPClient, at: int = at, size: int = size) -> bytes:
                async with sftp.open(found.name, "rb") as opened:
                    return bytes(memoryview(await opened.read(size, at)))  # type: ignore[arg-type,unused-ignore]

            piece = self._call(found.name, read)
            yield piece
            if len(piece) < size:
                break
        self._still(found)

    def _still(self, found: Found) -> None:
        if self.look(found.name) != found:
            raise PermanentError(f"'{found.name}' changed while it was read. Run the job again.")

    # --- writing

    def make_folder(self, name: str) -> None:
        """Make a folder that is not there yet."""
        self._call(name, lambda sftp: sftp.mkdir(name))

    def put(self, file: Path, name: str) -> None:
        """Write a file of this machine, over what is there."""
        self._call(name, lambda sftp: sftp.put(str(file), name), None)

    def rename(self, name: str, to: str) -> None:
        """Rename a file or folder to a name that is free; a server refuses one that is not."""
        self._call(name, lambda sftp: sftp.rename(name, to))

    def remove(self, name: str) -> None:
        """Remove a folder and everything in it, or a file; quiet when it is gone."""

        async def removed(sftp: SFTPClient) -> None:
            if await sftp.isdir(name) and not await sftp.islink(name):
                await sftp.rmtree(name)
            elif await sftp.lexists(name):
                await sftp.remove(name)

        self._call(name, removed)

    def remove_empty(self, name: str) -> None:
        """Remove an empty folder."""
        self._call(name, lambda sftp: sftp.rmdir(name))

    # --- the connection

    def _call(
        self, name: str, call: Callable[[SFTPClient], Coroutine[Any, Any, ResultT]], limit_s: float | None = CALL_S
    ) -> ResultT:
        """Return what a call gives. Raises what is wrong in our words."""

        async def made() -> ResultT:
            sftp = await self._opened()
            async with asyncio.timeout(limit_s):
                return await call(sftp)

        what = f"'{name}' on the server '{self._login.host}'"
        try:
            return self._run(made())
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath) as error:
            raise Missing(f"{what} is not there. Correct the path.") from error
        except asyncssh.SFTPPermissionDenied as error:
            raise PermanentError(f"{what} is refused to this user. Grant it, or choose another path.") from error
        except (
            asyncssh.SFTPConnectionLost,
            asyncssh.SFTPNoConnection,
            asyncssh.ConnectionLost,
            asyncssh.DisconnectError,
        ) as error:
            raise TransientError(f"{what}: the connection broke off. It was tried several times.") from error
        except asyncssh.SFTPError as error:
            raise PermanentError(f"{what} cannot be used: {_said(error)}") from error
        except TimeoutError as error:
            self._drop()
            raise TransientError(f"{what}: the server said nothing for {CALL_S:g} s.") from error
        except (asyncssh.Error, ConnectionError) as error:
            raise TransientError(f"{what}: {_said(error)}") from error

    def _drop(self) -> None:
        if self._connection is not None:
            self._loop.call_soon_threadsafe(self._connection.abort)

    def _run(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            while True:
                try:
                    return future.result(LOOK_S)
                except NotYet:
                    if future.done():
                        raise
                    STOP.check()
        finally:
            future.cancel()

    async def _opened(self) -> SFTPClient:
        async with self._opening:
            if self._connection is None or self._sftp is None or self._connection.is_closed():
                self._connection = await self._logged_in()
                self._sftp = await self._connection.start_sftp_client()
            return self._sftp

    async def _logged_in(self) -> asyncssh.SSHClientConnection:
        login, where = self._login, f"The server '{self._login.host}', port {self._login.port},"
        found = await asyncio.to_thread(guard.addresses, login.host, login.port, self._allow)
        client = _Client(login.host_keys)
        last: Exception | None = None
        for address in found:
            try:
                async with asyncio.timeout(2 * CONNECT_S):
                    return await asyncssh.connect(
                        address, login.port, username=login.username, password=login.password, client_keys=_keys(login),
                        client_factory=lambda: client, known_hosts=([], [], []), server_host_key_algs=client.algorithms,
                        # Nothing of the machine's own settings for SSH is used.
                        config=None, agent_path=None, host_based_auth=False, gss_auth=False, gss_kex=False,
                        keepalive_interval=KEEP_ALIVE_S, keepalive_count_max=3, connect_timeout=CONNECT_S,
                        login_timeout=CONNECT_S,
                    )  # fmt: skip
            except asyncssh.PermissionDenied as error:
                raise PermanentError(
                    f"{where} does not let the user '{login.username}' in. Correct the user, and the password or key."
                ) from error
            except (asyncssh.HostKeyNotVerifiable, asyncssh.KeyExchangeFailed) as error:
                raise PermanentError(f"{where} {client.distrust(_said(error))}") from error
            except (asyncssh.Error, OSError, ValueError) as error:
                last = error
        why = "it did not answer in time" if isinstance(last, TimeoutError) else _said(last or OSError("no address"))
        raise TransientError(f"{where} cannot be reached: {why.rstrip('.')}. Check host, port and network.") from last


class Missing(PermanentError):
    """There is no such file or folder."""

    code = "file_missing"


class _Client(asyncssh.SSHClient):
    """Trusts the host keys that a connection names, and keeps the one that was shown."""

    def __init__(self, trusted: str) -> None:
        self._trusted = set(trusted.split())
        self._shown: asyncssh.SSHKey | None = None
        kinds = [word for word in trusted.split() if word.startswith(("ssh-", "ecdsa-"))]
        rsa = ("rsa-sha2-512", "rsa-sha2-256")
        self.algorithms = [name for kind in kinds for name in (rsa if kind == "ssh-rsa" else (kind,))] or ()
        """Types of keys to ask for: those that are named, so that a server that has several shows one that is known."""

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002
        """Tell whether a key is one of those."""
        self._shown = key
        return bool({_public(key).split()[1], key.get_fingerprint()} & self._trusted)

    def distrust(self, said: str) -> str:
        """Say why a server is not trusted."""
        if self._shown is None:
            return f"shows no host key that is wanted: {said} Correct 'host_key'."
        shown = self._shown.get_fingerprint()
        if self._trusted:
            return (
                f"shows another host key, {shown}, than 'host_key' names. Somebody may stand in between; or the server has a "
                "new key: then ask those who run it, and correct 'host_key'."
            )
        return (
            f"shows the host key {shown}, and nobody has said whether that is its own. If those who run it say so "
            f"(ssh-keygen -lf on its public key), set 'host_key' to: {_public(self._shown)}"
        )


def _keys(login: Login) -> list[asyncssh.SSHKey] | None:
    if login.private_key is None:
        return None
    try:
        return [asyncssh.import_private_key(login.private_key, login.passphrase)]
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError):
        # What is said of a key could hold a part of it.
        raise PermanentError(
            "The key 'private_key' cannot be read. Give it whole, in OpenSSH's form or PEM, and its 'passphrase' where it has "
            "one."
        ) from None


def _public(key: asyncssh.SSHKey) -> str:
    return " ".join(key.export_public_key("openssh").decode().split()[:2])


def _entry(name: str, attrs: SFTPAttrs) -> Found | Folder:
    mode = attrs.permissions or 0
    if stat.S_ISDIR(mode):
        return Folder(name)
    if not stat.S_ISREG(mode):
        return Found(name, 0, SPECIAL)
    return Found(name, attrs.size or 0, f"{attrs.mtime}.{attrs.mtime_ns or 0}")


def _said(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0] if lines[0].endswith((".", "!", "?")) else f"{lines[0]}."
