"""Why values of one manifest that differ as they stand count as equal: each rule with what it did, what it may do, and what it is for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from osiris_core.report.units import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from osiris_core.parity.record import Compared, ParityRecord, RuleUse

DEFAULT: Final = "default"
"""The source of a rule that nobody declared."""
_DISTANCES: Final = {"absolute": "{} apart", "relative": "a share of {} apart", "ulp": "{} steps of a float apart"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One thing that a rule demands: in words, what was met of it, and whether it was broken."""

    demand: str
    met: str
    broken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """One rule: `did` and `without` are sentences, `declared` is the rule as it would be written, `bounds` what it demands.

    Of the `of` pairs that only it made equal there are `examples`: (place, left raw, right raw).
    """

    use: RuleUse
    did: str
    without: str
    bounds: tuple[Bound, ...]
    declared: str
    examples: tuple[tuple[str, str, str], ...]
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Equal:
    """The rules of one comparison; `schema` says what is set aside without any rule, `digest` is that of the declared set."""

    rules: tuple[RuleView, ...]
    schema: str
    digest: str


def equal_of(record: ParityRecord) -> Equal | None:
    """Return why values count as equal in a record; None where nothing was compared. What is wrong with a rule comes first."""
    if record.comparison is None:
        return None
    names = [run.target for run in record.targets]
    rules = sorted(record.comparison.rules, key=lambda use: (not use.complaint, not use.decided))
    return Equal(
        rules=tuple(rule_view(use, names) for use in rules),
        schema=_schema(record.comparison.compared),
        digest=record.comparison.rules_digest,
    )


def rule_view(use: RuleUse, names: Sequence[str]) -> RuleView:
    """Return what one rule did between the targets of these names."""
    return RuleView(
        use=use,
        did=_did(use, names),
        without=without(use.decided, fired=fired(use)),
        bounds=tuple(bounds_of(use.declared, (use.left_hits, use.right_hits), use.covered)),
        declared=written(use.declared),
        examples=use.examples,
        of=max(use.decided, len(use.examples)),
    )


def fired(use: RuleUse) -> bool:
    """Whether a rule met a value; one that was not declared is only told of where it did."""
    return use.source == DEFAULT or bool(max(use.covered) or max(use.left_hits, use.right_hits))


def without(decided: int, *, fired: bool) -> str:
    """Say what would differ without a rule."""
    if decided:
        return f"Without it {plural(decided, 'more pair')} of values would differ."
    return "Nothing would differ without it: it was not needed." if fired else "It never met a value."


def bounds_of(declared: Mapping[str, Any], hits: tuple[int, int], covered: tuple[int, int]) -> Iterator[Bound]:
    """Yield what a declared rule demands, and what was met of it; values of other types than a rule has are passed over."""
    most, met = max(hits), max(covered)
    if (limit := _number(declared.get("max_hits"))) is not None:
        yield Bound(
            demand=f"sets at most {plural(int(limit), 'value')} aside on a side", met=f"{most:,}", broken=most > limit
        )
    if (limit := _number(declared.get("max_share"))) is not None:
        share = most / met if met else 0.0
        yield Bound(
            demand=f"sets at most {limit:.4g} of the values in its scope aside",
            met=f"{share:.4g} ({most:,} of {met:,})",
            broken=share > limit,
        )
    if declared.get("must_fire") is True:
        yield Bound(demand="has to meet a value", met=f"met {met:,}", broken=not met and not most)
    distances = [
        words.format(f"{limit:.4g}") for name, words in _DISTANCES.items() if (limit := _number(declared.get(name)))
    ]
    if distances:
        yield Bound(demand=f"two numbers are at most {' or '.join(distances)}", met="")
    shape = declared.get("shape")
    if isinstance(shape, dict) and shape:
        yield Bound(demand=f"every value, on either side, is of the shape {written(shape)}", met="")


def written(data: Mapping[str, Any]) -> str:
    """Return a rule, or a part of one, as one line of JSON; nothing for none."""
    return json.dumps(data, ensure_ascii=False, default=str) if data else ""


def _did(use: RuleUse, names: Sequence[str]) -> str:
    left, right = (
        (*names, "the left side", "the right side")[:2] if len(names) > 1 else ("the left side", "the right side")
    )
    aside = f"set {use.left_hits:,} aside on {left} and {use.right_hits:,} on {right}"
    if use.source == DEFAULT:
        return aside
    return f"{aside}, of {use.covered[0]:,} and {use.covered[1]:,} values in its scope"


def _schema(compared: Compared) -> str:
    events, metrics = max(compared.events), max(compared.metrics)
    if not events and not metrics:
        return ""
    return (
        f"Besides, every time and duration of {plural(events, 'event')} and {plural(metrics, 'metric')} is held to its shape alone, because the "
        "schema of a session marks it as volatile: times lie within their run, in order, and durations fit into it. That is no rule, and a "
        "verdict of IDENTICAL allows it."
    )


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
