"""Web APIs as a connector (`penstock.plan.ports.Connector`): any type of connection may lend what a request logs in with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from penstock.connectors import staging as folders
from penstock.connectors.ladder import Ladder, Name
from penstock.connectors.web.asking import Api
from penstock.connectors.web.landing import Reader
from penstock.connectors.web.logins import OAuth, lent, login_of
from penstock.connectors.web.salesforce import catalogue
from penstock.connectors.web.salesforce.org import Org
from penstock.connectors.web.salesforce.reading import Reader as SalesforceReader
from penstock.connectors.web.salesforce.writing import Writer as SalesforceWriter
from penstock.connectors.web.sending import Sender
from penstock.connectors.web.sheets.book import Book
from penstock.connectors.web.sheets.reading import Reader as SheetReader
from penstock.connectors.web.sheets.writing import Writer as SheetWriter
from penstock.domain.rung import Rungs
from penstock.errors import JobStopped, PermanentError, TransientError
from penstock.kit.outbound import Request
from penstock.kit.stopping import STOP, Stop
from penstock.plan.operators import Scan, Write
from penstock.plan.ports import (
    BoundSource,
    Connection,
    FieldFacts,
    FileEntry,
    Landing,
    Publication,
    Say,
    Staged,
    Written,
    nobody_reads,
)
from penstock.plan.systems import (
    SalesforceSource,
    SalesforceTarget,
    SheetSource,
    SheetTarget,
    System,
    WebSource,
    WebTarget,
)

T = TypeVar("T")


class WebApis:
    """Web APIs. *allow* are the internal networks that may be reached, None for all."""

    system = System.WEB

    def __init__(self, allow: str | None) -> None:
        self._allow = allow

    def test(self, connection: Connection) -> Rungs | None:
        """Return when a token can be had. Of other logins no address is known that they could be tried at, which is said."""
        ladder = Ladder(connection)
        with ladder.rung(Name.LOGIN):
            login = lent(connection, self._allow, STOP, nobody_reads)
            if not isinstance(login, OAuth):
                raise PermanentError(
                    f"Connections of type '{connection.type}' are used at the addresses of components; none is known here to "
                    "try this one at. Preview a component that uses it."
                )
            login.signed(Request("GET", "http://nowhere.invalid"))
        return ladder.rungs

    def bind(self, scan: Scan, connection: Connection, landing: Landing) -> BoundSource:
        """Ask for the pages of a source. Raises PermanentError, TransientError, and JobStopped where the job is to end."""
        file = self._stopping(lambda: self._read(scan, connection, landing))
        return BoundSource(scan.source, (file,))

    def _read(self, scan: Scan, connection: Connection, landing: Landing) -> FileEntry:
        names = [item.name or "" for item in scan.source.fields]
        match scan.origin:
            case WebSource() as origin:
                login = login_of(origin, connection, self._allow, STOP, landing.log)
                return Reader(Api(login, self._allow, STOP, landing.log), origin, names, landing).read()
            case SalesforceSource() as origin:
                landing.folder.mkdir(parents=True)
                org = Org(self._api(connection, STOP, landing.log), connection, origin.api_version, landing.folder)
                return SalesforceReader(org, origin, names, landing).read()
            case SheetSource() as origin:
                landing.folder.mkdir(parents=True)
                book = Book(self._api(connection, STOP, landing.log), connection, origin.spreadsheet, landing.folder)
                # A scan that keeps rejected records has fields behind those of the source.
                fields = [(name, field.dtype) for name, field in zip(names, scan.schema, strict=False)]
                return SheetReader(book, origin, fields, landing).read()
        raise PermanentError("This source is none of a web API.")

    def _api(self, connection: Connection, stop: Stop, say: Say) -> Api:
        """Return what asks with the login that a connection lends."""
        return Api(lent(connection, self._allow, stop, say), self._allow, stop, say)

    def objects(self, connection: Connection) -> tuple[str, ...]:
        """Return what can be queried (`penstock.plan.ports.Catalogue`)."""
        return self._asked(connection, catalogue.objects)

    def fields(self, connection: Connection, name: str) -> tuple[FieldFacts, ...]:
        """Return the fields of an object (`penstock.plan.ports.Catalogue`)."""
        return self._asked(connection, lambda org: catalogue.fields(org, name))

    def _asked(self, connection: Connection, ask: Callable[[Org], T]) -> T:
        if connection.type != "salesforce":
            raise PermanentError(f"Connections of type '{connection.type}' do not tell what they lead to.")
        with TemporaryDirectory(prefix="penstock-") as folder:
            return ask(Org(self._api(connection, STOP, nobody_reads), connection, None, Path(folder)))

    def locate(self, write: Write, connection: Connection, token: str, staging: Path) -> Staged:
        """Return where an output waits until it is sent. Two outputs of a package may send to one address."""
        return folders.located(write, connection, token, staging)

    def prepare(self, staged: Staged) -> None:
        """Make the staging folder, and remove those of earlier attempts of the job. What is known by name is asked for: an
        object, a sheet."""
        folders.prepare(staged)
        self._stopping(lambda: self._look(staged))

    def _look(self, staged: Staged) -> None:
        match staged.write.destination:
            case SalesforceTarget() as target:
                api = self._api(staged.connection, STOP, staged.log)
                org = Org(api, staged.connection, target.api_version, staged.folder)
                org.ask("GET", f"sobjects/{target.object_name}")
            case SheetTarget() as target:
                api = self._api(staged.connection, STOP, staged.log)
                book = Book(api, staged.connection, target.spreadsheet, staged.folder)
                if target.auto_create_sheet:
                    book.sheets()
                else:
                    book.get(target.sheet)

    def publish(self, staged: Staged, written: Written) -> Publication:
        """Send the requests that were not sent yet. Raises PenstockError that says how many were taken."""
        # A publication that was granted goes on when its job is to stop; one from the command line has nobody after it.
        stop = Stop() if staged.token.startswith("job-") else STOP
        return self._stopping(lambda: self._write(staged, written, stop))

    def _write(self, staged: Staged, written: Written, stop: Stop) -> Publication:
        connection, say = staged.connection, staged.log
        match staged.write.destination:
            case WebTarget() as target:
                api = Api(login_of(target, connection, self._allow, stop, say), self._allow, stop, say)
                return Sender(api, target, staged).send(written)
            case SalesforceTarget() as target:
                org = Org(self._api(connection, stop, say), connection, target.api_version, staged.folder)
                return SalesforceWriter(org, target, staged).write(written)
            case SheetTarget() as target:
                book = Book(self._api(connection, stop, say), connection, target.spreadsheet, staged.folder)
                return SheetWriter(book, target, staged).write(written)
        raise PermanentError("This destination is none of a web API.")

    def discard(self, staged: Staged) -> None:
        """Remove a staging folder; quiet when it is gone."""
        folders.discard(staged)

    def _stopping(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except TransientError as error:
            if STOP.is_asked:
                raise JobStopped("The job was stopped.") from error
            raise
