"""Singer source: the records of one stream of a tap. A component of ours: the reference has none."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.components import web
from penstock.lang.components.options import are_json_paths, place_of
from penstock.lang.components.source_fields import NAMED_FIELD, scan_of_lines
from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.lang.document.shapes import CONNECTION, PLACE, a_list, choice
from penstock.plan.operators import Operator, ScanField
from penstock.plan.systems import TapSource


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the scan of a source, or None with findings."""
    return scan_of_lines(step, _origin, lambda origin: origin.stream)


def _origin(step: Step, items: tuple[ScanField, ...]) -> TapSource | None:
    stream, config = step.place("stream"), web.texts_of(step, "config")
    state, is_kept = place_of(step, "state")
    are_sound = are_json_paths(step, items) and is_kept
    return None if stream is None or config is None or not are_sound else TapSource(stream, config, state)


component = Component(
    type="singer_source_component",
    title="Singer",
    help="Reads the records of one stream of a Singer tap that the operator allows.",
    inputs=(),
    is_source=True,
    keys={"connection": CONNECTION, "fields": a_list(NAMED_FIELD)},
    connections=("singer",),
    build=build,
    properties=(
        Property("stream", {"type": "string", "minLength": 1}, "Stream of the tap.", REQUIRED, "T"),
        Property("config", web.HEADERS, "What is added to the configuration of the connection, such as a start date.", {}, "T"),
        Property("state", PLACE, "Where the state of the tap is kept: the next job goes on behind it.", takes="T"),
        Property(
            "on_bad_value", choice("set_null", "skip", "fail"),
            "What a value that does not fit its field does: becomes null, drops its record, or fails the job.", "set_null",
        ),
    ),
)  # fmt: skip
