"""The built-in drivers by name, declared here so that nothing of theirs is imported before a step needs it."""

from __future__ import annotations

import importlib
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from osiris_core.drivers.protocol import DriverSpec, Option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osiris_core.drivers.protocol import Driver

RUNTIME_REQUIREMENTS: Final = ("duckdb", "pyarrow")
"""Distributions that every target needs, whatever a manifest declares: they describe the tables of all steps."""

_SPECS: Final = (
    DriverSpec(
        name="filesystem.csv_extractor",
        kind="extractor",
        target="osiris_core.drivers.csv_extractor:CsvExtractor",
        requirements=("duckdb", "pyarrow"),
        options=MappingProxyType(
            {
                "path": Option(type="input_path", required=True),
                "delimiter": Option(type="string"),
                "header": Option(type="boolean"),
                "encoding": Option(type="string", choices=("utf-8", "utf-16", "latin-1")),
                "columns": Option(type="any"),
                "nulls": Option(type="strings"),
            }
        ),
        summary="Reads a CSV file into a table.",
    ),
    DriverSpec(
        name="filesystem.csv_writer",
        kind="writer",
        target="osiris_core.drivers.csv_writer:CsvWriter",
        requirements=("duckdb", "pyarrow"),
        options=MappingProxyType(
            {
                "path": Option(type="output_path", required=True),
                "delimiter": Option(type="string"),
                "header": Option(type="boolean"),
                "newline": Option(type="string", choices=("lf", "crlf")),
                "quoting": Option(type="string", choices=("minimal", "all")),
                "nulls": Option(type="string"),
            }
        ),
        summary="Writes a table as a CSV file whose bytes depend on the table alone.",
    ),
    DriverSpec(
        name="duckdb.processor",
        kind="processor",
        target="osiris_core.drivers.duckdb_processor:DuckdbProcessor",
        requirements=("duckdb", "pyarrow"),
        options=MappingProxyType({"query": Option(type="string", required=True)}),
        summary="Runs a SQL query in DuckDB over the tables of the steps it needs.",
    ),
    DriverSpec(
        name="python.callable",
        kind="callable",
        target="osiris_core.drivers.python_callable:PythonCallable",
        requirements=("pyarrow",),
        options=MappingProxyType({"function": Option(type="string", required=True), "kwargs": Option(type="mapping")}),
        summary="Calls a function of the project's own code.",
    ),
)


def builtin_specs() -> Mapping[str, DriverSpec]:
    """Return the declarations of the built-in drivers by name. Imports no driver and no engine."""
    return MappingProxyType({spec.name: spec for spec in _SPECS})


def load_driver(name: str) -> Driver:
    """Return a new driver of this name. LookupError for a name that is not built in."""
    spec = builtin_specs().get(name)
    if spec is None:
        raise LookupError(f"there is no driver {name!r}; there are {', '.join(sorted(builtin_specs()))}")
    return load_target(spec.target)


def load_target(target: str) -> Driver:
    """Return a new driver of the class `module:Class`. ImportError or AttributeError where there is none."""
    module, _, attribute = target.partition(":")
    driver: Driver = getattr(importlib.import_module(module), attribute)()
    return driver
