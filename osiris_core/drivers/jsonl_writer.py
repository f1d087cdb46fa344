"""`filesystem.jsonl_writer`: a table becomes lines of JSON whose bytes depend on the table alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osiris_core.drivers.files import artifact_place
from osiris_core.drivers.inputs import only_table
from osiris_core.drivers.jsonl_text import json_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osiris_core.drivers.protocol import Context


class JsonlWriter:
    """Writes the one table it is given below the step's own directory; see `docs/drivers.md` for its options."""

    def run(
        self,
        *,
        step_id: str,  # noqa: ARG002 - the protocol's
        config: Mapping[str, Any],
        inputs: Mapping[str, Any],
        ctx: Context,
    ) -> dict[str, Any]:
        """Return `{}`. ValueError for a path that leaves the step's directory, TypeError for a type without a form."""
        table = only_table(inputs)
        shown = str(config["path"])
        with artifact_place(ctx.output_dir, shown).open("xb") as stream:
            for lines in json_lines(table):
                stream.write(lines)
        ctx.log_metric("rows_written", table.num_rows, unit="rows")
        ctx.logger.info("wrote %d rows, %d columns to %s", table.num_rows, table.num_columns, shown)
        return {}
