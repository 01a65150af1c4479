"""A bucket of an object store through obstore: what it holds, and its faults as ours. obstore is loaded when one is opened."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import obstore
from obstore import exceptions

from penstock.connectors.files.fetching import NoRanges, retried
from penstock.connectors.files.finding import Folder, Found
from penstock.errors import PermanentError, TransientError

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import ObjectStore

ResultT = TypeVar("ResultT")
PIECE_BYTES = 1 << 20
UPLOAD_PART_BYTES = 8 << 20
MOST_PARTS = 9_000
"""Of one upload; S3 takes 10,000."""
PARTS_AT_ONCE = 6
MARK = "penstock"
"""The metadata by which what a publication wrote is known as its own."""
_STATUS = re.compile(r"non-2xx status code: (\d{3})")
_PATH = re.compile(r'Path "(.{1,1024}?)"(?: contained|: Encountered)', re.DOTALL)
_OTHERS = "Encountered object with invalid path"
_ELSEWHERE = "redirect without LOCATION"
_CODE = re.compile(r"<Code>([^<]{1,100})</Code>")
_OF_ONE = re.compile(r"DeleteObjects request failed for key .*: (.*) \(code: (\w+)\)")
"""What S3 says of one of the objects that were to be removed together: message and code."""
_MESSAGE = re.compile(r"<Message>([^<]{1,300})")
_REFUSALS = frozenset(
    {
        "AccessDenied",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "ExpiredToken",
        "InvalidToken",
        "RequestTimeTooSkewed",
    }
)
"""What some stores say with another status than 403."""
_ARCHIVED = frozenset({"InvalidObjectState", "BlobArchived", "BlobBeingRehydrated"})
"""What stores say of an object that they keep in an archive."""
_MAY_WORK_LATER = frozenset({408, 425, 429})


class Missing(PermanentError):
    """There is no such object, or no such bucket."""

    code = "object_missing"


class Refused(PermanentError):
    """The store does not let this account do it."""

    code = "object_refused"


class Taken(PermanentError):
    """There is an object of that name already."""

    code = "object_taken"


class Bucket:
    """One bucket. *name* is how it is called; *title* how a message does. Names of objects have no slash at their begin."""

    def __init__(self, store: ObjectStore, name: str, title: str) -> None:
        self._store = store
        self.name = name
        self.title = title

    # --- reading

    def children(self, folder: str) -> list[Found | Folder]:
        """Return the objects and folders directly in a folder. The empty object that a console makes to show a folder is
        none."""
        listed = self._asked(folder, lambda: obstore.list_with_delimiter(self._store, folder or None))
        files = [_found(one) for one in listed["objects"] if one["path"] != folder]
        return [*files, *(Folder(str(name)) for name in listed["common_prefixes"])]

    def below(self, folder: str) -> list[Found]:
        """Return all objects below a folder, however deep. The empty objects that show folders in it are among them, under
        names without the slash at their end, which the client leaves out: `find` finds none of that name."""
        listed = self._asked(folder, lambda: obstore.list(self._store, folder or None).collect())
        return [_found(one) for one in listed if one["path"] != folder]

    def look(self, name: str) -> Found | Folder | None:
        """Return what is at a path, if anything is."""
        found = self.find(name)
        if found is not None:
            return found
        first = self._asked(name, lambda: next(iter(obstore.list(self._store, name, chunk_size=1)), None))
        return Folder(name) if first else None

    def find(self, name: str) -> Found | None:
        """Return an object, if there is one of that name."""
        try:
            return _found(self._asked(name, lambda: obstore.head(self._store, name)))
        except Missing:
            return None

    def mark(self, name: str) -> str | None:
        """Return the mark of an object, if it is there and has one."""
        try:
            return self._asked(
                name, lambda: obstore.get(self._store, name, options={"head": True}).attributes.get(MARK)
            )
        except Missing:
            return None

    def pieces(self, found: Found, begin: int, end: int) -> Iterator[bytes]:
        """Give the bytes of an object that is still the one that was found."""
        options: GetOptions = {"if_match": found.version} if found.version else {}
        if begin or end < found.size_bytes:
            options["range"] = (begin, end)
        with self._said(found.name):
            result = obstore.get(self._store, found.name, options=options)
            if result.meta["size"] != found.size_bytes:
                raise PermanentError(f"'{found.name}' changed while it was read. Run the job again.")
            yield from result.stream(PIECE_BYTES)

    # --- writing

    def put(self, name: str, file: Path, mark: str) -> None:
        """Write an object from a file of this machine; it is visible when it is whole."""
        size = file.stat().st_size
        part_bytes = max(UPLOAD_PART_BYTES, -(-size // MOST_PARTS))
        with self._said(name):
            obstore.put(
                self._store, name, file, attributes={MARK: mark}, use_multipart=size > part_bytes, chunk_size=part_bytes,
                max_concurrency=PARTS_AT_ONCE,
            )  # fmt: skip

    def write(self, name: str, mark: str) -> None:
        """Write an empty object."""
        with self._said(name):
            obstore.put(self._store, name, b"", attributes={MARK: mark}, use_multipart=False)

    def claim(self, name: str, mark: str) -> None:
        """Write an empty object unless there is one of that name. Raises Taken."""
        with self._said(name):
            obstore.put(self._store, name, b"", attributes={MARK: mark}, mode="create", use_multipart=False)

    def copy(self, name: str, to: str) -> None:
        """Copy an object within the bucket, its mark with it."""
        with self._said(name):
            obstore.copy(self._store, name, to)

    def delete(self, names: Sequence[str]) -> None:
        """Remove objects; one that is gone already is removed."""
        if names:
            with self._said(names[0]):
                _delete(self._store, names)

    def _asked(self, name: str, ask: Callable[[], ResultT]) -> ResultT:
        """Return what the store says, which may be asked again: its client repeats requests, and not bodies that break off."""

        def once() -> ResultT:
            with self._said(name):
                return ask()

        return retried(once)

    @contextmanager
    def _said(self, name: str) -> Iterator[None]:
        """Say what is wrong with an object in our words."""
        what = f"'{name}' in {self.title}" if name else self.title
        try:
            yield
        except FileNotFoundError as error:
            raise Missing(f"{what} is not there{_because(error)}. Check bucket and path.") from error
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
            raise _refused(what, error) from error
        except exceptions.PreconditionError as error:
            raise PermanentError(f"{what} changed while it was read. Run the job again.") from error
        except exceptions.AlreadyExistsError as error:
            if _code(error) in _ARCHIVED:
                raise _archived(what, error) from error
            raise Taken(f"{what} exists already.") from error
        except (exceptions.InvalidPathError, ValueError) as error:
            if _OTHERS in str(error):
                raise _unnameable(what, error) from error
            raise PermanentError(f"{what} has a name that cannot be used: {_first_line(error)}. Rename it.") from error
        except exceptions.BaseError as error:
            raise _fault(what, error) from error


def _delete(store: ObjectStore, names: Iterable[str]) -> None:
    try:
        obstore.delete(store, list(names))
    except FileNotFoundError:
        for name in names:  # Some stores mind what is gone; the others of the list are still to be removed.
            try:
                obstore.delete(store, name)
            except FileNotFoundError:
                continue


def _found(meta: object) -> Found:
    one: dict[str, object] = meta  # type: ignore[assignment]
    return Found(str(one["path"]), int(str(one["size"])), str(one["e_tag"] or ""))


def _unnameable(what: str, error: Exception) -> PermanentError:
    """Return what is said of a folder with an object whose name the client does not take: it gives none of the others then."""
    found = _PATH.search(str(error))
    name = f", {found[1]!r}" if found else ""
    return PermanentError(
        f"{what} cannot be listed: below it is an object whose name is no path{name}. Such names hold '//', a segment '.' or "
        "'..', or a control character. Rename it, or name files that do not have to be looked for."
    )


def _archived(what: str, error: Exception) -> PermanentError:
    return PermanentError(
        f"{what} lies in an archive{_because(error)}. Have the store restore it, then run the job again."
    )


def _refused(what: str, error: Exception) -> PermanentError:
    if _code(error) in _ARCHIVED:
        return _archived(what, error)
    return Refused(
        f"{what} is refused to this account{_because(error)}. Check its key, its rights and the clock here.",
        reason=_code(error),
    )


def _fault(what: str, error: Exception) -> PermanentError | TransientError:
    """Return an error by the status that the store gave, which obstore has only in its text."""
    text = str(error)
    if _code(error) in _REFUSALS:
        return _refused(what, error)
    if "non-partial response" in text:
        return NoRanges(f"{what} cannot be read in parts: the store answers a range with something else.")
    status = _STATUS.search(text)
    number = int(status[1]) if status else 0
    if number == 404:
        return Missing(f"{what} is not there{_because(error)}. Check bucket and path.")
    if number in (401, 403):
        return _refused(what, error)
    if _ELSEWHERE in text:
        return PermanentError(
            f"{what} lies somewhere else: the store sends to another region or endpoint, and does not say which. Correct the "
            "region and the endpoint of the connection."
        )
    if number == 400 and _code(error) is None:  # S3 says no more to a HEAD
        return PermanentError(
            f"{what} cannot be used: {_reason(text)}, and no more. Check the name of the bucket, the region and the endpoint, "
            "and whether the key has expired."
        )
    if 400 <= number < 500 and number not in _MAY_WORK_LATER:
        return PermanentError(f"{what} cannot be used: {_reason(text)}.")
    return TransientError(f"{what} could not be reached: {_reason(text)}. It was tried several times.")


def _because(error: Exception) -> str:
    return f" ({_reason(str(error))})" if _code(error) else ""


def _code(error: Exception) -> str | None:
    found, of_one = _CODE.search(str(error)), _OF_ONE.search(str(error))
    return found[1] if found else of_one[2] if of_one else None


def _reason(text: str) -> str:
    of_one = _OF_ONE.search(text)
    if of_one:
        return f"{of_one[2]}: {of_one[1].rstrip('.')}"
    code, message = _CODE.search(text), _MESSAGE.search(text)
    if code:
        return f"{code[1]}: {message[1].strip().rstrip('.')}" if message else code[1]
    status = _STATUS.search(text)
    return f"it answers with status {status[1]}" if status else _first_line(text)


def _first_line(error: object) -> str:
    return str(error).strip().split("\n")[0][:300].rstrip(". ")
