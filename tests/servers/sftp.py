"""SFTP by OpenSSH, from Debian's packages."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh

from .programs import NOBODY, debian_packages, free_port, listens, run, started


class Sshd:
    """An OpenSSH server that lets the user `guest` do SFTP, by password or key. *data* is where the login leads."""

    password = "canary-9kR+/of-sshd"

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.pid = folder, free_port(), 0
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
        unpacked = debian_packages(folder, _SSHD)
        libraries = sorted({str(path.parent) for path in unpacked.glob("**/lib*.so*")})
        wrapper = next(unpacked.glob("**/libnss_wrapper.so"))
        own = user or os.geteuid()
        digest = run(["openssl", "passwd", "-6", server.password], None).strip()
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
        with started(lambda: listens(server.port), words, folder, user=user, **environ) as server.pid:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)
