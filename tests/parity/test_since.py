"""What changed between two sets of records: every kind of change is found, and what varies by itself is none."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from osiris_core.parity.record import (
    Compared,
    Comparison,
    Finding,
    FindingGroup,
    Layer,
    Origin,
    ParityRecord,
    RecordSet,
    RuleUse,
    TargetRun,
    Triage,
    Verdict,
    WaiverUse,
)
from osiris_core.parity.since import Became, Fact, Recount, since

if TYPE_CHECKING:
    from osiris_core.parity.since import Since

LOCAL = TargetRun(target="local", provider="host", isolation="none", elapsed_ms=1_000.0)
E2B = TargetRun(target="e2b", provider="embedded", isolation="bubblewrap", elapsed_ms=2_000.0)
GROUP = FindingGroup(layer=Layer.LOGS, step="a", code="log-changed", pattern="a.log:#", count=3, message="differs")


def record(verdict: Verdict | None = Verdict.IDENTICAL, **changes: object) -> ParityRecord:
    made = ParityRecord(
        manifest="m",
        pipeline_id="m",
        passed=verdict is None or verdict.passes,
        headline="",
        verdict=verdict,
        fingerprint="f",
        targets=(LOCAL, E2B),
        comparison=Comparison(verdict=verdict) if verdict not in {None, Verdict.INFRA} else None,
    )
    return dataclasses.replace(made, **changes)


def diverging(*groups: FindingGroup, step: str = "a", **changes: object) -> ParityRecord:
    found = Comparison(verdict=Verdict.DIVERGENT, first_diverging_step=step, groups=groups)
    return record(Verdict.DIVERGENT, comparison=found, **changes)


def equivalent(**changes: object) -> ParityRecord:
    return record(Verdict.EQUIVALENT, comparison=Comparison(verdict=Verdict.EQUIVALENT, **changes))


def between(old: ParityRecord | None, new: ParityRecord | None) -> Since:
    before, after = (RecordSet(records=(each,) if each else ()) for each in (old, new))
    return since(before, after, "old.json")


def rule(hits: int = 1, **changes: object) -> RuleUse:
    return dataclasses.replace(RuleUse(rule="r", reason="", left_hits=0, right_hits=hits, decided=0), **changes)


def waiver(hits: int = 1, complaint: str = "") -> WaiverUse:
    return WaiverUse(name="w", reason="", owner="o", expires="2027-01-01", hits=hits, complaint=complaint)


@pytest.mark.parametrize(
    ("old", "new", "became"),
    [
        (record(), diverging(GROUP), Became.NEWLY_FAILS),
        (record(), record(Verdict.INFRA), Became.NEWLY_FAILS),
        (record(), record(passed=False, expectation_failures=("no rows",)), Became.NEWLY_FAILS),
        (diverging(GROUP), record(), Became.FIXED),
        (diverging(GROUP), dataclasses.replace(diverging(GROUP), expected_failure=True), Became.FIXED),
        (None, record(), Became.NEW),
        (None, diverging(GROUP), Became.NEW_AND_FAILS),
        (diverging(GROUP), None, Became.GONE),
        (diverging(GROUP), diverging(GROUP), Became.FAILS_STILL),
        (diverging(GROUP), diverging(dataclasses.replace(GROUP, count=4)), Became.FAILS_STILL),
        (diverging(GROUP), diverging(dataclasses.replace(GROUP, pattern="b.log:#")), Became.FAILS_OTHERWISE),
        (diverging(GROUP), diverging(dataclasses.replace(GROUP, code="log-extra")), Became.FAILS_OTHERWISE),
        (diverging(GROUP), diverging(GROUP, step="b"), Became.FAILS_OTHERWISE),
        (diverging(GROUP), diverging(GROUP, triage=Triage(cause="CODE")), Became.FAILS_OTHERWISE),
        (diverging(GROUP), record(Verdict.INFRA), Became.FAILS_OTHERWISE),
        (record(Verdict.INFRA, headline="no room"), record(Verdict.INFRA, headline="no key"), Became.FAILS_OTHERWISE),
        (record(), equivalent(), Became.PASSES_OTHERWISE),
        (equivalent(rules=(rule(),)), equivalent(rules=(rule(9),)), Became.PASSES_OTHERWISE),
        (record(), record(targets=(LOCAL, E2B), case="other"), None),
    ],
)
def test_what_became_of_a_manifest(old: ParityRecord | None, new: ParityRecord | None, became: Became | None) -> None:
    """A manifest with another case is another manifest: one is gone, the other new."""
    found = [each.became for each in between(old, new).changes]

    assert found == ([became] if became else [Became.GONE, Became.NEW])


def test_targets_are_part_of_what_a_manifest_is() -> None:
    """What ran on one target is not what two were compared of."""
    found = between(record(), record(None, targets=(LOCAL,)))

    assert [(each.became, each.targets) for each in found.changes] == [
        (Became.GONE, ("local", "e2b")),
        (Became.NEW, ("local",)),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            record(session_id="20260203T101500Z-4f1c2a9e"),
            record(session_id="20260204T101500Z-00112233", elapsed_ms=9.0),
        ),
        (record(targets=(LOCAL, dataclasses.replace(E2B, elapsed_ms=3_900.0))), record()),
        (
            record(targets=(LOCAL, dataclasses.replace(E2B, elapsed_ms=10.0))),
            record(targets=(LOCAL, dataclasses.replace(E2B, elapsed_ms=900.0))),
        ),
    ],
)
def test_what_varies_by_itself_is_no_change(old: ParityRecord, new: ParityRecord) -> None:
    """Another session, a time that is not twice what it was, and a time that is twice of nearly nothing."""
    found = between(old, new)

    assert (found.changes, found.as_before, found.facts) == ((), 1, ())


def test_a_sentence_with_other_numbers_is_the_same_sentence() -> None:
    """Ids, digests and counts in a reason do not make it another one."""
    said = "e2b: the sandbox {} of session {} was lost after {} records"
    old, new = (
        record(Verdict.INFRA, headline=said.format(*each))
        for each in (
            ("ikrt26skzpncy47a4fec4", "20260203T101500Z-4f1c2a9e", 12),
            ("ib7qk2q9w1m4x0p3zz81a", "20270203T101500Z-00112233", 409),
        )
    )

    assert between(old, new).changes[0].became is Became.FAILS_STILL


def test_the_worst_result_of_a_manifest_stands_for_it() -> None:
    """Two hosts have one each; that one of them is green changes nothing."""
    good, bad = record(), diverging(GROUP)
    old, new = RecordSet(records=(good,)), RecordSet(records=(good, bad, good))

    assert [each.became for each in since(old, new, "old").changes] == [Became.NEWLY_FAILS]


def test_everything_that_is_counted_otherwise_is_named() -> None:
    """Differences, sentences, rules, waivers and what was compared, each with both numbers; what stayed is not."""
    old = Comparison(
        verdict=Verdict.DIVERGENT,
        groups=(GROUP, dataclasses.replace(GROUP, step=None, count=1)),
        not_compared=("a/model.bin: larger than 100 MiB",),
        rules=(rule(), rule(7, rule="gone")),
        waivers=(waiver(),),
        compared=Compared(events=(9, 9), artifacts=(2, 1)),
    )
    new = Comparison(
        verdict=Verdict.DIVERGENT,
        groups=(GROUP, dataclasses.replace(GROUP, layer=Layer.TABLES, code="table-cells", pattern="df")),
        problems=("the e2b session counts 16 events, and 17 are on disk",),
        rules=(rule(4, complaint="hid 4 values, and may hide 2"),),
        waivers=(waiver(0, "nothing differs there any more: remove it"),),
        compared=Compared(events=(9, 9), artifacts=(0, 0)),
    )

    [change] = between(record(Verdict.DIVERGENT, comparison=old), record(Verdict.DIVERGENT, comparison=new)).changes

    def recount(kind: str, name: str, old: int, new: int) -> Recount:
        return Recount(kind=kind, name=name, old=old, new=new)

    assert set(change.recounts) == {
        recount("finding", "logs: log-changed at a.log:#", 1, 0),
        recount("finding", "tables: table-cells at df in step a", 0, 3),
        recount("problem", "the e2b session counts # events, and # are on disk", 0, 1),
        recount("problem", "the rule r hid # values, and may hide #", 0, 1),
        recount("not compared", "a/model.bin: larger than # MiB", 1, 0),
        recount("rule", "r", 1, 4),
        recount("rule", "gone", 7, 0),
        recount("waiver", "w", 1, 0),
        recount("waiver", "w nothing differs there any more: remove it", 0, 1),
        recount("compared", "artifacts", 2, 0),
    }


def test_findings_of_records_without_groups_count_too() -> None:
    """A clue, and a difference that is waived, are none."""
    finding = Finding(layer=Layer.LOGS, step="a", code="log-changed", path="a.log:12", message="")
    others = (
        dataclasses.replace(finding, locates=True, code="x"),
        dataclasses.replace(finding, waived_by="w", code="y"),
    )
    found = Comparison(
        verdict=Verdict.DIVERGENT, findings=(finding, dataclasses.replace(finding, path="a.log:7"), *others)
    )

    [change] = between(diverging(), record(Verdict.DIVERGENT, comparison=found)).changes

    assert [(each.name, each.new) for each in change.recounts] == [("logs: log-changed at a.log:# in step a", 2)]


def test_a_time_is_told_as_a_ratio_where_it_is_far_from_what_it_was() -> None:
    """Twice as long, and a second longer, is a change; of a manifest that was edited that is said."""
    slow = dataclasses.replace(E2B, elapsed_ms=5_000.0)

    found = between(record(), record(targets=(LOCAL, slow), fingerprint="g"))

    [change] = found.changes
    assert (change.became, change.edited, found.as_before) == (Became.PASSES_STILL, True, 0)
    assert [(each.target, each.ratio) for each in change.times] == [("e2b", 2.5)]


def test_what_changed_around_many_manifests_is_told_once() -> None:
    """Provider, isolation, environment and rules, with in how many manifests; then versions of the host, of the run as a whole."""
    new_e2b = dataclasses.replace(
        E2B,
        provider="cloud",
        isolation="microvm",
        template="t2",
        environment={"python": "3.12.1", "limits": {"cpu": 1}},
    )
    old_e2b = dataclasses.replace(E2B, template="t1", environment={"python": "3.11.7", "limits": {"cpu": 1}})
    old = [record(targets=(LOCAL, old_e2b), case=case) for case in "ab"]
    new = [record(targets=(LOCAL, new_e2b), case=case) for case in "ab"]
    new[1] = dataclasses.replace(new[1], comparison=Comparison(verdict=Verdict.IDENTICAL, rules_digest="d"))
    before = RecordSet(records=tuple(old), host={"e2b": "2.62.0", "platform": "Linux"})
    origins = (Origin(name="1", host={"e2b": "2.63.0"}), Origin(name="2", host={"e2b": "2.64.0"}))

    found = since(before, RecordSet(records=tuple(new), host={"platform": "Linux"}, origins=origins), "old.json")

    assert found.facts == (
        Fact(name="e2b", old="2.62.0", new=["2.63.0", "2.64.0"]),
        Fact(name="e2b provider", old="embedded", new="cloud", manifests=2),
        Fact(name="e2b isolation", old="bubblewrap", new="microvm", manifests=2),
        Fact(name="e2b template", old="t1", new="t2", manifests=2),
        Fact(name="e2b python", old="3.11.7", new="3.12.1", manifests=2),
        Fact(name="declared rules", old=None, new="d", manifests=1),
    )
    assert (found.changes, found.as_before) == ((), 2)


def test_what_is_not_known_on_one_side_is_no_change() -> None:
    """A target that never started has no environment; records below .osiris/records do not name their host."""
    known = dataclasses.replace(E2B, environment={"python": "3.11.7"}, network="none")
    old = RecordSet(records=(record(),))
    new = RecordSet(records=(record(targets=(LOCAL, known)),), host={"python": "3.11.7"})

    assert since(old, new, "old").facts == ()


def test_what_needs_a_reader_stands_first() -> None:
    """In the order of the kinds, then by name."""
    old = [diverging(GROUP, case="fixed"), record(case="b"), record(case="a"), record(case="same")]
    new = [record(case="fixed"), diverging(GROUP, case="b"), diverging(GROUP, case="a"), record(case="same")]

    found = since(RecordSet(records=tuple(old)), RecordSet(records=tuple(new)), "old")

    assert [each.name for each in found.changes] == ["m[a]", "m[b]", "m[fixed]"]
    assert (found.count(Became.NEWLY_FAILS), found.count(Became.FIXED), found.as_before) == (2, 1, 1)
