"""Where everything lies in a Parquet file, by its footer and by its pages: where they contradict each other, readers differ."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.tables.model import TableError
from osiris_core.parity.kinds.tables.thrift import read_struct

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from osiris_core.parity.kinds.tables.thrift import Struct

_MAGIC: Final = b"PAR1"
_TAIL_BYTES: Final = 8
_PAGE_HEADER_BYTES: Final = 4096
_LARGEST_HEADER_BYTES: Final = 1 << 26
_DATA_PAGES: Final = frozenset({0, 3})
_DATA, _INDEX, _DICTIONARY, _DATA2 = 0, 1, 2, 3
_META: Final = 3
_BODIES: Final = {_DATA: 5, _INDEX: 6, _DICTIONARY: 7, _DATA2: 8}


@dataclass(slots=True, kw_only=True)
class Chunk:
    """One column of one row group: `meta` is what the footer says of it, `pages` are the headers of its pages."""

    name: str
    meta: Struct
    pages: list[Struct]
    indexes: tuple[bytes, ...]
    """The places of the pages, what is told of each page, and the Bloom filter, as they stand; empty where there are none."""


@dataclass(slots=True, kw_only=True)
class Layout:
    """All that a file says about itself; `faults` are the sentences about what contradicts itself."""

    footer: Struct
    groups: list[list[Chunk]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def layout(path: Path) -> Layout:
    """Read the footer and the headers of all pages. TableError where they are none."""
    with path.open("rb") as source:
        end = source.seek(0, 2) - _TAIL_BYTES
        source.seek(max(0, end))
        tail = source.read()
        start = end - int.from_bytes(tail[:4], "little")
        if tail[4:] != _MAGIC or start < len(_MAGIC):
            raise TableError("it has no footer")
        source.seek(0)
        if source.read(len(_MAGIC)) != _MAGIC:
            raise TableError("it does not begin as a Parquet file")
        source.seek(start)
        data = source.read(end - start)
        footer, length = read_struct(data)
        found = Layout(footer=footer)
        if length != len(data):
            found.faults.append("bytes behind the footer")
        try:
            _read_groups(source, found, start)
        except (KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
            raise TableError("its footer lacks something") from error
    return found


def _read_groups(source: BinaryIO, found: Layout, end: int) -> None:
    taken = [(0, len(_MAGIC))]
    rows = 0
    for number, group in enumerate(found.footer.get(4, [])):
        rows += group[3]
        chunks = []
        for column in group[1]:
            name = ".".join(part.decode() for part in column[_META][3]) if _META in column else "?"
            where = f"{name} in row group {number}"
            if 1 in column or _META not in column:
                raise TableError(f"{where} lies in another file, or is encrypted")
            chunks.append(_chunk(source, name, column, where=where, faults=found.faults, taken=taken))
        found.groups.append(chunks)
        sizes = (sum(chunk.meta[6] for chunk in chunks), sum(chunk.meta[7] for chunk in chunks))
        if group.get(2) not in sizes or group.get(6, sizes[1]) != sizes[1]:
            found.faults.append(f"the total size of row group {number}")
        first = min((_start(chunk.meta) for chunk in chunks), default=0)
        if group.get(5, 0) not in {0, first} or group.get(7, number) != number:
            found.faults.append(f"the beginning of row group {number}")
    if found.footer.get(3) != rows:
        found.faults.append("the number of rows")
    found.faults += _untold(source, taken, end)


def _start(meta: Struct) -> int:
    return int(meta[11]) if meta.get(11) else int(meta[9])


def _chunk(
    source: BinaryIO, name: str, column: Struct, *, where: str, faults: list[str], taken: list[tuple[int, int]]
) -> Chunk:
    """Read the pages of one column of a row group, and hold what the footer says of them against them."""
    meta = column[_META]
    start, end = _start(meta), _start(meta) + meta[7]
    taken.append((start, end))
    pages: list[Struct] = []
    places: list[int] = []
    at, unpacked = start, 0
    while at < end:
        page, length = _page(source, at)
        if page.get(1) not in _BODIES or _BODIES[page[1]] not in page:
            raise TableError(f"a page of {where} is of an unknown kind")
        pages.append(page)
        places.append(at)
        unpacked += length + page[2]
        at += length + page[3]
    if at != end or unpacked != meta[6]:
        faults.append(f"the size of {where}")
    indexes = tuple(_part(source, taken, *each) for each in ((column, 4, 5), (column, 6, 7), (meta, 14, 15)))
    data = [place for place, page in zip(places, pages, strict=True) if page[1] in _DATA_PAGES]
    if column.get(2, 0) not in {0, start, end, meta[9]}:
        faults.append(f"the place of {where}")
    if indexes[0] and [each[1] for each in read_struct(indexes[0])[0].get(1, [])] != data:
        faults.append(f"the index of the pages of {where}")
    faults += [f"{what} of {where}" for what in _wrong(meta, pages, data)]
    return Chunk(name=name, meta=meta, pages=pages, indexes=indexes)


def _wrong(meta: Struct, pages: list[Struct], data: list[int]) -> Iterator[str]:
    """Yield what the footer says of pages that they are not; `data` are the places of those that hold values."""
    if sum(page[_BODIES[page[1]]][1] for page in pages if page[1] in _DATA_PAGES) != meta[5]:
        yield "the number of values"
    has_dictionary = any(page[1] == _DICTIONARY for page in pages)
    if (data and meta[9] != data[0]) or has_dictionary != bool(meta.get(11)):
        yield "the places of the pages"
    counted = _counted(pages)
    told: Counter[tuple[int, int]] = Counter()
    for each in meta.get(13, []):
        told[_DATA if each[1] == _DATA2 else each[1], each[2]] += each[3]
    encodings = {encoding for kind, encoding in counted if kind == _DATA}
    if not encodings <= set(meta.get(2, [])) or (told and told != counted):
        yield "the encodings"


def _part(source: BinaryIO, taken: list[tuple[int, int]], holder: Struct, place: int, size: int) -> bytes:
    """Return what lies where two fields of a footer say; nothing where they say nothing."""
    if not (holder.get(place) and holder.get(size)):
        return b""
    taken.append((holder[place], holder[place] + holder[size]))
    source.seek(holder[place])
    return source.read(holder[size])


def _counted(pages: list[Struct]) -> Counter[tuple[int, int]]:
    """Return how many pages there are by kind and encoding; some writers call pages of the second version those of the first."""
    values = {_DATA: 2, _DATA2: 4, _DICTIONARY: 2}
    return Counter(
        (_DATA if page[1] == _DATA2 else page[1], page[_BODIES[page[1]]][values[page[1]]])
        for page in pages
        if page[1] in values
    )


def _page(source: BinaryIO, at: int) -> tuple[Struct, int]:
    size = _PAGE_HEADER_BYTES
    while True:
        source.seek(at)
        data = source.read(size)
        try:
            return read_struct(data)
        except TableError:
            if len(data) < size or size > _LARGEST_HEADER_BYTES:
                raise
            size *= 8


def _untold(source: BinaryIO, taken: list[tuple[int, int]], end: int) -> Iterator[str]:
    """Yield where parts overlap, and where something lies that belongs to none of them; zeros only fill up."""
    at = 0
    for start, stop in [*sorted(taken), (end, end)]:
        if start < at:
            yield "parts that overlap"
        if start > at:
            source.seek(at)
            if source.read(start - at).strip(b"\0"):
                yield "bytes that belong to no part"
        at = max(at, stop)
