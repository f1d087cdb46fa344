"""One digest over what a run said and left, without what may vary from run to run.

SHA-256 of the canonical JSON of an object with these members (each digest again SHA-256, as hex):

    contract, outcome, failed_step, steps, artifact_root   as in session.json
    error       as in session.json, without its `data`
    manifest    of the canonical JSON of manifest.json
    events      over the lines of events.jsonl, each as canonical JSON without `ts`, `session` and the fields that
                the schema marks volatile, each with an LF
    metrics     likewise; a volatile metric's `value` is left out too
    logs        {step: of logs/<step>.log}
    printed     {step: of logs/<step>.out}

Canonical JSON is what the standard library writes (`wire.canon`). msgspec writes the same several times faster for all but a
few values, which are told by what it wrote.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from osiris_core.session.contract import CONTRACT_VERSION
from osiris_core.session.volatile import is_volatile_metric, volatile_fields
from osiris_core.wire.canon import canonical_json, sha256_hex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_STATED = ("outcome", "failed_step", "steps", "artifact_root")
_FAST: Final = msgspec.json.Encoder(order="sorted")
_EXPONENT: Final = re.compile(rb"e(?<=\de)-?\d+[,}\]]")
_VARYING_METRIC = frozenset({"ts", "session", "value"})


class ContentDigest:
    """Takes in a session's content in the order of its files; what came from several steps may be mixed."""

    def __init__(self) -> None:
        self._events = hashlib.sha256()
        self._metrics = hashlib.sha256()
        self._logs: dict[str, Any] = {}
        self._printed: dict[str, Any] = {}

    def event(self, line: Mapping[str, Any]) -> None:
        """Take in an event as its line holds it."""
        self.events([line])

    def metric(self, line: Mapping[str, Any]) -> None:
        """Take in a metric as its line holds it."""
        self.metrics([line])

    def events(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Take in events that follow each other; many at once cost less."""
        self._events.update(canonical_lines([_without(line, _varying(line["event"])) for line in lines]))

    def metrics(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Take in metrics that follow each other."""
        kept = [_without(line, _VARYING_METRIC if is_volatile_metric(line) else _varying_metric()) for line in lines]
        self._metrics.update(canonical_lines(kept))

    def logged(self, step: str, data: bytes) -> None:
        """Take in the next bytes of a step's log."""
        _hash(self._logs, step).update(data)

    def printed(self, step: str, data: bytes) -> None:
        """Take in the next bytes that a step printed."""
        _hash(self._printed, step).update(data)

    def of(self, *, facts: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
        """Return the digest, for the facts of session.json and a manifest."""
        content = {
            "contract": CONTRACT_VERSION,
            **{name: facts[name] for name in _STATED},
            "error": _without_data(facts["error"]),
            "manifest": sha256_hex(canonical_json(manifest)),
            "events": self._events.hexdigest(),
            "metrics": self._metrics.hexdigest(),
            "logs": {step: each.hexdigest() for step, each in self._logs.items()},
            "printed": {step: each.hexdigest() for step, each in self._printed.items()},
        }
        return sha256_hex(canonical_json(content))


def _without(line: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    kept = dict(line)
    for name in names:
        kept.pop(name, None)
    return kept


def canonical_line(value: Mapping[str, Any]) -> bytes:
    """Return the canonical JSON of an object of JSON values with an LF. ValueError for NaN and infinities."""
    return canonical_lines([value])


def canonical_lines(values: Sequence[Mapping[str, Any]]) -> bytes:
    """Return each object's canonical JSON, all with an LF. ValueError for NaN and infinities."""
    try:
        text = _FAST.encode_lines(values)
    except (ValueError, OverflowError, RecursionError):  # lone surrogates, integers past 64 bits, what contains itself
        text = b""
    if text and _is_canonical(text, values):
        return text
    if len(values) == 1:
        return canonical_json(values[0]) + b"\n"
    return b"".join(canonical_lines([value]) for value in values)


def _is_canonical(text: bytes, values: Sequence[Mapping[str, Any]]) -> bool:
    """Whether msgspec can have written nothing in its own way; False costs time only."""
    return (
        text.isascii()  # else letters that canonical JSON escapes, as it does DEL
        and b"\x7f" not in text
        and b"0.0000" not in text  # small numbers, and those with an exponent, have another form
        and not _EXPONENT.search(text)
        and text.count(b"null")
        == sum([*value.values()].count(None) for value in values)  # else perhaps NaN or an infinity
    )


def _without_data(error: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if error is None else {name: value for name, value in error.items() if name != "data"}


def _hash(hashes: dict[str, Any], step: str) -> Any:
    if step not in hashes:
        hashes[step] = hashlib.sha256()
    return hashes[step]


@cache
def _varying(event_name: str) -> frozenset[str]:
    return frozenset({"session", *volatile_fields("events", event_name)})


@cache
def _varying_metric() -> frozenset[str]:
    return frozenset({"session", *volatile_fields("metrics")})
