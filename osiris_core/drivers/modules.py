"""Finds the source of a module as an import would, and imports nothing: neither it nor the packages around it."""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec

_LOADERS = ((ExtensionFileLoader, EXTENSION_SUFFIXES), (SourceFileLoader, SOURCE_SUFFIXES))


def find_source(module: str, directories: Sequence[str]) -> Path | None:
    """Return the file of `module`, a dotted name, from the first of the `directories` that has it, or None.

    The file has no source where it does not end in `.py`. A package is found as its `__init__.py`.
    """
    path = [str(each) for each in directories]
    spec = None
    names = module.split(".")
    for place in range(len(names)):
        spec = _find(".".join(names[: place + 1]), path)
        if spec is None:
            return None
        path = spec.submodule_search_locations or []
    return Path(spec.origin) if spec is not None and spec.origin is not None else None


def _find(name: str, path: Sequence[str]) -> ModuleSpec | None:
    """Return what an import finds: the first module or package, else all parts of a namespace package."""
    parts: list[str] = []
    namespace = None
    for directory in path:
        spec = FileFinder(directory, *_LOADERS).find_spec(name)
        if spec is not None and spec.loader is not None:
            return spec
        if spec is not None:
            namespace = spec
            parts += spec.submodule_search_locations or []
    if namespace is not None:
        namespace.submodule_search_locations = parts
    return namespace
