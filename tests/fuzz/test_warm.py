"""The warm pair runs what a cold one runs, shows nobody what was there before, and finds what is planted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osiris_core.backends.warm import can_be_served
from osiris_core.check import CheckOptions, load
from osiris_core.cli import main
from osiris_core.fuzz.example import Example
from osiris_core.fuzz.trial import Targets
from osiris_core.preparation import prepare
from tests.fuzz.planted import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osiris_core.backends.protocol import Job
    from osiris_core.parity.record import ParityRecord
    from osiris_core.sandbox.launch import ServerAddress

BOTH = ("local", "e2b")
STEPS = b"""
import os, pathlib, tempfile

def leave(inputs, ctx):
    pathlib.Path.home().joinpath("left-behind").write_text("x") if os.environ.get("E2B_SANDBOX") else None
    pathlib.Path("left-in-project").write_text("x") if os.environ.get("E2B_SANDBOX") else None

def look(inputs, ctx):
    places = [pathlib.Path.home(), pathlib.Path.cwd(), pathlib.Path(tempfile.gettempdir())]
    found = [str(each) for place in places for each in place.iterdir() if each.name.startswith("left-")]
    ctx.log_metric("found", len(found))
    if os.environ.get("E2B_SANDBOX") and found:
        raise AssertionError(found)
    print(os.getpgid(0) == os.getpid(), os.read(0, 1), sorted(os.listdir("/proc/self/fd"))[:3])
"""
CSV = "Größe,b\n1,x\n2,\n".encode()


@pytest.fixture(scope="module")
def warm(server: ServerAddress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Targets]:
    """One warm pair, on a host where the bugs of `planted` show."""
    root = tmp_path_factory.mktemp("warm")
    with (
        pytest.MonkeyPatch.context() as patch,
        Targets(root / "it", BOTH, CheckOptions(project_root=root), server=server, warm=True) as pair,
    ):
        patch.setenv("PLANTED_ON", "host")
        yield pair


def calling(name: str) -> Example:
    """An example of one step."""
    step = {"id": "a", "driver": "python.callable", "config": {"function": f"steps:{name}"}}
    return Example(document=document([step], code=["code"]), files={"code/steps.py": STEPS})


def document(steps: list[dict[str, object]], **keys: object) -> dict[str, object]:
    """A manifest of these steps."""
    return {"osiris": "1", "pipeline": {"id": "p"}, **keys, "steps": steps}


def table_example() -> Example:
    """A pipeline that reads, computes and writes."""
    steps = [
        {"id": "a", "driver": "filesystem.csv_extractor", "config": {"path": "a.csv"}},
        {"id": "again", "driver": "filesystem.csv_extractor", "config": {"path": "a.csv"}},
        {
            "id": "b",
            "driver": "duckdb.processor",
            "needs": ["a"],
            "config": {"query": "select *, now() < 'infinity' as c from df_a"},
        },
        {"id": "c", "driver": "filesystem.csv_writer", "needs": ["b"], "config": {"path": "c.csv"}},
    ]
    return Example(document=document(steps, inputs=["a.csv"]), files={"a.csv": CSV}, data=("a.csv",))


def facts(record: ParityRecord) -> list[object]:
    """What must not depend on whether a run was warm."""
    return [
        (record.verdict, record.comparison and record.comparison.compared),
        [
            (run.outcome, [(step.id, step.state, step.rows, step.artifacts) for step in run.steps])
            for run in record.targets
        ],
        [{**run.environment, "limits": None, "variables": None} for run in record.targets],
    ]


def test_a_warm_run_is_what_a_cold_one_is(warm: Targets, server: ServerAddress, tmp_path: Path):
    """Verdict, counts, steps, artifacts, and the world that the executor found itself in."""
    with Targets(tmp_path / "cold", BOTH, CheckOptions(project_root=tmp_path), server=server) as cold:
        one, other = cold.try_out(table_example()).record, warm.try_out(table_example()).record
    assert one.passed, one.headline
    assert [step.state for step in other.targets[1].steps] == ["succeeded"] * 4
    was, is_now = facts(one), facts(other)
    for left, right in zip(was[2], is_now[2], strict=True):
        for changing in ("cwd",):  # the example's own directory
            left.pop(changing), right.pop(changing)
    assert is_now == was


def test_no_example_sees_what_another_left(warm: Targets):
    """A sandbox in which something was left is not used again; the project's directory never is."""
    clean = warm.try_out(calling("look"))
    leaving = warm.try_out(calling("leave"))
    after = warm.try_out(calling("look"))
    assert clean.kind is None
    assert clean.record.targets[1].outcome == after.record.targets[1].outcome == "succeeded"
    used = [each.record.targets[1].sandbox_id for each in (clean, leaving, after)]
    assert used[0] == used[1]
    assert used[1] != used[2]


def test_every_warm_run_is_two_fresh_processes(warm: Targets):
    """Other processes, other nonces: the evidence that the comparison asks for is made anew each time."""
    records = [warm.try_out(table_example()).record for _ in range(2)]
    assert [record.verdict for record in records] == ["IDENTICAL"] * 2
    assert len({record.session_id for record in records}) == 2


def test_what_a_warm_pair_sees_a_cold_one_sees(warm: Targets, server: ServerAddress, tmp_path: Path):
    """Rows that one target writes in another order; `test_planted` hunts such a bug and writes the test that shows it."""
    steps = [
        {"id": "a", "driver": "filesystem.csv_extractor", "config": {"path": "a.csv"}},
        {"id": "b", "driver": "planted:OtherOrder", "needs": ["a"], "config": {"path": "rows.txt"}},
    ]
    example = Example(
        document=document(steps, code=["code"], inputs=["a.csv"]),
        files={"a.csv": CSV, "code/planted.py": SOURCE.encode()},
        data=("a.csv",),
    )
    with Targets(tmp_path / "cold", BOTH, CheckOptions(project_root=tmp_path), server=server) as cold:
        kinds = [targets.try_out(example).kind for targets in (warm, cold)]
    assert kinds == [("DIVERGENT", "planted:OtherOrder")] * 2


@pytest.mark.parametrize(
    "keys",
    [
        {"env": {"A": "1"}},
        {"network": "full"},
        {"template": "mine"},
        {"secrets": ["WARM_SECRET"]},
    ],
)
def test_what_a_warm_run_could_not_do_alike_is_run_cold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: dict[str, object]
):
    """A warm sandbox has no network, no variables but its own, one template, and nobody to tell a secret to."""
    monkeypatch.setenv("WARM_SECRET", "s3cret")
    assert can_be_served(job_of(tmp_path / "plain"))
    assert not can_be_served(job_of(tmp_path / "special", **keys))


def job_of(root: Path, **keys: object) -> Job:
    """What a check prepares for an example with more keys."""
    example = calling("look")
    root.mkdir()
    (root / "pyproject.toml").touch()
    written = Example(document=document(list(example.document["steps"]), code=["code"], **keys), files=example.files)
    manifest = load(written.write(root), project_root=root)
    return prepare(manifest, session_id="s", logical_now="2026-01-01T00:00:00.000000Z")


def test_options_that_cannot_work_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    """Before anything is started."""
    monkeypatch.chdir(tmp_path)
    assert main(["fuzz", "--drivers", "no.such_driver"]) == 2
    assert "no driver 'no.such_driver'" in capsys.readouterr().err
    assert main(["fuzz", "--code", "nowhere"]) == 2
    assert "nowhere is no directory" in capsys.readouterr().err
