"""The JSON Schema of records: what is written beside a report, for whoever reads it without Python.

It is made from the record types, as the reader is, and published as `records.schema.json` beside this module
(`osiris-parity schema records` writes it, a test holds it against the types). It says less than the reader, never more:
what it refuses, the reader refuses. What is not `required` has been added since, or is left out by who has nothing to say.
"""

from __future__ import annotations

import inspect
import json
from importlib import resources
from typing import Any, Final

from osiris_core.parity.record import RECORD_VERSION, RecordSet, Verdict
from osiris_core.parity.record_bounds import bound_of

Schema = dict[str, Any]
_KINDS: Final = {"integer": int, "number": float, "string": str}
FILE: Final = "records.schema.json"


def published_schema() -> Schema:
    """Return the schema that ships with this package."""
    schema: Schema = json.loads((resources.files(__package__) / FILE).read_text(encoding="utf-8"))
    return schema


def record_schema() -> Schema:
    """Return the schema of a `RecordSet` as `encode_records` writes it."""
    import msgspec

    parts: Schema = msgspec.json.schema(RecordSet)["$defs"]
    for part in parts.values():
        part["description"] = inspect.cleandoc(part["description"])
        for name, member in part.get("properties", {}).items():
            _bound(name, member)
    for name in ("RecordSet", "ParityRecord"):
        parts[name]["properties"]["version"] = {"const": RECORD_VERSION}
    parts["RecordSet"]["required"] = [*parts["RecordSet"]["required"], "version"]
    parts["ParityRecord"] |= _green_by_all_its_members()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:pytest-osiris:records:{RECORD_VERSION}",
        "title": "Records of parity checks",
        "$ref": "#/$defs/RecordSet",
        "$defs": parts,
    }


def _bound(name: str, member: Schema) -> None:
    """State what the values of a member have to be, beyond their type."""
    bound = bound_of(name, _KINDS[member["type"]]) if member.get("type") in _KINDS else None
    member |= bound.keywords if bound else {}
    items = member.get("items")
    for each in (
        *member.get("anyOf", ()),
        *member.get("prefixItems", ()),
        *([items] if isinstance(items, dict) else []),
    ):
        _bound(name, each)


def _green_by_all_its_members() -> Schema:
    passing = [None, *(str(each) for each in Verdict if each.passes)]
    green = {"verdict": {"enum": passing}, "expectation_failures": {"maxItems": 0}}
    return {"if": {"properties": {"passed": {"const": True}}}, "then": {"properties": green}}
