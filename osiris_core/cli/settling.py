"""Options that the command line leaves open are settled by `[tool.osiris]` of the project that the current directory is in, then by their default."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osiris_core.choices import PROJECT_OPTIONS
from osiris_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_SETTLED = "settled"
_PLACES = {"report", "env_file", "summary"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The value of an option and where it is said: `command line`, `default`, or `pyproject.toml:3 [tool.osiris]`."""

    value: Any
    said_in: str


def leave_open(parser: argparse.ArgumentParser, names: Collection[str] = tuple(PROJECT_OPTIONS)) -> None:
    """Give the options that a project can settle no value of their own, and remember their defaults for `settle`."""
    options = {action.dest: (action, action.default) for action in _actions(parser) if action.dest in names}
    for action, _ in options.values():
        action.default = None
    parser.set_defaults(**{_SETTLED: options})


def settle(given: argparse.Namespace) -> Mapping[str, Settled]:
    """Fill in what the command line left open; return every option with where it is said.

    A repeatable option adds up, the project's values first. Raises `UsageError` for a value that the option does not take.
    """
    from osiris_core.manifest.loader import find_project_root
    from osiris_core.project import FILE, place_of, read_options

    root = find_project_root(Path.cwd())
    project = read_options(root)
    found = {}
    for name, (action, default) in vars(given).pop(_SETTLED).items():
        value, said_in = getattr(given, name), "command line"
        if name in project and (value is None or isinstance(value, list)):
            said_in = f"{place_of(root / FILE, ('tool', 'osiris'), name)} [tool.osiris]"
            value = _added(_converted(action, project[name], said_in, root), value)
        elif value is None:
            value, said_in = default, "default"
        setattr(given, name, value)
        found[name] = Settled(value=value, said_in=said_in)
    return found


def _added(first: Any, then: Any) -> Any:
    return first if then is None else [*first, *then]


def _converted(action: argparse.Action, value: Any, said_in: str, root: Path) -> Any:
    """Return a project's value as the option would have it: its type, one of its choices, a path from the project's root."""
    if action.dest in _PLACES:
        return root / value if value else None
    if not isinstance(value, str):
        return value
    convert: Any = action.type or str
    try:
        converted = convert(value)
    except (ValueError, argparse.ArgumentTypeError) as error:
        reason = str(error) if isinstance(error, argparse.ArgumentTypeError) else f"{value!r} is not understood"
        raise UsageError(f"{said_in}: `{action.dest}`: {reason}") from None
    if action.choices is not None and converted not in action.choices:
        raise UsageError(f"{said_in}: `{action.dest}`: unknown {value!r}", hint=f"give {', '.join(action.choices)}")
    return converted


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return list(parser._actions)  # noqa: SLF001 - argparse has no public way to its own options
