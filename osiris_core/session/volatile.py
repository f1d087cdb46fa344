"""Which fields of a session's files may vary between two runs: read from the schemas, where it is written once."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMAS = ("session", "manifest", "events", "metrics", "target", "partial")
_MARK = "x-osiris-volatile"
_UNITS_MARK = "x-osiris-volatile-units"


@cache
def load_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of one file of the contract, by its name without ending: see `SCHEMAS`."""
    if name not in SCHEMAS:
        raise ValueError(f"there is no schema {name!r}: {', '.join(SCHEMAS)}")
    text = (resources.files(__package__) / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def volatile_fields(schema_name: str, event_name: str | None = None) -> Mapping[str, str]:
    """Return field -> shape of what may vary in a line or file; in `events` of one event, known or a driver's own.

    Shapes: `time` (ISO 8601, UTC, inside the run), `duration_ms` (a number >= 0).
    """
    schema = load_schema(schema_name)
    found = _marked(schema)
    if event_name is not None:
        found |= _marked(event_schema(event_name))
    return found


def event_schema(event_name: str) -> dict[str, Any]:
    """Return the branch of the events schema that describes an event; names it does not know are drivers' events."""
    branches: dict[str, Any] = load_schema("events")["$defs"]
    return dict(branches.get(event_name, branches["driver_event"]))


def is_volatile_metric(line: Mapping[str, Any]) -> bool:
    """Whether a metric's value may vary: it says so, or its unit is a time."""
    return bool(line.get("volatile")) or line.get("unit") in _time_units()


@cache
def _time_units() -> frozenset[str]:
    return frozenset(load_schema("metrics")["properties"]["unit"][_UNITS_MARK])


def _marked(schema: Mapping[str, Any]) -> dict[str, str]:
    return {name: body[_MARK] for name, body in schema.get("properties", {}).items() if _MARK in body}
