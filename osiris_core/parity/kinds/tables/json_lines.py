"""JSON lines: a record a line, a column a key. A missing key is not null, and 1 is not 1.0.

A column has a type where all of its values on a side are of one; else its cells are JSON texts.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.hints import writing_hint
from osiris_core.parity.kinds.json_values import plain_decimal
from osiris_core.parity.kinds.protocol import FileFinding, SetAside
from osiris_core.parity.kinds.structured import FORMAT_REASON, JSON_FORMAT
from osiris_core.parity.kinds.tables.comparer import as_bytes, compare_tables, reading_errors, said_by
from osiris_core.parity.kinds.tables.model import Table, TableError, batch_rows
from osiris_core.parity.kinds.text import TextComparer, explain_text, small_contents
from osiris_core.parity.writings import text_rules
from osiris_core.rules.forms import Form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa

    from osiris_core.parity.kinds.protocol import FileComparison, FilePair

LINE_BYTES: Final = 64 << 20
"""A longer line is not read."""

MOST_KEYS: Final = 2_000
_WHOLE: Final = "(record)"
"""The column of records that are no objects, or of objects without a key where a file has no others."""

_MARK: Final = b"\xef\xbb\xbf"

_INT64: Final = range(-(1 << 63), 1 << 63)
_MISSING: Final = "missing"
_NULL: Final = "null"
_MIXED: Final = "mixed"

Kinds = dict[str, set[str]]


class JsonLinesComparer:
    """Compares two files of JSON lines by the keys and values of their records."""

    name = "JSON lines"

    def claims(self, path: str, head: bytes) -> bool:
        """Go by the name alone."""
        del head
        return path.lower().endswith((".jsonl", ".ndjson"))

    def compare(self, pair: FilePair) -> FileComparison | None:
        """Say which records and values differ; of files that are no JSON lines, which lines."""
        try:
            tables = read_json_lines(pair.left, pair.right, pair.labels)
            told = compare_tables(*tables, rules=pair.rules, labels=pair.labels)
        except reading_errors() as error:
            text = TextComparer().compare(pair)
            gap = f"{pair.path} was compared as text, not as a table: {said_by(error)}"
            return replace(text, not_compared=(*text.not_compared, gap)) if text else as_bytes(pair, error)
        if told.findings:
            contents = small_contents(pair)
            lines = explain_text(*contents, pair.names) if contents else None
            diff = lines.diff if lines else ""
            return replace(told, findings=tuple(replace(found, diff=diff) for found in told.findings))
        marked = _other_mark(pair)
        if isinstance(marked, FileFinding):
            return replace(told, findings=(marked,), findings_total=1)
        aside = (*told.set_aside, *marked)
        return replace(told, set_aside=aside or (SetAside(rule=JSON_FORMAT, reason=FORMAT_REASON),))


def _other_mark(pair: FilePair) -> FileFinding | tuple[SetAside, ...]:
    """Tell a byte order mark that one file has alone, unless a rule declares that it means nothing."""
    starts = []
    for path in (pair.left, pair.right):
        with path.open("rb") as source:
            starts.append(source.read(len(_MARK)) == _MARK)
    if starts[0] == starts[1]:
        return ()
    left, right = ("a byte order mark" if has_one else "none" for has_one in starts)
    if rule := text_rules(pair.rules).get(Form.BYTE_ORDER_MARK):
        return (SetAside(rule=rule.id, reason=rule.reason, left=left, right=right),)
    message = f"the same records, behind a byte order mark on {pair.labels[0] if starts[0] else pair.labels[1]} alone"
    return FileFinding(message=message, left=left, right=right, hint=writing_hint("\ufeff", ""))


def read_json_lines(left: Path, right: Path, labels: tuple[str, str]) -> tuple[Table, Table]:
    """Return both tables. TableError, with the side and the line, for what is no JSON, or has a key twice."""
    kinds = tuple(_kinds(path, label) for path, label in zip((left, right), labels, strict=True))
    names = list(dict.fromkeys([*kinds[0], *kinds[1]]))
    for name in names:
        both = [side.get(name, set()) for side in kinds]
        told_apart = {_MISSING, _NULL} <= (both[0] | both[1])
        for side in kinds:
            if told_apart and name in side:
                side[name] |= {_MISSING, _NULL}
        # The JSON text `[1]` of a list is not the text "[1]": where one side has texts alone, both are written as JSON.
        types = [_type(side[name]) for side in kinds if name in side]
        if None in types and any(kind is not None and str(kind) == "string" for kind in types):
            for side in kinds:
                side[name].add(_MIXED)
    # The order of keys is no content: the columns of both come in one.
    ordered = [{name: side[name] for name in names if name in side} for side in kinds]
    return _table(left, labels[0], ordered[0]), _table(right, labels[1], ordered[1])


def _table(path: Path, label: str, kinds: Kinds) -> Table:
    import pyarrow as pa

    types = {name: _type(found) for name, found in kinds.items()}
    schema = pa.schema([pa.field(name, kind or pa.string()) for name, kind in types.items()])

    def batches() -> Iterator[pa.RecordBatch]:
        size, waiting = batch_rows(len(types)), []
        for record in _records(path, label):
            waiting.append(record)
            if len(waiting) == size:
                yield _batch(waiting, types, schema)
                waiting = []
        if waiting:
            yield _batch(waiting, types, schema)

    return Table(schema=schema, batches=batches, unit="record")


def _batch(records: list[dict[str, Any]], types: Mapping[str, pa.DataType | None], schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    columns = []
    for name, kind in types.items():
        values = [record.get(name, _Missing) for record in records]
        shown: Callable[[Any], Any] = _plain if kind is not None else _text
        columns.append(pa.array([None if value is _Missing else shown(value) for value in values], kind or pa.string()))
    return pa.record_batch(columns, schema=schema)


class _Missing:
    """Stands for a key that a record does not have."""


def _plain(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    try:
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    except TypeError:  # a Decimal, of whose digits none may be lost
        return _exact_text(value)


def _exact_text(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(name)}: {_exact_text(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_exact_text, value)) + "]"
    return plain_decimal(str(value)) if isinstance(value, Decimal) else _text(value)


def _kinds(path: Path, label: str) -> Kinds:
    """Return of which kinds the values of each key are."""
    kinds: Kinds = defaultdict(set)
    seen: dict[str, int] = defaultdict(int)
    records = 0
    for record in _records(path, label):
        records += 1
        for name, value in record.items():
            kinds[name].add(_kind(value))
            seen[name] += 1
        if len(kinds) > MOST_KEYS:
            raise TableError(f"that of {label} has more than {MOST_KEYS:,} different keys")
    for name, count in seen.items():
        if count < records:
            kinds[name].add(_MISSING)
    # A table without columns has no rows, whatever it was made of.
    return dict(kinds) or ({_WHOLE: {_MISSING}} if records else {})


def _kind(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return "int" if value in _INT64 else "big"
    return _NULL if value is None else type(value).__name__


def _type(kinds: set[str]) -> pa.DataType | None:
    """Return the type of a column, None where its cells are JSON texts."""
    import pyarrow as pa

    if {_MISSING, _NULL} <= kinds or _MIXED in kinds:
        return None
    (kind, *others) = sorted(kinds - {_MISSING, _NULL}) or [""]
    types = {"int": pa.int64(), "float": pa.float64(), "str": pa.string(), "bool": pa.bool_()}
    return types.get(kind) if not others else None


def _records(path: Path, label: str) -> Iterator[dict[str, Any]]:
    with path.open("rb") as source:
        number = 0
        while line := source.readline(LINE_BYTES):
            number += 1
            if len(line) == LINE_BYTES:
                raise TableError(f"line {number:,} of {label} is longer than {LINE_BYTES:,} bytes")
            if not line.strip():
                continue
            try:
                # As text: json would guess at UTF-16 where it is given bytes.
                text = (line.removeprefix(_MARK) if number == 1 else line).decode()
                whole = _integer if "-0" in text else None
                value = json.loads(text, object_pairs_hook=_distinct, parse_float=_number, parse_int=whole)
            except (ValueError, RecursionError) as error:
                raise TableError(f"line {number:,} of {label} is no JSON that can be compared: {error}") from error
            yield value if isinstance(value, dict) else {_WHOLE: value}


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    if _WHOLE in found:
        raise ValueError(f"the key {_WHOLE} is kept for records that are no objects")
    return found


def _number(text: str) -> float | Decimal:
    """Return a float where it is exactly the decimal that is written."""
    number = float(text)
    exact = Decimal(text)
    return number if number - number == 0 and Decimal(repr(number)) == exact else exact


def _integer(text: str) -> int | Decimal:
    """Return an integer; `-0`, which Python's own are not, as a decimal."""
    return Decimal(text) if text == "-0" else int(text)
