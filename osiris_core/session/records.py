"""The records of the wire as the host checks them: each kind with its fields and their types.

msgspec decodes and validates in one go. It refuses one thing that a worker may rightly send, a lone surrogate
(a file name or a text that is no Unicode, escaped in JSON); such a payload takes the standard library's way.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec import Struct

from osiris_core.errors import WireError

# Annotations of structures are needed when the program runs: msgspec validates by them.


class _Record(Struct, frozen=True, kw_only=True, tag_field="kind"):
    ts: str


class Hello(_Record, frozen=True, kw_only=True, tag="hello"):
    """What the worker says first; `decode_object` has the rest of it."""

    protocol: int
    session: str
    request_digest: str


class Event(_Record, frozen=True, kw_only=True, tag="event"):
    """Something that happened, in a step or (None) in the run."""

    step: str | None
    name: str
    data: dict[str, Any]


class Metric(_Record, frozen=True, kw_only=True, tag="metric"):
    """A measured number."""

    step: str | None
    name: str
    value: int | float
    unit: str | None
    volatile: bool
    tags: dict[str, str]


class Log(_Record, frozen=True, kw_only=True, tag="log"):
    """A log line."""

    step: str | None
    level: str
    logger: str
    message: str


class Stdio(_Record, frozen=True, kw_only=True, tag="stdio"):
    """Bytes a step wrote to fd 1 or 2 (base64 on the wire)."""

    step: str
    data: bytes


class Artifact(_Record, frozen=True, kw_only=True, tag="artifact"):
    """A file that a step left: `path` is `<step>/<path below>`, `mode` octal text."""

    step: str
    path: str
    size_bytes: int
    mode: str
    sha256: str


class Content(_Record, frozen=True, kw_only=True, tag="content"):
    """Bytes of a small artifact (base64 on the wire) from `offset` on."""

    step: str
    path: str
    offset: int
    data: bytes


class Pack(_Record, frozen=True, kw_only=True, tag="pack"):
    """A file of the run directory that holds artifacts of a step and is ready to be fetched."""

    step: str
    path: str
    size_bytes: int
    sha256: str
    members: int


class Throttled(_Record, frozen=True, kw_only=True, tag="throttled"):
    """The worker waited for the host, because the spool was at its cap."""

    step: str | None
    waited_ms: float
    offset: int


class Checkpoint(_Record, frozen=True, kw_only=True, tag="checkpoint"):
    """The worker's state before this record's own frame."""

    seq: int
    offset: int
    digest: str


class Part(_Record, frozen=True, kw_only=True, tag="part"):
    """A slice of a record that is too long for one line."""

    index: int
    of: int
    sha256: str
    data: str


class StepEnd(Struct, frozen=True, kw_only=True):
    """How a step ended, as the terminal record lists it."""

    id: str
    state: str
    reason: str | None
    cause: str | None


class Failure(Struct, frozen=True, kw_only=True):
    """Why a run did not succeed; `data` is what is known about it beside the message."""

    type: str
    message: str
    traceback: list[dict[str, Any]]
    data: dict[str, Any] = {}


class Terminal(_Record, frozen=True, kw_only=True, tag="terminal"):
    """How the run ended, and what must have arrived for that to be believed."""

    outcome: str
    failed_step: str | None
    error: Failure | None
    steps: list[StepEnd]
    counts: dict[str, int]
    frames: int
    digest: str
    artifact_root: str
    artifacts: int
    stray_bytes: int


Record = Hello | Event | Metric | Log | Stdio | Artifact | Content | Pack | Checkpoint | Throttled | Part | Terminal


class Head(Struct, frozen=True):
    """As much of a record as the host needs of most of them while a run lasts."""

    kind: str
    name: str = ""


_records = msgspec.json.Decoder(Record)
_heads = msgspec.json.Decoder(Head)
_objects = msgspec.json.Decoder(dict[str, Any])


def decode_record(payload: bytes) -> Record:
    """Return a payload as the record that it is. WireError says what is wrong with it."""
    try:
        record: Record = _records.decode(payload)
    except msgspec.DecodeError as error:
        record = _otherwise(payload, Record, error)
    return record


def decode_head(payload: bytes) -> Head:
    """Return kind and name of a payload. WireError says what is wrong with it."""
    try:
        head: Head = _heads.decode(payload)
    except msgspec.DecodeError as error:
        head = _otherwise(payload, Head, error)
    return head


def decode_object(payload: bytes) -> dict[str, Any]:
    """Return a payload as a plain dict, with all its keys. WireError says what is wrong with it."""
    try:
        value: dict[str, Any] = _objects.decode(payload)
    except msgspec.DecodeError as error:
        value = _otherwise(payload, dict[str, Any], error)
    return value


def _otherwise(payload: bytes, kind: Any, first: msgspec.DecodeError) -> Any:
    """Decode with the standard library what msgspec does not take; repeat its complaint where that fails too."""
    complaint = f"a record cannot be read: {first}"
    if isinstance(first, msgspec.ValidationError):
        raise WireError(complaint) from first
    try:
        return msgspec.convert(json.loads(payload, parse_constant=_no_constant), kind)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise WireError(complaint) from error


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
