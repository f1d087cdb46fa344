"""Holds a step's config against the options that its driver declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from osiris_core.manifest import fields
from osiris_core.manifest.files import check_input_path, check_output_path
from osiris_core.manifest.problems import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osiris_core.manifest.files import Places
    from osiris_core.manifest.nodes import MappingNode, Node
    from osiris_core.manifest.problems import Place, Problems


class OptionShape(Protocol):
    """What is known about one option of a driver."""

    @property
    def type(self) -> str:
        """`string`, `input_path`, `output_path`, `boolean`, `integer`, `strings`, `mapping` or `any`."""

    @property
    def required(self) -> bool:
        """Whether the driver cannot work without it."""

    @property
    def choices(self) -> tuple[str, ...]:
        """The only texts it takes; empty where it takes any of its type."""


class DriverShape(Protocol):
    """What is known about a driver: enough to check its config without importing it."""

    @property
    def kind(self) -> str:
        """`extractor`, `processor`, `writer` or `callable`."""

    @property
    def options(self) -> Mapping[str, OptionShape]:
        """Its options by name."""


def check_options(
    problems: Problems, config: MappingNode | None, *, driver: str, shape: DriverShape, at: Place, places: Places
) -> None:
    """Report options that are unknown, missing or of another type; `at` is where a missing config would stand."""
    entries = {} if config is None else config.entries
    for name, entry in entries.items():
        if name in shape.options:
            _check_value(problems, entry.node, name, shape.options[name], places)
        elif name != "<<":  # reported as what it is
            hint = problems.nearest(name, shape.options) or "it has " + (", ".join(shape.options) or "none")
            problems.add(entry, f"{shown(driver)} has no option {shown(name)}", hint)
    for name, option in shape.options.items():
        if option.required and name not in entries:
            problems.add(config or at, f"{shown(driver)} needs the option {shown(name)}")


def _check_value(problems: Problems, node: Node, name: str, option: OptionShape, places: Places) -> None:
    """Report a value of another type, none of the choices, or a path that leads where it must not."""
    if option.type in {"input_path", "output_path"}:
        _check_path(problems, node, name, option, places)
    elif option.choices and option.type == "string":
        fields.choice(problems, node, name, option.choices)
    elif option.type == "string":
        fields.text(problems, node, name)
    elif option.type == "boolean":
        fields.boolean(problems, node, name)
    elif option.type == "integer":
        fields.whole(problems, node, name)
    elif option.type == "mapping":
        fields.mapping(problems, node, name)
    elif option.type == "strings":
        for each in fields.items(problems, node, name):
            fields.text(problems, each, f"{name}[]")


def _check_path(problems: Problems, node: Node, name: str, option: OptionShape, places: Places) -> None:
    written = fields.text(problems, node, name)
    if written is not None and option.type == "input_path":
        check_input_path(problems, written, node, places)
    elif written is not None:
        check_output_path(problems, written, node)
