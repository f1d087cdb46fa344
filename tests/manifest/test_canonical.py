"""Equal manifests are equal, however they were written."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from osiris_core.wire.canon import canonical_json

if TYPE_CHECKING:
    from tests.manifest.project import Project

TEXT = """\
osiris: "1"
pipeline: {id: p, version: "1", description: d}
inputs: [../data/a.csv]
code: [../lib]
requirements: [pandas]
env: {A: "1"}
resources: {cpus: 2}
timeout_s: 5
steps:
  - {id: a, driver: query, config: {query: select 1}}
  - {id: b, driver: call, needs: [a], config: {kwargs: {x: 1, y: 2}}}
expect: {rows: {a: 1}}
"""


@pytest.fixture
def project(project: Project) -> Project:
    """The project with what the manifest declares."""
    for each in ("data/a.csv", "data/b.csv", "lib/a.py", "more/a.py"):
        project.write(each)
    return project


def test_the_canonical_form_is_complete(project: Project):
    """Every served key is there, with its default where the file says nothing."""
    assert project.load(TEXT).canonical == {
        "osiris": "1",
        "pipeline": {"id": "p", "version": "1", "description": "d"},
        "inputs": ["data/a.csv"],
        "code": ["lib"],
        "requirements": ["pandas"],
        "env": {"A": "1"},
        "resources": {"cpus": 2, "memory_mb": 512, "disk_mb": 1024},
        "network": "none",
        "template": None,
        "timeout_s": 5.0,
        "on_failure": "stop",
        "params": {},
        "secrets": [],
        "secrets_in_artifacts": {},
        "connections": None,
        "steps": [
            {
                "id": "a",
                "driver": "query",
                "needs": [],
                "config": {"query": "select 1"},
                "timeout_s": None,
                "retries": 0,
            },
            {
                "id": "b",
                "driver": "call",
                "needs": ["a"],
                "config": {"kwargs": {"x": 1, "y": 2}},
                "timeout_s": None,
                "retries": 0,
            },
        ],
        "expect": {"outcome": "succeeded", "failed_step": None, "rows": {"a": 1}, "metrics": {}, "artifacts": {}},
        "parity": {"text": "normalized"},
        "pytest": {},
    }


REWRITTEN = """\
# another hand wrote this
steps:
- driver: "query"
  config: {"query": 'select 1'}
  id: a
- needs:
  - a
  id: b
  config: {kwargs: {y: 2, x: 0x1}}
  driver: call
timeout_s: 5.0
resources: {disk_mb: 1024}
env:
  A: '1'
requirements: [Pandas]
code: [./../lib/]
inputs: ["../data/[a].csv"]
pipeline: {version: '1', id: p}
osiris: '1'
"""


def test_formatting_comments_and_key_order_leave_the_fingerprint(project: Project):
    """The same pipeline by another hand, without description and oracle, has the same fingerprint."""
    assert project.load(REWRITTEN).fingerprint == project.load(TEXT).fingerprint


def _without_nulls(value: dict[str, Any]) -> dict[str, Any]:
    """A key that says nothing is left out of a file."""
    return {name: each for name, each in value.items() if each is not None}


def test_json_has_the_fingerprint_of_yaml(project: Project):
    """A manifest converted to JSON is the same manifest."""
    value = json.loads(canonical_json(project.load(TEXT).canonical))
    value |= {"inputs": ["../data/a.csv"], "code": ["../lib"], "expect": {}}
    value["steps"] = [_without_nulls(each) for each in value["steps"]]
    assert project.load(json.dumps(_without_nulls(value))).fingerprint == project.load(TEXT).fingerprint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("description: d", "description: other"),
        ("expect: {rows: {a: 1}}", "expect: {outcome: failed, failed_step: b}"),
        ("expect:", "parity: {text: exact}\nexpect:"),
    ],
)
def test_what_does_not_decide_a_run_is_not_in_the_fingerprint(project: Project, old: str, new: str):
    """Description, oracle and rules of comparison may change between runs that are compared."""
    assert old in TEXT
    assert project.load(TEXT.replace(old, new)).fingerprint == project.load(TEXT).fingerprint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("id: p", "id: q"),
        ('version: "1"', 'version: "2"'),
        ("data/a.csv", "data/b.csv"),
        ("[../lib]", "[../more]"),
        ("[pandas]", "[pandas>1]"),
        ('A: "1"', "A: x"),
        ('{A: "1"}', "[A]"),
        ("cpus: 2", "cpus: 1"),
        ("timeout_s: 5", "timeout_s: 6"),
        ("select 1", "select 2"),
        ("x: 1", "x: 1.0"),
        ("x: 1", "x: true"),
        ("x: 1", "z: 1"),
        ("needs: [a], ", ""),
        ("driver: call, needs: [a], config: {kwargs: {x: 1, y: 2}}", "driver: query"),
        ("expect:", "network: full\nexpect:"),
        ("expect:", "template: mine\nexpect:"),
        ("expect:", "on_failure: continue\nexpect:"),
        ("expect:", "secrets: [TOKEN]\nexpect:"),
        ("driver: call, ", "driver: call, timeout_s: 5, "),
        ("driver: call, ", "driver: call, retries: 1, "),
    ],
)
def test_what_decides_a_run_is_in_the_fingerprint(project: Project, old: str, new: str):
    """Whatever a step could notice changes the fingerprint."""
    assert old in TEXT
    assert project.load(TEXT.replace(old, new)).fingerprint != project.load(TEXT).fingerprint


def test_the_fingerprint_is_a_sha256_of_a_stable_form(project: Project):
    """The fingerprint of a manifest does not change with the version of this project: baselines carry it."""
    text = 'osiris: "1"\npipeline: {id: p}\nsteps: [{id: a, driver: query}]\n'
    form = (
        '{"code":[],"env":{},"inputs":[],"osiris":"1","pipeline":{"id":"p","version":"0.1.0"},"requirements":[],'
        '"resources":{"cpus":2,"disk_mb":1024,"memory_mb":512},'
        '"steps":[{"config":{},"driver":"query","id":"a","needs":[]}],"timeout_s":null}'
    )
    assert (
        hashlib.sha256(form.encode()).hexdigest() == "fdb9dd28c879b589ea5e581f4978cc5579c88ebfd842eb44017ac224e74183d9"
    )
    assert project.load(text).fingerprint == "fdb9dd28c879b589ea5e581f4978cc5579c88ebfd842eb44017ac224e74183d9"


WRITINGS = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
KEYED = {
    "osiris": "1",
    "pipeline": {"id": "p", "version": "1"},
    "params": {"n": 5, "file": "a", "kwargs": {"x": [1, "é ☃"], "y": None}},
    "inputs": ["../data/${params.file}.csv", "../data/b.csv"],
    "env": {"A": "1", "B": "${params.n}"},
    "resources": {"cpus": 1, "memory_mb": 600},
    "timeout_s": "${params.n}",
    "steps": [
        {"id": "a", "driver": "query", "config": {"query": "select ${params.n}"}, "retries": 1},
        {"id": "b", "driver": "call", "needs": ["a"], "config": {"kwargs": "${params.kwargs}"}, "timeout_s": 2},
    ],
    "expect": {"rows": {"a": 1}, "metrics": {"a": {"m": {"min": 1}}}, "artifacts": {"b/x": {"lines": 3}}},
    "pytest": {"marks": ["slow"], "parametrize": {"n": [1, 2]}},
}


def _written(draw: st.DrawFn, value: Any, depth: int) -> str:
    """Write a value as YAML: in flow or block style, quoted or not, keys in any order, with blank lines and comments."""
    pad = "  " * depth
    remark = draw(st.sampled_from(["", "  # said", "   "]))
    if isinstance(value, dict) and value and draw(st.booleans()):
        keys = draw(st.permutations(list(value)))
        lines = [
            f"{pad}{draw(st.sampled_from([key, json.dumps(key)]))}:{_written(draw, value[key], depth + 1)}"
            for key in keys
        ]
        return "\n" + "\n".join(lines)
    if isinstance(value, list) and value and draw(st.booleans()):
        return "\n" + "\n".join(f"{pad}-{_written(draw, each, depth + 1)}" for each in value)
    if isinstance(value, dict):
        keys = draw(st.permutations(list(value)))
        return " {" + ", ".join(f"{json.dumps(key)}: {json.dumps(value[key])}" for key in keys) + "}" + remark
    return f" {json.dumps(value, ensure_ascii=draw(st.booleans()))}{remark}"


@st.composite
def writings(draw: st.DrawFn) -> str:
    """The manifest `KEYED`, written by some hand."""
    keys = draw(st.permutations(list(KEYED)))
    return "\n".join(f"{key}:{_written(draw, KEYED[key], 1)}" + "\n" * draw(st.integers(0, 2)) for key in keys) + "\n"


@WRITINGS
@given(writings())
def test_whoever_writes_it_the_form_is_the_same(project: Project, text: str):
    """Formatting, comments and the order of keys are gone from the canonical form, and so from the fingerprint."""
    manifest = project.load(text)
    assert manifest.canonical["steps"][1]["config"] == {"kwargs": {"x": [1, "é ☃"], "y": None}}
    expected = project.load(json.dumps(KEYED))
    assert canonical_json(manifest.canonical) == canonical_json(expected.canonical)
    assert manifest.fingerprint == expected.fingerprint
