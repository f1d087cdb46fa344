"""The comparison of two sessions: evidence first, then layer by layer, then the verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

from osiris_core.parity.clues import Clues
from osiris_core.parity.evidence import evidence_of
from osiris_core.parity.hints import failure_hints
from osiris_core.parity.kinds.tables.connections import one_engine
from osiris_core.parity.layers import comparer_of
from osiris_core.parity.layers.tables import tables_of
from osiris_core.parity.ledger import Ledger
from osiris_core.parity.pair import Pair
from osiris_core.parity.record import Compared, ComparerUse, Comparison, Layer, RuleUse, Verdict
from osiris_core.parity.rulebook import Rulebook
from osiris_core.parity.side import execution_order, labels, manifest_steps, view
from osiris_core.parity.streams import line_ends
from osiris_core.parity.text import EXAMPLES, TextRules
from osiris_core.parity.undeclared import undeclared
from osiris_core.parity.values import signature
from osiris_core.rules.writing import rules_digest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from osiris_core.parity.evidence import Evidence
    from osiris_core.parity.record import Finding
    from osiris_core.parity.side import Side, Window
    from osiris_core.parity.waived import Waivers
    from osiris_core.rules.model import Rule
    from osiris_core.session.reader import Session

ALL: Final[frozenset[Layer]] = frozenset(Layer)
"""Every layer: anything less is named in `not_compared`, and cannot be green."""

TABLE_ORDER: Final = "table-order"

_EXAMPLES: Final = 100
"""Raw pairs kept in one record, of all its rules."""
_FEW: Final = 3
"""Of these each rule has at least so many; and a comparer so many files."""

_HINTED: Final = frozenset({Layer.OUTCOME, Layer.STEPS, Layer.EVENTS})


def compare(
    left: Session,
    right: Session,
    *,
    text: Literal["normalized", "exact"] = "normalized",
    rules: Sequence[Rule] = (),
    waivers: Waivers | None = None,
    max_findings: int = 200,
    comparers: Collection[Layer] = ALL,
    evidence: Evidence | None = None,
) -> Comparison:
    """Compare two sessions of one check; the left one is the first target.

    `text="exact"` turns the text rules off; `rules` are those that were declared, in their order,
    and `waivers` those that speak of this manifest. At most `max_findings` findings are kept, all are counted.
    `evidence` is what was found as they were read; by default what two sessions of one check must show (SameSessionError
    where both are one and the same run).
    """
    evidence = evidence or evidence_of(left, right)
    problems = list(evidence.problems)
    if (left.manifest or right.manifest) and signature(left.manifest) != signature(right.manifest):
        problems.append("the two sessions ran different manifests")
    pair = pair_of(left, right, text=text, rules=rules, text_window=evidence.text_window)
    ledger = Ledger(max_findings, waivers)
    ledger.extend(evidence.findings)
    with one_engine():
        for layer in evidence.layers:
            if layer in comparers:
                found = comparer_of(layer)(pair)
                ledger.extend(_without_strangers(found, pair) if evidence.loose_paths else found)
    ledger.extend(pair.rules.broken())
    uses = _bounded((*evidence.uses, *pair.text.uses(), *pair.rules.uses(), *_order_rule(ledger.harmless_orders(pair))))
    not_compared = (
        *(f"layer {layer} was switched off" for layer in evidence.layers if layer not in comparers),
        *evidence.not_compared,
        *pair.not_compared,
    )
    hints, clues = failure_hints(pair), Clues(pair)
    causes = ledger.causes(pair)
    return Comparison(
        verdict=_verdict(ledger, lost=evidence.lost, doubtful=bool(problems or not_compared), rules=uses),
        findings=_last_hinted(
            pair, [_hinted(finding, hints, clues, causes) for finding in ledger.selected(pair)], causes
        ),
        findings_total=ledger.total,
        first_diverging_step=next(iter(causes), None),
        problems=tuple(problems),
        not_compared=not_compared,
        rules=uses,
        compared=_compared(pair, comparers),
        groups=ledger.groups(pair),
        causes=causes,
        effects=max(0, ledger.deciding - max(1, len(causes))),
        waivers=waivers.uses() if waivers else (),
        rules_digest=rules_digest(rules),
        comparers=tuple(
            ComparerUse(comparer=name, files=len(paths), examples=tuple(paths[:_FEW]))
            for name, paths in sorted(pair.compared_by.items())
        ),
    )


def pair_of(
    left: Session,
    right: Session,
    *,
    text: Literal["normalized", "exact"] = "normalized",
    rules: Sequence[Rule] = (),
    text_window: Window | None = None,
) -> Pair:
    """Return two sessions as the layers take them, with the rules between them; nothing has been counted yet.

    `text_window` is the time that the right side's text may speak of, where that is not the time of its run.
    """
    left_label, right_label = labels(left, right)
    a = view(left, left_label, is_left=True)
    b = view(right, right_label, is_left=False, text_window=text_window)
    needs: dict[str, set[str]] = {}
    for session in (left, right):
        for step, body in manifest_steps(session).items():
            needs.setdefault(step, set()).update(body.get("needs") or ())
    return Pair(
        left=a,
        right=b,
        text=TextRules(a, b, enabled=text == "normalized"),
        rules=Rulebook(rules, a, b),
        order=execution_order(left, right),
        needs=needs,
    )


def _verdict(ledger: Ledger, *, lost: bool, doubtful: bool, rules: Sequence[RuleUse]) -> Verdict:
    # A session without a terminal record differs from everything: that says nothing about the pipeline.
    if lost:
        return Verdict.INCONCLUSIVE
    if ledger.deciding:
        return Verdict.DIVERGENT
    if doubtful:
        return Verdict.INCONCLUSIVE
    if ledger.waived:
        return Verdict.ACCEPTED
    return Verdict.EQUIVALENT if any(rule.decided for rule in rules) else Verdict.IDENTICAL


def _without_strangers(findings: Iterator[Finding], pair: Pair) -> Iterator[Finding]:
    """Take away the step of findings about paths that do not begin with one."""
    for finding in findings:
        yield finding if finding.step is None or finding.step in pair.order else replace(finding, step=None)


def _order_rule(found: Sequence[Finding]) -> tuple[RuleUse, ...]:
    """Return the rule that sets aside another order of rows where nothing downstream differs, if it had to."""
    if not found:
        return ()
    return (
        RuleUse(
            rule=TABLE_ORDER,
            reason="the order of a table's rows is no content; it counts where something made from it differs",
            left_hits=len(found),
            right_hits=len(found),
            decided=len(found),
            examples=tuple((f"{f.step}/{f.path}", f.left, f.right) for f in found[:EXAMPLES]),
        ),
    )


def _bounded(uses: tuple[RuleUse, ...]) -> tuple[RuleUse, ...]:
    """Return what the rules did with as many examples as a record holds: where there are too many, each has its share."""
    if sum(len(use.examples) for use in uses) <= _EXAMPLES:
        return uses
    share = max(_FEW, _EXAMPLES // len(uses))
    return tuple(replace(use, examples=use.examples[:share]) for use in uses)


def _hinted(finding: Finding, hints: dict[str, str], clues: Clues, causes: Sequence[str]) -> Finding:
    """Return a finding with a hint: its own, else what its step's failure suggests, else a clue where a cause is."""
    if finding.hint or finding.step is None:
        return finding
    hint = hints.get(finding.step, "") if finding.layer in _HINTED else ""
    return replace(finding, hint=hint or (clues.about(finding) if finding.step in causes else ""))


def _last_hinted(pair: Pair, findings: Sequence[Finding], causes: Sequence[str]) -> tuple[Finding, ...]:
    """Return the findings, those of causes of which nothing is known with what is left to suggest."""
    hints = undeclared(pair, findings, causes)
    said = (hints.get(finding.step or "", "") if not finding.locates else "" for finding in findings)
    return tuple(replace(each, hint=hint) if hint else each for each, hint in zip(findings, said, strict=True))


def _compared(pair: Pair, comparers: Collection[Layer]) -> Compared:
    """Count what the chosen layers looked at; a layer that was switched off looked at nothing."""
    left, right = (_counts(side) for side in (pair.left, pair.right))
    layers = {
        "events": Layer.EVENTS,
        "metrics": Layer.METRICS,
        "log_lines": Layer.LOGS,
        "tables": Layer.TABLES,
        "artifacts": Layer.ARTIFACTS,
        "artifact_bytes": Layer.ARTIFACTS,
    }
    return Compared(**{name: (left[name], right[name]) for name, layer in layers.items() if layer in comparers})


def _counts(side: Side) -> dict[str, int]:
    session = side.session
    return {
        "events": len(session.events),
        "metrics": len(session.metrics),
        "log_lines": sum(line_ends(streams, step) for streams in (session.logs, session.printed) for step in streams),
        "tables": len(tables_of(side)),
        "artifacts": len(session.artifacts),
        "artifact_bytes": sum(file.size_bytes for file in session.artifacts.values()),
    }
