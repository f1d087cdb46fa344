"""SVG as an expat parser tells it: its size, and what a browser would make of it.

A browser draws an SVG in an `img` without running a script, without asking anybody for anything and without an event; that is its own promise, and a test holds it
to that. It lets it move, however, and a moving picture is told and not shown (`rasters`). What it does not bound is work: a few hundred characters that refer to each other ten times each are 100,000 elements, and the page
hangs. So an SVG is weighed: each reference counts as what it refers to. What cannot be weighed (style sheets that refer to elements, data of unknown
kind) is not shown.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote
from xml.parsers import expat

from osiris_core.report.images.facts import MOST_PIXELS, ImageFacts, too_large
from osiris_core.report.images.rasters import read_raster

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST_ELEMENTS: Final = 20_000
"""That a browser has to make, each reference counted as what it refers to; a chart has some hundred, a plot of points some thousand."""
MOST_PAINTED: Final = 10_000_000_000
"""Elements times the picture's pixels, as if each of them covered it: 20,000 in half a million. Ten times as many took 20 s."""
LEAST_FILTER: Final = 20
FILTER_PIXELS: Final = 1_600
"""A step of a filter goes over every pixel, each time that it is applied: so many of the picture's pixels count as an element. Two steps are what 16 million have room for; 40 took 20 s."""
_DEEPEST: Final = 100
_CHAIN: Final = 200
"""Groups that hold, or refer to, the next one."""

_KIND: Final = "SVG"
_MIME: Final = "image/svg+xml"
_NAMESPACE: Final = "http://www.w3.org/2000/svg"
_HEAD_BYTES: Final = 4_096
_WHOLE: Final = ""
_XML_ID: Final = "http://www.w3.org/XML/1998/namespace id"
_ID: Final = re.compile(r"[^\s\"'();,#<>%\\]+")
_REFERENCE: Final = re.compile(f"#({_ID.pattern})")
_REACHES: Final = re.compile(r"\\|data:|url\([^)]*#", re.IGNORECASE)
"""What a style sheet has that refers to an element, brings something along, or may be written so that this cannot be seen."""
_MOVING: Final = frozenset({"animate", "animateColor", "animateMotion", "animateTransform", "set"})
_MOVES: Final = "it is a moving picture"
_DROPPED: Final = dict.fromkeys(map(ord, "\t\r\n"))
_TOO_MANY: Final = f"a browser would make more than {MOST_ELEMENTS:,} elements of it"
_UNSEEN: Final = "it refers to elements in a way that was not looked into"
_DATA: Final = re.compile(r"\s*data:image/(?:png|jpe?g|gif|webp);base64,([A-Za-z0-9+/=\s]+)", re.IGNORECASE)
_LENGTH: Final = re.compile(r"\s*(\d{1,9}(?:\.\d{0,20})?|\.\d{1,20})(px|pt|pc|mm|cm|in)?\s*")
_PIXELS: Final = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}
_USUAL: Final = (300.0, 150.0)
"""Of an SVG that does not say how large it is (CSS 2.2, 10.3.2)."""


class _UnfitError(Exception):
    """The picture is not to be shown; says why."""


class _OtherError(Exception):
    """It is no SVG."""


@dataclass(slots=True)
class _Group:
    """What stands below an element with an id, up to inner ones that have ids: how many elements, and which groups they refer to or hold."""

    elements: int = 0
    groups: Counter[str] = field(default_factory=Counter)


def read_vector(data: bytes) -> ImageFacts | None:
    """Return what the root of a document says, and whether a browser can be given it; None where it is no SVG."""
    head = data[:_HEAD_BYTES]
    if b"svg" not in head or not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return None
    reader = _Reader()
    unfit = ""
    try:
        reader.read(data)
    except _OtherError:
        return None
    except _UnfitError as error:
        unfit = str(error)
    except (expat.ExpatError, ValueError, LookupError) as error:
        unfit = f"it is no whole document: {error}"
    if reader.root is None:
        return None
    width, height = _size(reader.root)
    unfit = unfit or too_large(width, height)
    return ImageFacts(kind=_KIND, mime=_MIME, width=width, height=height, unfit=unfit)


class _Reader:
    """Goes through a document once; `root` has the attributes of its first element."""

    def __init__(self) -> None:
        self.root: Mapping[str, str] | None = None
        self._groups: dict[str, _Group] = {_WHOLE: _Group()}
        self._open = [_WHOLE]
        self._elements = self._pixels = 0
        self._style_depth = 0
        self._filter = LEAST_FILTER
        self._sheet: list[str] = []

    def read(self, data: bytes) -> None:
        """Read a whole document. Raises `_OtherError`, `_UnfitError`, or what expat says."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = _refuse("it declares entities")
        parser.ProcessingInstructionHandler = _refuse("it has instructions for other programs")
        parser.Parse(data, True)
        sheet = "".join(self._sheet)
        if "keyframes" in sheet.lower():
            raise _UnfitError(_MOVES)
        if _REACHES.search(sheet) or "filter" in sheet.lower():
            raise _UnfitError("it has a style sheet that refers to its elements, holds data, or filters")
        weight = _weight(self._groups, _WHOLE, {}, _CHAIN)
        if weight > MOST_ELEMENTS:
            raise _UnfitError(_TOO_MANY)
        width, height = _size(self.root or {})
        if weight * width * height > MOST_PAINTED:
            raise _UnfitError("it has more elements than a browser paints quickly in a picture of its size")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if self.root is None:
            if local != "svg":
                raise _OtherError
            self.root = attributes
            width, height = _size(attributes)
            self._filter = max(LEAST_FILTER, width * height // FILTER_PIXELS)
            if namespace != _NAMESPACE:
                raise _UnfitError("it does not say that it is SVG, by its namespace")
        if local in _MOVING:
            raise _UnfitError(_MOVES)
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise _UnfitError(_TOO_MANY)
        if len(self._open) > _DEEPEST:
            raise _UnfitError(f"its elements are nested more than {_DEEPEST} deep")
        group = self._group_of(attributes.get("id") or attributes.get(_XML_ID) or "")
        self._open.append(group)
        filters = "filter" in attributes or "filter" in attributes.get("style", "").lower()
        self._groups[group].elements += self._filter if local.startswith("fe") or filters else 1
        for value in attributes.values():
            self._groups[group].groups.update(self._references(value))
        self._style_depth += local == "style" or self._style_depth > 0

    def _group_of(self, own: str) -> str:
        """Return the group that an element with this id counts in, and count the group in the one around it."""
        if not own:
            return self._open[-1]
        if not _ID.fullmatch(own):
            raise _UnfitError(_UNSEEN)
        self._groups.setdefault(own, _Group())
        self._groups[self._open[-1]].groups[own] += 1
        return own

    def _end(self, _: str) -> None:
        self._open.pop()
        self._style_depth = max(0, self._style_depth - 1)

    def _text(self, text: str) -> None:
        if self._style_depth:
            self._sheet.append(text)

    def _references(self, value: str) -> list[str]:
        """Return the ids that a value may refer to, and weigh a picture that it holds."""
        plain = unquote(value).translate(_DROPPED)  # as a browser reads an address
        if "data:" in plain.lower():
            self._weigh(value)
            return []
        if "\\" in plain and ("#" in plain or "(" in plain):
            raise _UnfitError(_UNSEEN)
        return _REFERENCE.findall(plain)

    def _weigh(self, value: str) -> None:
        found = _DATA.fullmatch(value)
        try:
            inner = read_raster(base64.b64decode(found[1])) if found else None
        except binascii.Error:
            inner = None
        self._pixels += inner.pixels if inner else 0
        if inner is None or inner.unfit or self._pixels > MOST_PIXELS:
            raise _UnfitError("it holds data that was not looked into, or a picture that would not be shown either")


def _weight(groups: Mapping[str, _Group], name: str, known: dict[str, int], chain: int) -> int:
    """Return how many elements a group is when each group in it counts as all that it is. Raises `_UnfitError` for what leads on and on."""
    if name not in known:
        if not chain:
            raise _UnfitError("it refers to itself, or its references lead on and on")
        group = groups[name]
        inner = (
            times * _weight(groups, each, known, chain - 1) for each, times in group.groups.items() if each in groups
        )
        known[name] = group.elements + sum(inner)
    return known[name]


def _refuse(why: str) -> Callable[..., None]:
    def refuse(*_: object) -> None:
        raise _UnfitError(why)

    return refuse


def _size(root: Mapping[str, str]) -> tuple[int, int]:
    """Return the size in pixels that a browser gives it: as its root says, or by its view box, or as usual."""
    view = [float(each) for each in re.findall(r"-?\d{1,9}(?:\.\d{1,20})?", root.get("viewBox", ""))]
    box = (view[2], view[3]) if len(view) == 4 and view[2] > 0 and view[3] > 0 else None  # noqa: PLR2004 - x, y, width, height
    width, height = (_pixels(root.get(name, "")) for name in ("width", "height"))
    if box and (width is None or height is None):
        ratio = box[0] / box[1]
        width, height = (width, width / ratio) if width else (height * ratio, height) if height else box
    return max(1, round(width or _USUAL[0])), max(1, round(height or _USUAL[1]))


def _pixels(length: str) -> float | None:
    found = _LENGTH.fullmatch(length)
    return float(found[1]) * _PIXELS[found[2] or ""] if found else None
