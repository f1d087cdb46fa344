"""Whatever a file holds, the loader gives a manifest or says what is wrong, inside the file."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import jsonschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from osiris_core.errors import ManifestError, ManifestProblem
from osiris_core.manifest import loader, steps
from osiris_core.manifest.schema import published_schema
from osiris_core.wire.canon import canonical_json
from tests.manifest.project import HEAD, WHOLE

if TYPE_CHECKING:
    from osiris_core.manifest.model import Manifest
    from tests.manifest.project import Project

small = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=80,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
alphabet = st.sampled_from("${}[]{},:#&*!|>'\"%@`-?\t\n\r \\<=~0x1.e+éu\u2028\U0001f600\x00ab")
SEED = (
    WHOLE.replace("path: x.csv", "path: '${params.x}.csv'")
    + "params: {x: b, y: [1]}\nenv: {A: '${params.x}'}\npytest: {marks: [slow, {skip: w}], parametrize: {x: [c, d]}}\n"
    + "expect: {rows: {a: 1}, metrics: {a: {m: {min: 1}}}, artifacts: {a/x: {lines: 1}}}\n"
)


def load(project: Project, data: bytes) -> tuple[Manifest | None, tuple[ManifestProblem, ...]]:
    """Return the manifest, or what is wrong with it; anything else that is raised fails the test."""
    try:
        return project.load(data), ()
    except ManifestError as error:
        return None, error.problems


def is_about(problem: ManifestProblem, data: bytes) -> bool:
    """Say whether a problem has a place inside the file, and one line to print."""
    lines = data.replace(b"\r", b"\n").split(b"\n")
    inside = problem.line <= len(lines) and problem.column >= 1 <= problem.line
    return inside and problem.path == "pipelines/x.osiris.yaml" and "\n" not in str(problem)


def outcome(project: Project, data: bytes) -> Manifest | None:
    """Load, and hold every problem against the file it is about."""
    manifest, problems = load(project, data)
    assert (manifest is None) == bool(problems)
    assert [each for each in problems if not is_about(each, data)] == []
    return manifest


@small
@given(st.binary(max_size=60))
def test_any_bytes(project: Project, data: bytes):
    """Bytes are a manifest or a list of problems."""
    outcome(project, data)


@small
@given(st.text(alphabet, max_size=40))
def test_any_text(project: Project, text: str):
    """So is text made of YAML's own signs."""
    outcome(project, text.encode())


@small
@given(st.lists(st.tuples(st.integers(0, len(SEED)), st.integers(0, 3), st.text(alphabet, max_size=3)), max_size=4))
def test_any_edit_of_a_manifest(project: Project, edits: list[tuple[int, int, str]]):
    """So is a manifest after a slip of the hand; what loads is good for a worker."""
    text = SEED
    for place, removed, written in edits:
        text = text[:place] + written + text[place + removed :]
    manifest = outcome(project, text.encode())
    if manifest is not None:
        assert sorted(manifest.order) == sorted(each.id for each in manifest.steps)
        assert canonical_json(manifest.canonical)


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
plain: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
SECTIONS: dict[str, list[str]] = {
    "pipeline": ["id", "version", "description"],
    "resources": ["cpus", "memory_mb", "disk_mb"],
    "params": ["a", "carrier"],
    "expect": ["outcome", "failed_step", "rows", "metrics", "artifacts"],
    "parity": ["text", "normalizers", "tables", "tolerances", "waivers"],
    "pytest": ["marks", "parametrize", "ids"],
}
TOP = [
    *("osiris", "inputs", "code", "requirements", "env", "secrets", "connections", "network", "template", "timeout_s"),
    *("on_failure", "steps", "x", "components"),
    *SECTIONS,
]
STEP = ["id", "driver", "needs", "config", "cfg_path", "timeout_s", "retries", "component", "x"]
likely = (
    st.sampled_from(
        ["a", "p", "1", "none", "full", "stop", "continue", "succeeded", "failed", "exact", "read", "query", "call"]
    )
    | st.sampled_from(
        ["${params.a}", "${params.", "$${params.a}", "${secret:A}", "@db.main", "a/x", "../a", "/a", "**/*", "a\x00b"]
    )
    | st.sampled_from([0, 1, -1, 0.5, 2**63 - 1, True, None])
)
anything = (
    plain
    | likely
    | st.lists(likely, max_size=3)
    | st.dictionaries(words | st.sampled_from(["a", "A"]), likely, max_size=3)
)


def some_of(keys: list[str], **special: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mappings with some of the keys; any value at any key."""
    return st.fixed_dictionaries({}, optional={key: special.get(key, anything) for key in keys})


step = some_of(
    STEP,
    id=st.sampled_from(["a", "b", "A", "é"]) | anything,
    needs=st.lists(st.sampled_from("abc"), max_size=3) | anything,
)
manifests = some_of(
    TOP,
    **{name: some_of(keys) | anything for name, keys in SECTIONS.items()},
    steps=st.lists(step, max_size=3) | anything,
)
TOP += [
    "params",
    "pytest",
    "network",
    "template",
    "on_failure",
    "secrets",
    "secrets_in_artifacts",
    "connections",
    "parity",
]


@small
@given(manifests, st.booleans())
def test_any_structure(project: Project, value: dict[str, Any], begun: bool):
    """Any value at any key, and in any section, is read or reported, never raised."""
    if begun:  # what is right about it must not hide what is wrong with the rest
        value = {"osiris": "1", "pipeline": {"id": "p"}, "steps": [{"id": "a", "driver": "query"}], **value}
    outcome(project, json.dumps(value).encode())


SCHEMA = jsonschema.Draft202012Validator(published_schema())
VALUES: list[Any] = [
    *("a", "p", "${params.a}", "succeeded", "failed", "full", "continue", "exact", None, True, 0, 1, 1.5),
    *([], {}, ["a"], {"a": 1}, {"a": "x"}, {"a": {"x": 1}}, {"a": {"min": 1}}, ["a/x"], {"a/x": {}}),
]
PLACES: list[tuple[tuple[str, ...], str]] = [
    *(((), key) for key in sorted(set(TOP))),
    *(((name,), key) for name, keys in SECTIONS.items() for key in keys),
    *((("step",), key) for key in STEP),
]


def changed(place: tuple[str, ...], key: str, value: Any) -> dict[str, Any]:
    """Return a good manifest with another value at one key."""
    step = {"id": "b", "driver": "call", "needs": ["a"]}
    document: dict[str, Any] = {"osiris": "1", "pipeline": {"id": "p"}, "params": {"a": 1}}
    document["steps"] = [{"id": "a", "driver": "query"}, step]
    node = step if place == ("step",) else document
    if place and node is document:
        node = document.setdefault(place[0], {})
    node[key] = value
    return document


def test_whatever_loads_an_editor_accepts(project: Project):
    """The schema is never stricter than the loader, whichever key of a good manifest has whichever value."""
    loaded = 0
    for place, key in PLACES:
        for value in VALUES:
            document = changed(place, key, value)
            if outcome(project, json.dumps(document).encode()) is not None:
                loaded += 1
                assert [each.message for each in SCHEMA.iter_errors(document)] == [], (place, key, value)
    assert loaded > len(PLACES)


@small
@given(st.dictionaries(words.filter(lambda each: each != "<<"), plain, max_size=3), st.sampled_from([None, 1, "\t"]))
def test_json_values_arrive_as_they_are(project: Project, value: dict[str, Any], indent: int | str | None):
    """What JSON says in a config is what the driver gets."""
    document = {
        "osiris": "1",
        "pipeline": {"id": "p"},
        "steps": [{"id": "a", "driver": "call", "config": {"kwargs": value}}],
    }
    text = json.dumps(document, indent=indent)
    if '"<<"' in text:
        return
    assert canonical_json(project.load(text).steps[0].config["kwargs"]) == canonical_json(value)


@small
@given(st.lists(st.lists(st.integers(0, 7), max_size=3, unique=True), min_size=1, max_size=8))
def test_any_graph_is_ordered_or_a_cycle(project: Project, needs: list[list[int]]):
    """Steps come after what they need; where they do not, a cycle or a missing step was reported."""
    lines = [
        f"- {{id: s{each}, driver: query, needs: {[f's{need}' for need in wanted]}}}\n"
        for each, wanted in enumerate(needs)
    ]
    manifest, problems = load(project, (HEAD + "steps:\n" + "".join(lines)).encode())
    known = ("cycle", "itself", "unknown step")
    assert [each for each in problems if not any(word in each.message for word in known)] == []
    if manifest is None:
        return
    order = manifest.order
    place = {step: index for index, step in enumerate(order)}
    assert len(place) == len(needs)
    assert all(place[f"s{need}"] < place[f"s{each}"] for each, wanted in enumerate(needs) for need in wanted)


def test_every_key_is_fuzzed():
    """A key that is served and not in the lists above would be tried by nobody."""
    assert set(loader.SERVED) <= set(TOP)
    assert set(steps.SERVED) <= set(STEP)


def test_a_problem_outside_of_its_file_would_be_found():
    """The property that the tests above hold problems to is one that a wrong place breaks."""
    good = ManifestProblem(path="pipelines/x.osiris.yaml", line=2, column=1, message="m")
    assert is_about(good, b"a: 1\n")
    for wrong in ({"line": 3}, {"line": 0}, {"column": 0}, {"path": "other"}, {"message": "two\nlines"}):
        assert not is_about(dataclasses.replace(good, **wrong), b"a: 1\n")


PARAMS = ["x", "y", "z-1"]
PIECES = ["${params.", "$${params.", "}", "$", "{", "${secret:A}", *PARAMS, *(f"${{params.{each}}}" for each in PARAMS)]
named = st.dictionaries(st.sampled_from([*PARAMS, "w"]), plain, max_size=3)


@settings(small, max_examples=60)
@given(named, st.lists(st.sampled_from(PIECES), max_size=5).map("".join), named)
def test_any_reference_and_any_value(project: Project, params: dict[str, Any], written: str, given: dict[str, Any]):
    """A text with references is put together or reported, whatever the values, whoever gives them."""
    document = {
        "osiris": "1",
        "pipeline": {"id": "p"},
        "params": params,
        "steps": [{"id": "a", "driver": "call", "config": {"kwargs": {"text": written}}}],
    }
    for overrides in ({"offered": given}, {"params": given}):
        try:
            manifest = project.load(json.dumps(document), **overrides)
        except ManifestError:
            continue
        assert canonical_json(manifest.canonical)
        unescaped = written.replace("$${params.", "")
        assert all(f"${{params.{each}}}" not in unescaped for each in {*PARAMS, "w"} - set(manifest.params))
