"""Holds a step's config against the options that its driver declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.manifest import fields
from osiris_core.manifest.files import check_input_path, check_output_path
from osiris_core.manifest.problems import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from osiris_core.manifest.files import Places
    from osiris_core.manifest.nodes import MappingNode, Node
    from osiris_core.manifest.problems import Place, Problems
    from osiris_core.manifest.shapes import DriverShape, OptionShape


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
