"""Options that several built-in drivers have in common, with the same words."""

from __future__ import annotations

from typing import Final

from osiris_core.drivers.protocol import Option

READ: Final = Option(type="input_path", required=True, summary="The file; declare it under `inputs:` too.")
WRITTEN: Final = Option(type="output_path", required=True, summary="Where in the step's artifact directory.")
COLUMNS: Final = Option(
    type="any", summary="A list selects columns, a mapping of names to SQL types declares them; all, inferred."
)
