"""Tunnels through SSH servers. A tunnel is a port of this machine that leads to a server behind the SSH server.

It is open as long as somebody goes through it, and shared by all who ask for the same. When its SSH connection breaks, what
went through it breaks too; whoever connects next goes through a new one.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine, Sequence
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from typing import Any, TypeVar

import asyncssh

from penstock.connectors import places
from penstock.connectors.tunnels import Ssh
from penstock.errors import PermanentError, TransientError
from penstock.kit.stopping import LOOK_S, STOP

CONNECT_S = 10.0
"""How long an SSH server may take to let one in, and to reach a server behind it."""
KEEP_ALIVE_S = 15
"""How often the SSH server is asked whether it is there; after the third time without an answer it is not."""
_CHUNK = 256 * 1024
ResultT = TypeVar("ResultT")

_Key = tuple[Ssh, str, int]


class Open:
    """A tunnel that somebody goes through (`tunnels.Tunnel`)."""

    def __init__(self, tunnel: _Tunnel, port: int) -> None:
        self._tunnel: _Tunnel | None = tunnel
        self._port = port

    @property
    def port(self) -> int:
        """The port of this machine that leads through it."""
        return self._port

    def check(self) -> None:
        """Return when the SSH server reaches the server behind it. Raises PermanentError or TransientError."""
        if self._tunnel is not None:
            _run(self._tunnel.check())

    def close(self) -> None:
        """Give it up; it is closed with the last who goes through it."""
        tunnel, self._tunnel = self._tunnel, None
        if tunnel is not None:
            _leave(tunnel)


def opened(ssh: Ssh, host: str, port: int) -> Open:
    """Return the tunnel to a host, as an SSH server sees it. Raises PermanentError, or TransientError when nobody answers."""
    tunnel = _join((ssh, host, port))
    try:
        return Open(tunnel, _run(tunnel.opened()))
    except BaseException:
        _leave(tunnel)
        raise


class _Tunnel:
    """A port of this machine that leads to a host, and the SSH connection that it goes through; lives in the loop."""

    def __init__(self, key: _Key) -> None:
        self.key = key
        self.users = 0
        self._ssh, self._host, self._port = key
        self._server: asyncio.Server | None = None
        self._connection: asyncssh.SSHClientConnection | None = None
        self._lock = asyncio.Lock()
        self._going: set[asyncio.Task[None]] = set()

    async def opened(self) -> int:
        """Return the port, once the SSH server has let us in."""
        await self._connected()
        async with self._lock:
            if self._server is None:
                self._server = await asyncio.start_server(self._go, "127.0.0.1", 0)
            return int(self._server.sockets[0].getsockname()[1])

    async def check(self) -> None:
        """Return when the host is reached."""
        _, writer = await self._reached()
        writer.close()

    async def close(self) -> None:
        """End what goes through, and let the port go."""
        if self._server is not None:
            self._server.close()
        for task in tuple(self._going):
            task.cancel()
        await asyncio.gather(*self._going, return_exceptions=True)
        if self._connection is not None:
            self._connection.close()
            await self._connection.wait_closed()

    async def _connected(self) -> asyncssh.SSHClientConnection:
        async with self._lock:
            if self._connection is None or self._connection.is_closed():
                self._connection = await _logged_in(self._ssh)
            return self._connection

    async def _reached(self) -> tuple[asyncssh.SSHReader[bytes], asyncssh.SSHWriter[bytes]]:
        connection = await self._connected()
        server = f"the SSH server '{self._ssh.host}'"
        try:
            async with asyncio.timeout(CONNECT_S):
                return await connection.open_connection(self._host, self._port, encoding=None)
        except asyncssh.ChannelOpenError as error:
            message = (
                f"{server} cannot reach '{self._host}', port {self._port}: {_said(error)} Check both as it sees them."
            )
            raise TransientError(message) from error
        except (asyncssh.Error, OSError) as error:  # a timeout is an OSError
            connection.abort()
            raise TransientError(f"{server} broke off, or cannot reach '{self._host}', port {self._port}.") from error

    async def _go(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._going.add(task)
        try:
            far_reader, far_writer = await self._reached()
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        except (PermanentError, TransientError, asyncssh.Error, OSError):
            writer.transport.abort()  # Whoever came this way sees a connection that breaks.
        finally:
            self._going.discard(task)
            writer.close()


async def _pump(reader: Any, writer: Any) -> None:
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except (asyncssh.Error, OSError):
        writer.close()
        raise


# --- getting in


class _Client(asyncssh.SSHClient):
    """Trusts the host keys that a connection names, and keeps the one that was shown."""

    def __init__(self, trusted: str) -> None:
        self._trusted = set(trusted.split())
        self.shown: asyncssh.SSHKey | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002
        """Tell whether a key is one of those."""
        self.shown = key
        return bool({_public(key).split()[1], key.get_fingerprint()} & self._trusted)


def _public(key: asyncssh.SSHKey) -> str:
    """Return a public key as it stands in a list of known hosts, type and data."""
    return " ".join(key.export_public_key("openssh").decode().split()[:2])


_RSA = ("rsa-sha2-512", "rsa-sha2-256")
_KINDS = (("ssh-ed25519",), ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"), _RSA)
"""Types of host keys, the ones that are shown first at the beginning."""


def _tries(trusted: str) -> list[list[str]]:
    """Return the types of host keys to ask a server of several for, try after try: those that are named; each where only
    fingerprints are named, which do not tell; all where none is."""
    words = trusted.split()
    kinds = [word for word in words if word.startswith(("ssh-", "ecdsa-", "sk-"))]
    if kinds:
        return [[name for kind in kinds for name in (_RSA if kind == "ssh-rsa" else (kind,))]]
    return [list(one) for one in _KINDS] if words else [[name for one in _KINDS for name in one]]


async def _logged_in(ssh: Ssh) -> asyncssh.SSHClientConnection:
    try:
        place = await asyncio.to_thread(places.resolved, ssh.host, ssh.port, ssh.allow)
    except TransientError as error:
        raise TransientError(f"of the tunnel: {error.message}") from error
    except PermanentError as error:
        raise PermanentError(f"of the tunnel: {error.message}") from error
    return await logged_in(ssh, place.addresses)


async def logged_in(ssh: Ssh, addresses: Sequence[str]) -> asyncssh.SSHClientConnection:
    """Return a connection to an SSH server, which is at one of some addresses that were checked. Raises PermanentError, or
    TransientError when nobody answers."""
    keys = [_private_key(ssh)] if ssh.private_key else None
    last: OSError | None = None
    for address in addresses:
        try:
            return await _let_in(ssh, address, keys)
        except OSError as error:
            last = error
    why = (
        "it did not answer in time"
        if isinstance(last, TimeoutError)
        else getattr(last, "strerror", None) or "no address"
    )
    raise TransientError(f"the SSH server '{ssh.host}', port {ssh.port} cannot be reached: {why}.") from last


async def _let_in(ssh: Ssh, address: str, keys: list[asyncssh.SSHKey] | None) -> asyncssh.SSHClientConnection:
    """Return a connection to an address of an SSH server. Raises OSError where it cannot be reached."""
    client, fault = _Client(ssh.host_keys), ""
    ended: Exception | None = None
    for algorithms in _tries(ssh.host_keys):
        try:
            async with asyncio.timeout(2 * CONNECT_S):
                return await asyncssh.connect(
                    address, ssh.port, username=ssh.username, password=ssh.password, client_keys=keys,
                    client_factory=lambda: client, known_hosts=([], [], []), server_host_key_algs=algorithms,
                    # Nothing of the machine's own settings for SSH is used.
                    config=None, agent_path=None, host_based_auth=False, gss_auth=False, gss_kex=False,
                    keepalive_interval=KEEP_ALIVE_S, keepalive_count_max=3, connect_timeout=CONNECT_S, login_timeout=CONNECT_S,
                )  # fmt: skip
        except asyncssh.PermissionDenied as error:
            raise PermanentError(
                f"the SSH server '{ssh.host}' does not let the user '{ssh.username}' in. Correct the user, and its "
                "password or key."
            ) from error
        except (asyncssh.HostKeyNotVerifiable, asyncssh.KeyExchangeFailed) as error:
            fault = _said(error)
        except (ConnectionResetError, asyncssh.ConnectionLost) as error:
            ended, fault = error, _said(error)  # so OpenSSH answers those who ask for a type of key that it has not
        except (asyncssh.Error, ValueError) as error:
            raise TransientError(f"the SSH server '{ssh.host}' cannot be used: {_said(error)}") from error
    if ended is not None and client.shown is None:
        raise TransientError(f"the SSH server '{ssh.host}' cannot be used: {fault}") from ended
    raise PermanentError(_distrust(ssh, client.shown, fault))


def _distrust(ssh: Ssh, shown: asyncssh.SSHKey | None, fault: str) -> str:
    named = f"{ssh.prefix}host_key"
    if shown is None:
        return f"the SSH server '{ssh.host}' shows no host key of a type that is wanted: {fault} Correct '{named}'."
    finger = shown.get_fingerprint()
    if ssh.host_keys:
        return (
            f"the SSH server '{ssh.host}' shows another host key, {finger}, than '{named}' names. Somebody may stand in "
            f"between; or the server has a new key: then ask those who run it, and correct '{named}'."
        )
    return (
        f"nobody has said which host key the SSH server '{ssh.host}' has. It shows {finger}. If those who run it say the same "
        f"(ssh-keygen -lf on its public key), set '{named}' to: {_public(shown)}"
    )


def _private_key(ssh: Ssh) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_private_key(ssh.private_key or "", ssh.passphrase)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError):
        # What is said of a key could hold a part of it.
        raise PermanentError(
            f"the key '{ssh.prefix}private_key' cannot be read. Give it whole, in OpenSSH's form or PEM, and its "
            f"'{ssh.prefix}passphrase' where it has one."
        ) from None


def _said(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0] if lines[0].endswith((".", "!", "?")) else f"{lines[0]}."


# --- the loop in which tunnels live, as long as there are any

_tunnels: dict[_Key, _Tunnel] = {}
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None
_state = threading.RLock()


def _join(key: _Key) -> _Tunnel:
    global _loop, _thread  # noqa: PLW0603 -- one for the process, made when it is first needed
    with _state:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            _thread = threading.Thread(target=_loop.run_forever, name="tunnels", daemon=True)
            _thread.start()
        tunnel = _tunnels.setdefault(key, _Tunnel(key))
        tunnel.users += 1
        return tunnel


def _leave(tunnel: _Tunnel) -> None:
    global _loop, _thread  # noqa: PLW0603
    with _state:
        tunnel.users -= 1
        if tunnel.users or _loop is None or _thread is None:
            return
        del _tunnels[tunnel.key]
        loop = _loop
        with suppress(NotYet):
            asyncio.run_coroutine_threadsafe(tunnel.close(), loop).result(CONNECT_S)
        if not _tunnels:
            loop.call_soon_threadsafe(loop.stop)
            _thread.join(CONNECT_S)
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()
            _loop = _thread = None


def _run(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Return what is done in the loop. Raises TransientError when it is to stop."""
    loop = _loop
    assert loop is not None
    future = asyncio.run_coroutine_threadsafe(work, loop)
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


def _forget() -> None:
    """In a child of a fork: the loop's thread is not there, and its tunnels are the parent's."""
    global _loop, _thread, _state  # noqa: PLW0603
    _loop = _thread = None
    _state = threading.RLock()
    _tunnels.clear()


os.register_at_fork(after_in_child=_forget)
