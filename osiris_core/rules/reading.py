"""Reads rules from plain data, as a manifest, a TOML file or a test's marker has them. All that is wrong is said at once.

- id: batch-ids
  reason: a batch is numbered anew in each run
  kind: bijection
  scope: {record: event, step: load, name: batch_done, path: batch}
  shape: {pattern: "b-[0-9]{6}"}
  max_hits: 100
- preset: uuids-in-text
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from osiris_core.nearest import nearest
from osiris_core.rules.forms import TEXT_FORMS, Form
from osiris_core.rules.model import (
    ANY,
    KNOWN,
    SHAPE_TYPES,
    TEXT_RECORDS,
    WITH_PLACES,
    Bounds,
    RecordKind,
    Rule,
    RuleKind,
    Scope,
    Shape,
    Tolerance,
)
from osiris_core.rules.patterns import PatternError, bounded
from osiris_core.rules.presets import PRESETS, expanded

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

MOST: Final = 1_000
"""Rules in one list."""
ID_RULE: Final = "[a-z][a-z0-9-]{0,62}"
"""Ids of rules, as a regular expression for the whole id."""
_ID: Final = re.compile(ID_RULE)
_INDEX: Final = re.compile(r"\[(?!\*\])")
SCOPE_KEYS: Final = ("record", "step", "name", "path", "match")
SHAPE_KEYS: Final = ("type", "pattern", "least", "greatest")
BOUND_KEYS: Final = ("max_hits", "max_share", "must_fire")
_NOT_FOR_CELLS: Final = (RuleKind.TOKEN, RuleKind.BIJECTION, RuleKind.KNOWN_VALUE)
_TEXT_TABLES: Final = (".csv", ".tsv")
_TABLE_FILES: Final = (
    *_TEXT_TABLES,
    *(".jsonl", ".ndjson", ".parquet", ".pq", ".arrow", ".arrows", ".feather", ".ipc", ".sqlite", ".duckdb"),
)
_COMMON: Final = ("id", "reason", "kind", "scope", "shape", *BOUND_KEYS)
KIND_KEYS: Final[Mapping[RuleKind, tuple[str, ...]]] = {
    RuleKind.TOKEN: (),
    RuleKind.BIJECTION: ("space",),
    RuleKind.TOLERANCE: ("absolute", "relative", "ulp", "signed_zero"),
    RuleKind.UNORDERED: ("by",),
    RuleKind.KNOWN_VALUE: ("known",),
    RuleKind.CANONICAL: ("form",),
}
"""The keys that only rules of one kind have."""
RULE_KEYS: Final = (*_COMMON, *(key for keys in KIND_KEYS.values() for key in keys))
PRESET_KEYS: Final = ("preset", "reason", "step", "records")
_TABLE_KINDS: Final = (RuleKind.TOLERANCE, RuleKind.TOKEN)

_LARGEST: Final = 1e300  # beyond it numbers cannot be told in messages
_SHOWN: Final = 60

Where = tuple[str | int, ...]
"""A place in the data: `(0, "scope", "record")`."""


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """What is wrong at a place, in one sentence, and what to do; `at_key` says that the key is wrong, not its value."""

    where: Where
    message: str
    hint: str = ""
    at_key: bool = False

    def __str__(self) -> str:
        """Return it as a sentence with its place, as `rule 2, scope.record: ...`."""
        first, *rest = self.where or ("rules",)
        place = f"rule {first + 1}" if isinstance(first, int) else str(first)
        inside = ".".join(str(each) for each in rest)
        return f"{place}{f', {inside}' if inside else ''}: {self.message}{f' ({self.hint})' if self.hint else ''}"


def read_rules(data: Any, source: str) -> tuple[tuple[Rule, ...], tuple[RuleProblem, ...]]:
    """Return the rules of a list of mappings, and everything that is wrong with it; `source` says who declared them."""
    problems: list[RuleProblem] = []
    if not isinstance(data, list | tuple):
        return (), (RuleProblem((), "rules must be a list", "each is a mapping with id, reason, kind and scope"),)
    if len(data) > MOST:
        return (), (RuleProblem((), f"{len(data):,} rules are too many; at most {MOST:,} are read"),)
    rules: list[Rule] = []
    seen: set[str] = set()
    for index, each in enumerate(data):
        for rule in _read_entry(_Reader(problems, (index,)), each, source):
            if rule.id in seen:
                problems.append(RuleProblem((index,), f"the id `{rule.id}` is declared twice"))
            seen.add(rule.id)
            rules.append(rule)
    return (() if problems else tuple(rules)), tuple(problems)


def _read_entry(reader: _Reader, data: Any, source: str) -> list[Rule]:
    if not isinstance(data, dict):
        reader.add((), "a rule must be a mapping", "with id, reason, kind and scope")
        return []
    if "preset" in data:
        return _read_preset(reader, data, source)
    rule = _read_rule(reader, data)
    return [] if rule is None else [replace(rule, source=source)]


def _read_preset(reader: _Reader, data: dict[str, Any], source: str) -> list[Rule]:
    reader.known(data, (), PRESET_KEYS, "a preset")
    name = reader.choice(data, ("preset",), tuple(PRESETS))
    reason, step = reader.text(data, ("reason",)), reader.text(data, ("step",))
    records = reader.texts(data, ("records",))
    if name is None:
        return []
    for each in records:
        if each not in PRESETS[name]["records"]:
            reader.add(("records",), f"the preset `{name}` has no rule for {_shown(each)}")
    found = []
    for body in expanded(name, records):
        written = {**body, "scope": {**body["scope"], **({"step": step} if step else {})}}
        rule = _read_rule(reader, {**written, **({"reason": reason} if reason else {})})
        if rule is not None:
            found.append(replace(rule, source=f"{source}, preset {name}"))
    return found


def _read_rule(reader: _Reader, data: dict[str, Any]) -> Rule | None:
    before = len(reader.problems)
    kind_text = reader.choice(data, ("kind",), tuple(RuleKind), required=True)
    kind = RuleKind(kind_text) if kind_text else None
    _check_keys(reader, data, kind)
    name = reader.text(data, ("id",), required=True)
    if name is not None and not _ID.fullmatch(name):
        reader.add(("id",), f"{_shown(name)} is no id", "a small letter, then up to 62 small letters, digits or `-`")
    reason = reader.text(data, ("reason",), required=True)
    if reason is not None and not reason.strip():
        reader.add(("reason",), "`reason` is empty", "say why the values may differ: whoever reads the record asks")
    scope = _read_scope(reader, data.get("scope"), kind)
    shape = _read_shape(reader, data.get("shape", {}))
    bounds = _read_bounds(reader, data)
    tolerance = _read_tolerance(reader, data, needed=kind is RuleKind.TOLERANCE)
    form = reader.choice(data, ("form",), tuple(Form), required=kind is RuleKind.CANONICAL)
    known = reader.texts(data, ("known",), choices=KNOWN)
    by = reader.texts(data, ("by",))
    space = reader.text(data, ("space",))
    if len(reader.problems) > before or kind is None or scope is None:
        return None
    rule = Rule(
        id=name or "",
        reason=reason or "",
        scope=scope,
        kind=kind,
        shape=shape,
        bounds=bounds,
        tolerance=tolerance,
        by=by,
        form=form or "",
        known=known or KNOWN,
        space=space or "",
    )
    _check_together(reader, rule)
    return rule if len(reader.problems) == before else None


def _check_keys(reader: _Reader, data: dict[str, Any], kind: RuleKind | None) -> None:
    reader.known(data, (), RULE_KEYS, "a rule")
    if kind is not None:
        for key in data:
            owner = next((each for each, keys in KIND_KEYS.items() if key in keys), kind)
            if owner is not kind:
                message = f"`{key}` means nothing in a rule of kind `{kind}`"
                reader.add((key,), message, f"it belongs to `{owner}`", at_key=True)


def _read_scope(reader: _Reader, data: Any, kind: RuleKind | None) -> Scope | None:
    if not isinstance(data, dict):
        message = "`scope` is missing in a rule" if data is None else "`scope` must be a mapping"
        reader.add(() if data is None else ("scope",), message, "for example {record: event, name: done, path: id}")
        return None
    inner = reader.inside("scope")
    inner.known(data, (), SCOPE_KEYS, "`scope`")
    record_text = inner.choice(data, ("record",), tuple(RecordKind), required=True)
    texts = {name: inner.text(data, (name,)) for name in ("step", "name", "path", "match")}
    if record_text is None:
        return None
    record = RecordKind(record_text)
    if record in TEXT_RECORDS:
        for name in ("name", "path"):
            if texts[name] is not None:
                inner.add((name,), f"`{name}` means nothing for {record} lines", "`match` finds values in a line")
    elif record in WITH_PLACES and texts["path"] is None:
        what = "the column" if record is RecordKind.TABLE else "the field"
        inner.add((), f"`path` is missing in `scope`: {what} that may differ", "`*` alone is every one")
    if texts["path"] and _INDEX.search(texts["path"]) and record is not RecordKind.TABLE:
        inner.add(("path",), "an item of a list is `[*]`: a rule holds for all of them", "write `ids[*]`")
    if texts["match"] is not None:
        _check_match(inner, texts["match"], record, kind)
    return Scope(
        record=record,
        step=texts["step"] or ANY,
        name=texts["name"] or ANY,
        path=texts["path"] or ANY,
        match=texts["match"] or "",
    )


def _check_match(inner: _Reader, pattern: str, record: RecordKind, kind: RuleKind | None) -> None:
    inner.pattern(("match",), pattern)
    if kind in {RuleKind.UNORDERED, RuleKind.CANONICAL, RuleKind.KNOWN_VALUE}:
        inner.add(("match",), f"`match` means nothing in a rule of kind `{kind}`", "it holds for whole values")
    if record is RecordKind.TABLE:
        inner.add(("match",), "`match` means nothing for a table: its cells are not kept, only statistics")


def _read_shape(reader: _Reader, data: Any) -> Shape:
    if not isinstance(data, dict):
        reader.add(("shape",), "`shape` must be a mapping", "for example {type: uuid}")
        return Shape()
    inner = reader.inside("shape")
    inner.known(data, (), SHAPE_KEYS, "`shape`")
    pattern = inner.text(data, ("pattern",))
    if pattern is not None:
        inner.pattern(("pattern",), pattern)
    least, greatest = inner.number(data, ("least",)), inner.number(data, ("greatest",))
    if least is not None and greatest is not None and least > greatest:
        inner.add(("least",), f"no number is at least {least:g} and at most {greatest:g}")
    return Shape(
        type=inner.choice(data, ("type",), SHAPE_TYPES) or "", pattern=pattern or "", least=least, greatest=greatest
    )


def _read_bounds(reader: _Reader, data: dict[str, Any]) -> Bounds:
    hits, share = reader.number(data, ("max_hits",)), reader.number(data, ("max_share",))
    if hits is not None and (hits < 0 or hits != int(hits)):
        reader.add(("max_hits",), "`max_hits` must be a whole number, at least 0")
    if share is not None and not 0 <= share <= 1:
        reader.add(("max_share",), "`max_share` must lie between 0 and 1")
    must_fire = reader.switch(data, ("must_fire",))
    return Bounds(max_hits=None if hits is None else int(hits), max_share=share, must_fire=bool(must_fire))


def _read_tolerance(reader: _Reader, data: dict[str, Any], *, needed: bool) -> Tolerance:
    if not needed:
        return Tolerance()
    absolute, relative, ulp = (reader.number(data, (name,)) for name in ("absolute", "relative", "ulp"))
    for name, value in (("absolute", absolute), ("relative", relative), ("ulp", ulp)):
        if value is not None and not 0 <= value < math.inf:
            reader.add((name,), f"`{name}` must be a number, at least 0")
    if ulp is not None and ulp != int(ulp):
        reader.add(("ulp",), "`ulp` must be a whole number of steps between floats")
    if not any((absolute, relative, ulp)) and not {"absolute", "relative", "ulp"} & data.keys():
        reader.add((), "a tolerance must say how far numbers may be apart", "`absolute`, `relative` or `ulp`")
    signed = reader.switch(data, ("signed_zero",))
    return Tolerance(
        absolute=absolute or 0.0, relative=relative or 0.0, ulp=int(ulp or 0), signed_zero=signed is not False
    )


def _check_together(reader: _Reader, rule: Rule) -> None:
    """Say what does not go together in a rule whose parts are fine."""
    table = rule.scope.record is RecordKind.TABLE
    if table and rule.kind not in _TABLE_KINDS:
        reader.add(("kind",), f"a rule of kind `{rule.kind}` cannot be held against a table", "its cells are not kept")
    if table and (rule.shape.pattern or rule.shape.type):
        reader.add(
            ("shape",), "a table's statistics show neither a pattern nor a type", "`least` and `greatest` they show"
        )
    if rule.form and Form(rule.form) not in _forms_of(rule.scope.record):
        reader.add(("form",), f"`{rule.form}` is a form of files, not of {rule.scope.record} records")
    if _is_for_cells(rule.scope) and rule.kind in _NOT_FOR_CELLS:
        reader.add(
            ("kind",),
            f"a rule of kind `{rule.kind}` does nothing for the cells of {rule.scope.name}",
            "cells know `tolerance`, `unordered` and `canonical`; a stretch of a CSV file's text is found by `match`",
        )
    if rule.scope.record in TEXT_RECORDS and rule.kind is RuleKind.UNORDERED:
        reader.add(("kind",), "lines of text cannot be `unordered`", "the order of what one stream says is content")
    if rule.scope.record in TEXT_RECORDS and not rule.scope.match and rule.kind in _NEED_MATCH:
        reader.add(("scope",), "`match` is missing in `scope`: which part of a line may differ", 'as "id=([0-9]+)"')


def _is_for_cells(scope: Scope) -> bool:
    """Whether the files of a scope are tables, by the end of their name: of one that may be anything, comparers decide."""
    is_text = bool(scope.match) and scope.name.lower().endswith(_TEXT_TABLES)
    return scope.record is RecordKind.ARTIFACT and scope.name.lower().endswith(_TABLE_FILES) and not is_text


def _forms_of(record: RecordKind) -> Collection[Form]:
    """Return the forms that mean something for a kind of record."""
    if record is RecordKind.ARTIFACT:
        return tuple(Form)
    values = () if record in TEXT_RECORDS else (Form.WHOLE_FLOATS, Form.EMPTY_IS_NULL)
    return (*TEXT_FORMS, *values)


_NEED_MATCH: Final = (RuleKind.TOKEN, RuleKind.BIJECTION, RuleKind.TOLERANCE)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one mapping at a place, and notes what is wrong in it."""

    problems: list[RuleProblem]
    where: Where

    def inside(self, key: str) -> _Reader:
        return _Reader(self.problems, (*self.where, key))

    def add(self, below: Where, message: str, hint: str = "", *, at_key: bool = False) -> None:
        self.problems.append(RuleProblem((*self.where, *below), message, hint, at_key))

    def known(self, data: dict[str, Any], below: Where, keys: Sequence[str], where: str) -> None:
        for key in data:
            if key not in keys:
                hint = nearest(str(key), keys) or "known: " + ", ".join(keys)
                self.add((*below, str(key)), f"unknown key {_shown(str(key))} in {where}", hint, at_key=True)

    def text(self, data: dict[str, Any], key: tuple[str], *, required: bool = False) -> str | None:
        if key[0] not in data:
            if required:
                self.add((), f"`{key[0]}` is missing in a rule")
            return None
        value = data[key[0]]
        if isinstance(value, str):
            return value
        self.add(key, f"`{key[0]}` must be text", "quote it")
        return None

    def choice(
        self, data: dict[str, Any], key: tuple[str], known: Sequence[str], *, required: bool = False
    ) -> str | None:
        value = self.text(data, key, required=required)
        if value is None or value in known:
            return value
        hint = nearest(value, known) or "known: " + ", ".join(known)
        self.add(key, f"`{key[0]}` cannot be {_shown(value)}", hint)
        return None

    def texts(self, data: dict[str, Any], key: tuple[str], *, choices: Sequence[str] = ()) -> tuple[str, ...]:
        value = data.get(key[0], [])
        if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
            self.add(key, f"`{key[0]}` must be a list of texts")
            return ()
        for index, each in enumerate(value):
            if choices and each not in choices:
                hint = nearest(each, choices) or "known: " + ", ".join(choices)
                self.add((*key, index), f"`{key[0]}` cannot be {_shown(each)}", hint)
        return tuple(value)

    def number(self, data: dict[str, Any], key: tuple[str]) -> float | None:
        value = data.get(key[0])
        if key[0] not in data:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST:
            return value
        self.add(key, f"`{key[0]}` must be a number, and a finite one")
        return None

    def switch(self, data: dict[str, Any], key: tuple[str]) -> bool | None:
        value = data.get(key[0])
        if isinstance(value, bool) or key[0] not in data:
            return value
        self.add(key, f"`{key[0]}` must be true or false")
        return None

    def pattern(self, key: tuple[str], pattern: str) -> None:
        try:
            bounded(pattern)
        except PatternError as error:
            self.add(key, f"{_shown(pattern)} cannot be used: {error}", "RE2 reads it: docs/parity.md")


def _shown(text: str) -> str:
    cut = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
    return f"`{cut if cut.isprintable() else ascii(cut)[1:-1]}`"
