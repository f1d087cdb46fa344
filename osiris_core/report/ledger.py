"""All rules of a run in one account: what each set aside over all manifests, what would differ without it, and what is wrong with it.

Rules that are written alike and declared by the same source are one rule, however many manifests it served. Waivers are no rules: they
accept what differs, and have an account of their own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.report.equal import bounds_of, fired, without, written
from osiris_core.report.units import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from osiris_core.parity.record import ParityRecord, RuleUse
    from osiris_core.report.equal import Bound

MOST_RULES: Final = 200
LINKED: Final = 20
"""Manifests that one rule names."""
EXAMPLES: Final = 20
"""Examples that one rule shows, of all manifests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a rule did in one manifest."""

    name: str
    anchor: str
    decided: int
    complaint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleAccount:
    """One rule over all manifests; `key` is `complaint`, `decided`, `unneeded` or `idle`, `state` says the same in words.

    `manifests` counts those where it did something, or else those that have it; `examples` are (manifest, place, left raw, right raw), of the `of` pairs that only this rule made equal.
    """

    key: str
    state: str
    rule: str
    reason: str
    source: str
    hits: tuple[int, int]
    covered: tuple[int, int]
    decided: int
    without: str
    bounds: tuple[Bound, ...]
    declared: str
    notes: tuple[str, ...]
    manifests: int
    served: tuple[Served, ...]
    examples: tuple[tuple[str, str, str, str], ...]
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverAccount:
    """One waiver over all manifests."""

    name: str
    reason: str
    owner: str
    expires: str
    hits: int
    complaint: str
    manifests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The account: `digests` are those of the declared sets, with how many manifests had each; `more` counts rules that are not shown, `masked` tokens by target."""

    sentence: str
    rules: tuple[RuleAccount, ...]
    more: int
    waivers: tuple[WaiverAccount, ...]
    digests: tuple[tuple[str, int], ...]
    masked: tuple[tuple[str, int], ...]


_Use = tuple["ParityRecord", str, "RuleUse"]
"""What a rule did in a record, whose manifest has this anchor."""
_KEYS: Final = ("complaint", "decided", "unneeded", "idle")
_STATES: Final = {"decided": "made values equal", "unneeded": "was not needed", "idle": "never met a value"}


def ledger_of(shown: Iterable[tuple[ParityRecord, str]]) -> Ledger | None:
    """Return the account of records, each with the anchor of its manifest on the page; None where no two sides were compared."""
    compared = [(record, anchor) for record, anchor in shown if record.comparison is not None]
    if not compared:
        return None
    sums: dict[tuple[str, str, str], list[_Use]] = {}
    digests: Counter[str] = Counter()
    masked: Counter[str] = Counter()
    for record, anchor in compared:
        for use in record.comparison.rules if record.comparison else ():
            sums.setdefault((use.rule, use.source, written(use.declared)), []).append((record, anchor, use))
        if record.comparison and record.comparison.rules_digest:
            digests[record.comparison.rules_digest] += 1
        for run in record.targets:
            masked[run.target] += run.masked
    rules = sorted(map(_account, sums.values()), key=lambda each: (_KEYS.index(each.key), -each.decided))
    return Ledger(
        sentence=_sentence(rules, len(compared)),
        rules=tuple(rules[:MOST_RULES]),
        more=max(0, len(rules) - MOST_RULES),
        waivers=_waivers([record for record, _ in compared]),
        digests=tuple(sorted(digests.items(), key=lambda each: (-each[1], each[0]))),
        masked=tuple(masked.items()),
    )


def _account(all_uses: Sequence[_Use]) -> RuleAccount:
    uses = [use for _, _, use in all_uses]
    first = uses[0]
    hits = sum(use.left_hits for use in uses), sum(use.right_hits for use in uses)
    covered = sum(use.covered[0] for use in uses), sum(use.covered[1] for use in uses)
    decided = sum(use.decided for use in uses)
    served = [
        Served(name=record.name, anchor=anchor, decided=use.decided, complaint=use.complaint)
        for record, anchor, use in all_uses
        if use.decided or use.complaint
    ]
    served.sort(key=lambda each: (not each.complaint, -each.decided))
    complaints = [each.complaint for each in served if each.complaint]
    met = any(fired(use) for use in uses)
    key = "complaint" if complaints else "decided" if decided else "unneeded" if met else "idle"
    examples = [(record.name, *each) for record, _, use in all_uses for each in use.examples]
    return RuleAccount(
        key=key,
        state=complaints[0] if complaints else _STATES[key],
        rule=first.rule,
        reason=first.reason,
        source=first.source,
        hits=hits,
        covered=covered,
        decided=decided,
        without=without(decided, fired=met),
        bounds=_tightest(uses),
        declared=written(first.declared),
        notes=tuple(dict.fromkeys(use.note for use in uses if use.note))[:3],
        manifests=len(served) or len(uses),
        served=tuple(served[:LINKED]),
        examples=tuple(examples[:EXAMPLES]),
        of=max(decided, len(examples)),
    )


def _tightest(uses: Sequence[RuleUse]) -> tuple[Bound, ...]:
    """Return what a rule demands, with what was met where it came nearest to it: each manifest has the bounds for itself."""
    each = [tuple(bounds_of(use.declared, (use.left_hits, use.right_hits), use.covered)) for use in uses]
    worst = max(
        range(len(uses)),
        key=lambda place: (
            sum(bound.broken for bound in each[place]),
            max(uses[place].left_hits, uses[place].right_hits),
        ),
    )
    return each[worst]


def _sentence(rules: Sequence[RuleAccount], manifests: int) -> str:
    decided = sum(each.decided for each in rules)
    if not decided:
        return f"No rule made anything equal in {plural(manifests, 'manifest')}"
    needed = sum(bool(each.decided) for each in rules)
    complaints = sum(each.key == "complaint" for each in rules)
    told = f"{plural(needed, 'rule')} made {plural(decided, 'pair')} of values equal in {plural(manifests, 'manifest')}"
    return f"{told}; something is wrong with {plural(complaints, 'rule')}" if complaints else told


def _waivers(records: Sequence[ParityRecord]) -> tuple[WaiverAccount, ...]:
    found: dict[tuple[str, str], WaiverAccount] = {}
    for record in records:
        for use in record.comparison.waivers if record.comparison else ():
            before = found.get((use.name, use.expires))
            found[use.name, use.expires] = WaiverAccount(
                name=use.name,
                reason=use.reason,
                owner=use.owner,
                expires=use.expires,
                hits=use.hits + (before.hits if before else 0),
                complaint=use.complaint or (before.complaint if before else ""),
                manifests=bool(use.hits) + (before.manifests if before else 0),
            )
    return tuple(sorted(found.values(), key=lambda each: (not each.complaint, -each.hits)))
