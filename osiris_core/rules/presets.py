"""The presets: rules that many projects need, narrow ones, under one name. A record shows the rules that they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_UUID: Final = r"\b([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})\b"
_TEXTS: Final = ("log", "printed", "error")

PRESETS: Final[Mapping[str, Mapping[str, Any]]] = {
    "uuids-in-text": {
        "reason": "UUIDs are made anew in each run; the same one stays the same throughout",
        "kind": "bijection",
        "records": _TEXTS,
        "scope": {"match": _UUID},
        "shape": {"type": "uuid"},
    },
    "names-in-text": {
        "reason": "each target has its own user, host name and sandbox",
        "kind": "known-value",
        "records": _TEXTS,
        "known": ["user", "host", "sandbox"],
    },
    "terminal-codes": {
        "reason": "colours and other codes for terminals are no content",
        "kind": "canonical",
        "records": _TEXTS,
        "form": "terminal-codes",
    },
    "composed-unicode": {
        "reason": "an accent is part of its letter, or a character of its own, by where the text came from",
        "kind": "canonical",
        "records": _TEXTS,
        "form": "unicode-nfc",
    },
    "float-noise": {
        "reason": "sums of floating-point numbers differ in their last digits by the order of adding",
        "kind": "tolerance",
        "records": ("metric", "table"),
        "relative": 1e-9,
    },
}
"""Each as a rule is written, but for `records`: it becomes one rule for each kind of record."""


def expanded(name: str, records: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """Yield the rules of a preset, as they would be written; `records` chooses some of its kinds of record."""
    preset = PRESETS[name]
    for record in preset["records"]:
        if records and record not in records:
            continue
        scope = {"record": record, **({"path": "*"} if record == "table" else {}), **preset.get("scope", {})}
        rest = {key: value for key, value in preset.items() if key not in {"records", "scope"}}
        shared = {"space": name} if preset["kind"] == "bijection" else {}
        yield {"id": f"{name}-{record}", "scope": scope, **rest, **shared}
