"""What the components for web APIs have in common: where a request goes, what it carries, how it logs in."""

from __future__ import annotations

from urllib.parse import urlsplit

from penstock.lang.check import codes_package as codes
from penstock.lang.components.spec import REQUIRED, Property, Step
from penstock.lang.document.shapes import TEXT, Shape, choice, when
from penstock.lang.variables.substitution import Mode
from penstock.plan.operators import ConnectionRef

LOGINS = (
    "basic_auth", "bearer", "oauth2",
    "adwords", "analytics", "bingads", "facebookadsinsights", "googlesheets", "hubspot", "instagram", "intercom",
    "linkedin", "pinterest", "salesforce", "shopify", "xero", "youtube",
)  # fmt: skip
"""Types of connections that hold what a request logs in with."""
HEADERS: Shape = {"type": "object", "additionalProperties": TEXT}
AUTHENTICATION = (
    Property(
        "authentication", choice("none", "basic", "connection"),
        "`basic` needs `username` and `password`, `connection` the component's connection.", "none",
    ),
    Property("username", TEXT, "For `basic`.", takes="T"),
    Property("password", TEXT, "For `basic`; use a secret variable.", takes="T"),
)  # fmt: skip
RULES: tuple[Shape, ...] = (
    when(
        "'authentication' basic needs 'username' and 'password'.", "authentication", "username", "password",
        test={"const": "basic"},
    ),
)  # fmt: skip


def address(help: str, unless: str | None = None) -> Property:
    """Return the property `url`."""
    return Property("url", {"type": "string", "minLength": 1}, help, REQUIRED, "T", unless=unless)


def url_of(step: Step) -> tuple[str, str] | None:
    """Return the address and how it is named as a place, or None with findings. A place has no user, query and fragment,
    where keys may stand, and no more than the host where the address holds a secret."""
    raw = str(step.properties["url"])
    made = step.substituted(raw, step.at("url"), Mode.TEXT)
    if made is None:
        return None
    text = made.text.strip()
    if not text.lower().startswith(("http://", "https://")) and not step.stands_in(made):
        message = "The address is no http or https address."
        step.add(codes.WrongShape, message, step.at("url"), hint="Such as https://api.example.com/v1/orders.")
        return None
    secrets = [step.values[name].text for name in made.uses if step.values[name].secret]
    return text or "http://unknown.invalid", _place(text, secrets)


def _place(url: str, secrets: list[str]) -> str:
    try:
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
    except ValueError:
        return "a web API"
    if any(secret and secret in host for secret in secrets):
        return "a web API"
    return host if secrets else host + parts.path


def texts_of(step: Step, name: str) -> dict[str, str] | None:
    """Return an object of texts with variables replaced in each, or None with findings."""
    made = {}
    for key, value in (step.properties[name] or {}).items():
        text = text_of(step, value, f"{step.at(name)}.{key}")
        if text is None:
            return None
        made[key] = text
    return made


def text_of(step: Step, raw: str, path: str) -> str | None:
    """Return a text with variables replaced, or None with findings."""
    made = step.substituted(raw, path, Mode.TEXT)
    return None if made is None else made.text


def whole(step: Step, raw: object, path: str, at_least: int) -> int | None:
    """Return a whole number, also where it is text with variables, or None with findings; the least where a variable is not
    known yet."""
    if isinstance(raw, int):
        return raw
    made = step.substituted(str(raw), path, Mode.TEXT)
    if made is None:
        return None
    text = made.text.strip()
    if text.isascii() and text.isdigit() and len(text) < 19 and int(text) >= at_least:
        return int(text)
    if step.stands_in(made):
        return at_least
    step.add(codes.WrongShape, f"This must be a whole number of at least {at_least}.", path)
    return None


def login(step: Step) -> ConnectionRef | None:
    """Return the connection that a component logs in with, the one without a name where it needs none, or None with
    findings."""
    if step.properties["authentication"] == "connection":
        return step.connection()
    if "connection" in step.node.keys:
        message = "The connection has no effect unless 'authentication' is connection."
        step.add(codes.UselessOption, message, "connection", hint="Set 'authentication', or leave the connection out.")
    for name in ("username", "password") if step.properties["authentication"] != "basic" else ():
        if step.properties[name] is not None:
            message = f"'{name}' has no effect unless 'authentication' is basic."
            step.add(codes.UselessOption, message, step.at(name))
    return ConnectionRef("")
