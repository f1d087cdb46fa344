"""Manifests that a test says in Python, written down as the file that one would have written by hand.

So they are read by the same loader, fail with file, line and column, and can be copied and committed. Paths count from the test
file, as everywhere in a test; in the file they count from the file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NotRequired, TypedDict

from osiris_core.drivers.catalog import DriverCatalog
from osiris_core.errors import OsirisError
from osiris_core.manifest.model import FORMAT
from osiris_core.manifest.writing import yaml_text
from osiris_core.session.files import make_directory, write_atomically
from pytest_osiris.keys import CheckFailedError

if TYPE_CHECKING:
    from collections.abc import Sequence

DIRECTORY: Final = Path(".osiris") / "manifests"
SUFFIX: Final = ".osiris.yaml"
_PATH_LISTS: Final = ("inputs", "code")
_PLAIN: Final = (str, int, float, bool, type(None))


class StepEntry(TypedDict):
    """A step as a manifest has it."""

    id: str
    driver: str
    needs: NotRequired[Sequence[str]]
    config: NotRequired[Mapping[str, Any]]
    timeout_s: NotRequired[float]
    retries: NotRequired[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltManifest:
    """A manifest that a test has built: `path` is the file, `text` what is in it.

    It is a path itself, for whatever takes one: `osiris.run(built)`, `open(built)`.
    """

    path: Path
    text: str

    def __fspath__(self) -> str:
        """Return the path of the file."""
        return str(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where a test builds its manifests: paths of the test count from `base`, files lie in `directory`."""

    base: Path
    directory: Path
    root: Path


def build(form: Mapping[str, Any], ground: Ground, stem: str) -> BuiltManifest:
    """Write a manifest, given as the mapping that its file holds, and return it. `CheckFailedError` for values that no file can hold."""
    place = ground.directory / f"{stem}{SUFFIX}"
    try:
        text = yaml_text(_plain({"osiris": FORMAT, **_placed(form, ground)}, ground, "manifest"))
    except RecursionError:
        raise CheckFailedError(f"the manifest {stem} is nested too deeply, or holds itself") from None
    try:
        make_directory(ground.directory)
        write_atomically(place, text.encode())
    except OsirisError as error:
        raise CheckFailedError(f"the manifest {stem} cannot be written: {error}") from error
    return BuiltManifest(path=place, text=text)


def _placed(form: Mapping[str, Any], ground: Ground) -> dict[str, Any]:
    """Return a manifest with all that is a path in it as a `Path`."""
    placed = dict(form)
    for name in _PATH_LISTS:
        if isinstance(placed.get(name), list | tuple):  # anything else is for the loader to tell
            placed[name] = [Path(each) if isinstance(each, str) else each for each in placed[name]]
    if isinstance(placed.get("connections"), str):
        placed["connections"] = Path(placed["connections"])
    given = placed.get("code")
    code = [ground.base / each for each in given if isinstance(each, Path)] if isinstance(given, list) else []
    catalog = DriverCatalog(ground.root)
    if isinstance(placed.get("steps"), list | tuple):
        placed["steps"] = [_placed_step(step, catalog, code) for step in placed["steps"]]
    return placed


def _placed_step(step: Any, catalog: DriverCatalog, code: list[Path]) -> Any:
    """Return a step with the files that it reads as paths; a driver that is not known is left for the loader to tell."""
    config = step.get("config") if isinstance(step, Mapping) else None
    if not isinstance(config, Mapping):
        return step
    try:
        found = catalog.find(str(step.get("driver")), code)
    except OsirisError:
        return step
    read = {name for name, option in found.options.items() if option.type == "input_path"} if found else set()
    return {
        **step,
        "config": {
            name: Path(value) if name in read and isinstance(value, str) else value for name, value in config.items()
        },
    }


def _plain(value: Any, ground: Ground, place: str) -> Any:
    """Return a value as a file can hold it, a path as it sees it; `CheckFailedError` with the place of any other."""
    if isinstance(value, os.PathLike):
        return os.path.relpath(ground.base / value, ground.directory).replace(os.sep, "/")
    if isinstance(value, Mapping):
        return {str(name): _plain(each, ground, f"{place}.{name}") for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, ground, f"{place}[{index}]") for index, each in enumerate(value)]
    if isinstance(value, _PLAIN):
        return value
    raise CheckFailedError(
        f"{place} is {value!r:.80}, which no manifest can hold; give a text, a number, true, false, None, a path, a list or "
        "a mapping"
    )
