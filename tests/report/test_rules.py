"""Declared rules are told briefly: what each set aside and why, and what is wrong with one."""

from __future__ import annotations

from osiris_core.parity.record import Comparison, ParityRecord, RecordSet, RuleUse, Verdict
from osiris_core.report.html import render_html
from osiris_core.report.rules import MOST_LINES, rule_lines
from osiris_core.report.terminal import summary_lines


def use(rule: str, *, hits: int = 0, covered: int = 0, source: str = "manifest", complaint: str = "") -> RuleUse:
    """Return what a rule did."""
    return RuleUse(
        rule=rule,
        reason="ids are made anew",
        left_hits=hits,
        right_hits=hits,
        decided=hits,
        source=source,
        covered=(covered, covered),
        complaint=complaint,
        note="a <note>",
    )


def record(name: str, *uses: RuleUse) -> ParityRecord:
    """Return a record of two sessions that are the same under these rules."""
    comparison = Comparison(verdict=Verdict.EQUIVALENT, rules=uses, rules_digest="0123456789abcdef" if uses else "")
    return ParityRecord(
        manifest=name,
        pipeline_id=name,
        passed=True,
        headline="local and e2b did the same",
        verdict=Verdict.EQUIVALENT,
        comparison=comparison,
    )


def test_a_rule_is_summed_over_all_manifests_and_complaints_come_first():
    """One line each; the two default rules have none."""
    records = [
        record("a", use("ids", hits=2, covered=5), use("old", complaint="never met a value")),
        record("b", use("ids", hits=1, covered=1), use("known-roots", hits=9, source="default")),
    ]
    assert rule_lines(records) == [
        "rule old (manifest): never met a value",
        "rule ids (manifest): 3 of 6 values set aside, because ids are made anew",
    ]


def test_a_rule_of_the_project_is_idle_only_where_no_manifest_needed_it():
    """What one manifest has no use for another may need."""
    idle, busy = use("p", source="pyproject"), use("p", hits=1, covered=1, source="pyproject")
    assert rule_lines([record("a", idle)]) == ["1 declared rule met no value in this run"]
    assert rule_lines([record("a", idle), record("b", busy)]) == [
        "rule p (pyproject): 1 of 1 values set aside, because ids are made anew"
    ]


def test_many_rules_are_counted():
    """The end of a run stays short."""
    lines = rule_lines([record("a", *(use(f"r{number}", hits=1, covered=1) for number in range(20)))])
    assert len(lines) == MOST_LINES + 1
    assert lines[-1] == "12 more rules set values aside; the report has them"


def test_the_terminal_and_the_page_show_them():
    """With who declared them, and nothing of what they say is markup."""
    records = RecordSet(records=(record("a", use("ids", hits=1, covered=2, complaint="set <b>too</b> many aside")),))
    assert any("rule ids (manifest): set <b>too</b> many aside" in line for line in summary_lines(records, 120, None))
    page = render_html(records)
    for told in ("Declared by manifest", "set &lt;b&gt;too&lt;/b&gt; many aside", "a &lt;note&gt;", "0123456789ab"):
        assert told in page
    assert "<b>too" not in page
