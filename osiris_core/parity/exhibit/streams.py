"""What each step logged and printed, as streams of rows; of what is too large to be aligned, its ends and the first differences."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from itertools import zip_longest
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from osiris_core.parity.exhibit.cutting import is_worth_telling, shortened
from osiris_core.parity.exhibit.model import Stream, StreamKind
from osiris_core.parity.exhibit.text_rows import formed, judged_row, rows_alone, rows_between
from osiris_core.parity.layers.logs import ALIGNED_BYTES, text_lines
from osiris_core.parity.streams import lines, size_bytes
from osiris_core.rules.model import RecordKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.parity.exhibit.model import Row
    from osiris_core.parity.pair import Pair
    from osiris_core.parity.text import TextRules
    from osiris_core.session.model import Session

ENDS: Final = 1_000
"""Lines kept at either end of a stream that is too large to be aligned, and of those that differ."""
_WALKED_BYTES: Final = 64 * 1024 * 1024
"""So far into such a stream differing lines are looked for."""
_LONGEST: Final = 4_096
"""Characters of a line of such a stream."""
_KINDS: Final = {StreamKind.LOG: ("log", RecordKind.LOG), StreamKind.PRINTED: ("out", RecordKind.PRINTED)}

Lines = Mapping[str, bytes]
"""The streams of one kind, by step."""
_Numbered = tuple[int, bytes | None, bytes | None]


def text_streams(pair: Pair, step: str) -> Iterator[Stream]:
    """Yield the log of a step and what it printed, as far as it has any. To be called once, in the order of the steps."""
    for kind, (suffix, record) in _KINDS.items():
        left, right = (streams_of(side.session, kind) for side in (pair.left, pair.right))
        if not size_bytes(left, step) and not size_bytes(right, step):
            continue
        rules = pair.text.under(pair.rules.covering_text(record, step, ""))
        if max(size_bytes(left, step), size_bytes(right, step)) > ALIGNED_BYTES:
            yield _huge(kind, step, left, right, rules)
            continue
        yield _aligned(kind, rules, f"{step}.{suffix}", text_lines(left, step), text_lines(right, step))


def lone_streams(session: Session, step: str, *, is_left: bool) -> Iterator[Stream]:
    """Yield the same of a session that has no other."""
    for kind in _KINDS:
        streams = streams_of(session, kind)
        if not size_bytes(streams, step):
            continue
        nothing: Lines = {}
        if size_bytes(streams, step) > ALIGNED_BYTES:
            yield _huge(kind, step, *((streams, nothing) if is_left else (nothing, streams)), rules=None)
            continue
        rows = rows_alone(text_lines(streams, step), is_left=is_left)
        totals = (len(rows), 0) if is_left else (0, len(rows))
        kept, cut = shortened(rows, totals, lambda _: False)
        yield Stream(kind=kind, rows=kept, totals=totals, cut=cut)


def streams_of(session: Session, kind: StreamKind) -> Lines:
    """Return the streams of one kind, by step."""
    return session.logs if kind is StreamKind.LOG else session.printed


def _aligned(kind: StreamKind, rules: TextRules, name: str, left: list[str], right: list[str]) -> Stream:
    def shown(row: Row) -> Row:
        texts = (
            lines[number - 1] if number else ""
            for lines, number in ((left, row.left_number), (right, row.right_number))
        )
        return formed(rules, row, *texts)

    totals = len(left), len(right)
    rows, cut = shortened(rows_between(rules, name, left, right), totals, is_worth_telling, shown)
    return Stream(kind=kind, rows=rows, totals=totals, cut=cut)


def _huge(kind: StreamKind, step: str, left: Lines, right: Lines, rules: TextRules | None) -> Stream:
    """Return the ends of a stream, and the first lines of one number that are not the same; nothing more is held."""
    kept: list[_Numbered] = []
    last: deque[_Numbered] = deque(maxlen=ENDS)
    totals = [0, 0]
    differing = walked = 0
    for number, (a, b) in enumerate(zip_longest(lines(left, step), lines(right, step)), start=1):
        totals[0] += a is not None
        totals[1] += b is not None
        walked += len(a or b or b"")
        differs = a != b and differing < ENDS and walked <= _WALKED_BYTES
        differing += differs
        (kept if number <= ENDS or differs else last).append((number, a, b))
    rows = [_by_number(each, rules) for each in sorted((*kept, *last), key=itemgetter(0))]
    cut = (
        f"{len(rows):,} of {max(totals):,} lines are shown: where a stream has more than {ALIGNED_BYTES >> 20} MiB its ends, and the "
        f"first {ENDS:,} lines that are not the same as that of their number on the other side"
    )
    return Stream(kind=kind, rows=tuple(rows), totals=(totals[0], totals[1]), cut=cut)


def _by_number(numbered: _Numbered, rules: TextRules | None) -> Row:
    number, left, right = numbered
    a, b = (None if line is None else line[:_LONGEST].decode("utf-8", "surrogateescape") for line in (left, right))
    if a is None or b is None or rules is None:
        return next(iter(rows_alone([a or b or ""], is_left=b is None, first=number)))
    return judged_row(rules, number, a, b, equal=left == right or rules.judge(a, b).equal)
