"""What two Parquet files of one table say about themselves, where it leads a reader to other rows.

A list names what means nothing: who wrote the file, its metadata, codecs, encodings, sizes, places, and how rows are split.
Everything else is a difference, a field that nobody knows too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.kinds.protocol import FileComparison, FileFinding
from osiris_core.parity.kinds.tables.parquet_layout import layout
from osiris_core.parity.kinds.tables.parquet_pages import first_rows, untrue_pages
from osiris_core.parity.kinds.tables.parquet_statistics import contradictions, statistics_of
from osiris_core.parity.values import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.parity.kinds.protocol import FilePair
    from osiris_core.parity.kinds.tables.parquet_layout import Layout
    from osiris_core.parity.kinds.tables.thrift import Struct

WRONG_STATISTICS: Final = "statistics that contradict the data: readers that go by them return other rows"
_KEPT: Final = 20

_WRITER, _SCHEMA, _ORDERS, _SORTED, _SIZES = 6, 2, 7, 4, 16
_ONE_WRITER: Final = frozenset(range(1, 64))
_EVERY_WRITER: Final = frozenset({3, 5})
"""Of a column in the schema: whether it may be missing or repeated, its parts. Writers word the rest otherwise."""

_FOOTER: Final = frozenset({1, 2, 3, 4, 5, 6, 7})
_GROUP: Final = frozenset({1, 2, 3, 4, 5, 6, 7})
_COLUMN: Final = frozenset({2, 3, 4, 5, 6, 7})
_META: Final = frozenset(range(1, 17)) - {10}
"""Fields that are harmless, or looked at by name."""
_PAGE: Final = frozenset({2, 3, 4})
_BODY: Final = {5: frozenset({2, 3, 4}), 7: frozenset({2}), 8: frozenset({4, 5, 6, 7})}
"""Of a page, its sizes and its checksum, which is held against its bytes; of what each kind of page has, how it is encoded."""
_PAGE_STATISTICS: Final = {5: 5, 8: 8}


def footer_contradictions(pair: FilePair, has_same_rows: bool) -> FileComparison:
    """Say what contradicts itself, or the other file where both have the same rows. TableError where a footer cannot be read."""
    layouts = layout(pair.left), layout(pair.right)
    findings = [*_faults(layouts, pair.labels), *_schemas(layouts), *_unknown(layouts)]
    gaps: list[str] = []
    if has_same_rows and not findings and _is_split_alike(layouts):
        findings += _pages(layouts)
    if has_same_rows and not findings:
        findings += _filters(layouts)
    if not findings:
        findings += _told_of_pages(pair, layouts, gaps, has_same_rows=has_same_rows)
    findings += _statistics(pair, layouts, gaps, has_same_rows=has_same_rows)
    return FileComparison(findings=tuple(findings[:_KEPT]), findings_total=len(findings), not_compared=tuple(gaps))


def _faults(layouts: tuple[Layout, Layout], labels: tuple[str, str]) -> Iterator[FileFinding]:
    """Yield where one file contradicts itself; what both do is a habit of their writer."""
    kinds = [{fault.partition(" of ")[0] for fault in each.faults} for each in layouts]
    for here, other, label in ((0, 1, labels[0]), (1, 0, labels[1])):
        for fault in layouts[here].faults:
            if fault.partition(" of ")[0] not in kinds[other]:
                yield FileFinding(message=f"the file on {label} contradicts itself: {fault}")


def _schemas(layouts: tuple[Layout, Layout]) -> Iterator[FileFinding]:
    writers = {each.footer.get(_WRITER) for each in layouts}
    fields = _EVERY_WRITER if len(writers) > 1 else _ONE_WRITER
    a, b = (
        [{number: element[number] for number in element.keys() & fields} for element in own.footer[_SCHEMA][1:]]
        for own in layouts
    )
    if a != b:
        shown = next(((x, y) for x, y in zip(a, b, strict=False) if x != y), (a, b))
        yield _differs("the file's own schema differs where that of Arrow is the same", *shown)
    orders = [each.footer.get(_ORDERS) for each in layouts]
    if all(orders) and orders[0] != orders[1]:
        yield _differs("by another order of values its statistics were made", orders[0], orders[1])
    declared = [{repr(group.get(_SORTED)) for group in each.footer.get(4, [])} for each in layouts]
    if all(declared) and declared[0] != declared[1]:
        yield _differs("another order of rows is declared", sorted(declared[0]), sorted(declared[1]))


def _unknown(layouts: tuple[Layout, Layout]) -> Iterator[FileFinding]:
    """Yield fields that differ and are on no list, and columns that say of themselves what the schema does not."""
    found = []
    for each in layouts:
        fields = {f"footer.{number}": repr(each.footer[number]) for number in each.footer.keys() - _FOOTER}
        leaves = [element[1] for element in each.footer[_SCHEMA][1:] if 1 in element and not element.get(5)]
        for group in each.footer.get(4, []):
            fields |= {f"row group.{number}": repr(group[number]) for number in group.keys() - _GROUP}
            for column in group[1]:
                fields |= {f"column.{number}": repr(column[number]) for number in column.keys() - _COLUMN}
                fields |= {f"chunk.{number}": repr(column[3][number]) for number in column[3].keys() - _META}
            if [column[3][1] for column in group[1]] != leaves:
                fields["types of columns"] = "not those of the schema"
        for number, group in enumerate(each.groups):
            names = [chunk.name for chunk in group]
            if names != [chunk.name for chunk in each.groups[0]]:
                fields[f"columns of row group {number}"] = repr(names)
        found.append(fields)
    for name in sorted(found[0].keys() | found[1].keys()):
        values = [each.get(name, "(absent)") for each in found]
        if values[0] != values[1]:
            yield _differs(f"the footers differ in {name}, of which it is not known that it means nothing", *values)
    columns = [{chunk.name for group in each.groups for chunk in group} for each in layouts]
    if all(columns) and columns[0] != columns[1]:
        yield _differs("the columns have other names in the footer", sorted(columns[0]), sorted(columns[1]))


def _is_split_alike(layouts: tuple[Layout, Layout]) -> bool:
    """Whether the same rows lie in the same pages."""
    a, b = (
        [
            [[(page[1], _body(page)[1].get(1)) for page in chunk.pages if page[1] != 2] for chunk in group]  # noqa: PLR2004 - 2 is a dictionary
            for group in each.groups
        ]
        for each in layouts
    )
    return a == b


def _pages(layouts: tuple[Layout, Layout]) -> Iterator[FileFinding]:
    """Yield what is said otherwise of the same pages of both files."""
    for left, right in zip(*(each.groups for each in layouts), strict=True):
        for a, b in zip(left, right, strict=True):
            said = [[_said(page) for page in chunk.pages] for chunk in (a, b)]
            if len(said[0]) == len(said[1]) and said[0] != said[1]:
                shown = next((x, y) for x, y in zip(*said, strict=True) if x != y)
                if not _is_told_by_one(*shown):
                    yield _differs(f"the pages of {a.name} are described otherwise", *shown)
            if a.indexes[1] and b.indexes[1] and a.indexes[1] != b.indexes[1]:
                yield _differs(f"another index of the pages of {a.name}", a.indexes[1], b.indexes[1])
            sizes = a.meta.get(_SIZES), b.meta.get(_SIZES)
            if all(sizes) and sizes[0] != sizes[1]:
                yield _differs(f"other sizes of the values of {a.name}", *sizes)


def _filters(layouts: tuple[Layout, Layout]) -> Iterator[FileFinding]:
    """Yield Bloom filters that differ: of the same values in row groups of the same rows, one of one size has one form."""
    a, b = ([group[3] for group in each.footer.get(4, [])] for each in layouts)
    if a != b:
        return
    for left, right in zip(*(each.groups for each in layouts), strict=True):
        for here, there in zip(left, right, strict=True):
            filters = here.indexes[2], there.indexes[2]
            if len(filters[0]) == len(filters[1]) and filters[0] != filters[1]:
                yield _differs(f"another Bloom filter of {here.name}", *filters)


def _told_of_pages(
    pair: FilePair, layouts: tuple[Layout, Layout], gaps: list[str], *, has_same_rows: bool
) -> Iterator[FileFinding]:
    """Yield what is told of pages that their values belie, unless the same is told of pages of the same rows on both sides."""
    told = [
        [
            [(chunk.indexes[1], first_rows(chunk), [_said(page) for page in chunk.pages]) for chunk in group]
            for group in each.groups
        ]
        for each in layouts
    ]
    if has_same_rows and told[0] == told[1]:
        return
    unread: dict[str, None] = {}
    for path, label, own in zip((pair.left, pair.right), pair.labels, layouts, strict=True):
        rows = [group[3] for group in own.footer.get(4, [])]
        for column, wrong in untrue_pages(path, own.groups, rows):
            if wrong:
                yield FileFinding(path=column, message=f"{WRONG_STATISTICS}: on {label} {wrong}")
            else:
                unread[column] = None
    gaps += [f"{pair.path}: what is told of the pages of {column} is not held against its values" for column in unread]


def _body(page: Struct) -> tuple[int, Struct]:
    number = next(number for number in (5, 6, 7, 8) if number in page)
    return number, page[number]


def _said(page: Struct) -> dict[str, Any]:
    """Return what a page's header says of its values."""
    number, body = _body(page)
    own = {f"page.{each}": page[each] for each in page.keys() - _PAGE - {number}}
    own |= {f"{number}.{each}": body[each] for each in body.keys() - _BODY.get(number, frozenset())}
    return {name: value for name, value in own.items() if value != {}}


def _is_told_by_one(left: dict[str, Any], right: dict[str, Any]) -> bool:
    """Whether only one of two pages has statistics, and the rest is the same."""
    names = {f"{number}.{place}" for number, place in _PAGE_STATISTICS.items()}
    a, b = ({name: value for name, value in each.items() if name not in names} for each in (left, right))
    return a == b and not (names & left.keys() and names & right.keys())


def _statistics(
    pair: FilePair, layouts: tuple[Layout, Layout], gaps: list[str], *, has_same_rows: bool
) -> Iterator[FileFinding]:
    """Yield statistics that their data belies; those that are the same on both sides are not what differs."""
    told = [[[statistics_of(chunk) for chunk in group] for group in each.groups] for each in layouts]
    rows = [[group[3] for group in each.footer.get(4, [])] for each in layouts]
    if has_same_rows and told[0] == told[1] and rows[0] == rows[1]:
        return
    unread: dict[str, None] = {}
    for path, label, own in zip((pair.left, pair.right), pair.labels, layouts, strict=True):
        for column, wrong in contradictions(path, own.groups):
            if wrong:
                yield FileFinding(path=column, message=f"{WRONG_STATISTICS}: on {label} {wrong}")
            else:
                unread[column] = None
    for column in unread:
        a, b = ([statistics_of(c) for group in each.groups for c in group if c.name == column] for each in layouts)
        if not has_same_rows or rows[0] != rows[1]:
            gaps.append(f"{pair.path}: the statistics of {column} are not held against its values")
        elif a != b and all(a) and all(b):
            yield _differs(f"other statistics of {column}", a, b, path=column)


def _differs(message: str, left: object, right: object, path: str = "") -> FileFinding:
    return FileFinding(message=message, path=path, left=shorten(repr(left)), right=shorten(repr(right)))
