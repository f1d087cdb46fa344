"""What a step left that is no file: links, pipes and the like, which were not brought back, and empty directories."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from osiris_core.wire.records import ARTIFACT_CREATED, ARTIFACT_SKIPPED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.parity.side import Side

ABSENT: Final = "(absent)"
FILE: Final = "a file"
DIRECTORY: Final = "a directory"
EMPTY: Final = "an empty directory"
_KIND: Final = "it is "


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """By path: why something was skipped, and which directories are empty; `folders` are those that files lie in."""

    skipped: dict[str, str] = field(default_factory=dict)
    empty: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()


def others_of(side: Side) -> Others:
    """Return what the events of one side tell."""
    created = (str(event.get("path")) for event in _created(side))
    skipped = side.outline.named(ARTIFACT_SKIPPED)
    return Others(
        skipped={str(event.get("path")): str(event.get("reason")) for event in skipped},
        empty=frozenset(path.rstrip("/") for path in created if path.endswith("/")),
        folders=frozenset(parent for path in side.session.artifacts for parent in parents(path)),
    )


def _created(side: Side) -> Iterator[dict[str, Any]]:
    if any(name == ARTIFACT_CREATED for _, name in side.outline.counts):
        events = side.session.events
        named = getattr(events, "named", None)  # of a file: most of its lines need not be read
        found = events if named is None else named(ARTIFACT_CREATED)
        yield from (event for event in found if event.get("event") == ARTIFACT_CREATED)


def odd_places(left: Side, right: Side) -> Iterator[tuple[str, str, str, str]]:
    """Yield `(path, code, left, right)` wherever the two sides differ in what is no file, both sides in words.

    What both skipped for the same reason is no difference, and no comparison either: that is told elsewhere.
    """
    a, b = others_of(left), others_of(right)
    skipped = a.skipped.keys() | b.skipped.keys()
    directories = (a.empty | b.empty) - skipped
    files = {
        path for path in left.session.artifacts.keys() ^ right.session.artifacts.keys() if path in a.folders | b.folders
    }
    for path in sorted(skipped | directories | files):
        x, y = _what(left, a, path), _what(right, b, path)
        if x == y or {x, y} == {EMPTY, DIRECTORY}:  # what lies in the other one is told by itself
            continue
        if ABSENT in {x, y}:
            yield path, "artifact-missing" if y == ABSENT else "artifact-extra", x, y
        else:
            kinds = all(words.startswith("a") for words in (x, y))
            yield path, "artifact-type" if kinds else "artifact-skipped", x, y


def parents(path: str) -> Iterator[str]:
    """Yield the directories that a path lies in."""
    parts = path.split("/")
    for length in range(1, len(parts)):
        yield "/".join(parts[:length])


def _what(side: Side, others: Others, path: str) -> str:
    if path in others.skipped:
        return others.skipped[path].removeprefix(_KIND)
    if path in side.session.artifacts:
        return FILE
    if path in others.empty:
        return EMPTY
    return DIRECTORY if path in others.folders else ABSENT
