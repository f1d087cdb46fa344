"""Osiris' components: which driver stands for each, and what becomes of the fields that its compiler writes.

The fields and their defaults are those of the component specifications of Osiris 0.5.7.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DISTRIBUTION: Final = "osiris-pipeline"
"""The distribution that holds Osiris' own drivers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A field that the driver does not have: why it can be left out, and, where that depends on it, at which values."""

    reason: str
    only: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """What stands for a component: our `driver`, or none; Osiris' own class; and the translation of its config.

    `local` components need no connection. `inputs` are fields that name files to read.
    """

    own: str
    mode: str
    driver: str | None = None
    local: bool = False
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    values: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    dropped: Mapping[str, Dropped] = field(default_factory=lambda: MappingProxyType({}))
    differs: str = ""


_CONNECTION: Final = Dropped(reason="Osiris' runner takes it out too")

COMPONENTS: Final[Mapping[str, Component]] = MappingProxyType(
    {
        "filesystem.csv_extractor": Component(
            driver="filesystem.csv_extractor",
            own="osiris.drivers.filesystem_csv_extractor_driver:FilesystemCsvExtractorDriver",
            mode="extract",
            local=True,
            inputs=("path",),
            renamed={"na_values": "nulls"},
            values={"encoding": {"iso-8859-1": "latin-1", "ascii": "utf-8"}},
            dropped={
                "chunk_size": Dropped(reason="the file is read as a whole, by Osiris too"),
                "skip_rows": Dropped(reason="no row is skipped", only=(0, None)),
                "limit": Dropped(reason="all rows are read", only=(None,)),
                "parse_dates": Dropped(reason="a column of dates is known by its texts", only=(False, None)),
                "dtype": Dropped(reason="types are inferred", only=(None, {})),
                "comment": Dropped(reason="no line is a comment", only=(None,)),
                "skip_blank_lines": Dropped(reason="a blank line among several columns fails the step", only=(True,)),
                "compression": Dropped(reason="a file is read as it is", only=("infer", None)),
                "discovery": Dropped(reason="a run reads data", only=(False,)),
                "connection": _CONNECTION,
            },
            differs="types are inferred by this project's own rules, not by those of pandas",
        ),
        "filesystem.csv_writer": Component(
            driver="filesystem.csv_writer",
            own="osiris.drivers.filesystem_csv_writer_driver:FilesystemCsvWriterDriver",
            mode="write",
            local=True,
            outputs=("path",),
            dropped={
                "chunk_size": Dropped(reason="how much is written at a time does not show in the file"),
                "create_dirs": Dropped(reason="directories below the step's own are always made"),
                "encoding": Dropped(reason="files are UTF-8", only=("utf-8", "ascii")),
                "connection": _CONNECTION,
            },
            differs="columns keep their order, which Osiris' own driver sorts by name; the file is an artifact of the step",
        ),
        "duckdb.processor": Component(
            driver="duckdb.processor",
            own="osiris.drivers.duckdb_processor_driver:DuckDBProcessorDriver",
            mode="transform",
            local=True,
            dropped={"connection": _CONNECTION},
        ),
        "mysql.extractor": Component(own="osiris.drivers.mysql_extractor_driver:MySQLExtractorDriver", mode="extract"),
        "supabase.writer": Component(own="osiris.drivers.supabase_writer_driver:SupabaseWriterDriver", mode="write"),
        "graphql.extractor": Component(
            own="osiris.drivers.graphql_extractor_driver:GraphQLExtractorDriver", mode="extract"
        ),
        "posthog.extractor": Component(
            own="osiris.drivers.posthog_extractor_driver:PostHogExtractorDriver", mode="extract"
        ),
    }
)

INPUTS_OF: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        driver: each.inputs
        for each in COMPONENTS.values()
        for driver in (each.driver, each.own)
        if driver and each.inputs
    }
)
"""The options of drivers that name a file to read."""
