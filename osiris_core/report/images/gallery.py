"""Which pictures of a page's records it has room for, and each as the page shows it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from osiris_core.parity.exhibit.contents import Contents
from osiris_core.parity.record import Layer
from osiris_core.report.images.rasters import read_raster
from osiris_core.report.images.vectors import read_vector
from osiris_core.report.units import plural, size

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from osiris_core.parity.exhibit.contents import Content
    from osiris_core.parity.record import Finding, ParityRecord
    from osiris_core.report.images.facts import ImageFacts

PICTURE_BYTES: Final = 500_000
"""Of one file: charts have some tens of thousand."""
PAGE_BYTES: Final = 3_000_000
"""Of all pictures in a page, before base64 makes four of three: a page can still be sent by mail."""
PAGE_PIXELS: Final = 120_000_000
"""Of all pictures in a page: who unfolds and prints it has them all in memory, four bytes each."""

_NAMES: Final = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSide:
    """One side's picture: `data` is its file in base64, empty where the page has it not, for the reason that `missing` tells.

    `number` is 1 for the left side. `facts` says what it is in a line, `alt` whose; `damage` what is wrong with it, `place` where the file lies.
    """

    target: str
    number: int
    facts: str
    alt: str = ""
    mime: str = ""
    data: str = ""
    width: int = 0
    height: int = 0
    missing: str = ""
    damage: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """Both sides of one artifact, or the one that has it; `path` names it."""

    path: str
    sides: tuple[ImageSide, ...]

    @property
    def laid_over(self) -> bool:
        """Whether both are there, so that one can be laid over the other."""
        return len(self.sides) > 1 and all(each.data for each in self.sides)

    @property
    def same_size(self) -> bool:
        """Whether all have as many pixels to either side."""
        return len({(each.width, each.height) for each in self.sides}) == 1


class ImagesOf(Protocol):
    """Returns the pictures of the file that a finding is about, at a path of the artifacts, with the names of both targets."""

    def __call__(self, finding: Finding, path: str, names: tuple[str, str], /) -> Images | None:
        """Return None where neither is a picture."""


class Gallery:
    """Takes the pictures of one record after the other, in the order of the page; what comes first has its place for sure."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = roots
        self._bytes = self._pixels = 0
        self.shown = 0
        self.left_out = 0

    def told(self) -> tuple[tuple[str, str], ...]:
        """Return `(name, sentence)` of what the page has of pictures; nothing where none differs."""
        if not self.shown + self.left_out:
            return ()
        more = f"; {self.left_out:,} more not, for the reasons that stand beside them" if self.left_out else ""
        held = f"{plural(self.shown, 'picture')} of artifacts that differ ({size(self._bytes)}) in this page{more}"
        return (("pictures", held),)

    def of(self, record: ParityRecord) -> ImagesOf:
        """Return what finds the pictures of this record, those of one file once."""
        contents = Contents(record, self._roots)
        asked: set[str] = set()

        def images(finding: Finding, path: str, names: tuple[str, str]) -> Images | None:
            if finding.layer is not Layer.ARTIFACTS or len(set(finding.digests)) == 1 or path in asked:
                return None  # equal files, and no files
            asked.add(path)
            return self._images(contents.of(finding, path, PICTURE_BYTES), path, names)

        return images

    def _images(self, files: tuple[Content | None, Content | None], path: str, names: tuple[str, str]) -> Images | None:
        found = [
            _found(number, name, file) for number, (name, file) in enumerate(zip(names, files, strict=True), 1) if file
        ]
        unread = any(each.file.problem for each in found) and path.lower().endswith(_NAMES)
        if not unread and not any(each.facts for each in found):
            return None
        full = self._full([each for each in found if not each.unfit])
        return Images(path=path, sides=tuple(self._side(path, each, each.unfit or full) for each in found))

    def _full(self, fit: Sequence[_Found]) -> str:
        """Return why the page has no room for these pictures; else take it for them."""
        size_bytes = self._bytes + sum(each.file.size_bytes for each in fit)
        pixels = self._pixels + sum(each.facts.pixels for each in fit if each.facts)
        if size_bytes > PAGE_BYTES or pixels > PAGE_PIXELS:
            return (
                f"the pictures before it fill what a page has room for, {size(PAGE_BYTES)} and {PAGE_PIXELS:,} pixels"
            )
        self._bytes, self._pixels = size_bytes, pixels
        return ""

    def _side(self, path: str, found: _Found, missing: str) -> ImageSide:
        facts, told = found.facts, found.told
        self.shown += not missing
        self.left_out += bool(missing and (facts or found.file.problem))
        if facts is None or missing:
            return ImageSide(number=found.number, target=found.name, facts=told, missing=missing, place=found.file.path)
        return ImageSide(
            number=found.number,
            target=found.name,
            facts=told,
            alt=f"{path} on {found.name}: {told}",
            mime=facts.mime,
            data=base64.b64encode(found.file.data).decode("ascii"),
            width=facts.width,
            height=facts.height,
            damage=facts.damage,
            place=found.file.path,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """One side's file with what it was found to be; `unfit` says why it is not shown, whatever room there is."""

    number: int
    name: str
    file: Content
    facts: ImageFacts | None
    unfit: str

    @property
    def told(self) -> str:
        """`PNG, 640 \N{MULTIPLICATION SIGN} 480 pixels, 31,204 bytes`, as far as it is known."""
        facts = self.facts
        pixels = f"{facts.width:,} \N{MULTIPLICATION SIGN} {facts.height:,} pixels" if facts and facts.pixels else ""
        return ", ".join(filter(None, [facts.kind if facts else "", pixels, f"{self.file.size_bytes:,} bytes"]))


def _found(number: int, name: str, file: Content) -> _Found:
    facts = (read_raster(file.data) or read_vector(file.data)) if file.data else None
    unfit = file.problem
    if not unfit and facts is None:
        unfit = "it is no picture that a page can show, by its first bytes"
    elif facts and not file.whole:
        unfit = f"files of more than {size(PICTURE_BYTES)} are not put into it"
    return _Found(number=number, name=name, file=file, facts=facts, unfit=unfit or (facts.unfit if facts else ""))
