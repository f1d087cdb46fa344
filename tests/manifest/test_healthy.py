"""What a manifest can say, and what becomes of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from osiris_core.manifest.loader import find_project_root
from osiris_core.manifest.model import ArtifactRule, Expectation, InputFile, Limits, Pipeline, Resources, Step, Variable
from tests.manifest.project import HEAD, STEPS, WHOLE

if TYPE_CHECKING:
    from tests.manifest.project import Project

FULL = """\
# a comment
osiris: "1"
pipeline: {id: flights, version: 0.2.0, description: delays by carrier}
inputs: [../data/*.csv]
code: [../lib]
requirements: [Jinja2, "PyYAML >= 6"]
env: {TZ: UTC, REGION: }
resources: {cpus: 4, memory_mb: 2048}
timeout_s: 30
steps:
  - id: read-flights
    driver: read
    config: {path: ../data/a.csv, header: true, rows: 0x10, nulls: ["", NA], quoting: all}
  - id: count
    driver: query
    needs: [read-flights]
    config:
      query: |
        select count(*)
        from df_read_flights
expect:
  outcome: failed
  failed_step: count
  rows: {read-flights: 3}
  artifacts: [count/out/a.csv]
parity: {text: exact}
"""


@pytest.fixture
def full(project: Project) -> Project:
    """A project in which everything that `FULL` names is there."""
    project.write("data/b.csv", "x\n")
    project.write("data/a.csv", "x\n")
    project.write("lib/helpers.py")
    return project


def test_every_served_key_arrives(full: Project):
    """Each key of a manifest becomes a value with the type and the paths that later rooms expect."""
    manifest = full.load(FULL)
    assert manifest.path == full.manifest
    assert manifest.project_root == full.root
    assert manifest.pipeline == Pipeline(id="flights", version="0.2.0", description="delays by carrier")
    assert manifest.inputs == (
        InputFile(path=full.root / "data" / "a.csv", relative="data/a.csv"),
        InputFile(path=full.root / "data" / "b.csv", relative="data/b.csv"),
    )
    assert manifest.code == ("lib",)
    assert manifest.requirements == ("jinja2", "pyyaml>=6")
    assert manifest.env == (Variable(name="REGION", value=None), Variable(name="TZ", value="UTC"))
    assert manifest.resources == Resources(cpus=4, memory_mb=2048, disk_mb=1024)
    assert manifest.timeout_s == 30.0
    assert manifest.parity_text == "exact"
    assert manifest.order == ("read-flights", "count")


def test_steps_arrive_with_line_and_config(full: Project):
    """A step knows the line of its id, and its config holds plain values."""
    first, second = full.load(FULL).steps
    assert first == Step(
        id="read-flights",
        driver="read",
        needs=(),
        config={"path": "../data/a.csv", "header": True, "rows": 16, "nulls": ["", "NA"], "quoting": "all"},
        line=11,
    )
    assert (second.line, second.needs) == (14, ("read-flights",))
    assert second.config == {"query": "select count(*)\nfrom df_read_flights\n"}


def test_expectation_arrives(full: Project):
    """The oracle is read as it was written."""
    assert full.load(FULL).expect == Expectation(
        outcome="failed",
        failed_step="count",
        rows={"read-flights": Limits(3, 3)},
        artifacts={"count/out/a.csv": ArtifactRule()},
    )


def test_a_manifest_knows_its_place(full: Project):
    """Messages and targets name a manifest and its directory as seen from the project root."""
    manifest = full.load(FULL)
    assert (manifest.location, manifest.relative) == ("pipelines/x.osiris.yaml",) * 2
    assert manifest.work_relative == "pipelines"


def test_the_root_is_a_work_directory_too(project: Project):
    """A manifest that lies in the root works in `.`."""
    from osiris_core.manifest.loader import load_manifest
    from tests.manifest.project import DRIVERS

    path = project.write("x.osiris.yaml", WHOLE)
    assert load_manifest(path, project_root=project.root, drivers=DRIVERS).work_relative == "."


def test_what_is_not_said_has_defaults(project: Project):
    """The smallest manifest is complete."""
    manifest = project.load(WHOLE)
    assert manifest.pipeline == Pipeline(id="p", version="0.1.0", description="")
    assert manifest.resources == Resources(cpus=2, memory_mb=512, disk_mb=1024)
    assert (manifest.inputs, manifest.code, manifest.requirements, manifest.env) == ((), (), (), ())
    assert (manifest.timeout_s, manifest.parity_text) == (None, "normalized")
    assert manifest.expect == Expectation(outcome="succeeded", failed_step=None, rows={}, metrics={}, artifacts={})


@pytest.mark.parametrize("indent", [None, 2, "\t"], ids=["one line", "spaces", "tabs"])
def test_json_is_a_manifest(project: Project, indent: str | int | None):
    """JSON loads as it is, even when tabs indent it."""
    steps = [{"id": "a", "driver": "call", "config": {"kwargs": {"t": "tab\there", "u": "\U0001f600/é"}}}]
    value = {"osiris": "1", "pipeline": {"id": "p"}, "steps": steps}
    text = json.dumps(value, indent=indent).replace("/", "\\/")
    assert project.load(text).steps[0].config == {"kwargs": {"t": "tab\there", "u": "\U0001f600/é"}}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("True", True),
        ("null", None),
        ("~", None),
        ("012", 12),
        ("0o17", 15),
        ("-7", -7),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("'1'", "1"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
    ],
)
def test_words_mean_what_yaml_1_2_says(project: Project, word: str, value: object):
    """Switches, dates and sexagesimals are text; numbers are numbers; quotes make text."""
    found = project.load(HEAD + f"steps: [{{id: a, driver: call, config: {{kwargs: {{v: {word}}}}}}}]\n")
    got = found.steps[0].config["kwargs"]["v"]
    assert (type(got), got) == (type(value), value)


def test_aliases_repeat_values(project: Project):
    """An anchor can be repeated; each repetition is a value of its own place."""
    text = HEAD + (
        "steps:\n  - {id: a, driver: query, config: &c {query: select 1}}\n  - {id: b, driver: query, config: *c}\n"
    )
    assert [each.config for each in project.load(text).steps] == [{"query": "select 1"}] * 2


def test_env_is_a_list_or_a_mapping(project: Project):
    """Names in a list, and names without a value in a mapping, take the host's values."""
    listed = project.load(WHOLE + "env: [B, A]\n")
    mapped = project.load(WHOLE + "env: {B: , A: null}\n")
    assert listed.env == mapped.env == (Variable(name="A", value=None), Variable(name="B", value=None))
    assert listed.fingerprint == mapped.fingerprint


def test_the_project_root_is_where_pyproject_is(project: Project):
    """The nearest directory with a pyproject.toml is the root, or else the manifest's own directory."""
    project.write("pyproject.toml")
    project.write("pipelines/deep/y.osiris.yaml")
    assert find_project_root(project.root / "pipelines" / "deep" / "y.osiris.yaml") == project.root
    project.write("pipelines/pyproject.toml")
    assert find_project_root(project.root / "pipelines" / "deep" / "y.osiris.yaml") == project.root / "pipelines"


def test_a_byte_order_mark_is_no_content(project: Project):
    """Editors that write a byte order mark move nothing."""
    assert project.load(b"\xef\xbb\xbf" + WHOLE.encode()).fingerprint == project.load(WHOLE).fingerprint


def test_step_keys_in_any_order_and_a_list_of_steps_below(project: Project):
    """The head may stand behind the steps."""
    assert project.load(STEPS + HEAD).pipeline.id == "p"
