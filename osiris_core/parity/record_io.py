"""Records as JSON and back, so that they travel in test properties, lie beside a report, and merge across machines."""

from __future__ import annotations

from osiris_core.errors import UsageError
from osiris_core.parity.record import RECORD_VERSION, RecordSet

_HINT = "write it again with this version of pytest-osiris"


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
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"this is no file of parity records, or a torn one: {error}", hint=_HINT) from error
    if version is None or bytes(version) != str(RECORD_VERSION).encode():
        found = "none" if version is None else bytes(version).decode("utf-8", "backslashreplace")
        raise UsageError(f"parity records of version {found}, but this reads version {RECORD_VERSION}", hint=_HINT)
    try:
        records = msgspec.json.decode(data, type=RecordSet)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the parity records do not have the form they must have: {error}", hint=_HINT) from error
    for record in records.records:
        if record.version != RECORD_VERSION:
            raise UsageError(f"{record.manifest}: a record of version {record.version}", hint=_HINT)
    return records
