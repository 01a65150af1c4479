"""Web APIs as a connector (`penstock.plan.ports.Connector`): any type of connection may lend what a request logs in with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from penstock.connectors.web.asking import Api, Login, NoLogin
from penstock.connectors.web.landing import Reader
from penstock.errors import JobStopped, PermanentError, TransientError
from penstock.kit.outbound import STOP
from penstock.plan.operators import Scan, Write
from penstock.plan.ports import BoundSource, Connection, Landing, Publication, Staged, Written
from penstock.plan.systems import System, WebSource, WebTarget


class WebApis:
    """Web APIs. *allow* are the internal networks that may be reached, None for all."""

    system = System.WEB

    def __init__(self, allow: str | None) -> None:
        self._allow = allow

    def test(self, connection: Connection) -> None:
        """Return: there is no address that could be tried."""

    def bind(self, scan: Scan, connection: Connection, landing: Landing) -> BoundSource:
        """Ask for the pages of a source. Raises PermanentError, TransientError, and JobStopped where the job is to end."""
        origin = scan.origin
        if not isinstance(origin, WebSource):
            raise PermanentError("This source is none of a web API.")
        api = Api(self._login(origin, connection), self._allow, STOP, landing.log)
        names = [item.name or "" for item in scan.source.fields]
        try:
            file = Reader(api, origin, names, landing).read()
        except TransientError as error:
            if STOP.is_asked:
                raise JobStopped("The job was stopped.") from error
            raise
        return BoundSource(replace(scan.source, path=scan.source.path), (file,))

    def _login(self, asks: WebSource | WebTarget, connection: Connection) -> Login:  # noqa: ARG002 -- later
        if asks.authentication == "basic":
            return NoLogin(asks.username or "", asks.password or "")
        if asks.authentication == "none":
            return NoLogin()
        raise PermanentError("Logging in with a connection is not available in this version.")

    def locate(self, write: Write, connection: Connection, token: str, staging: Path) -> Staged:  # noqa: ARG002
        """Refuse: nothing is written to web APIs in this version."""
        raise PermanentError("Nothing can be written to a web API in this version.")

    def prepare(self, staged: Staged) -> None:
        """There is nothing to prepare."""

    def publish(self, staged: Staged, written: Written) -> Publication:  # noqa: ARG002
        """Refuse, as `locate` does."""
        raise PermanentError("Nothing can be written to a web API in this version.")

    def discard(self, staged: Staged) -> None:
        """There is nothing to discard."""
