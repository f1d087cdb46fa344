"""What a pipeline leaves behind is compared, or it is said that it was not: nothing is green by being overlooked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from osiris_core.parity.record import ParityRecord

    from conftest import Project

MANIFEST = """
osiris: "1"
pipeline: {id: act}
code: [code]
env: {GREETING: hello, HOME: /tmp}
steps:
  - {id: act, driver: python.callable, config: {function: "act:act"}}
"""
HEAD = "import os, sys\nfrom pathlib import Path\n\nSANDBOX = 'E2B_SANDBOX' in os.environ\n\n"


def run(project: Project, body: str) -> ParityRecord:
    project.write("act.osiris.yaml", MANIFEST)
    project.write("code/act.py", HEAD + "def act(inputs, ctx):\n    out = ctx.output_dir\n" + body)
    return project.check("act.osiris.yaml")


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
def test_what_cannot_be_an_artifact_is_never_green(project: Project, body: str) -> None:
    """Content that did not come back was not compared: the verdict is INCONCLUSIVE and says which path and why."""
    record = run(project, body)

    assert (record.verdict, record.passed) == ("INCONCLUSIVE", False)
    assert record.comparison is not None
    assert any("was not compared" in each for each in record.comparison.not_compared)


def test_an_empty_directory_is_compared(project: Project) -> None:
    """A directory without files shows in the events: on one side only it is a difference, on both it is none."""
    assert run(project, "    (out / ('left' if SANDBOX else 'right')).mkdir()\n").verdict == "DIVERGENT"
    assert run(project, "    (out / 'deep' / 'empty').mkdir(parents=True)\n").verdict == "IDENTICAL"


def test_a_second_table_is_refused_and_not_overlooked(project: Project) -> None:
    """What a driver returns beside its table would be handed on to nobody and compared by nobody."""
    record = run(project, "    import pyarrow as pa\n    t = pa.table({'a': [1]})\n    return {'df': t, 'extra': t}\n")

    assert not record.passed
    assert "returned also extra" in record.targets[0].error


def test_a_pipeline_may_set_its_own_home(project: Project) -> None:
    """`env` is for the steps: the worker finds its own files whatever HOME they are given."""
    record = run(project, "    print(os.environ['HOME'], os.environ['GREETING'])\n")

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


def test_made_up_names_of_temporary_files_are_no_difference(project: Project) -> None:
    """`tempfile` makes a new name each time: equal under a named rule, so EQUIVALENT."""
    body = "    import tempfile\n    with tempfile.TemporaryDirectory() as made:\n        print('working in', made)\n"

    assert run(project, body).verdict == "EQUIVALENT"
    assert run(project, body.replace("made)", "made + ('x' if SANDBOX else 'y'))")).verdict == "DIVERGENT"
