"""`filesystem.csv_writer`: a table becomes a CSV file whose bytes depend on the table alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osiris_core.drivers.csv_dialect import NEWLINES, delimiter_of
from osiris_core.drivers.csv_text import CsvFormat, csv_lines
from osiris_core.drivers.files import artifact_place
from osiris_core.drivers.inputs import only_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osiris_core.drivers.protocol import Context


class CsvWriter:
    """Writes the one table it is given below the step's own directory; see `docs/drivers.md` for its options."""

    def run(
        self,
        *,
        step_id: str,  # noqa: ARG002 - the protocol's
        config: Mapping[str, Any],
        inputs: Mapping[str, Any],
        ctx: Context,
    ) -> dict[str, Any]:
        """Return `{}`. ValueError for a path that leaves the step's directory, TypeError for a type without text."""
        table = only_table(inputs)
        form = CsvFormat(
            delimiter=delimiter_of(config),
            newline=NEWLINES[config.get("newline", "lf")],
            quote_all=config.get("quoting", "minimal") == "all",
            nulls=str(config.get("nulls", "")),
        )
        shown = str(config["path"])
        with artifact_place(ctx.output_dir, shown).open("xb") as stream:
            if config.get("header", True):
                stream.write(form.header(table.schema.names))
            for lines in csv_lines(table, form):
                stream.write(lines)
        ctx.log_metric("rows_written", table.num_rows, unit="rows")
        ctx.logger.info("wrote %d rows, %d columns to %s", table.num_rows, table.num_columns, shown)
        return {}
