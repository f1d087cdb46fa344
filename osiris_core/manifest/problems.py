"""Where every reader of a manifest reports what is wrong, so that all of it is said at once."""

from __future__ import annotations

import dataclasses
import difflib
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from osiris_core.errors import ManifestError, ManifestProblem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

MAX_PROBLEMS = 1000
"""More than this nobody reads; the rest is counted."""
_MOST = 10_000  # whoever finds more reads a text that is no manifest, and stops
_MAX_COMPARISONS = 50_000  # what looking for similar names may cost one manifest, about a second
_MAX_NAME = 64  # comparing longer names costs the product of their lengths
_SHOWN = 60
_MOST_NAMED = 12
_MANIFEST = "the manifest"
_BEGINNING = 'it begins with `osiris: "1"`'


class Place(Protocol):
    """Anything that has a line and a column, both counted from 1."""

    @property
    def line(self) -> int:
        """The line, from 1."""

    @property
    def column(self) -> int:
        """The column in characters, from 1."""


class At(Struct, frozen=True, gc=False):
    """A bare place."""

    line: int
    column: int


START = At(1, 1)


class Problems:
    """The problems of one manifest, which messages call `location`; sentences about the file call it `document`."""

    def __init__(self, location: str, *, document: str = _MANIFEST) -> None:
        self.location = location
        self.document = document
        self._found: set[ManifestProblem] = set()  # an aliased node is read twice, its problem is one
        self._remarks: dict[tuple[int, int], str] = {}
        self._comparisons_left = _MAX_COMPARISONS

    def copy(self) -> Problems:
        """Return another list of problems that begins with those of this one."""
        other = Problems(self.location, document=self.document)
        other._found |= self._found
        return other

    def add(self, at: Place, message: str, hint: str = "") -> None:
        """Note a problem at a place. Raises `ManifestError` with all of them where they are so many that reading on is no use."""
        remark = self._remarks.get((at.line, at.column))
        hint = "; ".join(each for each in (hint, remark) if each)
        self._found.add(ManifestProblem(path=self.location, line=at.line, column=at.column, message=message, hint=hint))
        if len(self._found) >= _MOST:
            raise self.error()

    def elsewhere(self, location: str, document: str = "the file") -> Problems:
        """Return a place to report what is wrong in a file that the manifest names; it is a problem of the manifest."""
        there = Problems(location, document=document)
        there._found = self._found
        return there

    @property
    def beginning(self) -> str:
        """How the file begins that was meant, as a hint; nothing for a file that a manifest names."""
        return _BEGINNING if self.document == _MANIFEST else ""

    @property
    def found(self) -> Collection[ManifestProblem]:
        """All that was noted so far, in no order."""
        return tuple(self._found)

    def adopt(self, problems: Iterable[ManifestProblem]) -> None:
        """Note problems that were found by somebody else."""
        self._found.update(problems)

    def remark(self, at: Place, words: str) -> None:
        """Add words to the hint of every problem that is noted at a place from now on."""
        self._remarks[at.line, at.column] = words

    def nearest(self, name: str, known: Collection[str]) -> str:
        """Return `did you mean ...?` for the known name most like `name`, or nothing."""
        if len(name) > _MAX_NAME or len(known) > self._comparisons_left:
            return ""
        self._comparisons_left -= len(known)
        lowered = {each.lower(): each for each in known}
        match = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
        return f"did you mean {shown(lowered[match[0]])}?" if match else ""

    def error(self) -> ManifestError:
        """Return the error that carries all problems noted so far, in file order."""
        ordered = sorted(self._found)
        rest = ordered[MAX_PROBLEMS:]
        if rest:
            message = f"{len(rest):,} more problems, from here on, are not shown"
            ordered[MAX_PROBLEMS:] = [dataclasses.replace(rest[0], message=message, hint="mend the others first")]
        return ManifestError(ordered)

    @property
    def any(self) -> bool:
        """Whether anything was noted."""
        return bool(self._found)

    def raise_if_any(self) -> None:
        """Raise `ManifestError` where anything was noted."""
        if self._found:
            raise self.error()


def known_names(names: Collection[str]) -> str:
    """Return `known: ...` with the first of some names of a manifest, or nothing where there are none."""
    some = [shown(each) for each in islice(names, _MOST_NAMED)]
    return "known: " + ", ".join([*some, *(["..."] if len(names) > _MOST_NAMED else [])]) if some else ""


def shown(text: str) -> str:
    """Return text from a manifest as a message shows it: on one line, in backticks, cut where it is long."""
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return f"`{printable(cut)}`"


def printable(text: str) -> str:
    """Return text on one line, with escapes for what has no shape."""
    return text if text.isprintable() else "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
