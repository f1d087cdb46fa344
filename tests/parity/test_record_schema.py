"""The published schema of records: in step with the types, satisfied by what is written, and able to refuse."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator, ValidationError

from osiris_core.manifest.schema import schema_text
from osiris_core.parity.record_io import encode_records
from osiris_core.parity.record_schema import FILE, published_schema, record_schema
from tests.report.samples import sample

if TYPE_CHECKING:
    from pathlib import Path

VALIDATOR = Draft202012Validator(published_schema())
DOCUMENT = json.loads(encode_records(sample()))


def test_the_published_schema_is_in_step_with_the_types(repository: Path):
    """A field that is added, or described otherwise, is in the file that ships."""
    written = (repository / "osiris_core" / "parity" / FILE).read_text("utf-8")
    command = f"python -m osiris_core.cli schema records > osiris_core/parity/{FILE}"

    assert written == schema_text(record_schema()), f"run: {command}"


def test_it_is_a_schema_and_every_kind_of_record_satisfies_it():
    """Each verdict, with findings, rules and steps, and a set with nothing but its version."""
    Draft202012Validator.check_schema(published_schema())

    VALIDATOR.validate(DOCUMENT)
    VALIDATOR.validate({"records": [], "version": 1})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("version", 2),
        ("version", None),
        ("records", {}),
        ("records.3.version", 2),
        ("records.3.manifest", 3),
        ("records.3.manifest", None),
        ("records.3.verdict", "FINE"),
        ("records.3.passed", True),
        ("records.0.expectation_failures", ["no rows"]),
        ("records.3.targets.0.elapsed_ms", "1 s"),
        ("records.3.targets.0.phases", [["run"]]),
        ("records.3.targets.0.phases", [["run", 1e300]]),
        ("records.3.targets.0.elapsed_ms", 1e300),
        ("records.3.comparison.compared.events", [1, -2]),
        ("records.3.comparison.findings_total", -1),
        ("created_at", "99999-01-01T00:00:00Z"),
        ("created_at", "2026-13-45T00:00:00Z"),
        ("created_at", "2026-04-31T00:00:00Z"),
        ("created_at", "2026-04-30T25:00:00Z"),
        ("records.3.started_at", "yesterday"),
        ("records.3.comparison.compared.events", [1, 2, 3]),
        ("records.3.comparison.findings.0.layer", "somewhere"),
        ("origins", [{"records": 1}]),
    ],
)
def test_what_is_no_record_is_refused(path: str, value: object):
    """Of another version, without what it must have, of another type, or green and red at once."""
    broken = copy.deepcopy(DOCUMENT)
    *way, last = path.split(".")
    at = broken
    for key in way:
        at = at[int(key)] if isinstance(at, list) else at[key]
    if value is None:
        del at[last]
    else:
        at[last] = value

    with pytest.raises(ValidationError):
        VALIDATOR.validate(broken)
