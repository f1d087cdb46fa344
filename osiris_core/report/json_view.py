"""Differences inside of JSON by their path: what stands there on each side, and of which kind it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.report.words import marked_pair

if TYPE_CHECKING:
    from osiris_core.parity.record import Finding
    from osiris_core.report.words import Marked

_ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonPlace:
    """One place: `change` says in words what became of it, `kinds` what each value is; both are the same unless the kind changed."""

    anchor: str
    path: str
    sign: str
    change: str
    left: tuple[Marked, ...]
    right: tuple[Marked, ...]
    kinds: tuple[str, str]


def is_in_json(finding: Finding) -> bool:
    """Whether a finding is one of a place inside of a JSON value."""
    return any(finding.kinds) and not (finding.table or finding.samples)


def json_place(finding: Finding, path: str, anchor: str) -> JsonPlace:
    """Return a finding as a place; `path` is that inside of the file or record."""
    a, b = finding.kinds
    left, right = marked_pair(*(_bare(value, kind) for value, kind in ((finding.left, a), (finding.right, b))))
    sign, change = "≠", "changed"
    if a == _ABSENT:
        sign, change, left = "+", "added", ()
    elif b == _ABSENT:
        sign, change, right = "\N{MINUS SIGN}", "removed", ()
    elif a != b:
        change = "changed in kind"
    return JsonPlace(anchor=anchor, path=path, sign=sign, change=change, left=left, right=right, kinds=(a, b))


def _bare(value: str, kind: str) -> str:
    """Return a value without its kind behind it, where a comparer has put that because both values look the same."""
    return value.removesuffix(f" ({kind})")
