"""The JSON of the caller."""

from __future__ import annotations

from typing_extensions import TypedDict

from penstock.api.dates import to_wire
from penstock.api.schemas.fields import Instant
from penstock.api.view import View
from penstock.services.records import User as Row


class TimeZoneInfo(TypedDict):
    """A time zone, resolved."""

    name: str
    identifier: str
    offset: str


class NotificationSettings(TypedDict):
    """Where a user is told about what happens."""

    email: bool
    web: bool


class User(TypedDict):
    """A person, known by an API key."""

    id: int
    name: str
    email: str
    gravatar_email: str | None
    avatar_url: str | None
    time_zone: str
    time_zone_info: TimeZoneInfo
    location: str | None
    confirmed: bool
    confirmed_at: Instant | None
    notifications_count: int
    unread_notifications_count: int
    notification_settings: NotificationSettings
    receive_newsletter: bool
    created_at: Instant
    updated_at: Instant
    last_login: Instant | None
    api_key: str | None
    url: str
    html_url: str | None


def user_json(row: Row, view: View) -> User:
    """Return the caller as the wire writes it. Users have no password here, so no answer reveals a key."""
    return {
        "id": row.id,
        "name": row.name,
        "email": row.email,
        "gravatar_email": row.gravatar_email,
        "avatar_url": row.avatar_url,
        "time_zone": row.time_zone,
        "time_zone_info": {"name": "UTC", "identifier": "Etc/UTC", "offset": "+0000"},
        "location": row.location,
        "confirmed": row.confirmed,
        "confirmed_at": to_wire(row.confirmed_at),
        "notifications_count": 0,
        "unread_notifications_count": 0,
        "notification_settings": {"email": row.notify_email, "web": row.notify_web},
        "receive_newsletter": row.receive_newsletter,
        "created_at": to_wire(row.created_at),
        "updated_at": to_wire(row.updated_at),
        "last_login": to_wire(row.last_login),
        "api_key": None,
        "url": f"{view.base}/user",
        "html_url": f"{view.base}/user",
    }
