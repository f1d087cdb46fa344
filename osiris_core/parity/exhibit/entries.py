"""The artifact trees of two sessions, path by path. What differs in content is what the record found to: nothing is opened again."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from osiris_core.parity.exhibit.model import Entry, Standing
from osiris_core.parity.record import Layer
from osiris_core.parity.tree_others import others_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.record import Finding, ParityRecord
    from osiris_core.parity.side import Side
    from osiris_core.session.artifacts import ArtifactFile

_EXECUTABLE: Final = 0o111
_FILE, _LINK, _DIRECTORY, _OTHER = "file", "link", "directory", "other"

_Facts = tuple[str, int | None, str, bool]
"""Kind, size in bytes, digest, whether it is executable."""
_NOTHING: Final[_Facts] = ("", None, "", False)


def entries_by_step(left: Side | None, right: Side | None, record: ParityRecord) -> dict[str, tuple[Entry, ...]]:
    """Return the entries of both trees by step, each step's in the order of paths."""
    a, b = (_facts(side) if side else {} for side in (left, right))
    differing = _differing(record)
    found: dict[str, list[Entry]] = defaultdict(list)
    for path in sorted(a.keys() | b.keys()):
        x, y = a.get(path, _NOTHING), b.get(path, _NOTHING)
        standing = _standing(x, y, told=path in differing, all_told=_has_all_findings(record))
        found[path.partition("/")[0]].append(
            Entry(
                path=path,
                standing=standing,
                kinds=(x[0], y[0]),
                sizes_bytes=(x[1], y[1]),
                digests=(x[2], y[2]),
                executable=(x[3], y[3]),
            )
        )
    return {step: tuple(entries) for step, entries in found.items()}


def _facts(side: Side) -> dict[str, _Facts]:
    others = others_of(side)
    skipped = {
        path: (_LINK if "link" in reason else _OTHER, None, "", False) for path, reason in others.skipped.items()
    }
    empty = {f"{path}/": (_DIRECTORY, None, "", False) for path in others.empty}
    return {**empty, **skipped, **{path: _of_file(file) for path, file in side.session.artifacts.items()}}


def _of_file(file: ArtifactFile) -> _Facts:
    return _FILE, file.size_bytes, file.sha256, bool(int(file.mode, 8) & _EXECUTABLE)


def _standing(left: _Facts, right: _Facts, *, told: bool, all_told: bool) -> Standing:
    if left is _NOTHING:
        return Standing.RIGHT
    if right is _NOTHING:
        return Standing.LEFT
    if told or (left != right and not all_told):
        return Standing.CHANGED
    return Standing.SAME if left == right else Standing.SET_ASIDE


def _differing(record: ParityRecord) -> frozenset[str]:
    """Return the paths of artifacts that the record has a difference at; one inside a file is at `path:place`."""
    return frozenset(
        path[:end]
        for path in (each.path for each in _findings(record))
        for end in (len(path), *(place for place, letter in enumerate(path) if letter == ":"))
    )


def _findings(record: ParityRecord) -> Sequence[Finding]:
    found = record.comparison.findings if record.comparison else ()
    return [each for each in found if each.layer is Layer.ARTIFACTS and not each.locates]


def _has_all_findings(record: ParityRecord) -> bool:
    return record.comparison is not None and len(record.comparison.findings) >= record.comparison.findings_total
