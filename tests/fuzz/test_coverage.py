"""What was compared is counted, and what never was is said."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from osiris_core.cli import main
from osiris_core.parity.classes import known_classes, options_of, value_classes
from osiris_core.parity.coverage import coverage_of
from osiris_core.parity.record import Comparison, ParityRecord, RecordSet, StepRun, TargetRun, Verdict
from osiris_core.parity.record_io import encode_records

if TYPE_CHECKING:
    from pathlib import Path


def table(kind: str, rows: int = 2, **column: object) -> dict[str, object]:
    """The description of a table of one column."""
    facts = {"count": rows, "nulls": 0, "min": None, "max": None, "sum": None, **column}
    return {"rows": rows, "schema": [{"name": "a", "type": kind, "nullable": True}], "columns": {"a": facts}}


@pytest.mark.parametrize(
    ("description", "classes"),
    [
        (table("string", min="a", max="é"), ("text", "text: not ASCII")),
        (table("string", min="a", max="x…"), ("text", "text: long")),
        (table("int64", min=0, max=2**63 - 1), ("integer", "integer: beyond 32 bits", "integer: at the end of 64 bits")),
        (table("uint8", min=0, max=255), ("integer",)),
        (table("double", min=0.0, max="nan", sum="nan"), ("float", "float: NaN")),
        (table("float", min="-inf", max=1.0), ("float", "float: infinite")),
        (table("double", rows=1, count=0, nulls=1), ("one row", "float", "float: all null")),
        (table("string", rows=0), ("no rows", "text")),
        (table("bool", count=1, nulls=1), ("boolean", "boolean: with nulls")),
        (table("timestamp[us]"), ("moment",)),
        (table("timestamp[us, tz=Europe/Berlin]"), ("moment with zone",)),
        (table("decimal128(38, 10)"), ("decimal",)),
        (table("date32[day]"), ("date",)),
        (table("time64[us]"), ("time",)),
        (table("duration[us]"), ("span",)),
        (table("list<item: int64>"), ("list",)),
        (table("struct<a: double, b: string>"), ("struct",)),
        (table("dictionary<values=string, indices=int32, ordered=0>"), ("category",)),
        (table("fixed_size_binary[4]"), ("binary",)),
        (table("null", count=0, nulls=2), ("null", )),
        ({}, ()),
    ],
)  # fmt: skip
def test_classes_of_values(description: dict[str, object], classes: tuple[str, ...]):
    """Each is told from the schema and the statistics alone."""
    found = value_classes(description)
    assert tuple(each for each in found if each != "null: all null") == classes
    assert set(found) <= set(known_classes())


def test_options_are_named_and_switches_by_their_value():
    """A text option is used or not; of a switch both values have to be compared."""
    assert options_of({"path": "x", "header": False}) == ("header=false", "path")


def record(*, compared: bool = True, right_state: str = "succeeded") -> ParityRecord:
    """A source with text that is handed to a writer."""

    def run(target: str, state: str) -> TargetRun:
        source = StepRun(id="a", driver="src", needs=(), state="succeeded", options=("path",), classes=("text",))
        writer = StepRun(id="b", driver="out", needs=("a",), state=state, options=("header=true",))
        return TargetRun(target=target, provider="x", isolation="none", steps=(source, writer))

    return ParityRecord(
        manifest="m",
        pipeline_id="p",
        passed=True,
        headline="",
        verdict=Verdict.IDENTICAL,
        targets=(run("local", "succeeded"), run("e2b", right_state)),
        comparison=Comparison(verdict=Verdict.IDENTICAL) if compared else None,
    )


KNOWN = {"src": ("path", "other"), "out": ("header=false", "header=true"), "never": ("x",)}


def test_a_cell_counts_driver_option_class_and_outcome():
    """A writer has the classes of what it was given."""
    coverage = coverage_of([record(), record()], KNOWN)
    assert coverage.cells["src", "path", "text", "succeeded"] == 2
    assert coverage.cells["out", "header=true", "text", "succeeded"] == 2
    assert coverage.cells["out", "header=true", "text", "failed"] == 0
    options, classes, _ = coverage.never("src")
    assert options == ["other"]
    assert "text" not in classes
    assert "float" in classes
    assert coverage.never("never")[0] == ["x"]


def test_what_was_not_compared_does_not_count():
    """Neither a record without a comparison, nor a step that ended differently."""
    coverage = coverage_of([record(compared=False), record(right_state="failed")], KNOWN)
    assert (coverage.records, coverage.compared) == (2, 1)
    assert coverage.steps == {("src", "succeeded"): 1}


@pytest.mark.parametrize("verdict", [Verdict.INCONCLUSIVE, Verdict.INFRA])
def test_a_comparison_that_could_not_be_judged_does_not_count(verdict: Verdict):
    """Something of it was not compared, and nobody can say that it was not this."""
    coverage = coverage_of([replace(record(), verdict=verdict)], KNOWN)
    assert (coverage.records, coverage.compared, coverage.steps) == (1, 0, {})


def test_a_class_of_values_that_one_target_alone_had_does_not_count():
    """Where the tables differ, what was compared is what both had."""
    both = record()
    other = replace(both.targets[1].steps[0], classes=("text", "float"))
    right = replace(both.targets[1], steps=(other, *both.targets[1].steps[1:]))
    for targets in ((both.targets[0], right), (right, both.targets[0])):
        coverage = coverage_of([replace(both, targets=targets)], KNOWN)
        assert coverage.by_class("src", "text", "succeeded") == 1
        assert coverage.by_class("src", "float", "succeeded") == 0
        assert coverage.by_class("out", "float", "succeeded") == 0


def test_the_command_reads_records(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """As text for people, and every cell as JSON."""
    path = tmp_path / "records.json"
    path.write_bytes(encode_records(RecordSet(records=(record(),))))
    assert main(["coverage", str(path)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("1 of 1 records compared two targets\n")
    assert "src: 1 succeeded, 0 failed\n  options compared: path (1)\n" in out
    assert "filesystem.csv_extractor: 0 succeeded, 0 failed\n  options compared: none\n" in out
    assert main(["coverage", "--json", str(path)]) == 0
    cells = json.loads(capsys.readouterr().out)["drivers"]["src"]["cells"]
    assert {"option": "path", "class": "text", "outcome": "succeeded", "compared": 1} in cells
    assert {"option": "path", "class": "float", "outcome": "succeeded", "compared": 0} in cells
    assert main(["coverage", str(tmp_path / "none.json")]) == 2
