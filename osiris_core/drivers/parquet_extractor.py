"""`filesystem.parquet_extractor`: a Parquet file becomes a table, its rows in the file's order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osiris_core.drivers.files import existing_file
from osiris_core.wire.names import TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from osiris_core.drivers.protocol import Context


class ParquetExtractor:
    """Reads one Parquet file; see `docs/drivers.md` for its options."""

    def run(
        self,
        *,
        step_id: str,  # noqa: ARG002 - the protocol's
        config: Mapping[str, Any],
        inputs: Mapping[str, Any],  # noqa: ARG002 - a source has none
        ctx: Context,
    ) -> dict[str, Any]:
        """Return `{"df": table}`. OSError for a file that is not there, ValueError for one that is no Parquet."""
        shown = str(config["path"])
        table = _read(shown, config.get("columns"))
        ctx.log_metric("rows_read", table.num_rows, unit="rows")
        ctx.logger.info("read %d rows, %d columns from %s", table.num_rows, table.num_columns, shown)
        return {TABLE: table}


def _read(shown: str, wanted: Sequence[str] | None) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = existing_file(shown)
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            selected = _selected(shown, names, wanted)
            # The reader takes a dot in a name for a way into a struct; it may read more than is asked for, never less.
            table = file.read(columns=None if wanted is None else selected).select(selected)
    except pa.ArrowException as error:
        raise ValueError(f"{shown}: it cannot be read as Parquet: {error}") from error
    return table.replace_schema_metadata(None)


def _selected(shown: str, names: Sequence[str], wanted: Sequence[str] | None) -> list[str]:
    """Return the columns to read. ValueError for one that the file does not have, or has twice."""
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"{shown} has more than one column {doubled[0]!r}: a table's columns have one name each")
    unknown = [name for name in wanted or () if name not in names]
    if unknown:
        raise ValueError(f"{shown} has no column {unknown[0]!r}; it has {', '.join(names)}")
    return list(names if wanted is None else wanted)
