"""What this room has to know about drivers, which it never imports: the shapes that `osiris_core.drivers` gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path


class OptionShape(Protocol):
    """What is known about one option of a driver."""

    @property
    def type(self) -> str:
        """A member of `osiris_core.drivers.protocol.OptionType`."""

    @property
    def required(self) -> bool:
        """Whether the driver cannot work without it."""

    @property
    def choices(self) -> tuple[str, ...]:
        """The only texts it takes; empty where it takes any of its type."""

    @property
    def minimum(self) -> float | None:
        """The smallest number it takes."""

    @property
    def maximum(self) -> float | None:
        """The largest number it takes."""

    @property
    def visible(self) -> bool:
        """Whether everybody on the machine can see what it says while the step runs."""


class DriverShape(Protocol):
    """What is known about a driver: enough to check its config without importing it."""

    @property
    def kind(self) -> str:
        """`extractor`, `processor`, `writer` or `callable`."""

    @property
    def target(self) -> str:
        """Its class, as `module:Class`."""

    @property
    def requirements(self) -> tuple[str, ...]:
        """The distributions that it imports, as PEP 508 names."""

    @property
    def options(self) -> Mapping[str, OptionShape]:
        """Its options by name."""

    @property
    def open_options(self) -> bool:
        """Whether it takes options that it does not declare."""

    @property
    def frame(self) -> str:
        """As what it is handed its tables: `arrow`, `pandas` or `polars`."""

    @property
    def effects(self) -> str:
        """What it changes: `artifacts`, or also something `external`."""

    @property
    def secret_variables(self) -> tuple[str, ...]:
        """The secrets that it reads from variables of its process."""


class DriverSource(Protocol):
    """Where drivers are looked up by the name that a step gives."""

    def names(self) -> Collection[str]:
        """Return the names that can be suggested for one that is unknown."""

    def find(self, name: str, code: Sequence[Path]) -> DriverShape | None:
        """Return the driver called `name`, or None; `code` are the project's own code directories.

        Raises `DriverDeclarationError` for a driver whose declaration cannot be understood.
        """
