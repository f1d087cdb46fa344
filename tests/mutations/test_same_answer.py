"""What says nothing about a pipeline changes nothing in what is said of a difference."""

from __future__ import annotations

import random

import pytest

from osiris_core.check import Checker, CheckOptions, load
from osiris_core.parity.compare import compare
from osiris_core.session.reader import open_session
from osiris_core.testing.mutations import DIFFERENCES, SessionCopy
from osiris_core.testing.mutations.places import drawer

TRIED = (
    "event text changes by one letter",
    "metric dropped",
    "lines swapped",
    "table content changed",
    "file removed",
    "step state changed",
)


def told(result):
    return (
        result.verdict,
        result.first_diverging_step,
        sorted((f.layer, f.code, f.step, f.path) for f in result.findings),
    )


def another_id(left, right):
    for copy in (left, right):
        for each in (copy.facts, copy.target["hello"], *copy.events, *copy.metrics):
            each["session"] = "20300101T000000Z-00c0ffee"


def another_place(left, right):
    for copy in (left, right):
        copy.directory = copy.directory.rename(copy.directory.with_name(f"{copy.directory.name} moved"))


def other_manifest_order(left, right):
    for copy in (left, right):
        random.Random(5).shuffle(copy.manifest["steps"])


def targets_exchanged(left, right):
    left.facts["target"], right.facts["target"] = right.facts["target"], left.facts["target"]
    left.target, right.target = (
        {**left.target, "target": right.target["target"]},
        {**right.target, "target": left.target["target"]},
    )


def compared(difference, originals, place, change=None):
    """Plant a difference, or none, in copies of two sessions, change both copies, and return what is said of them."""
    left, right = (SessionCopy(original, place()) for original in originals)
    if difference is not None:
        difference.plant(right, drawer(difference.name, 3))
    if change is not None:
        change(left, right)
    return told(compare(open_session(left.close()), open_session(right.close())))


@pytest.fixture(scope="module")
def answers(pairs, place):
    """What is said of each difference, and of none, where nothing else was changed."""
    chosen = [None, *(each for each in DIFFERENCES if each.name in TRIED)]
    assert len(chosen) == 1 + len(TRIED)
    return [(each, compared(each, pairs[False], place)) for each in chosen]


@pytest.mark.parametrize(
    "change", [another_id, another_place, other_manifest_order, targets_exchanged], ids=lambda f: f.__name__
)
def test_the_same_is_said_of_sessions_that_differ_in_what_means_nothing(change, pairs, place, answers):
    """The same verdict, the same findings, the same first diverging step: with a difference and without one."""
    for difference, answer in answers:
        assert compared(difference, pairs[False], place, change) == answer, difference


STEPS = {
    "wall": '  - {id: wall, driver: python.callable, config: {function: "zones:wall"}}\n',
    "next": '  - {id: next, driver: duckdb.processor, needs: [wall], config: {query: "select hour from df_wall"}}\n',
    "last": "  - {id: last, driver: filesystem.csv_writer, needs: [next], config: {path: hour.csv}}\n",
}
CODE = """
import time
import pyarrow as pa

def wall(inputs, ctx):
    return pa.table({"hour": [time.localtime(0).tm_hour]})
"""


def test_the_same_is_said_of_steps_in_another_order_of_the_file(tmp_path, server, monkeypatch):
    """A pipeline whose steps stand in another order in the file, in another directory, runs and differs the same."""
    monkeypatch.setenv("TZ", "America/New_York")
    results = []
    for name, order in (("plain", ("wall", "next", "last")), ("turned", ("last", "next", "wall"))):
        root = tmp_path / name
        (root / "code").mkdir(parents=True)
        (root / "pyproject.toml").write_text("")
        (root / "code" / "zones.py").write_text(CODE)
        manifest = root / "zones.yaml"
        steps = "".join(STEPS[step] for step in order)
        manifest.write_text(f'osiris: "1"\npipeline: {{id: zones}}\ncode: [code]\nsteps:\n{steps}')
        with Checker(CheckOptions(project_root=root, session_root=root), server=server) as checker:
            results.append(checker.check(load(manifest, project_root=root), ("local", "e2b")).comparison)
    assert told(results[0]) == told(results[1])
    assert (results[0].verdict, results[0].first_diverging_step) == ("DIVERGENT", "wall")
