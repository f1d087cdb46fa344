"""`osiris_fuzz` fails a test with the smallest manifest, written beside it; the targets are stood in for."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from osiris_core.fuzz.hunt import Hunt  # noqa: F401 - before `pytester`, which forgets what is imported while it is used
from osiris_core.fuzz.trial import Trial
from osiris_core.parity.record import Comparison, ParityRecord, StepRun, TargetRun, Verdict
from pytest_osiris.running import fuzzing

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from osiris_core.fuzz.example import Example

TEST = """
    def test_it(osiris_fuzz):
        osiris_fuzz("python.callable", examples=8, max_steps=1)
"""


class Judge:
    """Stands in for the targets: they part wherever there is a row, or never."""

    def __init__(self, *, parts: bool, state: str = "succeeded") -> None:
        self.parts = parts
        self.state = state
        self.tried = 0

    def try_out(self, example: Example) -> Trial:
        """Judge."""
        self.tried += 1
        found = self.parts and example.rows > 0
        step = StepRun(id="s1", driver="python.callable", needs=(), state=self.state)
        runs = [TargetRun(target=each, provider="x", isolation="none", steps=(step,)) for each in ("local", "e2b")]
        verdict = Verdict.DIVERGENT if found else Verdict.IDENTICAL
        record = ParityRecord(
            manifest="m",
            pipeline_id="p",
            passed=not found,
            headline="they part",
            verdict=verdict,
            targets=tuple(runs),
            comparison=Comparison(verdict=verdict),
        )
        return Trial(example=example, record=record, kind=("DIVERGENT", "python.callable") if found else None)


def run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, *, parts: bool, state: str = "succeeded"
) -> pytest.RunResult:
    """Run the test on targets that part, or do not."""
    judges: list[Judge] = []

    @contextmanager
    def targets(*_: object, **__: object) -> Iterator[tuple[Judge, Judge]]:
        judge = Judge(parts=parts, state=state)
        judges.append(judge)
        yield judge, judge

    monkeypatch.setattr(fuzzing, "targets", targets)
    pytester.makepyfile(TEST)
    # Hypothesis' own plugin would count its imports by every run within this process, and take these for too early.
    result = pytester.runpytest_inprocess("--disable-plugin-autoload", "-p", "osiris", "-p", "no:cacheprovider")
    assert judges[0].tried > 0
    return result


def test_a_find_fails_the_test_and_is_written(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    """The failure says what was found, how small it is, and the commands that repeat it."""
    result = run(pytester, monkeypatch, parts=True)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*DIVERGENT: they part*", "*1 steps, 1 rows; seen in 3 of 3 checks*", "*pytest *test_divergent_*"]
    )
    (manifest,) = (pytester.path / "fuzz-finds").rglob("*.osiris.yaml")
    assert manifest.parent.joinpath("code", "fuzz_steps.py").is_file()
    assert (
        f'@pytest.mark.osiris("{manifest.name}", target="both")' in next(manifest.parent.glob("test_*.py")).read_text()
    )


def test_where_nothing_is_found_the_test_passes(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    """And nothing is written."""
    run(pytester, monkeypatch, parts=False).assert_outcomes(passed=1)
    assert not (pytester.path / "fuzz-finds").exists()


def test_where_nothing_was_compared_the_test_fails(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    """A driver that refuses whatever is generated is not the same everywhere: nobody looked."""
    result = run(pytester, monkeypatch, parts=False, state="failed")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*INCONCLUSIVE: no step of python.callable succeeded on both targets in 8 examples*"])
