from __future__ import annotations

import subprocess
import sys

import pytest

from osiris_core.drivers.declaration import spec_of
from osiris_core.drivers.registry import builtin_specs, load_driver
from osiris_core.drivers.stated import Stated


def test_the_built_in_drivers_are_declared_by_name():
    """The drivers and their kinds are known without loading them."""
    kinds = {name: spec.kind for name, spec in builtin_specs().items()}
    assert kinds == {
        "filesystem.csv_extractor": "extractor",
        "filesystem.csv_writer": "writer",
        "filesystem.parquet_extractor": "extractor",
        "filesystem.parquet_writer": "writer",
        "filesystem.jsonl_extractor": "extractor",
        "filesystem.jsonl_writer": "writer",
        "filesystem.copy": "writer",
        "sql.extractor": "extractor",
        "sql.writer": "writer",
        "shell.command": "callable",
        "duckdb.processor": "processor",
        "python.callable": "callable",
    }


@pytest.mark.parametrize("name", builtin_specs())
def test_every_declared_driver_can_be_loaded(name):
    """What a declaration points at exists and can be called as a driver."""
    assert callable(load_driver(name).run)


def test_a_step_gets_a_driver_of_its_own():
    """Two loads give two objects, so that steps share no state."""
    assert load_driver("duckdb.processor") is not load_driver("duckdb.processor")


def test_an_unknown_driver_is_refused_with_the_known_ones():
    """The message names what was asked for and what there is."""
    with pytest.raises(
        LookupError, match=r"no driver 'csv'; there are duckdb.processor, filesystem.copy, filesystem.csv"
    ):
        load_driver("csv")


@pytest.mark.parametrize("spec", builtin_specs().values(), ids=lambda spec: spec.name)
def test_declarations_keep_the_rules_that_everybody_elses_are_held_to(spec):
    """Every option says what it is for, and its default is a value that it takes."""
    options = {
        name: {
            key: getattr(option, key)
            for key in ("type", "required", "choices", "default", "summary", "minimum", "maximum")
            if getattr(option, key) not in (None, (), False)
        }
        for name, option in spec.options.items()
    }
    stated = {"options": Stated(value=options, at="here"), "kind": Stated(value=spec.kind, at="here")}
    spec_of(spec.name, spec.target, stated, source="here")
    assert all(option.summary.endswith(".") for option in spec.options.values())
    assert spec.summary
    assert spec.documentation


def test_declarations_cannot_be_changed():
    """The registry is the same for everybody."""
    with pytest.raises(TypeError):
        builtin_specs()["x"] = None  # type: ignore[index]


@pytest.mark.parametrize(
    ("code", "loaded"),
    [
        ("from osiris_core.drivers.registry import builtin_specs; builtin_specs()", "set()"),
        (
            "from osiris_core.drivers.registry import builtin_specs, load_driver; [load_driver(n) for n in builtin_specs()]",
            "set()",
        ),
        ("from osiris_core.drivers.engine import connect; connect()", "{'duckdb'}"),
    ],
    ids=["declaring", "loading", "connecting"],
)
def test_engines_are_imported_by_the_step_that_needs_them(code, loaded):
    """Neither declarations nor driver classes import an engine; the last case shows that an import is seen."""
    show = "import sys; print({'duckdb', 'pyarrow'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", f"{code}; {show}"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == loaded
