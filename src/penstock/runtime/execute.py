"""One job from its order to published outputs: the same path serves `penstock run` and a worker's child process.

Variables are evaluated, the package is compiled, sources are bound, every output is staged and counted; only then is the
gate asked, and only with its grant is anything published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from penstock.domain.diagnostic import Diagnostic, Severity
from penstock.errors import LeaseLost, PackageInvalid, PenstockError
from penstock.kit.secret import hidden
from penstock.lang import Given, compile_package, evaluate_in, resolve
from penstock.lang.presets import Presets
from penstock.lang.presets import known as known_presets
from penstock.lang.variables import VariableValue
from penstock.lang.variables.resolution import Scalar
from penstock.plan.dtypes import Kind
from penstock.plan.operators import Plan
from penstock.plan.ports import Ask, Connection, Connector, Context, Databases, Engine, Limits, Written, ask_nobody
from penstock.plan.schema import Schema
from penstock.runtime.listener import Listener
from penstock.runtime.manifests import Manifests
from penstock.runtime.masking import MASKED, Mask, MaskedListener
from penstock.runtime.outputs import Outputs, Published
from penstock.runtime.receipts import Read, with_receipts
from penstock.runtime.sources import bind
from penstock.runtime.stages import FOLDER as REJECTED
from penstock.runtime.stages import stage
from penstock.runtime.states import States
from penstock.runtime.watermarks import Watermarks

MAX_FINDINGS = 3
"""How many diagnostics a job's error text holds; validation shows all of them."""


@dataclass(frozen=True, slots=True)
class Order:
    """Everything one attempt at a job needs, as plain JSON values. *token* is `job-<id>-<epoch>`; *now* the submission;
    *outbound* the internal networks that calls may reach, None where none is made;
    *granted* what the attempt *granted_token* staged and was allowed to publish before it died (`Written` values);
    *watermarks* are those of the package's incremental sources (`runtime.watermarks`), None where nothing keeps them;
    *stack*, *region* and *nodes* are those of the cluster; a connection holds its type, its parameters, and under `secrets`
    those that nobody may read. *scratch* is the attempt's own folder, *staging* one that outlives it, where outputs wait that
    are published to other systems (by default the former). *presets* are those of the installation, as JSON."""

    token: str
    flow: str
    now: str
    package_variables: Mapping[str, Scalar] = field(default_factory=dict)
    variables: Mapping[str, Scalar] = field(default_factory=dict)
    dynamic_variables: Mapping[str, Scalar] = field(default_factory=dict)
    predefined: Mapping[str, Scalar] = field(default_factory=dict)
    secret_variables: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    account_variables: Mapping[str, Scalar] = field(default_factory=dict)
    connections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    memory_bytes: int = 1 << 30
    threads: int = 2
    scratch: str = ""
    staging: str = ""
    outbound: str | None = None
    granted_token: str = ""
    granted: Sequence[Mapping[str, Any]] | None = None
    watermarks: Sequence[Mapping[str, Any]] | None = None
    stack: str = ""
    region: str = ""
    nodes: int = 1
    presets: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the order as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Result:
    """What a completed job gave: its outputs, and how far its incremental sources have come."""

    outputs: tuple[Published, ...]
    watermarks: tuple[Mapping[str, Any], ...] = ()


class Gate(Protocol):
    """Grants publication, once per attempt."""

    def grant(self, outputs: Sequence[Written]) -> None:
        """Return when this attempt may publish; raises LeaseLost or JobStopped when it may not."""


class OpenGate:
    """Grants every publication: without a server nobody else can own the job."""

    def grant(self, outputs: Sequence[Written]) -> None:
        """Return at once."""


def execute(
    order: Order,
    engine: Engine,
    connectors: Mapping[str, Connector],
    listener: Listener,
    gate: Gate,
    databases: Databases | None = None,
) -> Result:
    """Run one job and return its receipts.

    Raises PackageInvalid with every diagnostic when the package does not compile, another PenstockError with one plain
    sentence when it cannot run, JobStopped and LeaseLost as they come. Whatever happens, no staging folder stays behind,
    but for what another attempt publishes.
    No secret variable, and no secret of a connection, stands in what is told, raised or returned.
    """
    mask = Mask(hidden_in(order))
    ask = ask_nobody if databases is None else databases.asking(connections_of(order))
    try:
        return _execute(order, engine, connectors, MaskedListener(listener, mask), gate, mask, ask)
    except PenstockError as error:
        mask.error(error)
        raise
    finally:
        if databases is not None:
            databases.close()


def hidden_in(order: Order) -> list[str | None]:
    """Return what is secret in an order: secret variables, and secrets of connections."""
    return [*order.secret_variables.values(), *secrets_of(order.connections)]


def secrets_of(connections: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the secrets of the connections of an order."""
    return [secret for raw in connections.values() for secret in raw.get("secrets", {}).values()]


def _execute(
    order: Order,
    engine: Engine,
    connectors: Mapping[str, Connector],
    listener: Listener,
    gate: Gate,
    mask: Mask,
    ask: Ask,
) -> Result:
    context, values = evaluate_variables(order, engine, listener, mask, ask)
    plan = _compile(order, values, engine, listener)
    connections = connections_of(order)
    token = order.token if order.granted is None else order.granted_token
    staging = Path(order.staging or order.scratch)
    outputs = Outputs(plan, connections, connectors, token, staging, order.now, epoch=_epoch(order.token))
    manifests = Manifests(plan, connections, connectors, token, staging)
    states = States(plan, connections, connectors, token, staging)
    listener.outputs(outputs.declared())
    if order.granted is not None:
        return _finish(order, outputs, manifests, states, listener)
    scratch = Path(order.scratch)
    watermarks = Watermarks(plan, order.watermarks, mask, listener)
    kept, known = states.read(scratch), manifests.read(scratch)
    sources = bind(plan, connections, connectors, scratch, listener, known=known, states=kept, since=watermarks.since)
    moves = watermarks.moves(sources)
    outputs.locate()
    outputs.keep_rejects(scratch / REJECTED)
    listener.staged([*outputs.folders(), *manifests.folders(), *states.folders()])
    is_ours = True
    try:
        sources = manifests.only_new(sources, listener)
        states.note(sources)
        outputs.prepare()
        limits = Limits(order.memory_bytes, order.threads, scratch)
        read = Read(listener)
        ran = stage(plan, sources, outputs, engine, context, limits, read)
        written = mask.written(with_receipts(plan, read.records, ran, outputs.staged, watermarks.said))
        outputs.arrived(written)
        if moves:
            listener.watermarks(moves)
        gate.grant(written)
        try:
            made = outputs.publish(written, listener)
        except LeaseLost:
            is_ours = False  # Another attempt publishes what this one has staged.
            raise
        manifests.put(listener)
        states.put(listener)
        return Result(made, moves)
    finally:
        if is_ours:
            outputs.discard()
            manifests.discard()
            states.discard()


def _epoch(token: str) -> int:
    """Return the number of an attempt, 0 where there is no server that counts them."""
    number = token.rpartition("-")[2]
    return int(number) if token.startswith("job-") and number.isdigit() else 0


def presets_of(order: Order) -> Presets:
    """Return the presets of a job: those of this version and those of the installation."""
    return known_presets(order.presets)


def connections_of(order: Order) -> dict[str, Connection]:
    """Return the connections of an order by unique id or name."""
    return {
        key: Connection(key, str(raw.get("type", "")), _parameters(raw), hidden(raw.get("secrets", {})))
        for key, raw in order.connections.items()
    }


def _finish(order: Order, outputs: Outputs, manifests: Manifests, states: States, listener: Listener) -> Result:
    """Publish what an earlier attempt staged and was granted: nothing is computed twice, nothing published twice."""
    granted = {one["component"]: Written(**{**one, "files": tuple(one["files"])}) for one in order.granted or ()}
    written = [granted[write.component] for write in outputs.plan.outputs]
    outputs.locate()
    listener.log("info", "An earlier attempt had written every output; this one publishes them.")
    try:
        made = outputs.publish(written, listener)
        manifests.put(listener)
        states.put(listener)
    except PenstockError:
        outputs.discard()  # The job fails, so nobody is to publish what is left.
        manifests.discard()
        states.discard()
        raise
    manifests.discard()
    states.discard()
    outputs.discard()  # What waited for other systems is with them now.
    return Result(made)


def evaluate_variables(
    order: Order, engine: Engine, listener: Listener, mask: Mask, ask: Ask = ask_nobody
) -> tuple[Context, Mapping[str, VariableValue]]:
    """Return the context of a job and the values of its variables, and tell the listener about them. What is computed from
    secrets is added to the *mask*; *ask* asks the databases of the job."""
    now = datetime.fromisoformat(order.now)
    given = Given(
        order.package_variables, order.variables, order.dynamic_variables, order.predefined, order.secret_variables,
        order.account_variables,
    )  # fmt: skip
    definitions = resolve(given)
    empty = Schema()
    found, context = evaluate_in(
        definitions,
        lambda expr, at: engine.evaluate((expr,), empty, {}, at)[0],
        Context(now, outbound=order.outbound, ask=ask),
    )
    for value in found.values.values():
        if value.secret:
            mask.add(value.text)
    listener.variables({name: _plain(value) for name, value in found.values.items()})
    for finding in found.diagnostics:
        if finding.severity is not Severity.ERROR:
            listener.log("warning", f"{finding.code} {finding.sentence()}")
    if any(one.severity is Severity.ERROR for one in found.diagnostics):
        raise invalid(found.diagnostics)
    return context, found.values


def _plain(value: VariableValue) -> Any:
    if value.secret:
        return MASKED
    if value.value is None:
        return None
    if value.value.kind in (Kind.INT, Kind.LONG, Kind.DOUBLE, Kind.FLOAT, Kind.BOOLEAN):
        data = value.value.data
        return data if not isinstance(data, float) or data - data == 0 else value.text
    return value.text


def _compile(order: Order, values: Mapping[str, VariableValue], engine: Engine, listener: Listener) -> Plan:
    compiled = compile_package(order.flow, values, presets_of(order))
    for finding in compiled.diagnostics:
        if finding.severity is not Severity.ERROR:
            listener.log("warning", f"{finding.code} {finding.sentence()}")
    if compiled.plan is None:
        raise invalid(compiled.diagnostics)
    gaps = engine.gaps(compiled.plan)
    if gaps:
        raise invalid(gaps)
    return compiled.plan


def invalid(diagnostics: Sequence[Diagnostic]) -> PackageInvalid:
    """Return the error that carries diagnostics, the first of them in its message."""
    errors = [one for one in diagnostics if one.severity is Severity.ERROR]
    text = " ".join(one.sentence() for one in errors[:MAX_FINDINGS])
    more = len(errors) - MAX_FINDINGS
    if more > 0:
        text += f" And {more} more; validate the package to see all."
    return PackageInvalid(text, tuple(diagnostics))


def _parameters(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key not in ("type", "name", "secrets")}
