"""What services of advertising and analysis have, through a stored connection: a service that cannot be asked says why."""

from __future__ import annotations

from typing import NoReturn

from fastapi import APIRouter
from starlette.responses import Response

from penstock.api.call import Call, Current, Id
from penstock.api.openapi import many, one, operation, parameter, text
from penstock.api.route import Route
from penstock.api.schemas.metadata import facebook_accounts_json
from penstock.services import ads, connections

router = APIRouter(tags=["Connections"], route_class=Route)
_ALL = "/{account_id}/api/connections/metadata"
_FORCE = parameter(
    "force_fetch", {"type": "boolean", "default": False}, "Taken, and changes nothing: nothing is remembered."
)
_BING = parameter("api_version", text("v9"), "Version of the API.")
_FACEBOOK = parameter("api_version", text(ads.NEWEST_DOCUMENTED), "Version of the API.")
_ACCOUNTS = parameter("accounts", {"type": "array", "items": text()}, "Accounts whose campaigns are wanted.")
_REPORT = parameter("report_type", text("KeywordPerformanceReport"), "The report.")


@router.get(
    _ALL + "/bingads/{connection_id}/accounts",
    **operation(
        "listBingAdsAccounts", "List the accounts of Bing Ads; this version says why it cannot", many("BingAdsAccount"),
        query=(_BING, _ACCOUNTS, _FORCE),
    ),
)  # fmt: skip
def list_bing_ads_accounts(call: Current, connection_id: Id) -> Response:
    _refuse(call, "bingads", connection_id)


@router.get(
    _ALL + "/bingads/{connection_id}/columns",
    **operation(
        "listBingAdsColumns", "List the columns of a report of Bing Ads; this version says why it cannot",
        one("BingAdsColumns"), query=(_BING, _REPORT, _FORCE),
    ),
)  # fmt: skip
def list_bing_ads_columns(call: Current, connection_id: Id) -> Response:
    _refuse(call, "bingads", connection_id)


@router.get(
    _ALL + "/facebookadsinsights/{connection_id}/accounts",
    **operation(
        "listFacebookAdsInsightsAccounts", "List the accounts of advertising at Facebook", many("FacebookAdsAccount"),
        query=(_FACEBOOK, _FORCE),
    ),
)  # fmt: skip
def list_facebook_accounts(call: Current, connection_id: Id) -> Response:
    with call.reading("connection") as (uow, principal, given):
        found = connections.bound(uow, principal, "facebookadsinsights", connection_id, call.deps.seal)
    return call.answer(facebook_accounts_json(ads.facebook_accounts(found, given, call.deps.outbound)))


@router.get(
    _ALL + "/facebookadsinsights/{connection_id}/fields",
    **operation(
        "listFacebookAdsInsightsFields", "List the fields of Facebook's insights; this version says why it cannot",
        many("FacebookAdsField"), query=(_FACEBOOK,),
    ),
)  # fmt: skip
def list_facebook_fields(call: Current, connection_id: Id) -> Response:
    _refuse(call, "facebookadsinsights", connection_id)


@router.get(
    _ALL + "/analytics/{connection_id}/accounts",
    **operation(
        "listGoogleAnalyticsAccounts", "List the accounts of Universal Analytics; this version says why it cannot",
        many("AnalyticsAccount"), query=(_FORCE,),
    ),
)  # fmt: skip
def list_analytics_accounts(call: Current, connection_id: Id) -> Response:
    _refuse(call, "analytics", connection_id)


@router.get(
    _ALL + "/adwords/{connection_id}/customers",
    **operation(
        "listGoogleAdWordsCustomers", "List the customers of Google Ads; this version says why it cannot",
        many("AdWordsCustomer"), query=(_FORCE,),
    ),
)  # fmt: skip
def list_adwords_customers(call: Current, connection_id: Id) -> Response:
    _refuse(call, "adwords", connection_id)


def _refuse(call: Call, kind: str, connection_id: int) -> NoReturn:
    with call.reading("connection") as (uow, principal, _):
        found = connections.bound(uow, principal, kind, connection_id, call.deps.seal)
    ads.refuse(found)
