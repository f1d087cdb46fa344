"""The drivers that a manifest may name, as declarations: nothing of a driver is imported to look it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.drivers.registry import builtin_specs

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from osiris_core.drivers.protocol import DriverSpec


class DriverCatalog:
    """Finds drivers by the name that a step gives."""

    def names(self) -> Collection[str]:
        """Return the names that can be suggested for one that is unknown."""
        return builtin_specs().keys()

    def find(self, name: str, code: Sequence[Path]) -> DriverSpec | None:  # noqa: ARG002 - for classes of the project's own
        """Return the declaration of the driver called `name`, or None; `code` are the project's code directories."""
        return builtin_specs().get(name)
