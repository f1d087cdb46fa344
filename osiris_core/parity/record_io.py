"""Records as JSON and back, so that they travel in test properties, lie beside a report, and merge across machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.errors import UsageError
from osiris_core.parity.record import RECORD_VERSION, RecordSet, Verdict
from osiris_core.parity.record_bounds import out_of_bounds
from osiris_core.parity.record_limits import require_one_meaning, require_shallow

if TYPE_CHECKING:
    from osiris_core.parity.record import ParityRecord

_HINT = "write it again with this version of pytest-osiris"
_MADE = "it was edited, or made by something else: run the manifest again"


def encode_records(records: RecordSet) -> bytes:
    """Return records as one JSON document in UTF-8."""
    import msgspec

    return msgspec.json.encode(records)


def decode_records(data: bytes) -> RecordSet:
    """Read a JSON document of `encode_records`.

    UsageError for a torn file, for something else, and for another version of the format.
    """
    import msgspec

    try:
        version = msgspec.json.decode(data, type=dict[str, msgspec.Raw]).get("version")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"this is no file of parity records, or a torn one: {error}", hint=_HINT) from error
    if version is None or bytes(version) != str(RECORD_VERSION).encode():
        found = "none" if version is None else bytes(version).decode("utf-8", "backslashreplace")
        raise UsageError(f"parity records of version {found}, but this reads version {RECORD_VERSION}", hint=_HINT)
    try:
        records = msgspec.json.decode(data, type=RecordSet)
        require_one_meaning(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"the parity records do not have the form they must have: {error}", hint=_HINT) from error
    except UsageError as error:
        raise UsageError(f"the parity records are not as they were written: {error.message}", hint=_MADE) from error
    for record in records.records:
        if record.version != RECORD_VERSION:
            raise UsageError(f"{record.manifest}: a record of version {record.version}", hint=_HINT)
        try:
            require_shallow(record)
        except UsageError as error:
            raise UsageError(f"{record.manifest}: {error.message}", hint=_MADE) from error
        if _contradicts_itself(record):
            raise UsageError(f"{record.manifest}: the record says that it passed, and why it did not", hint=_MADE)
    if wrong := out_of_bounds(records):
        raise UsageError(f"the parity records are not as they were written: {wrong}", hint=_MADE)
    return records


def _contradicts_itself(record: ParityRecord) -> bool:
    """Whether a record is green by one of its members and red by another: nothing here writes such a one."""
    is_red = (
        (record.verdict is not None and not record.verdict.passes)
        or bool(record.expectation_failures)
        or (record.baseline is not None and not record.baseline.state.passes)
    )
    return (record.passed and is_red) or (record.expected_failure and record.verdict is Verdict.INFRA)
