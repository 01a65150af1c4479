"""What services of advertising and analysis have for whom a stored connection logs in (wire reference 3.10.4)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from penstock.errors import ConnectionTestFailed, DataError, ExternalError
from penstock.kit import outbound
from penstock.kit.outbound import Request
from penstock.plan.ports import Connection as Bound
from penstock.services.coerce import Fields

GRAPH = "https://graph.facebook.com"
NEWEST_DOCUMENTED = "v2.9"
"""The version that the wire takes where none is named; Facebook answers it as the oldest that it still has."""
_VERSION = re.compile(r"v[0-9]{1,2}(\.[0-9]{1,2})?")
_MOST_PAGES = 100
WHY_NOT = {
    "bingads": "Bing Ads tells what an account has only to those with a developer token, which connections do not hold. List "
    "the fields in the package.",
    "facebookadsinsights": "Facebook has nothing that can be asked for the fields of its insights. List them in the package.",
    "analytics": "Universal Analytics was switched off by Google, so that it has no accounts to tell. Read Analytics 4 through "
    "a REST source.",
    "adwords": "Google Ads tells its customers only to those with a developer token, which connections do not hold. Name the "
    "customer in the package.",
}
"""What is said of services that cannot be asked, by type of connection."""


def refuse(connection: Bound) -> NoReturn:
    """Say why a service cannot be asked. Raises ConnectionTestFailed."""
    raise ConnectionTestFailed(WHY_NOT[connection.type])


def facebook_accounts(connection: Bound, raw: Mapping[str, Any], allow: str) -> list[dict[str, Any]]:
    """Return the accounts of advertising that a connection's token may see, as Facebook tells them. Raises
    ConnectionTestFailed."""
    fields = Fields(raw)
    version = fields.text("api_version") or NEWEST_DOCUMENTED
    if _VERSION.fullmatch(version) is None:
        fields.refuse("api_version", "is a version such as v19.0.")
    if fields.errors:
        raise ConnectionTestFailed(" ".join(text for found in fields.errors.values() for text in found))
    token = connection.secret("password")
    if not token:
        raise ConnectionTestFailed("The connection holds no access token. Set its 'password'.")
    return list(_accounts(f"{GRAPH}/{version}/me/adaccounts?fields=account_id,id,name&limit=200", token, allow))


def _accounts(url: str, token: str, allow: str) -> Iterator[dict[str, Any]]:
    for _ in range(_MOST_PAGES):
        found = _asked(url, token, allow)
        yield from (one for one in found["data"] if isinstance(one, dict))
        following = (found.get("paging") or {}).get("next")
        if not isinstance(following, str) or not following.startswith(f"{GRAPH}/"):
            return
        url = following
    raise ConnectionTestFailed(f"Facebook gives more than {_MOST_PAGES} pages of accounts.")


def _asked(url: str, token: str, allow: str) -> dict[str, Any]:
    try:
        answer = outbound.call(Request("GET", url, {"Authorization": f"Bearer {token}"}), allow)
        found = json.loads(answer.text)
    except (ExternalError, DataError) as error:
        raise ConnectionTestFailed(error.message.replace(token, "***")) from error
    except (ValueError, RecursionError) as error:
        raise ConnectionTestFailed(f"Facebook answers {answer.status} with something that is no JSON.") from error
    if isinstance(found, dict) and answer.status == 200 and isinstance(found.get("data"), list):
        return found
    said = found.get("error") if isinstance(found, dict) else None
    reason = str(said.get("message")) if isinstance(said, dict) else "nothing that is known"
    raise ConnectionTestFailed(f"Facebook answers {answer.status}: {reason[:300].replace(token, '***')}")
