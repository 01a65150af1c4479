"""What services of advertising and analysis have, as the wire writes it (wire reference 3.10.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from typing_extensions import TypedDict


class BingAdsAccount(TypedDict):
    """An account of Bing Ads, with the campaigns that were asked for."""

    account_id: str
    account_name: str
    campaigns: list[dict[str, Any]]


class BingAdsColumns(TypedDict):
    """The columns of a report of Bing Ads."""

    data: list[Any]
    fields: list[dict[str, str]]


class FacebookAdsAccount(TypedDict):
    """An account of advertising at Facebook."""

    account_id: str
    id: str
    name: str


class FacebookAdsField(TypedDict):
    """A field of the insights of Facebook."""

    id: str
    friendly_name: str
    category: str
    data_type: str
    pig_data_type: str
    default_alias: str
    is_mandatory: str
    request: dict[str, Any]
    response: str


class AnalyticsAccount(TypedDict):
    """An account of Google Analytics."""

    name: str
    id: str
    properties: list[dict[str, Any]]


class AdWordsCustomer(TypedDict):
    """A customer of Google Ads."""

    can_manage_clients: bool
    name: str
    customer_id: str


def facebook_accounts_json(found: Iterable[Mapping[str, Any]]) -> list[FacebookAdsAccount]:
    """Return accounts as the wire writes them: all of it text."""
    return [
        {
            "account_id": str(one.get("account_id") or str(one.get("id") or "").removeprefix("act_")),
            "id": str(one.get("id") or ""),
            "name": str(one.get("name") or ""),
        }
        for one in found
    ]
