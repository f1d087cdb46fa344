"""What is generated can be run, says what it means, and is wrong where it is meant to be."""

from __future__ import annotations

import itertools
import unicodedata
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from osiris_core.check import load
from osiris_core.drivers.protocol import DriverSpec, Option
from osiris_core.drivers.registry import builtin_specs
from osiris_core.errors import ManifestError
from osiris_core.fuzz.bad import MISTAKES
from osiris_core.fuzz.example import Example
from osiris_core.fuzz.options import Given, config_of
from osiris_core.fuzz.yaml_text import yaml_text
from osiris_core.wire.canon import canonical_json
from pytest_osiris.strategies import bad_manifests, decimals, manifests, texts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

few = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=12,
    suppress_health_check=list(HealthCheck),
)
_numbers = itertools.count()


def project(tmp_path: Path) -> Path:
    """A directory for one example."""
    root = tmp_path / f"project-{next(_numbers)}"
    root.mkdir()
    (root / "pyproject.toml").touch()
    return root


@few
@given(manifests())
def test_generated_manifests_load(tmp_path: Path, example: Example):
    """The loader takes every one of them, with the values that it was generated from."""
    root = project(tmp_path)
    manifest = load(example.write(root), project_root=root)
    assert [step.id for step in manifest.steps] == [step["id"] for step in example.document["steps"]]
    for step, meant in zip(manifest.steps, example.document["steps"], strict=True):
        params = {f"${{params.{name}}}": value for name, value in example.document.get("params", {}).items()}
        config = {
            name: params.get(value, value) if isinstance(value, str) else value
            for name, value in meant["config"].items()
        }
        assert canonical_json(dict(step.config)) == canonical_json(config)
        assert (step.retries, step.timeout_s) == (meant.get("retries", 0), meant.get("timeout_s"))


@pytest.mark.parametrize("key", ["params", "on_failure", "retries", "timeout_s"])
def test_keys_of_runs_and_steps_are_generated(key: str):
    """As are parameters, which a config refers to."""

    def has_it(example: Example) -> bool:
        return key in example.document or any(key in step for step in example.document["steps"])

    example = find(manifests(), has_it, settings=settings(few, max_examples=200, phases=[Phase.generate]))
    assert key != "params" or any("${params.value}" in step["config"].values() for step in example.document["steps"])


@few
@given(bad_manifests())
def test_planted_mistakes_are_named(tmp_path: Path, example: Example):
    """What was planted is what the loader complains about."""
    root = project(tmp_path)
    with pytest.raises(ManifestError) as caught:
        load(example.write(root), project_root=root)
    assert any(MISTAKES[example.planted].says in problem.message for problem in caught.value.problems)


@pytest.mark.parametrize("name", MISTAKES)
def test_every_class_of_mistake_can_be_planted(tmp_path: Path, name: str):
    """None of them is there by name only."""
    root = project(tmp_path)
    example = _first(bad_manifests(mistakes=(name,)))
    with pytest.raises(ManifestError, match=MISTAKES[name].says):
        load(example.write(root), project_root=root)


def _first(strategy: st.SearchStrategy[Example]) -> Example:
    return find(strategy, lambda _: True, settings=settings(few, max_examples=5, phases=[Phase.generate]))


@few
@given(
    st.dictionaries(
        texts(huge=False), texts(huge=False) | st.integers(-(2**63), 2**63 - 1) | st.none() | st.booleans(), max_size=3
    )
)
def test_yaml_says_the_same_values(tmp_path: Path, values: dict[str, object]):
    """Whatever text a config holds is read back as it is."""
    values.pop("<<", None)
    step = {"id": "a", "driver": "python.callable", "config": {"function": "m:f", "kwargs": values}}
    document = {"osiris": "1", "pipeline": {"id": "p"}, "steps": [step]}
    root = project(tmp_path)
    (root / "x.osiris.yaml").write_text(yaml_text(document), encoding="utf-8")
    manifest = load(root / "x.osiris.yaml", project_root=root)
    assert canonical_json(dict(manifest.steps[0].config["kwargs"])) == canonical_json(values)


Column = dict[str, object]


def has_nan(column: Column) -> bool:
    """A float that is not equal to itself."""
    return column["type"] == "float64" and "nan" in values_of(column)


def is_in_parts(column: Column) -> bool:
    """A text that another Unicode form spells otherwise."""
    return column["type"] == "string" and any(unicodedata.normalize("NFC", each) != each for each in values_of(column))


def has_an_order(column: Column) -> bool:
    """Rows that can be told apart."""
    return len({str(each) for each in values_of(column)}) > 1


def has_ties(column: Column) -> bool:
    """Rows that a sort by this column may leave in any order."""
    return len({str(each) for each in values_of(column)}) < len(values_of(column))


def values_of(column: Column) -> list[str]:
    """The values that are there."""
    return [each for each in column["values"] if each is not None]


@pytest.mark.parametrize("is_there", [has_nan, is_in_parts, has_an_order, has_ties])
def test_what_engines_disagree_about_comes_early(is_there: Callable[[Column], bool]):
    """Whatever the seed, a hunt of 50 examples has met it."""
    for seed in range(5):
        example = find(
            manifests(drivers=[builtin_specs()["python.callable"]]),
            lambda each: any(is_there(column) for column in columns_of(each)),
            settings=settings(few, max_examples=50, derandomize=False, phases=[Phase.generate]),
            random=Random(seed),
        )
        assert example.rows > 0


def columns_of(example: Example) -> list[Column]:
    """The columns of the tables that steps make of their arguments."""
    kwargs = [step["config"].get("kwargs") or {} for step in example.document["steps"]]
    return [column for each in kwargs for column in each.get("columns", ())]


@few
@given(decimals(38, 10))
def test_decimals_keep_their_digits(text: str):
    """None is rounded to what a context of Python's has by default."""
    whole, _, fraction = text.lstrip("-").partition(".")
    assert len(whole) <= 28
    assert len(fraction) == 10


def test_rows_count_records_and_not_lines():
    """A line end inside of quotes is part of a field."""
    document = {"steps": [{"id": "a", "config": {"path": "a.csv"}}]}
    example = Example(document=document, files={"a.csv": b'a,b\n1,"x\ny"\n2,z\n'}, data=("a.csv",))
    assert example.rows == 2
    assert example.steps == 1


def test_an_example_is_known_by_all_it_says():
    """Another byte in a file is another example."""
    document = {"steps": []}
    one, other = Example(document=document, files={"a": b"1"}), Example(document=document, files={"a": b"2"})
    assert one.key != other.key
    assert one.key == Example(document=document, files={"a": b"1"}).key


@pytest.mark.parametrize(
    ("option", "fits"),
    [
        (Option(type="integer", minimum=1, maximum=2), lambda value: value in {1, 2}),
        (Option(type="integer", minimum=2**40), lambda value: value >= 2**40),
        (Option(type="integer", maximum=-5), lambda value: value <= -5),
        (Option(type="number", minimum=0.25, maximum=0.75), lambda value: 0.25 <= value <= 0.75),
        (Option(type="string", choices=("a", "b")), lambda value: value in {"a", "b"}),
        (
            Option(type="strings", choices=("a", "b")),
            lambda value: isinstance(value, list) and set(value) <= {"a", "b"},
        ),
    ],
    ids=["bounds", "large", "negative", "between", "choice", "choices"],
)
def test_options_are_drawn_from_what_their_driver_declares(option: Option, fits: Callable[[Any], bool]):
    """A config that the loader refuses would be a find of nothing."""
    spec = DriverSpec(name="a:B", kind="processor", target="a:B", options={"x": replace(option, required=True)})

    @few
    @given(st.data())
    def drawn(data: st.DataObject) -> None:
        assert fits(config_of(data.draw, spec, Given(number=1)).values["x"])

    drawn()


def test_an_example_is_shown_short():
    """Hypothesis prints what fails a test; a text of 70,000 characters helps nobody."""
    step = {"id": "a", "driver": "d", "config": {"path": "x" * 70_000}}
    shown = repr(Example(document={"osiris": "1", "steps": [step]}, files={"a": b"y" * 70_000}))
    assert shown.startswith("<Example with 1 files:\nosiris: ")
    assert len(shown) < 5000
