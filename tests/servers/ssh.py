"""An SSH server in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import asyncssh


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
