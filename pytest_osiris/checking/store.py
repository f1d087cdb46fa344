"""One file of records a test, in one directory a run: what xdist workers write and the controller reads.

    <rootdir>/.osiris/records/<run>/<test>.json

A file is a `RecordSet` of the test's checks, mostly one, whole or absent. A check is in it from its beginning, so that one whose
process crashed is not missing. A test that is run again replaces its own file, and names in it what it replaced.
"""

from __future__ import annotations

import os
import re
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from osiris_core.parity.record import ParityRecord

_READABLE_CHARACTERS = 80


def write_records(directory: Path, test: str, records: Sequence[ParityRecord]) -> Path:
    """Write the records of a test, given by its node id; return the file, which holds no others."""
    from osiris_core.parity.record import RecordSet
    from osiris_core.parity.record_io import encode_records

    directory.mkdir(parents=True, exist_ok=True)
    path = record_file(directory, test)
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(encode_records(RecordSet(records=tuple(records))))
    return unfinished.replace(path)


def record_file(directory: Path, test: str) -> Path:
    """Return where the records of a test lie, or would."""
    return directory / f"{file_stem(test)}.json"


def read_records(directory: Path) -> tuple[list[ParityRecord], list[str]]:
    """Return every record of a run, and a sentence for each file that is torn: something else wrote there."""
    from osiris_core.errors import UsageError

    records: list[ParityRecord] = []
    torn: list[str] = []
    for path in sorted(directory.glob("*.json")):
        try:
            records += read_file(path)
        except (OSError, UsageError) as error:
            torn.append(f"{path.name}: {error}")
    return records, torn


def read_file(path: Path) -> tuple[ParityRecord, ...]:
    """Return the records of one test."""
    from osiris_core.parity.record_io import decode_records

    return decode_records(path.read_bytes()).records


def file_stem(test: str) -> str:
    """Return a file name that a person recognises and that no other test of the run has."""
    readable = re.sub(r"[^A-Za-z0-9_.-]+", "-", test).strip("-.")[-_READABLE_CHARACTERS:]
    return f"{readable}-{sha256(test.encode()).hexdigest()[:8]}"
