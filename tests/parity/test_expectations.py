"""`expect` is checked on each target by itself, so that two runs that are wrong alike are not green."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.manifest.model import ArtifactRule, Expectation, Limits
from osiris_core.parity.expectations import unmet
from tests.parity.sessions import CSV, failing, healthy

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path


def expect(*, rows: Mapping[str, int] | None = None, artifacts: Collection[str] = (), **given: Any) -> Expectation:
    """Return an expectation of exact numbers of rows, and of artifacts that are there."""
    return Expectation(
        rows={step: Limits.exactly(count) for step, count in (rows or {}).items()},
        artifacts={path: ArtifactRule() for path in artifacts},
        **given,
    )


def test_what_holds_gives_no_sentence(tmp_path):
    """A session that does what is expected, and more, is fine."""
    session = healthy("e2b").build(tmp_path)
    assert unmet(session) == ()
    assert unmet(session, expect(rows={"delays": 2, "read": 3}, artifacts=["write/delays.csv"])) == ()


def test_an_expected_failure_holds(tmp_path):
    """Failing is fine where it is expected, at the step that it is expected of."""
    assert unmet(failing("e2b").build(tmp_path), expect(outcome="failed", failed_step="delays")) == ()


def test_another_outcome_is_told_with_its_reason(tmp_path):
    """A failure names its step and its error."""
    assert unmet(failing("e2b", message="no rows").build(tmp_path)) == (
        "expected the outcome succeeded, got failed on e2b (step `delays`, ValueError: no rows)",
    )


def test_a_success_where_a_failure_was_expected_is_told(tmp_path):
    """Both the outcome and the missing failure are named."""
    assert unmet(healthy("local").build(tmp_path), expect(outcome="failed", failed_step="delays")) == (
        "expected the outcome failed, got succeeded on local",
        "expected step `delays` to fail, but no step failed on local",
    )


def test_another_failed_step_is_told(tmp_path):
    """The step that failed instead is named."""
    assert unmet(failing("e2b").build(tmp_path), expect(outcome="failed", failed_step="read")) == (
        "expected step `read` to fail, but step `delays` failed on e2b",
    )


def test_other_rows_are_told(tmp_path):
    """Wrong rows, no table, and a step that does not exist."""
    session = healthy("e2b").build(tmp_path)
    assert unmet(session, expect(rows={"delays": 16, "write": 1, "ghost": 2})) == (
        "expected 16 rows from step `delays`, got 2 on e2b",
        "expected 1 rows from step `write`, got no table on e2b",
        "expected 2 rows from step `ghost`, got no table on e2b",
    )


def test_a_missing_artifact_is_told_with_what_is_there(tmp_path):
    """The files that the step did leave are named."""
    assert unmet(healthy("e2b").build(tmp_path), expect(artifacts=["write/late.csv"])) == (
        "expected the artifact `write/late.csv`, which is missing on e2b (there: write/delays.csv)",
    )


FILE = "write/delays.csv"
DIGEST = hashlib.sha256(CSV).hexdigest()


@pytest.mark.parametrize(
    "rule",
    [
        ArtifactRule(),
        ArtifactRule(sha256=DIGEST),
        ArtifactRule(size_bytes=Limits(34, 34)),
        ArtifactRule(size_bytes=Limits(1, None)),
        ArtifactRule(lines=Limits(3, 3)),
        ArtifactRule(lines=Limits(None, 3)),
        ArtifactRule(contains=("carrier", "BB,1,-3\r\n")),
    ],
)
def test_what_an_artifact_is_holds(tmp_path: Path, rule: ArtifactRule):
    """Each predicate holds for the file that was written."""
    assert unmet(healthy("e2b").build(tmp_path), Expectation(artifacts={FILE: rule})) == ()


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (
            ArtifactRule(sha256="0" * 64),
            f"expected the artifact `{FILE}` to have the SHA-256 {'0' * 64}, got {DIGEST} on e2b",
        ),
        (
            ArtifactRule(size_bytes=Limits(37, None)),
            f"expected the artifact `{FILE}` to have at least 37 bytes, got 34 on e2b",
        ),
        (ArtifactRule(size_bytes=Limits(1, 2)), f"expected the artifact `{FILE}` to have 1 to 2 bytes, got 34 on e2b"),
        (ArtifactRule(lines=Limits(2, 2)), f"expected the artifact `{FILE}` to have 2 lines, got 3 on e2b"),
        (
            ArtifactRule(contains=("AA", "CC")),
            f"expected the artifact `{FILE}` to contain CC, which is not in it on e2b",
        ),
        (ArtifactRule(absent=True), f"expected no artifact `{FILE}`, but it is there on e2b"),
    ],
)
def test_what_an_artifact_is_not_is_told(tmp_path: Path, rule: ArtifactRule, sentence: str):
    """Each predicate fails by itself, with what was found."""
    assert unmet(healthy("e2b").build(tmp_path), Expectation(artifacts={FILE: rule})) == (sentence,)


def test_an_absent_artifact_holds(tmp_path: Path):
    """What was to be absent, and is."""
    assert unmet(healthy("e2b").build(tmp_path), Expectation(artifacts={"write/x": ArtifactRule(absent=True)})) == ()


@pytest.mark.parametrize(
    ("content", "lines"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\nb", 2), (b"\n\n", 2), (b"a\r\nb\r\n", 2)]
)
def test_lines_are_counted_by_their_ends(tmp_path: Path, content: bytes, lines: int):
    """A last line without an end is one too."""
    session = healthy("e2b").build(tmp_path)
    session.artifacts[FILE].absolute.write_bytes(content)
    assert unmet(session, Expectation(artifacts={FILE: ArtifactRule(lines=Limits.exactly(lines))})) == ()
    assert unmet(session, Expectation(artifacts={FILE: ArtifactRule(lines=Limits.exactly(lines + 1))})) != ()


def test_a_text_across_two_pieces_is_found(tmp_path: Path):
    """Files are read in pieces of a megabyte."""
    session = healthy("e2b").build(tmp_path)
    session.artifacts[FILE].absolute.write_bytes(b"." * ((1 << 20) - 2) + "née".encode() + b"." * 10)
    assert unmet(session, Expectation(artifacts={FILE: ArtifactRule(contains=("née", "."))})) == ()


def test_what_cannot_be_judged_does_not_hold(tmp_path: Path):
    """A file that cannot be read is no file that is right."""
    session = healthy("e2b").build(tmp_path)
    session.artifacts[FILE].absolute.unlink()
    assert unmet(session, Expectation(artifacts={FILE: ArtifactRule(contains=("a",))})) == (
        f"expected the artifact `{FILE}` to be looked at, but it cannot be read: No such file or directory on e2b",
    )


def test_metrics_are_held_against_their_limits(tmp_path: Path):
    """Exact, at least, at most, missing, of a silent step, and each of several values."""
    draft = healthy("e2b")
    first = draft.metrics[0]
    step, name, value = first["step"], first["metric"], first["value"]
    draft.metrics.append({**first, "value": value + 2})
    session = draft.build(tmp_path)

    def judged(step: str, **limits: Limits) -> tuple[str, ...]:
        return unmet(session, Expectation(metrics={step: limits}))

    assert judged(step, **{name: Limits(value, value + 2)}) == ()
    assert judged(step, **{name: Limits(value, None)}) == ()
    assert judged(step, **{name: Limits.exactly(value)}) == (
        f"expected the metric `{name}` of step `{step}` to be {value}, got {value + 2} on e2b in 1 of 2 values",
    )
    assert judged(step, **{name: Limits(None, value - 1)}) == (
        f"expected the metric `{name}` of step `{step}` to be at most {value - 1}, got {value} on e2b in 2 of 2 values",
    )
    (sentence,) = judged(step, ghost=Limits.exactly(1))
    assert sentence.startswith(f"expected the metric `ghost` of step `{step}`, which was not logged on e2b (logged: ")
    draft.metrics.append({**first, "metric": "flag", "value": True})
    flagged = draft.build(tmp_path / "flagged")
    assert unmet(flagged, Expectation(metrics={step: {"flag": Limits.exactly(1)}})) == (
        f"expected the metric `flag` of step `{step}` to be 1, got true on e2b",
    )
    assert judged("nobody", x=Limits.exactly(1)) == (
        "expected the metric `x` of step `nobody`, which was not logged on e2b",
    )
