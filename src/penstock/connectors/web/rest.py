"""Web APIs as a connector (`penstock.plan.ports.Connector`): any type of connection may lend what a request logs in with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from penstock.connectors import staging as folders
from penstock.connectors.ladder import Ladder, Name
from penstock.connectors.web.asking import Api
from penstock.connectors.web.landing import Reader
from penstock.connectors.web.logins import OAuth, lent, login_of
from penstock.connectors.web.sending import Sender
from penstock.domain.rung import Rungs
from penstock.errors import JobStopped, PermanentError, TransientError
from penstock.kit.outbound import Request
from penstock.kit.stopping import STOP, Stop
from penstock.plan.operators import Scan, Write
from penstock.plan.ports import BoundSource, Connection, Landing, Publication, Staged, Written, nobody_reads
from penstock.plan.systems import System, WebSource, WebTarget

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
        origin = scan.origin
        if not isinstance(origin, WebSource):
            raise PermanentError("This source is none of a web API.")
        api = Api(login_of(origin, connection, self._allow, STOP, landing.log), self._allow, STOP, landing.log)
        names = [item.name or "" for item in scan.source.fields]
        file = self._stopping(lambda: Reader(api, origin, names, landing).read())
        return BoundSource(scan.source, (file,))

    def locate(self, write: Write, connection: Connection, token: str, staging: Path) -> Staged:
        """Return where an output waits until it is sent. Two outputs of a package may send to one address."""
        return folders.located(write, connection, token, staging)

    def prepare(self, staged: Staged) -> None:
        """Make the staging folder, and remove those of earlier attempts of the job."""
        folders.prepare(staged)

    def publish(self, staged: Staged, written: Written) -> Publication:
        """Send the requests that were not sent yet. Raises PenstockError that says how many were taken."""
        target = staged.write.destination
        if not isinstance(target, WebTarget):
            raise PermanentError("This destination is none of a web API.")
        # A publication that was granted goes on when its job is to stop; one from the command line has nobody after it.
        stop = Stop() if staged.token.startswith("job-") else STOP
        api = Api(login_of(target, staged.connection, self._allow, stop, staged.log), self._allow, stop, staged.log)
        return self._stopping(lambda: Sender(api, target, staged).send(written))

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
