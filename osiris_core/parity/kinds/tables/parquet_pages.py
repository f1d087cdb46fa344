"""What a Parquet file tells of each of its pages, held against the values in them.

Pages that are split otherwise have other statistics, and that means nothing; that they belie their values makes readers skip rows.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.kinds.tables.model import TableError
from osiris_core.parity.kinds.tables.parquet_statistics import decoded, ends_of, is_end, untrue
from osiris_core.parity.kinds.tables.thrift import read_struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from osiris_core.parity.kinds.tables.parquet_layout import Chunk
    from osiris_core.parity.kinds.tables.parquet_statistics import Ends
    from osiris_core.parity.kinds.tables.thrift import Struct

_BODIES: Final = {0: (5, 5), 3: (8, 8)}
"""By the kind of a page that has values: the field of its own header, and in that the field of its statistics."""
_NULL_PAGES, _SMALLEST, _LARGEST, _ORDER, _NULL_COUNTS = 1, 2, 3, 4, 5
_ASCENDING, _DESCENDING = 1, 2
_TRUE: Final = 1
_FIRST_ROW: Final = 3
_SECOND: Final = 3
"""The kind of a page of the second version, which counts its rows."""
_ROWS: Final = 3


def untrue_pages(path: Path, groups: list[list[Chunk]], rows: Sequence[int]) -> Iterator[tuple[str, str]]:
    """Yield (column, what is wrong) for each column of a row group whose pages are told otherwise than they are; an empty text: not looked at.

    `rows` is how many each row group has. One fault of a column is told.
    """
    import pyarrow as pa
    from pyarrow import parquet

    with parquet.ParquetFile(path, pre_buffer=False) as file:
        for group, chunks in enumerate(groups):
            for place, chunk in enumerate(chunks):
                pages = [page for page in chunk.pages if page[1] in _BODIES]
                told = [_statistics(page) for page in pages]
                if not any((*told, *chunk.indexes[:2])):
                    continue
                counts = _rows_of(pages, chunk, rows[group])
                if not counts:
                    yield from (
                        [(chunk.name, "")] if chunk.indexes[1] else []
                    )  # by its headers alone nobody skips a page
                    continue
                try:
                    ends = ends_of(file, group, place, counts)
                    wrong = next(_wrong(chunk, told, counts, ends, file.schema.column(place)), None)
                except (pa.ArrowException, struct.error, NotImplementedError, TableError, LookupError, TypeError):
                    yield chunk.name, ""
                    continue
                if wrong:
                    yield chunk.name, f"{wrong} of row group {group}"


def _rows_of(pages: Sequence[Struct], chunk: Chunk, rows: int) -> list[int]:
    """Return how many rows each page has; none where that cannot be said: of a list the header of a page counts the items."""
    values = [int(page[_BODIES[page[1]][0]][1]) for page in pages]
    if sum(values) == rows:
        return values
    if all(page[1] == _SECOND for page in pages):
        return [int(page[_BODIES[_SECOND][0]][_ROWS]) for page in pages]
    if not chunk.indexes[0]:
        return []
    first = [*first_rows(chunk), rows]
    counts = [after - before for before, after in pairwise(first)]
    return counts if len(counts) == len(pages) and min(counts) > 0 else []


def first_rows(chunk: Chunk) -> list[int]:
    """Return which row each page begins with, by the index of their places; none where there is no such index."""
    return [each.get(_FIRST_ROW, 0) for each in read_struct(chunk.indexes[0])[0].get(1, [])] if chunk.indexes[0] else []


def _statistics(page: Struct) -> Struct:
    body, place = _BODIES[page[1]]
    told: Struct = page[body].get(place, {})
    return told


def _wrong(
    chunk: Chunk, told: Sequence[Struct], counts: Sequence[int], ends: Sequence[Ends], column: Any
) -> Iterator[str]:
    for number, (said, found) in enumerate(zip(told, ends, strict=True)):
        yield from untrue(said, found, column, f"in page {number}")
    if chunk.indexes[0] and first_rows(chunk) != [sum(counts[:number]) for number in range(len(counts))]:
        yield "the first rows of the pages, which begin at others,"
    if chunk.indexes[1]:
        yield from _wrong_index(read_struct(chunk.indexes[1])[0], counts, ends, column)


def _wrong_index(index: Struct, counts: Sequence[int], ends: Sequence[Ends], column: Any) -> Iterator[str]:
    empty = [each == _TRUE for each in index[_NULL_PAGES]]
    if len(empty) != len(counts):
        yield f"{len(empty):,} pages in the index, which are {len(counts):,},"
        return
    lows: list[Any] = []
    highs: list[Any] = []
    for number, found in enumerate(ends):
        if not found.is_nested:
            yield from _wrong_nulls(index, number, counts[number], found)
        if empty[number] or found.smallest is None:
            continue
        low, high = (decoded(index[field][number], column) for field in (_SMALLEST, _LARGEST))
        if low != low or high != high:  # noqa: PLR0124 - NaN: readers go by no such end
            continue
        lows.append(low)
        highs.append(high)
        yield from _wrong_ends(low, high, number, found)
    order = index.get(_ORDER, 0)
    for values in (lows, highs):
        if order in {_ASCENDING, _DESCENDING} and values != sorted(values, reverse=order == _DESCENDING):
            yield "an order of the pages that they are not in"


def _wrong_nulls(index: Struct, number: int, count: int, found: Ends) -> Iterator[str]:
    nulls, is_empty = index.get(_NULL_COUNTS), index[_NULL_PAGES][number] == _TRUE
    if nulls and nulls[number] != found.nulls:
        yield f"{nulls[number]:,} nulls in page {number}, which has {found.nulls:,},"
    if is_empty != (found.nulls == count):
        yield f"that page {number} {'has nothing but' if is_empty else 'has more than'} nulls"


def _wrong_ends(low: Any, high: Any, number: int, found: Ends) -> Iterator[str]:
    for value, data, word in ((low, found.smallest, "smallest"), (high, found.largest, "largest")):
        is_smallest = word == "smallest"
        is_wider = found.is_coded and (value <= data if is_smallest else value >= data)
        if not is_wider and not is_end(value, data, is_smallest=is_smallest):
            yield f"{value!r} as the {word} value in page {number}, whose {word} is {data!r},"
