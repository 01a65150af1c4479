"""Files in buckets of object stores: connection types `s3`, `gs` and `azureblobstorage`."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from penstock.connectors.files import fetching, finding, folders, previews, stores
from penstock.connectors.files.bucket import Bucket, Missing, Refused
from penstock.connectors.files.finding import Folder
from penstock.connectors.files.publication import NOTE, PROBE, Publishing
from penstock.connectors.ladder import Ladder, Name
from penstock.connectors.staging import folder_for, prepare
from penstock.domain.rung import Rungs
from penstock.errors import ExternalError, PermanentError
from penstock.plan.operators import Scan, Write
from penstock.plan.ports import BoundSource, Connection, Landing, Publication, Staged, Written
from penstock.plan.systems import System

LONGEST_KEY_BYTES = 900
"""Of a target; stores take 1,024 for a key, and names follow."""
KEPT = "kept"
"""The mark of what no output is."""
_BUCKET = re.compile(r"[A-Za-z0-9._$-]{1,255}")
"""What a bucket or container of any store is called; other characters would make another address of it."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
"""What the client takes in no name."""
_KNOWN_ACCOUNT = frozenset({"AccessDenied", "AllAccessDisabled"})
"""What a store says to an account that it knows, of a bucket that is not its own."""


class ObjectFiles:
    """Buckets (`penstock.plan.ports.Connector`). *allow* are the internal networks that may be reached; None for all."""

    system = System.FILES

    def __init__(self, allow: str | None) -> None:
        self._allow = allow

    def test(self, connection: Connection) -> Rungs:
        """Climb until the store knows the account. Raises ConnectionTestFailed with the rung that broke.

        A connection names no bucket: one that is not there is looked at, and the store says so to those only whose keys it
        knows."""
        ladder = Ladder(connection)
        with ladder.rung(Name.RESOLVE):
            bucket = stores.opened(connection, f"penstock-test-{uuid4().hex[:12]}", self._allow)
        with ladder.rung(Name.LOGIN):
            try:
                bucket.children("")
            except Missing:
                pass
            except Refused as error:
                if error.facts.get("reason") not in _KNOWN_ACCOUNT:
                    raise
        return ladder.rungs

    def bind(self, scan: Scan, connection: Connection, landing: Landing) -> BoundSource:
        """Return the files of a source, which have landed. Raises PermanentError and TransientError."""
        spec = scan.source
        name, path = _split(spec.bucket)
        bucket = stores.opened(connection, name, self._allow)
        found = finding.find(bucket, f"{path}{spec.path.lstrip('/')}", bucket.title)
        reader: fetching.Reader = bucket
        if landing.size is not None:
            found = found[:1]
            wanted = previews.is_enough(spec, found[0], landing.size)
            if wanted is not None:
                reader, found[0] = previews.begin_of(bucket, found[0], wanted)
        return BoundSource(spec, fetching.fetch(reader, found, landing, f"{name}/"))

    def locate(self, write: Write, connection: Connection, token: str, staging: Path) -> Staged:
        """Return where an attempt stages on this machine, and its target."""
        spec = write.target
        name, _ = _split(spec.bucket)
        parts = finding.parts_of(_key(write))
        if not parts or not finding.parts_of(spec.path):
            raise PermanentError(f"'{spec.path}' is the bucket '{name}' itself. Name a folder in it to write to.")
        if len("/".join(parts).encode()) > LONGEST_KEY_BYTES:
            raise PermanentError(
                f"'{spec.path[:40]}…' has more than {LONGEST_KEY_BYTES} bytes, too many for a store's names. Shorten it."
            )
        for given in ("/".join(parts), spec.file_prefix, spec.file_suffix or ""):
            if _CONTROL.search(given):
                raise PermanentError(
                    f"{given!r} holds a character that names in a store cannot have. Choose another name."
                )
            if connection.type == "azureblobstorage" and "\\" in given:
                raise PermanentError(
                    f"'{given}' holds a backslash, which Azure takes for a slash. Choose another name."
                )
        target = Path("/", connection.type, stores.place_of(connection).replace("/", "_"), name, *parts)
        return Staged(write, connection, folder_for(staging, str(target), token), target, token)

    def prepare(self, staged: Staged) -> None:
        """Make the staging folder. Raises PermanentError when the target exists and must not, or cannot be written."""
        spec, (bucket, target) = staged.spec, self._target(staged)
        if bucket.find(target) is not None:
            raise PermanentError(f"'{target}' is a file; a destination needs a folder. Choose another path.")
        if spec.if_exists == "fail" and Publishing(bucket, target, staged).held():
            raise PermanentError(
                f"The folder '{spec.path}' exists already. Choose another path, or set 'if_exists' to replace or append."
            )
        probe = f"{target}/{PROBE}{staged.token}"
        bucket.write(probe, staged.token)
        try:
            bucket.delete([probe])
        except Refused as error:
            raise PermanentError(
                f"{error.message} The account may write, and not delete, which takes it as well: grant it that, and remove "
                "this object."
            ) from error
        prepare(staged)

    def publish(self, staged: Staged, written: Written) -> Publication:
        """Make the staged files visible. Raises PermanentError and TransientError.

        May be called again after it was cut off: it goes on from there.
        """
        bucket, target = self._target(staged)
        try:
            made = Publishing(bucket, target, staged).publish(written.files)
        except OSError as error:
            raise PermanentError(f"'{staged.spec.path}' cannot be published: {error.strerror}.") from error
        return Publication(tuple(f"{bucket.name}/{one}" for one in made))

    def discard(self, staged: Staged) -> None:
        """Remove a staging folder; what a publication has begun is taken back, as far as the store can be reached."""
        if (staged.folder / NOTE).exists():
            with suppress(ExternalError):
                Publishing(*self._target(staged), staged).take_back()
        folders.remove(staged)

    def keep(self, connection: Connection, bucket: str | None, path: str, file: Path, name: str) -> str:
        """Copy a file to a key (`penstock.plan.ports.Keeper`), where it is visible when it is whole."""
        container, folder = _split(bucket)
        store = stores.opened(connection, container, self._allow)
        key = "/".join(finding.parts_of(f"{folder}{path.lstrip('/')}"))
        if not key or path.endswith("/") or isinstance(store.look(key), Folder):
            key = f"{key}/{name}".lstrip("/")
        fetching.retried(lambda: store.put(key, file, KEPT))
        return f"{store.name}/{key}"

    def _target(self, staged: Staged) -> tuple[Bucket, str]:
        """Return the bucket of an output, and its folder there."""
        name, _ = _split(staged.spec.bucket)
        bucket = stores.opened(staged.connection, name, self._allow)
        return bucket, "/".join(finding.parts_of(_key(staged.write)))


def _key(write: Write) -> str:
    return f"{_split(write.target.bucket)[1]}{write.target.path.lstrip('/')}"


def _split(bucket: str | None) -> tuple[str, str]:
    """Return the name of a bucket, and the folder in it that was written behind it. Raises PermanentError."""
    name, _, folder = (bucket or "").strip("/").partition("/")
    if not name:
        raise PermanentError("No bucket is named. Give the component its 'bucket'.")
    if not _BUCKET.fullmatch(name) or name in (".", ".."):
        raise PermanentError(
            f"{name!r} is no name of a bucket. Write its name as the store shows it, without an address before it."
        )
    return name, f"{folder}/" if folder else ""
