"""`osiris-parity fuzz` says what it found, what it compared, and ends accordingly; the targets are stood in for."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from osiris_core.cli import main
from osiris_core.fuzz.trial import Trial, kind_of
from osiris_core.parity.record import Compared, Comparison, ParityRecord, StepRun, TargetRun, Verdict
from osiris_core.parity.record_io import decode_records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osiris_core.fuzz.example import Example


@dataclass
class Judge:
    """Stands in for the targets: every example has this verdict, and steps that end like this."""

    verdict: Verdict
    state: str = "succeeded"

    def try_out(self, example: Example) -> Trial:
        """Judge."""
        steps = tuple(
            StepRun(id=each["id"], driver=each["driver"], needs=(), state=self.state, rows=2)
            for each in example.document["steps"]
        )
        runs = tuple(TargetRun(target=each, provider="x", isolation="none", steps=steps) for each in ("local", "e2b"))
        compared = Compared(tables=(1, 1), artifacts=(3, 3))
        record = ParityRecord(
            manifest="m",
            pipeline_id="p",
            passed=self.verdict.passes,
            headline="they part",
            verdict=self.verdict,
            targets=runs,
            comparison=None if self.verdict is Verdict.INFRA else Comparison(verdict=self.verdict, compared=compared),
        )
        return Trial(example=example, record=record, kind=kind_of(record))


@pytest.fixture
def fuzz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run the command on such targets; return exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def run(judge: Judge, *arguments: str) -> tuple[int, str, str]:
        @contextmanager
        def targets(*_: object, **__: object) -> Iterator[tuple[Judge, Judge]]:
            yield judge, judge

        monkeypatch.setattr("osiris_core.cli.fuzzing.targets", targets)
        code = main(["fuzz", "--examples", "6", "--steps", "1", "--shrinks", "5", *arguments])
        return code, *capsys.readouterr()

    return run


def test_nothing_found_says_how_much_was_compared(fuzz, tmp_path: Path):
    """Zero finds are worth what was looked at; the records of all examples are kept where they were asked for."""
    code, out, err = fuzz(Judge(Verdict.IDENTICAL), "--records", "all.json")
    assert (code, out) == (0, "")
    (tried, runs, whole, alike, tables, rows, files) = map(
        int,
        re.findall(
            r"(\d+) examples, (\d+) runs, .*; (\d+) succeeded, (\d+) failed alike; (\d+) tables with (\d+) rows and (\d+) files compared\n$",
            err,
        )[0],
    )
    assert tried == 6
    assert 0 < runs <= tried
    assert (whole, alike) == (runs, 0)
    assert (tables, rows, files) == (runs, 2 * runs, 3 * runs)
    assert len(decode_records((tmp_path / "all.json").read_bytes()).records) == runs


def test_a_find_is_written_and_its_commands_are_printed(fuzz, tmp_path: Path):
    """One line, how small it is, the test and the check that repeat it."""
    code, out, _ = fuzz(Judge(Verdict.DIVERGENT), "--finds", "1")
    assert code == 1
    first, second, test, check = out.splitlines()
    assert first == "DIVERGENT they part"
    assert second.startswith("  1 steps, ")
    (directory,) = (tmp_path / "fuzz-finds").iterdir()
    assert test == f"  pytest fuzz-finds/{directory.name}/test_{directory.name}.py"
    assert check == f"  osiris-parity run fuzz-finds/{directory.name}/{directory.name}.osiris.yaml"


def test_targets_that_cannot_run_are_3(fuzz):
    """Which says nothing about the drivers."""
    code, out, _ = fuzz(Judge(Verdict.INFRA), "--finds", "1")
    assert code == 3
    assert out.startswith("INFRA they part\n")


@pytest.mark.parametrize(
    ("arguments", "named"), [((), "any driver"), (("--drivers", "duckdb.processor"), "duckdb.processor")]
)
def test_where_no_step_succeeds_nothing_was_compared(fuzz, arguments: tuple[str, ...], named: str):
    """Steps that all fail alike are no find, and no green either."""
    code, out, err = fuzz(Judge(Verdict.IDENTICAL, state="failed"), "--steps", "2", *arguments)
    assert code == 1
    assert re.search(r"; 0 succeeded, [1-6] failed alike; ", err)
    assert out == f"INCONCLUSIVE no step of {named} succeeded on both targets, so that nothing of it was compared\n"


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (("-o", "file"), "the directory of finds file/find cannot be written, because "),
        (("--records", "file/r.json"), "the file of records file/r.json cannot be written, because "),
        (("--records", "."), "the file of records . is a directory (give the name of a file in it)"),
        (("--records", "theirs.csv"), "the file of records would be written over theirs.csv, which is something else"),
        (
            ("--drivers", "nowhere:Class"),
            "nowhere:Class cannot be used: there is no module nowhere for nowhere:Class (",
        ),
    ],
)
def test_what_cannot_work_is_refused_before_the_hunt(fuzz, tmp_path: Path, arguments: tuple[str, ...], refusal: str):
    """In a sentence."""
    (tmp_path / "file").touch()
    (tmp_path / "theirs.csv").write_text("a,b\n")
    code, out, err = fuzz(Judge(Verdict.IDENTICAL), *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"osiris-parity: {refusal}")


@pytest.mark.parametrize("number", ["0", "-3", "x", "1.5"])
def test_a_wrong_count_is_named(fuzz, capsys: pytest.CaptureFixture[str], number: str):
    """And what a right one is."""
    with pytest.raises(SystemExit, match="2"):
        fuzz(Judge(Verdict.IDENTICAL), f"--finds={number}")
    assert f"argument --finds: '{number}' is no whole number above 0" in capsys.readouterr().err
