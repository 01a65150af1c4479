"""Files of a server that speaks SFTP: connection type `sftp`. A path without a slash at its begin counts from where the login
leads, one with it from the uppermost folder of the server."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from penstock.connectors.files import fetching, finding, folders, previews
from penstock.connectors.files.finding import Folder, Found, base, joined, parents
from penstock.connectors.files.sftp_publication import NOTE, SftpPublishing
from penstock.connectors.files.sftp_session import SPECIAL, UNSIZED, Session, is_text, login_of, opened
from penstock.connectors.ladder import Ladder, Name
from penstock.connectors.staging import folder_for, prepare
from penstock.domain.rung import Rungs
from penstock.errors import ExternalError, PermanentError
from penstock.plan.operators import Scan, Write
from penstock.plan.ports import BoundSource, Connection, Landing, Publication, Staged, Written
from penstock.plan.systems import System

LONGEST_NAME_BYTES = 200
"""Of a folder that is written: servers take 255, and a hidden one beside it has a longer name."""


class SftpFiles:
    """Folders of servers (`penstock.plan.ports.Connector`). *allow* are the internal networks that may be reached; None for
    all."""

    system = System.FILES

    def __init__(self, allow: str | None) -> None:
        self._allow = allow

    def test(self, connection: Connection) -> Rungs:
        """Climb to a folder that can be listed. Raises ConnectionTestFailed with the rung that broke."""
        ladder = Ladder(connection)
        with ladder.rung(Name.RESOLVE):
            login = login_of(connection)
        with ladder.reached(self._allow, login.host, login.port) as place, Session(login, place) as session:
            ladder.login(session.open)
            with ladder.rung(Name.PLACE):
                session.children("")
        return ladder.rungs

    def bind(self, scan: Scan, connection: Connection, landing: Landing) -> BoundSource:
        """Return the files of a source, which have landed. Raises PermanentError and TransientError."""
        spec = scan.source
        path = _path(spec.bucket, spec.path)
        with opened(connection, self._allow) as session:
            where = f"the folders of the server '{connection.parameters.get('host')}'"
            found = finding.find(session, path, where, _top(path))
            for one in found:
                if not is_text(one.name):
                    raise PermanentError(f"The name {one.name!a} of a file is not valid UTF-8. Rename the file.")
                if one.version == SPECIAL:
                    raise PermanentError(
                        f"'{one.name}' is no regular file, or a link that leads to none that this user may read. Only files "
                        "and folders can be read."
                    )
                if one.version == UNSIZED:
                    raise PermanentError(
                        f"The server does not say how large '{one.name}' is, so that nobody could tell whether all of it came. "
                        "It cannot be read."
                    )
            reader: fetching.Reader = session
            if landing.size is not None:
                found = found[:1]
                wanted = previews.is_enough(spec, found[0], landing.size)
                if wanted is not None:
                    reader, found[0] = previews.begin_of(session, found[0], wanted)
            return BoundSource(spec, fetching.fetch(reader, found, landing))

    def locate(self, write: Write, connection: Connection, token: str, staging: Path) -> Staged:
        """Return where an attempt stages on this machine, and its target."""
        parts = finding.parts_of(_path(write.target.bucket, write.target.path))
        if not finding.parts_of(write.target.path):
            raise PermanentError(
                f"'{write.target.path}' is the folder of the connection itself. Name a folder under it to write to."
            )
        if any(len(part.encode()) > LONGEST_NAME_BYTES for part in parts):
            raise PermanentError(
                f"'{write.target.path[:40]}…' holds a name of more than {LONGEST_NAME_BYTES} bytes. Shorten it."
            )
        given = connection.parameters
        where = f"{given.get('username')}@{given.get('host')}:{given.get('port') or 22}".replace("/", "_")
        top = "absolute" if _target(write).startswith("/") else "relative"
        target = Path("/sftp", where, top, *parts)
        return Staged(write, connection, folder_for(staging, str(target), token), target, token)

    def prepare(self, staged: Staged) -> None:
        """Make the staging folder. Raises PermanentError when the target exists and must not, or cannot be written."""
        spec, target = staged.spec, _target(staged.write)
        with opened(staged.connection, self._allow) as session:
            nearest = _nearest(session, target)
            if nearest == target and spec.if_exists == "fail":
                raise PermanentError(
                    f"The folder '{spec.path}' exists already. Choose another path, or set 'if_exists' to replace or append."
                )
            beside = [target.rpartition("/")[0] or _top(target)] if nearest == target else [nearest]
            for folder in beside + ([target] if spec.if_exists == "append" and nearest == target else []):
                probe = joined(folder, f".probe-{staged.token}")
                session.remove(probe)
                session.make_folder(probe)
                session.remove_empty(probe)
        prepare(staged)

    def publish(self, staged: Staged, written: Written) -> Publication:
        """Make the staged files visible. Raises PermanentError and TransientError.

        May be called again after it was cut off: it goes on from there.
        """
        try:
            with opened(staged.connection, self._allow) as session:
                made = SftpPublishing(session, _target(staged.write), staged).publish(written.files)
        except OSError as error:
            raise PermanentError(f"'{staged.spec.path}' cannot be published: {error.strerror}.") from error
        return Publication(tuple(made))

    def keep(self, connection: Connection, bucket: str | None, path: str, file: Path, name: str) -> str:
        """Copy a file to a path (`penstock.plan.ports.Keeper`), where it takes the place of what is there when it is whole."""
        whole = _path(bucket, path)
        target = joined(_top(whole), "/".join(finding.parts_of(whole)))
        with opened(connection, self._allow) as session:
            if not target.strip("/") or path.endswith("/") or isinstance(session.look(target), Folder):
                target = joined(target, name)
            for folder in filter(None, parents(target)):
                if session.look(folder) is None:
                    session.make_folder(folder)
            draft = joined(
                target.rpartition("/")[0] or _top(whole), f".{base(target)[:100]}.keeping-{uuid4().hex[:12]}"
            )
            try:
                fetching.retried(lambda: session.put(file, draft))
                session.replace(draft, target)
            except ExternalError:
                with suppress(ExternalError):
                    session.remove(draft)
                raise
        return target

    def discard(self, staged: Staged) -> None:
        """Remove a staging folder; what a publication has begun is taken back, as far as the server can be reached."""
        if (staged.folder / NOTE).exists():
            with suppress(ExternalError), opened(staged.connection, self._allow) as session:
                SftpPublishing(session, _target(staged.write), staged).take_back()
        folders.remove(staged)


def _path(bucket: str | None, path: str) -> str:
    """Return a path with the folder that is named as its bucket before it."""
    return f"{bucket.rstrip('/')}/{path.lstrip('/')}" if bucket else path


def _top(path: str) -> str:
    return "/" if path.startswith("/") else ""


def _target(write: Write) -> str:
    """Return the folder of an output on its server."""
    path = _path(write.target.bucket, write.target.path)
    return joined(_top(path), "/".join(finding.parts_of(path)))


def _nearest(session: Session, target: str) -> str:
    """Return the target, or the folder nearest to it that is there. Raises PermanentError for a file in the way."""
    at = target
    while at.strip("/"):
        found = session.look(at)
        if isinstance(found, Found):
            raise PermanentError(f"'{at}' is a file; a destination needs a folder. Choose another path.")
        if found is not None:
            return at
        if session.leads_nowhere(at):
            raise PermanentError(f"'{at}' is a link that leads nowhere. Remove it, or choose another path.")
        at = at.rpartition("/")[0] or _top(target)
    return at
