"""What Osiris compiled runs on both targets as it lies there, and so does what it was imported to."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING

from osiris_core.cli import main
from osiris_core.session.reader import open_session
from tests.manifest.build_directory import BUILD, OsirisProject, query

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.parity.record import ParityRecord

    from conftest import Project, WarmTargets

TOP = 'title,reviews,stars\nAlien,2,4.5\nBrazil,2,4.5\n"Crouching Tiger, Hidden Dragon",3,4.0\n'


def compiled(repository: Path) -> str:
    """Return the shipped build directory, from the repository."""
    (build,) = (repository / "fixtures" / "osiris" / "build" / "pipelines" / "dev" / "top-movies").iterdir()
    return build.relative_to(repository).as_posix()


def artifact(project: Project, record: ParityRecord, target: str, path: str) -> str:
    """Return a text that a step left."""
    (run,) = (each for each in record.targets if each.target == target)
    return (project.session_root / run.session_directory / "artifacts" / path).read_text()


def test_the_shipped_build_directory_runs_on_both_targets(fixtures: Project, repository: Path) -> None:
    """Paths start where Osiris is run; the file that it reads is sent to the sandbox without being declared."""
    record = fixtures.check(compiled(repository))

    assert (record.verdict, record.passed) == ("IDENTICAL", True), record.headline
    for target in ("local", "e2b"):
        assert artifact(fixtures, record, target, "write-top/output/top.csv") == TOP


def test_what_it_was_imported_to_is_the_same(project: Project, repository: Path, warm_targets: WarmTargets) -> None:
    """The imported manifest leaves the same file."""
    for each in ("data/movies.csv", "data/reviews.csv", "osiris.yaml"):
        project.write(each, (repository / "fixtures" / "osiris" / each).read_text())
    build = repository / compiled(repository)
    for path in build.rglob("*.*"):
        project.write(f"build/pipelines/dev/x/y/{path.relative_to(build)}", path.read_text())
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        code = main(
            ["import", str(project.root / "build/pipelines/dev/x/y"), "-o", str(project.root / "x.osiris.yaml")]
        )

    record = project.check("x.osiris.yaml", warm=warm_targets)

    assert (code, record.verdict, record.passed) == (0, "IDENTICAL", True)
    assert artifact(project, record, "e2b", "write-top/output/top.csv") == TOP


def test_tables_have_the_names_that_osiris_gives(project: Project, warm_targets: WarmTargets) -> None:
    """Two ids of one name, and one that is no name in SQL: the query finds all of them on both targets."""
    osiris = OsirisProject(project.root)
    text = "select a.x + b.x + c.x as x from df_a_b_d44362d6 a, df_a_b_648fa9b3 b, df__1st c"
    steps = {"a-b": "select 1 as x", "a_b": "select 2 as x", "1st": "select 4 as x", "sum": text}
    needs: dict[str, list[str]] = {"a-b": [], "a_b": [], "1st": [], "sum": ["a-b", "a_b", "1st"]}
    osiris.compile({step: query(each) for step, each in steps.items()}, needs)

    record = project.check(BUILD, warm=warm_targets)

    assert (record.verdict, record.passed) == ("IDENTICAL", True), record.headline
    for run in record.targets:
        session = open_session(project.session_root / run.session_directory)
        given = [each["key"] for each in session.events if each["event"] == "inputs_resolved"]
        assert given == ["df_a_b_d44362d6", "df_a_b_648fa9b3", "df__1st"]
        (total,) = (each for each in session.events if each["event"] == "step_complete" and each["step"] == "sum")
        assert total["tables"]["df"]["columns"]["x"]["max"] == 7
