"""Holds a step's config against the options that its driver declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from osiris_core.manifest import fields
from osiris_core.manifest.files import check_input_path, check_output_path
from osiris_core.manifest.problems import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from osiris_core.manifest.files import Places
    from osiris_core.manifest.nodes import MappingNode, Node
    from osiris_core.manifest.problems import Place, Problems


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


class DriverSource(Protocol):
    """Where drivers are looked up by the name that a step gives."""

    def names(self) -> Collection[str]:
        """Return the names that can be suggested for one that is unknown."""

    def find(self, name: str, code: Sequence[Path]) -> DriverShape | None:
        """Return the driver called `name`, or None; `code` are the project's own code directories.

        Raises `DriverDeclarationError` for a driver whose declaration cannot be understood.
        """


def check_options(
    problems: Problems, config: MappingNode | None, *, driver: str, shape: DriverShape, at: Place, places: Places
) -> None:
    """Report options that are unknown, missing or of another type; `at` is where a missing config would stand."""
    entries = {} if config is None else config.entries
    for name, entry in entries.items():
        if name in shape.options:
            _check_value(problems, entry.node, name, shape.options[name], places)
        elif name != "<<" and not shape.open_options:  # a merge key is reported as what it is
            hint = problems.nearest(name, shape.options) or "it has " + (", ".join(shape.options) or "none")
            problems.add(entry, f"{shown(driver)} has no option {shown(name)}", hint)
    for name, option in shape.options.items():
        if option.required and name not in entries:
            problems.add(config or at, f"{shown(driver)} needs the option {shown(name)}")


def _check_value(problems: Problems, node: Node, name: str, option: OptionShape, places: Places) -> None:
    """Report a value of another type, none of the choices, or a path that leads where it must not."""
    if option.type in {"input_path", "output_path"}:
        _check_path(problems, node, name, option, places)
    elif option.type == "output_paths":
        for written, at in fields.texts(problems, node, name):
            check_output_path(problems, written, at)
    elif option.choices and option.type == "string":
        fields.choice(problems, node, name, option.choices)
    elif option.type == "strings":
        for each in fields.items(problems, node, name):
            if option.choices:
                fields.choice(problems, each, f"{name}[]", option.choices)
            else:
                fields.text(problems, each, f"{name}[]")
    elif option.type in {"integer", "number"}:
        _check_number(problems, node, name, option)
    elif option.type in _READERS:
        _READERS[option.type](problems, node, name)


_READERS: Final[Mapping[str, Callable[[Problems, Node, str], object]]] = {
    "string": fields.text,
    "boolean": fields.boolean,
    "mapping": fields.mapping,
}


def _check_number(problems: Problems, node: Node, name: str, option: OptionShape) -> None:
    """Report a value that is no number, or one out of the option's bounds."""
    read = fields.whole if option.type == "integer" else fields.number
    value = read(problems, node, name)
    if value is None:
        return
    if option.minimum is not None and not value >= option.minimum:
        problems.add(node, f"{shown(name)} must be at least {option.minimum:g}, not {value}")
    elif option.maximum is not None and not value <= option.maximum:
        problems.add(node, f"{shown(name)} must be at most {option.maximum:g}, not {value}")


def _check_path(problems: Problems, node: Node, name: str, option: OptionShape, places: Places) -> None:
    written = fields.text(problems, node, name)
    if written is not None and option.type == "input_path":
        check_input_path(problems, written, node, places)
    elif written is not None:
        check_output_path(problems, written, node)
