"""Which file of one tree belongs to which of the other: by path, by a path that is equal but for its form, by content.

A file under another path is told as renamed where both sides have it once: same digest, and not empty.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from osiris_core.session.artifacts import ArtifactFile


class Match(Enum):
    """How two files were found to belong together; the value is how a message goes on after both names."""

    PATH = ""
    UNICODE = "equal in Unicode's composed form"
    CASE = "equal but for capital and small letters"
    CONTENT = "the same content"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesOfOne:
    """Two files that belong together, or one that has no other; `path` is where findings about them stand."""

    path: str
    left: ArtifactFile | None
    right: ArtifactFile | None
    match: Match = Match.PATH


def paired(left: Mapping[str, ArtifactFile], right: Mapping[str, ArtifactFile]) -> list[FilesOfOne]:
    """Return all files of two trees, in no order."""
    found = [FilesOfOne(path=path, left=file, right=right[path]) for path, file in left.items() if path in right]
    a = {path: file for path, file in left.items() if path not in right}
    b = {path: file for path, file in right.items() if path not in left}
    for match, key in (
        (Match.UNICODE, lambda file: unicodedata.normalize("NFC", file.path)),
        (Match.CASE, lambda file: unicodedata.normalize("NFC", unicodedata.normalize("NFC", file.path).casefold())),
        (Match.CONTENT, lambda file: (file.sha256, file.size_bytes) if file.size_bytes else None),
    ):
        for x, y in _once_each(a.values(), b.values(), key):
            found.append(FilesOfOne(path=x.path, left=a.pop(x.path), right=b.pop(y.path), match=match))
    found += [FilesOfOne(path=path, left=file, right=None) for path, file in a.items()]
    found += [FilesOfOne(path=path, left=None, right=file) for path, file in b.items()]
    return found


def _once_each(
    left: Iterable[ArtifactFile], right: Iterable[ArtifactFile], key: Callable[[ArtifactFile], Hashable]
) -> list[tuple[ArtifactFile, ArtifactFile]]:
    """Return the pairs of files whose key occurs once on each side."""
    groups: dict[Hashable, tuple[list[ArtifactFile], list[ArtifactFile]]] = defaultdict(lambda: ([], []))
    for files, side in ((left, 0), (right, 1)):
        for file in files:
            if (name := key(file)) is not None:
                groups[name][side].append(file)
    return [(a[0], b[0]) for a, b in groups.values() if len(a) == len(b) == 1]
