"""Chooses who compares two files, by their content and name; the last one, bytes, compares whatever is left.

Whoever compares, what comes back is held to the one thing that is known: the bytes differ. An answer that names neither
a difference, nor a rule, nor a gap is no answer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.binary import BinaryComparer
from osiris_core.parity.kinds.containers.streams import CODECS, StreamComparer
from osiris_core.parity.kinds.containers.tarred import TarComparer
from osiris_core.parity.kinds.containers.zipped import ZipComparer
from osiris_core.parity.kinds.extensions import extensions
from osiris_core.parity.kinds.names import misnamed
from osiris_core.parity.kinds.opened import NotComparableError, held
from osiris_core.parity.kinds.protocol import FileComparison, FileFinding, SetAside
from osiris_core.parity.kinds.structured import JsonComparer
from osiris_core.parity.kinds.table_files import TABLES
from osiris_core.parity.kinds.text import TextComparer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.kinds.opened import HeldFile
    from osiris_core.parity.kinds.protocol import FileComparer, FilePair


def _compare_members(pair: FilePair) -> FileComparison:
    return compare_files(pair)


COMPARERS: Final[tuple[FileComparer, ...]] = (
    *(StreamComparer(codec, _compare_members) for codec in CODECS),
    ZipComparer(_compare_members),
    TarComparer(_compare_members),
    *TABLES,
    JsonComparer(),
    TextComparer(),
    BinaryComparer(),
)
"""The built-in comparers, the most telling first."""


def compare_files(pair: FilePair) -> FileComparison:
    """Compare two files whose bytes differ; whatever could not be looked at is a gap, told in a sentence.

    Comparers that were installed are asked before the built-in ones. One that fails is told, and the next is asked.
    """
    found = extensions()
    gaps = list(found.broken)
    try:
        files = held(pair.left, pair.labels[0]), held(pair.right, pair.labels[1])
        gaps += [gap for file in files if (gap := misnamed(pair.path, file.head, file.label))]
        asked = (*zip(found.comparers, found.called, strict=True), *((each, "") for each in COMPARERS))
        told = _compare(pair, asked, files, gaps)
    except (OSError, NotComparableError) as error:
        return _by_digest(pair, error, gaps)
    changed = [file.label for file in files if file.has_changed()]
    if changed:
        gaps.append(f"{pair.path} changed on {' and '.join(changed)} while it was compared")
    return FileComparison(
        findings=told.findings,
        findings_total=max(told.findings_total, len(told.findings)),
        set_aside=told.set_aside,
        not_compared=(*gaps, *told.not_compared),
        idle_rules=told.idle_rules,
        compared_by=told.compared_by,
    )


def _compare(
    pair: FilePair, comparers: Sequence[tuple[FileComparer, str]], files: tuple[HeldFile, HeldFile], gaps: list[str]
) -> FileComparison:
    """Return the first answer of a comparer that claims both files; what went wrong before it is added to `gaps`.

    Of an installed comparer it is known how records call it; of a built-in one that is empty.
    """
    for comparer, called in comparers:
        told, kind = None, called or comparer.name
        try:
            if all(comparer.claims(pair.path, file.head) for file in files):
                told = comparer.compare(pair)
        except (OSError, NotComparableError):
            raise
        except Exception as error:  # noqa: BLE001 - a comparer may be anybody's, and a hostile file may break any: it is told, and the next one compares
            gaps.append(f"{pair.path} was not compared as {kind}: {type(error).__name__}: {error}")
        if told is None:
            continue
        if not isinstance(told, FileComparison) or not _says_something(told):
            gaps.append(f"{pair.path} was not compared as {kind}: it names no difference, no rule and no gap")
            continue
        return replace(told, compared_by=(called,)) if called else told
    return FileComparison(not_compared=(f"{pair.path} was not compared: no comparer takes it",))


def _says_something(told: FileComparison) -> bool:
    for given, kind in ((told.findings, FileFinding), (told.set_aside, SetAside), (told.not_compared, str)):
        if not isinstance(given, tuple) or not all(isinstance(each, kind) for each in given):
            return False
    return bool(told.findings or told.not_compared or (told.set_aside and all(each.rule for each in told.set_aside)))


def _by_digest(pair: FilePair, error: Exception, gaps: list[str]) -> FileComparison:
    reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
    message = f"the digests differ; the files cannot be opened any more: {error}"
    gap = f"{pair.path} was compared by digest only: {reason}"
    return FileComparison(findings=(FileFinding(message=message),), findings_total=1, not_compared=(*gaps, gap))
