"""`penstock presets`: the services that the REST source knows, and what it knows of one."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from penstock import settings
from penstock.errors import NotFound
from penstock.lang.check.report import did_you_mean
from penstock.lang.presets import Recordset, Service, known
from penstock.wiring import places


def command(
    name: Annotated[str | None, typer.Argument(help="A preset, such as hubspot.contacts.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the presets of the REST source; with a name, what it stands for.

    Example: penstock presets hubspot.contacts
    """
    services = known(places.presets(settings.load()))
    found = {
        f"{service.name}.{one.name}": (service, one)
        for service in services.values()
        for one in service.records.values()
    }
    if name is not None and name not in found:
        raise NotFound(f"There is no preset '{name}'. {did_you_mean(name, found) or '`penstock presets` lists all.'}")
    if as_json:
        shown: Any = _json(*found[name]) if name is not None else {key: _json(*one) for key, one in found.items()}
        sys.stdout.write(json.dumps(shown, ensure_ascii=False) + "\n")
    elif name is None:
        width = max(map(len, found))
        sys.stdout.writelines(
            f"{key:{width}}  {service.title}: {one.about} {service.ran_against[:1].upper()}{service.ran_against[1:]}.\n"
            for key, (service, one) in found.items()
        )
    else:
        sys.stdout.write(_text(*found[name]))


def _json(service: Service, records: Recordset) -> dict[str, Any]:
    return {
        "service": service.name, "about": records.about, "described": service.described, "ran_against": service.ran_against,
        "connections": list(service.connections), "values": {key: about for key, (about, _) in service.values.items()},
        "properties": dict(records.properties), "fields": list(records.fields),
    }  # fmt: skip


def _text(service: Service, records: Recordset) -> str:
    lines = [f"{service.title}: {records.about}", f"Written from {service.described}; {service.ran_against}."]
    lines.append(f"connection: {', '.join(service.connections)}")
    for key, (about, default) in service.values.items():
        lines.append(f"preset_values.{key}: {about}{'' if default is None else f' ({default})'}")
    for key, value in records.properties.items():
        lines.append(f"{key}: {value if isinstance(value, str) else json.dumps(value)}")
    lines.append("fields:")
    for one in records.fields:
        alias = one.get("alias", one["name"])
        lines.append(f"  {alias}: {one.get('type', 'string')}" + (f" ({one['name']})" if alias != one["name"] else ""))
    return "\n".join(lines) + "\n"
