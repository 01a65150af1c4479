"""A session of SFTP: folders and files of a server, and its faults as ours. It is opened anew when it broke off."""

from __future__ import annotations

import asyncio
import stat
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import asyncssh
from asyncssh.sftp import SFTPAttrs, SFTPClient

from penstock.connectors import ssh, tunnels
from penstock.connectors.files.fetching import retried
from penstock.connectors.files.finding import Folder, Found, joined
from penstock.connectors.places import Place
from penstock.connectors.tunnels import SSH_PORT, Ssh
from penstock.errors import PermanentError, TransientError
from penstock.kit.stopping import LOOK_S, STOP
from penstock.plan.ports import Connection

CLOSE_S = 15.0
CALL_S = 120.0
"""How long one call may take."""
PIECE_BYTES = 4 << 20
SPECIAL = "special"
"""The version of what is neither file nor folder."""
UNSIZED = "unsized"
"""The version of a file of which the server does not say how large it is."""
ResultT = TypeVar("ResultT")


def login_of(connection: Connection) -> Ssh:
    """Return what a connection says. Raises PermanentError where something is missing."""
    given = connection.parameters

    def secret(name: str) -> str | None:
        value = connection.secret(name) or given.get(name)
        return str(value) if value else None

    with_key = given.get("auth_method") == "key"
    wanted = ("host", "username", "private_key" if with_key else "password")
    for name in wanted:
        if secret(name) is None:
            raise PermanentError(f"The connection '{connection.key}' has no {name}. Give it one.")
    return Ssh(
        str(given["host"]), int(given.get("port") or SSH_PORT), str(given["username"]),
        None if with_key else secret("password"), secret("private_key") if with_key else None, secret("passphrase"),
        secret("host_key") or "", None, prefix="",
    )  # fmt: skip


@contextmanager
def opened(connection: Connection, allow: str | None) -> Iterator[Session]:
    """A session for a block, through the connection's tunnel where it has one. *allow* are the internal networks that may be
    reached; None for all. Raises PermanentError and TransientError."""
    login = login_of(connection)
    with tunnels.way(connection, allow, login.host, login.port) as place, Session(login, place) as session:
        yield session


class Session:
    """One login at a place, used by several threads: a context, closed at its end. Names are paths of the server: those
    without a slash at their begin count from where the login leads."""

    def __init__(self, login: Ssh, place: Place) -> None:
        self._login = login
        self._place = place
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
            asyncio.run_coroutine_threadsafe(self._connection.wait_closed(), self._loop).result(CLOSE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_S)
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
                is_file = one.attrs.type == asyncssh.FILEXFER_TYPE_REGULAR and one.attrs.size is not None
                if is_file or one.attrs.type == asyncssh.FILEXFER_TYPE_DIRECTORY:
                    made.append(_entry(place, one.attrs))
                else:  # a link, or a server that does not say
                    made += await _followed(sftp, place)
            return made

        try:
            return retried(lambda: self._call(folder or ".", listed))
        except Missing:
            return []

    def look(self, name: str) -> Found | Folder | None:
        """Return what is at a path, links followed, if anything is."""
        try:
            return _entry(name, retried(lambda: self._call(name, lambda sftp: sftp.stat(name))))
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

    def leads_nowhere(self, name: str) -> bool:
        """Tell whether a name at which `look` finds nothing is taken all the same, by a link."""
        return retried(lambda: self._call(name, lambda sftp: sftp.lexists(name)))

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

    def replace(self, name: str, to: str) -> None:
        """Rename a file to a name, in place of a file that has it: at once where the server can, as OpenSSH does; others lose
        the old one first."""

        async def replaced(sftp: SFTPClient) -> None:
            try:
                await sftp.posix_rename(name, to)
            except asyncssh.SFTPOpUnsupported:
                if await sftp.lexists(to):
                    await sftp.remove(to)
                await sftp.rename(name, to)

        self._call(name, replaced)

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

    def open(self) -> None:
        """Log in. Raises PermanentError and TransientError."""
        self._run(self._opened())

    def _call(
        self, name: str, call: Callable[[SFTPClient], Coroutine[Any, Any, ResultT]], limit_s: float | None = CALL_S
    ) -> ResultT:
        """Return what a call gives. Raises what is wrong in our words."""

        async def made() -> ResultT:
            sftp = await self._opened()
            async with asyncio.timeout(limit_s):
                return await call(sftp)

        what = f"{shown(name)} on the server '{self._login.host}'"
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
        except (asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded) as error:
            raise PermanentError(f"{what} finds no room there: {_said(error)} Make room.") from error
        except asyncssh.SFTPError as error:
            hint = _NO_MORE if isinstance(error, asyncssh.SFTPFailure) else ""
            raise PermanentError(f"{what} cannot be used: {_said(error)}{hint}") from error
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
                # A name in another character set is to be refused when it is wanted, and not with all of its folder.
                self._sftp = await self._connection.start_sftp_client(path_errors="surrogateescape")
            return self._sftp

    async def _logged_in(self) -> asyncssh.SSHClientConnection:
        try:
            return await ssh.logged_in(replace(self._login, port=self._place.port), self._place.addresses)
        except TransientError as error:
            raise TransientError(_sentence(error.message)) from error
        except PermanentError as error:
            raise PermanentError(_sentence(error.message)) from error


class Missing(PermanentError):
    """There is no such file or folder."""

    code = "file_missing"


_NO_MORE = " The server says no more; many say so when their disk is full, or a quota is used up."
"""OpenSSH has no other word for it."""


async def _followed(sftp: SFTPClient, name: str) -> list[Found | Folder]:
    """Return what a link leads to, or what is at a name of which a server does not say what it is. One that leads nowhere, or
    where this user may not look, keeps nobody from the others of its folder: it is refused when it is wanted."""
    try:
        return [_entry(name, await sftp.stat(name))]
    except asyncssh.SFTPPermissionDenied:
        return [Found(name, 0, SPECIAL), Folder(name)]  # it may be either
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, asyncssh.SFTPLinkLoop, asyncssh.SFTPFailure):
        return [Found(name, 0, SPECIAL)]


def _entry(name: str, attrs: SFTPAttrs) -> Found | Folder:
    mode = attrs.permissions or 0
    if stat.S_ISDIR(mode):
        return Folder(name)
    if not stat.S_ISREG(mode):
        return Found(name, 0, SPECIAL)
    if attrs.size is None:
        return Found(name, 0, UNSIZED)
    return Found(name, attrs.size, f"{attrs.mtime}.{attrs.mtime_ns or 0}")


def is_text(name: str) -> bool:
    """Tell whether a name was UTF-8 on its server."""
    return not any("\ud800" <= char <= "\udfff" for char in name)


def shown(name: str) -> str:
    """Return a name as a message shows it."""
    return f"'{name}'" if is_text(name) else ascii(name)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _said(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0] if lines[0].endswith((".", "!", "?")) else f"{lines[0]}."
