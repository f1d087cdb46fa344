"""The built-in drivers by name, declared so that nothing of theirs is imported before a step needs it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from osiris_core.drivers.builtin import commands, csv_files, databases, file_copy, json_lines, parquet_files, processing
from osiris_core.drivers.loading import load_target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osiris_core.drivers.protocol import Driver, DriverSpec

RUNTIME_REQUIREMENTS: Final = ("duckdb", "pyarrow")
"""Distributions that every target needs, whatever a manifest declares: they describe the tables of all steps."""

_SPECS: Final = (
    csv_files.EXTRACTOR,
    csv_files.WRITER,
    parquet_files.EXTRACTOR,
    parquet_files.WRITER,
    json_lines.EXTRACTOR,
    json_lines.WRITER,
    databases.EXTRACTOR,
    databases.WRITER,
    file_copy.COPY,
    commands.COMMAND,
    processing.DUCKDB,
    processing.PYTHON,
)
_BY_NAME: Final[Mapping[str, DriverSpec]] = MappingProxyType({spec.name: spec for spec in _SPECS})


def builtin_specs() -> Mapping[str, DriverSpec]:
    """Return the declarations of the built-in drivers by name. Imports no driver and no engine."""
    return _BY_NAME


def load_driver(name: str) -> Driver:
    """Return a new driver of this name. LookupError for a name that is not built in."""
    spec = builtin_specs().get(name)
    if spec is None:
        raise LookupError(f"there is no driver {name!r}; there are {', '.join(sorted(builtin_specs()))}")
    return load_target(spec.target)
