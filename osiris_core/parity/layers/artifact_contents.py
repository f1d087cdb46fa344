"""The files whose digests differ: which of them are opened, and what their comparers say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.protocol import FilePair
from osiris_core.parity.record import Finding, Layer
from osiris_core.parity.rulebook import Place
from osiris_core.rules.model import RecordKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osiris_core.parity.pair import Pair
    from osiris_core.parity.tree_pairs import FilesOfOne
    from osiris_core.session.artifacts import ArtifactFile

EXPLAINED_FILES: Final = 100
"""Files that turned out to differ: once there are so many, the verdict stands and the rest is not opened."""

DECIDED_FILES: Final = 2_000
"""Files that are opened at most: whether they differ is for their comparers to say."""

OPENED_BYTES: Final = 8 * 1024 * 1024 * 1024
"""What all opened files may hold, the larger of each two counted. Within a step small files are opened first."""


@dataclass(slots=True)
class Opened:
    """The findings by path, and how many files nobody looked into."""

    findings: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    unopened: int = 0


def compare_contents(pair: Pair, files: Sequence[FilesOfOne]) -> Opened:
    """Compare files that differ by their digests, within bounds; one that is not opened is a finding all the same."""
    opened = Opened()
    explained = decided = total = 0
    for each in sorted(files, key=lambda each: (pair.rank(step_of(each.path)), _size(each), each.path)):
        if each.left is None or each.right is None:
            continue
        total += _size(each)
        if explained < EXPLAINED_FILES and decided < DECIDED_FILES and total <= OPENED_BYTES:
            found = tuple(_opened(pair, each.path, each.left, each.right))
            decided, explained = decided + 1, explained + bool(found)
        else:
            opened.unopened += 1
            found = (_unopened(each.path, each.left, each.right),)
        opened.findings[each.path] = found
    return opened


def step_of(path: str) -> str:
    """Return the step that an artifact belongs to: the first part of its path."""
    return path.partition("/")[0]


def _size(each: FilesOfOne) -> int:
    return max(file.size_bytes for file in (each.left, each.right) if file is not None)


def _unopened(path: str, left: ArtifactFile, right: ArtifactFile) -> Finding:
    message = f"the content differs (one of many files: not opened){_sizes(left.size_bytes, right.size_bytes)}"
    forms = _forms((left.size_bytes, right.size_bytes), _digests(left, right))
    return Finding(
        layer=Layer.ARTIFACTS,
        step=step_of(path),
        code="artifact-content",
        path=path,
        message=message,
        left=forms[0],
        right=forms[1],
        sizes_bytes=(left.size_bytes, right.size_bytes),
        digests=_digests(left, right),
    )


def _opened(pair: Pair, path: str, left: ArtifactFile, right: ArtifactFile) -> Iterator[Finding]:
    """Yield what the comparer of this kind of file says; that it holds the same under a rule is counted for the rule."""
    from osiris_core.parity.kinds.registry import compare_files  # the comparers: loaded once two files differ

    told = compare_files(
        FilePair(
            path=path,
            left=left.absolute,
            right=right.absolute,
            labels=(pair.left.label, pair.right.label),
            rules=pair.rules.covering(Place(RecordKind.ARTIFACT, step_of(path), path)),
            plan=pair.rules.plan(RecordKind.ARTIFACT, step_of(path), path),
        )
    )
    for each in told.set_aside:
        if not each.counted:
            place = f"{path}:{each.path}" if each.path else path
            pair.rules.credit(each.rule, each.reason, place, each.left, each.right)
    pair.rules.note_idle(told.idle_rules, path)
    pair.not_compared.extend(gap for gap in told.not_compared if gap not in pair.not_compared)
    for comparer in told.compared_by:
        pair.compared_by.setdefault(comparer, []).append(path)
    for found in told.findings:
        sizes = found.sizes_bytes if found.members else (left.size_bytes, right.size_bytes)
        digests = found.digests if found.members else _digests(left, right)
        forms = _forms(sizes, digests)
        yield Finding(
            layer=Layer.ARTIFACTS,
            step=step_of(path),
            code=found.code,
            path=f"{path}:{found.path}" if found.path else path,
            message=found.message + _sizes(*sizes),
            left=found.left or forms[0],
            right=found.right or forms[1],
            diff=found.diff,
            hint=found.hint,
            table=found.table,
            ranges=found.ranges,
            samples=found.samples,
            kinds=found.kinds,
            sizes_bytes=sizes,
            digests=digests,
            members=found.members,
        )


def _sizes(left: int | None, right: int | None) -> str:
    return "" if left == right or left is None or right is None else f"; {left:,} and {right:,} bytes"


def _digests(left: ArtifactFile, right: ArtifactFile) -> tuple[str, str]:
    return left.sha256[:12], right.sha256[:12]


def _forms(sizes: tuple[int | None, int | None], digests: tuple[str, str]) -> tuple[str, str]:
    a, b = (
        "" if size is None else f"{size:,} bytes{f', sha256 {digest}' if digest else ''}"
        for size, digest in zip(sizes, digests, strict=True)
    )
    return a, b
