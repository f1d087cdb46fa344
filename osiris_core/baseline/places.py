"""Where baselines lie: in `__baselines__` beside the file that they are of.

pipelines/flights.osiris.yaml          pipelines/__baselines__/flights/
  its case `AA-2013`                   pipelines/__baselines__/flights@AA-2013/
tests/test_flights.py::test_it[one]    tests/__baselines__/test_flights.py/test_it@one/
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from osiris_core.baseline.document import HOME

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST: Final = ".osiris.yaml"

_LONGEST: Final = 100
_OTHER: Final = re.compile(r"[^A-Za-z0-9_.,=+-]+")


class Place(NamedTuple):
    """A baseline's directory, and whose it is: what stands in its file as `name`."""

    directory: Path
    name: str


def of_manifest(path: Path, case: str = "") -> Place:
    """Return the place of a manifest's baseline, or of one of its cases."""
    stem = owner_name(path)
    return Place(
        path.parent / HOME / (f"{stem}@{_plain(case)}" if case else stem), f"{path.name}[{case}]" if case else path.name
    )


def of_test(file: Path, test: str, *, number: int = 1) -> Place:
    """Return the place of a test function's baseline; `test` is its id behind the file, `number` counts the manifests that it runs."""
    name = f"{file.name}::{test}{f' #{number}' if number > 1 else ''}"
    function, bracket, case = test.replace("::", ".").partition("[")
    plain = f"{_plain(function)}@{_plain(case.removesuffix(']'))}" if bracket else _plain(function)
    return Place(file.parent / HOME / file.name / (f"{plain}@{number}" if number > 1 else plain), name)


def owner_name(path: Path) -> str:
    """Return the first part below `__baselines__` that belongs to a file, without a case."""
    return path.name.removesuffix(MANIFEST)


def set_aside(directory: Path) -> Path:
    """Return where a baseline waits while another takes its place."""
    return directory.with_name(f".{directory.name}.replaced")


def recover(directory: Path) -> None:
    """Bring back a baseline whose replacement was stopped between its two renames."""
    aside = set_aside(directory)
    if aside.is_dir() and not directory.exists():
        aside.rename(directory)


def _plain(text: str) -> str:
    """Return a text as it can stand in a path; where that is not the text itself, a digest tells it from others."""
    plain = _OTHER.sub("-", text).strip("-.")[:_LONGEST]
    return plain if plain == text else f"{plain}-{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
