"""What a driver's class says about itself, read from its source: nothing is imported.

A class declares itself by attributes whose values are literals. They may stand in the class or in one that it
inherits from, and the class may be imported into the module that names it, as packages do with their insides.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from osiris_core.drivers.modules import find_source
from osiris_core.errors import DriverDeclarationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

ATTRIBUTES: Final = ("kind", "requirements", "frame", "effects", "options", "open_options", "secret_variables")
"""The attributes that declare."""
_MAX_STEPS = 20  # from one module or class to the next


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A value and where it is written; `inside` has the places of a mapping's keys."""

    value: Any
    at: str
    inside: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassSource:
    """A class as its source shows it: where it is, its documentation, and what it states by attribute."""

    path: Path
    at: str
    documentation: str
    stated: Mapping[str, Stated]


@dataclass(frozen=True, slots=True)
class _Module:
    """A parsed module, and the directories that its imports are looked for in."""

    name: str
    path: Path
    tree: ast.Module
    directories: Sequence[str]

    def at(self, node: ast.expr | ast.stmt) -> str:
        return f"{self.path}:{node.lineno}:{node.col_offset + 1}"


def read_class(target: str, directories: Sequence[str]) -> ClassSource:
    """Return what is known about the class `module:Class`, looked for in `directories` in their order.

    Raises `DriverDeclarationError` where there is none, or where it states what is no literal.
    """
    module, _, name = target.partition(":")
    found = _follow(_read_module(module, directories, target), name, _MAX_STEPS)
    if found is None:
        path = find_source(module, directories)
        raise DriverDeclarationError(f"{path} has no class {name}", hint=f"the driver is {target}")
    source, node = found
    stated: dict[str, Stated] = {}
    for where, each in _with_bases(source, node, _MAX_STEPS):
        declared = {key: value for key, value in _attributes(each) if key in ATTRIBUTES and key not in stated}
        stated.update({key: _literal(where, key, value) for key, value in declared.items()})
    return ClassSource(path=source.path, at=source.at(node), documentation=ast.get_docstring(node) or "", stated=stated)


def _read_module(module: str, directories: Sequence[str], target: str) -> _Module:
    path = find_source(module, directories)
    if path is None:
        hint = "its directory belongs under `code:`, or its distribution has to be installed"
        raise DriverDeclarationError(f"there is no module {module} for {target}", hint=hint)
    if path.suffix != ".py":
        hint = "declare it in pyproject.toml: kind, requirements, options"
        raise DriverDeclarationError(f"{path} has no source to read the declaration of {target} from", hint=hint)
    try:
        tree = ast.parse(path.read_bytes())
    except SyntaxError as error:
        place = f"{path}:{error.lineno}:{error.offset}"
        raise DriverDeclarationError(f"{place}: {error.msg}") from error
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        raise DriverDeclarationError(f"{path} cannot be read: {error}") from error
    return _Module(module, path, tree, directories)


def _follow(module: _Module, name: str, steps: int) -> tuple[_Module, ast.ClassDef] | None:
    """Return the class called `name` in a module, wherever it is imported from, with the module it stands in."""
    found: ast.ClassDef | ast.ImportFrom | None = None
    original = name
    for each in module.tree.body:
        if isinstance(each, ast.ClassDef) and each.name == name:
            found = each
        elif isinstance(each, ast.ImportFrom):
            for alias in each.names:
                if (alias.asname or alias.name) == name:
                    found, original = each, alias.name
    if isinstance(found, ast.ClassDef):
        return module, found
    if found is None or steps == 0:
        return None
    source = _imported_from(module, found)
    if source.split(".")[0] in sys.stdlib_module_names or find_source(source, module.directories) is None:
        return None
    return _follow(_read_module(source, module.directories, f"{source}:{original}"), original, steps - 1)


def _imported_from(module: _Module, statement: ast.ImportFrom) -> str:
    """Return the absolute name of the module that a `from ... import` names."""
    if statement.level == 0:
        return statement.module or ""
    parts = module.name.split(".")
    up = statement.level - (module.path.name == "__init__.py")
    return ".".join([*parts[: len(parts) - up], *([statement.module] if statement.module else [])])


def _with_bases(module: _Module, node: ast.ClassDef, steps: int) -> Iterator[tuple[_Module, ast.ClassDef]]:
    """Yield the class and then those it inherits from, as far as their sources are found by name."""
    yield module, node
    for base in node.bases:
        if isinstance(base, ast.Name) and steps:
            found = _follow(module, base.id, steps)
            if found is not None and found[1] is not node:
                yield from _with_bases(*found, steps - 1)


def _attributes(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    for each in node.body:
        if isinstance(each, ast.Assign):
            for target in each.targets:
                if isinstance(target, ast.Name):
                    yield target.id, each.value
        elif isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name) and each.value is not None:
            yield each.target.id, each.value


def _literal(module: _Module, name: str, node: ast.expr) -> Stated:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        hint = "write its value there as a literal: a manifest is checked without importing its drivers"
        raise DriverDeclarationError(f"{module.at(node)}: {name} is computed", hint=hint) from error
    inside = {}
    if isinstance(node, ast.Dict):
        keys = [key for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
        inside = {str(key.value): module.at(key) for key in keys}
    return Stated(value=value, at=module.at(node), inside=inside)
