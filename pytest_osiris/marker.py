"""Reads `@pytest.mark.osiris("flights.osiris.yaml", target="both")`; what is wrong with it fails the test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pytest_osiris.keys import SETTINGS, CheckFailedError
from pytest_osiris.options import parse_targets

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = '@pytest.mark.osiris("flights.osiris.yaml")'


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What a test's marker says: `path` is absolute; `targets` are those of the run unless it names its own."""

    path: Path
    targets: tuple[str, ...]


def read_marker(item: pytest.Item) -> Marked:
    """Return what the nearest `osiris` marker of `item` says; raises `CheckFailedError` with one sentence."""
    marker = item.get_closest_marker("osiris")
    if marker is None:
        raise CheckFailedError(f"this test asks for a pipeline's run but names none; mark it with {EXAMPLE}")
    if len(marker.args) != 1 or not isinstance(marker.args[0], str) or set(marker.kwargs) - {"target"}:
        raise CheckFailedError(f"the osiris marker takes one path, and `target=` if need be, as in {EXAMPLE}")
    path = item.path.parent / marker.args[0]
    if not path.is_file():
        raise CheckFailedError(
            f"the osiris marker names {marker.args[0]!r}, but there is no file {path}; the path counts from the test file"
        )
    return Marked(path=path.resolve(), targets=_targets(marker, item.config))


def targets_of(item: pytest.Item) -> tuple[str, ...]:
    """Return the targets that a run for `item` goes to, with or without a marker."""
    marker = item.get_closest_marker("osiris")
    return item.config.stash[SETTINGS].targets if marker is None else _targets(marker, item.config)


def _targets(marker: pytest.Mark, config: pytest.Config) -> tuple[str, ...]:
    target = marker.kwargs.get("target")
    if target is None:
        return config.stash[SETTINGS].targets
    try:
        return parse_targets(str(target), "the osiris marker")
    except pytest.UsageError as error:
        raise CheckFailedError(str(error)) from None
