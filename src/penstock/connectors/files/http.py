"""Files that a web server gives out: connection type `http`. Only for sources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from penstock.connectors.files import fetching, patterns, previews
from penstock.connectors.files.fetching import NoRanges
from penstock.connectors.files.finding import MAX_FILES, Found
from penstock.connectors.ladder import Ladder, Name
from penstock.connectors.web import asking
from penstock.connectors.web.waiting import FAILING, said_to_wait_s
from penstock.domain.rung import Rungs
from penstock.errors import DataError, PermanentError, TransientError
from penstock.kit import outbound
from penstock.plan.operators import FileSource, Scan, Write
from penstock.plan.ports import BoundSource, Connection, FileEntry, Landing, Publication, Staged, Written
from penstock.plan.systems import System

_KEPT = "/%:@!$&'()*+,;=~"
"""What stands in the path of an address as it is; one that is encoded already stays so."""
_NO_CODE = re.compile("%(?![0-9A-Fa-f]{2})")
"""A percent sign that encodes nothing: it is one of the name."""
_GZIP = frozenset({"gzip", "x-gzip"})
_UNPACKED = frozenset({"", "identity", "deflate", *_GZIP})
"""How bodies may be packed on their way."""


class HttpFiles:
    """Files of web servers (`penstock.plan.ports.Connector`). *allow* are the internal networks that may be reached; None for
    all."""

    system = System.FILES

    def __init__(self, allow: str | None) -> None:
        self._allow = allow

    def test(self, connection: Connection) -> Rungs:
        """Climb to a server that answers. Raises ConnectionTestFailed with the rung that broke."""
        ladder = Ladder(connection)
        with ladder.rung(Name.PLACE):
            url = urlsplit(_endpoint(connection))
        port = url.port or (443 if url.scheme == "https" else 80)
        # One that has nothing at its begin answers all the same; most have not.
        with ladder.reached(self._allow, url.hostname, port), ladder.rung(Name.LOGIN), suppress(_Missing):
            _Site(connection, self._allow).look("")
        return ladder.rungs

    def bind(self, scan: Scan, connection: Connection, landing: Landing) -> BoundSource:
        """Return the files of a source, which have landed. Raises PermanentError and TransientError."""
        spec = scan.source
        path = f"{spec.bucket.strip('/')}/{spec.path.lstrip('/')}" if spec.bucket else spec.path
        site = _Site(connection, self._allow)
        names = _names(path)
        if landing.size is not None:
            names = names[:1]
        entries: list[FileEntry] = []
        for number, name in enumerate(names):
            entries.append(_landed(site, name, spec, replace(landing, folder=landing.folder / str(number))))
        return BoundSource(spec, tuple(entries))

    def locate(self, write: Write, connection: Connection, token: str, staging: Path) -> Staged:  # noqa: ARG002 -- nowhere
        """Refuse: nothing is written to web servers."""
        raise PermanentError(
            f"'{write.target.path}' lies on a web server, which files are only read from. Choose another connection."
        )

    def prepare(self, staged: Staged) -> None:
        """Nothing is staged, since nothing is located."""

    def publish(self, staged: Staged, written: Written) -> Publication:  # noqa: ARG002
        """Refuse: nothing is written to web servers."""
        raise PermanentError("Files are only read from web servers.")

    def discard(self, staged: Staged) -> None:
        """Nothing is staged."""


class _Missing(PermanentError):
    """There is no such file."""

    code = "file_missing"


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file as a server describes it: *size_bytes* None where it does not say."""

    size_bytes: int | None
    version: str


class _Site:
    """A web server. Names are paths below the endpoint, with their query."""

    def __init__(self, connection: Connection, allow: str | None) -> None:
        self._endpoint = _endpoint(connection).rstrip("/")
        self._allow = asking.EVERYWHERE if allow is None else allow
        user, password = connection.parameters.get("username"), connection.secret("password")
        # Before those in the address of the endpoint, if there are any.
        self._user = str(user or "") if user or password else None
        self._password = str(password) if password else None

    def url(self, name: str) -> str:
        """Return the address of a file."""
        if not name:
            return f"{self._endpoint}/"
        path, mark, query = name.partition("?")
        return f"{self._endpoint}/{quote(_NO_CODE.sub('%25', path.lstrip('/')), _KEPT)}{mark}{query}"

    def title(self, name: str) -> str:
        """Return how a file is called: its address without a query, in which there may be a secret."""
        parts = urlsplit(self.url(name))
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(
            (parts.scheme, host, f"{urlsplit(self._endpoint).path}/{name.partition('?')[0].lstrip('/')}", "", "")
        )

    def look(self, name: str) -> _Seen:
        """Return what the server says of a file."""
        with self._asked(name, {}) as answer:
            return _seen(answer)

    def pieces(self, name: str, found: Found, begin: int, end: int) -> Iterator[bytes]:
        """Give the bytes of a file that is still the one that was found."""
        is_part = bool(begin) or end < found.size_bytes
        headers = {"Range": f"bytes={begin}-{end - 1}"} if is_part else {}
        with self._asked(name, headers) as answer:
            if answer.status == 416:
                raise NoRanges(f"{found.name} is not given in parts.")
            seen = _seen(answer)
            if seen.version != found.version or seen.size_bytes not in (None, found.size_bytes):
                raise PermanentError(f"{found.name} changed while it was read. Run the job again.")
            if is_part and answer.status != 206:
                raise NoRanges(f"{found.name} is not given in parts.")
            if is_part and not (answer.header("content-range") or "").startswith(f"bytes {begin}-"):
                raise NoRanges(f"{found.name} is given in other parts than were asked for.")
            yield from answer.chunks

    def whole(self, name: str, place: Path, landing: Landing, *, is_packed: bool) -> int:
        """Write a file of which nobody says how large it is; returns its size. Where it breaks off it begins anew.
        *is_packed*: it is a gzip file itself, which many servers say as if it was packed on its way."""

        def once() -> int:
            size = 0
            with self._asked(name, {}) as answer, place.open("wb") as made:
                for chunk in answer.raw if is_packed and _packing(answer) in _GZIP else answer.chunks:
                    made.write(chunk)
                    size += len(chunk)
                    landing.arrived(size, "bytes")
            return size

        return fetching.retried(once)

    @contextmanager
    def _asked(self, name: str, headers: dict[str, str]) -> Iterator[outbound.Streamed]:
        """Give an answer that is the file, or a part of it."""
        title = self.title(name)
        # Nothing is packed on the way: sizes and parts are those of the file.
        request = outbound.Request(
            "GET", self.url(name), {"Accept-Encoding": "identity", **headers}, user=self._user, password=self._password
        )
        try:
            with outbound.stream(request, self._allow) as answer:
                status = answer.status
                if status in FAILING:
                    waits = said_to_wait_s(status, answer.headers)
                    facts = {} if waits is None else {"wait_s": waits}
                    raise TransientError(f"{title} is not given now: the server answers with status {status}.", **facts)
                if status in (404, 410):
                    raise _Missing(f"No file matches: {title} is not there (status {status}). Correct the path.")
                if status in (401, 403):
                    raise PermanentError(f"{title} is refused (status {status}). Check user, password and path.")
                if status not in ((200, 206, 416) if headers else (200,)):
                    raise PermanentError(f"{title} is no file: the server answers with status {status}.")
                if _packing(answer) not in _UNPACKED:
                    raise PermanentError(
                        f"{title} is packed on its way in a form that is not read: {_packing(answer)[:40]}. Have the server "
                        "give it as it is."
                    )
                yield answer
        except DataError as error:
            raise PermanentError(error.message) from error


class _File:
    """One file of a web server (`fetching.Reader`), found under its title: nobody else needs its query."""

    def __init__(self, site: _Site, name: str) -> None:
        self._site = site
        self._name = name

    def pieces(self, found: Found, begin: int, end: int) -> Iterator[bytes]:
        """Its bytes."""
        return self._site.pieces(self._name, found, begin, end)


def _landed(site: _Site, name: str, spec: FileSource, landing: Landing) -> FileEntry:
    seen = fetching.retried(lambda: site.look(name))
    title = site.title(name)
    if seen.size_bytes is None:
        landing.folder.mkdir(parents=True)
        place = landing.folder / f"0{fetching.ending(title)}"
        try:
            is_packed = spec.compression == "gzip" or (spec.compression == "auto" and title.lower().endswith(".gz"))
            return FileEntry(str(place), title, site.whole(name, place, landing, is_packed=is_packed))
        except OSError as error:
            raise fetching.not_kept(error) from error
    if landing.is_known(title, seen.size_bytes):
        return FileEntry("", title, seen.size_bytes)
    reader: fetching.Reader = _File(site, name)
    found = Found(title, seen.size_bytes, seen.version)
    if landing.size is not None:
        wanted = previews.is_enough(spec, found, landing.size)
        if wanted is not None:
            reader, found = previews.begin_of(reader, found, wanted)
    (made,) = fetching.fetch(reader, [found], landing, numbered=True)
    return FileEntry(made.location, title, made.size_bytes)


def _seen(answer: outbound.Streamed) -> _Seen:
    version = answer.header("etag") or answer.header("last-modified") or ""
    if _packing(answer) not in ("", "identity"):
        return _Seen(None, version)
    if answer.status == 206:
        total = (answer.header("content-range") or "").rpartition("/")[2]
        return _Seen(int(total) if total.isdigit() else None, version)
    length = answer.header("content-length") or ""
    return _Seen(int(length) if length.isdigit() else None, version)


def _packing(answer: outbound.Streamed) -> str:
    """Return how a body is packed on its way, empty where it is not."""
    return (answer.header("content-encoding") or "").strip().lower()


def _endpoint(connection: Connection) -> str:
    endpoint = str(connection.parameters.get("endpoint") or "").strip()
    try:
        url = urlsplit(endpoint)
        is_address = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        is_address = False
    if is_address and ("?" in endpoint or "#" in endpoint):
        raise PermanentError(
            f"The endpoint of the connection '{connection.key}' holds a query or a fragment, behind which no path can stand. "
            "Take it out; a query belongs to the path of a component."
        )
    if not is_address:
        raise PermanentError(
            f"The connection '{connection.key}' has no endpoint. Give it the address that paths begin at, such as "
            "https://data.example.com/files."
        )
    return endpoint


def _names(path: str) -> list[str]:
    """Return the files that a path stands for: alternatives in braces; nothing else can be known of a web server."""
    try:
        named = list(dict.fromkeys(patterns.expand(path)))
    except patterns.BadPattern as error:
        raise PermanentError(f"The pattern '{path}' is malformed: {error}.") from error
    for name in named:
        plain, _, _ = name.partition("?")
        if ".." in plain.split("/") or "\0" in name:
            raise PermanentError(f"The path '{path}' holds '..', which is refused. Name the folder itself.")
        if any(char in plain for char in "*[\\") or plain.endswith("/") or not plain.strip("/"):
            raise PermanentError(
                f"'{path}' cannot be looked up: a web server lists no files. Name each; alternatives in braces will do."
            )
    if len(named) > MAX_FILES:
        raise PermanentError(f"'{path}' stands for more than {MAX_FILES:,} files. Name fewer.")
    return named
