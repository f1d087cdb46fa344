"""What a pipeline leaves behind is compared, or it is said that it was not: nothing is green by being overlooked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osiris_core.session.reader import open_session

if TYPE_CHECKING:
    from osiris_core.parity.record import ParityRecord

    from conftest import Project, WarmTargets

MANIFEST = """
osiris: "1"
pipeline: {id: act}
code: [code]
steps:
  - {id: act, driver: python.callable, config: {function: "act:act"}}
"""
ENV = "env: {GREETING: hello, HOME: /tmp}\n"
HEAD = "import os, sys\nfrom pathlib import Path\n\nSANDBOX = 'E2B_SANDBOX' in os.environ\n\n"


def run(project: Project, body: str, *, warm: WarmTargets | None = None, more: str = "") -> ParityRecord:
    project.write("act.osiris.yaml", MANIFEST + more)
    project.write("code/act.py", HEAD + "def act(inputs, ctx):\n    out = ctx.output_dir\n" + body)
    return project.check("act.osiris.yaml", warm=warm)


@pytest.mark.parametrize(
    "body",
    [
        "    (out / 'link').symlink_to('/a' if SANDBOX else '/b')\n",
        "    (out / 'A').write_text('3')\n    (out / 'a').write_text('1' if SANDBOX else '2')\n",
        "    (out / 'line\\nfeed').write_text('1' if SANDBOX else '2')\n",
        "    os.mkfifo(out / 'pipe')\n",
    ],
    ids=["link", "case", "newline", "pipe"],
)
def test_what_cannot_be_an_artifact_is_never_green(project: Project, warm_targets: WarmTargets, body: str) -> None:
    """Content that did not come back was not compared: the verdict is INCONCLUSIVE and says which path and why."""
    record = run(project, body, warm=warm_targets)

    assert (record.verdict, record.passed) == ("INCONCLUSIVE", False)
    assert record.comparison is not None
    assert any("was not compared" in each for each in record.comparison.not_compared)


def test_an_empty_directory_is_compared(project: Project, warm_targets: WarmTargets) -> None:
    """A directory without files shows in the events: on one side only it is a difference, on both it is none."""
    assert (
        run(project, "    (out / ('left' if SANDBOX else 'right')).mkdir()\n", warm=warm_targets).verdict == "DIVERGENT"
    )
    assert run(project, "    (out / 'deep' / 'empty').mkdir(parents=True)\n", warm=warm_targets).verdict == "IDENTICAL"


def test_a_second_table_is_refused_and_not_overlooked(project: Project, warm_targets: WarmTargets) -> None:
    """What a driver returns beside its table would be handed on to nobody and compared by nobody."""
    body = "    import pyarrow as pa\n    t = pa.table({'a': [1]})\n    return {'df': t, 'extra': t}\n"
    record = run(project, body, warm=warm_targets)

    assert not record.passed
    assert "returned also extra" in record.targets[0].error


def test_a_pipeline_may_set_its_own_home(project: Project) -> None:
    """`env` is for the steps: the worker finds its own files whatever HOME they are given."""
    record = run(project, "    print(os.environ['HOME'], os.environ['GREETING'])\n", more=ENV)

    assert record.verdict == "IDENTICAL", record.headline


def test_a_forked_pool_ends_quietly(project: Project) -> None:
    """Children that a driver forks die of SIGTERM as they would on a laptop, without a word in the output."""
    record = run(
        project,
        "    import multiprocessing\n"
        "    with multiprocessing.get_context('fork').Pool(4) as pool:\n"
        "        (out / 'sum.txt').write_text(str(sum(pool.map(abs, range(100)))))\n",
    )

    assert record.verdict == "IDENTICAL", record.headline


def test_made_up_names_of_temporary_files_are_no_difference(project: Project, warm_targets: WarmTargets) -> None:
    """`tempfile` makes a new name each time: equal under a named rule, so EQUIVALENT."""
    body = "    import tempfile\n    with tempfile.TemporaryDirectory() as made:\n        print('working in', made)\n"

    assert run(project, body, warm=warm_targets).verdict == "EQUIVALENT"
    body = body.replace("made)", "made + ('x' if SANDBOX else 'y'))")
    assert run(project, body, warm=warm_targets).verdict == "DIVERGENT"


def test_tables_in_files_change_nothing_that_can_be_seen(project: Project, warm_targets: WarmTargets) -> None:
    """With every table spilled, both targets say what one says with every table in memory."""
    project.write(
        "act.osiris.yaml",
        """
osiris: "1"
pipeline: {id: act}
code: [code]
steps:
  - {id: make, driver: python.callable, config: {function: "act:make"}}
  - {id: sum, driver: duckdb.processor, needs: [make], config: {query: "select c, sum(d) as d from df_make group by c order by c"}}
  - {id: write, driver: filesystem.csv_writer, needs: [sum], config: {path: out.csv}}
  - {id: look, driver: python.callable, needs: [make, sum], config: {function: "act:look"}}
""",
    )
    code = """
import decimal, pathlib
import pyarrow as pa

def make(inputs, ctx):
    values = [decimal.Decimal("1.50"), None, decimal.Decimal("-0.01")]
    return pa.table({"d": values, "c": pa.array(["x", "y", "x"]).dictionary_encode()})

def look(inputs, ctx):
    ctx.log_event("mapped", count=pathlib.Path("/proc/self/maps").read_text().count(".arrows (deleted)"))
"""
    project.write("code/act.py", code)
    plain = project.check("act.osiris.yaml", ["local"], warm=warm_targets)
    spilled = project.check("act.osiris.yaml", warm=warm_targets, spill_bytes=0)

    assert (plain.passed, spilled.verdict) == (True, "IDENTICAL"), spilled.headline
    sessions = [
        open_session(project.session_root / ".osiris" / "runs" / record.session_id / target)
        for record, target in ((plain, "local"), (spilled, "local"), (spilled, "e2b"))
    ]
    mapped = [event["count"] for session in sessions for event in session.events if event["event"] == "mapped"]
    assert mapped[0] == 0
    assert all(count >= 2 for count in mapped[1:])
    tables = [[e["tables"] for e in session.events if e["event"] == "step_complete"] for session in sessions]
    assert tables[0][0]["df"]["columns"]["d"]["sum"] == "1.49"
    assert all(each == tables[0] for each in tables)
    assert all(
        session.artifacts["write/out.csv"].sha256 == sessions[0].artifacts["write/out.csv"].sha256
        for session in sessions
    )


def test_polars_frames_are_the_same_on_both_targets(project: Project) -> None:
    """A driver that asks for polars gets it in the sandbox as at home; `test_drivers` has the same for pandas."""
    project.write("code/shop.py", POLARS)
    project.write(
        "frames.osiris.yaml",
        """
osiris: "1"
pipeline: {id: frames}
code: [code]
steps:
  - {id: make, driver: "shop:Make"}
  - {id: head, driver: "shop:Head", needs: [make]}
expect: {rows: {head: 2}}
""",
    )
    record = project.check("frames.osiris.yaml")

    assert (record.verdict, record.passed) == ("IDENTICAL", True), record.headline
    assert record.comparison is not None
    assert record.comparison.compared.tables == (2, 2)


POLARS = '''
import pyarrow as pa

class Make:
    """Makes a table."""
    frame = "arrow"
    requirements = ["pyarrow"]
    def run(self, *, step_id, config, inputs, ctx):
        return {"df": pa.table({"a": [2**60 + 1, None, 3]})}

class Head:
    """Takes the first rows."""
    frame = "polars"
    requirements = ["polars"]
    def run(self, *, step_id, config, inputs, ctx):
        return {"df": inputs["df_make"].head(2)}
'''
