"""Why equal: each manifest shows its rules with both raw values and bounds, and the page has one account of all of them."""

from __future__ import annotations

from dataclasses import replace

from osiris_core.parity.record import Compared, Comparison, RecordSet, RuleUse, Verdict, WaiverUse
from osiris_core.report.equal import Bound, equal_of
from osiris_core.report.html import render_html
from osiris_core.report.ledger import LINKED, ledger_of
from tests.report.samples import e2b_run, local_run, record

TOLERANCE = {
    "id": "means",
    "reason": "sums <of> floats",
    "kind": "tolerance",
    "scope": {"record": "artifact", "name": "write/*.csv"},
    "max_hits": 5,
    "max_share": 0.25,
    "must_fire": True,
    "absolute": 0.01,
    "shape": {"type": "number"},
}


def use(rule: str, **given: object) -> RuleUse:
    """Return a declared rule that made two of eight pairs equal."""
    plain = RuleUse(
        rule=rule,
        reason="sums <of> floats",
        left_hits=2,
        right_hits=2,
        decided=2,
        covered=(8, 8),
        source="manifest",
        examples=(("write/a.csv:1.mean", "0.30", "0.31 "), ("write/a.csv:2.mean", "1", "<b>1.01</b>")),
        declared={**TOLERANCE, "id": rule},
    )
    return replace(plain, **given)


def checked(name: str, *uses: RuleUse, **given: object):
    """Return the record of a manifest whose sides are the same under these rules."""
    comparison = Comparison(
        verdict=Verdict.EQUIVALENT,
        rules=uses,
        rules_digest="0123456789abcdef" if uses else "",
        compared=Compared(events=(17, 17), metrics=(9, 9)),
        **given,
    )
    return record(name, Verdict.EQUIVALENT, comparison=comparison)


def test_a_manifest_tells_of_each_rule_what_it_did_and_what_it_may_do():
    """What is wrong comes first, then what made values equal."""
    broken = use("wide", left_hits=7, right_hits=6, complaint="set 7 values aside, at most 5 are allowed")
    idle = use("old", left_hits=0, right_hits=0, decided=0, covered=(0, 0), examples=(), declared={"must_fire": True})
    spare = use("spare", decided=0, examples=(), declared={})
    view = equal_of(checked("a", spare, idle, use("means"), broken))
    assert [each.use.rule for each in view.rules] == ["wide", "means", "spare", "old"]
    wide, means, unneeded, never = view.rules
    assert means.did == "set 2 aside on local and 2 on e2b, of 8 and 8 values in its scope"
    assert means.without == "Without it 2 more pairs of values would differ."
    assert unneeded.without == "Nothing would differ without it: it was not needed."
    assert never.without == "It never met a value."
    assert means.bounds == (
        Bound(demand="sets at most 5 values aside on a side", met="2"),
        Bound(demand="sets at most 0.25 of the values in its scope aside", met="0.25 (2 of 8)"),
        Bound(demand="has to meet a value", met="met 8"),
        Bound(demand="two numbers are at most 0.01 apart", met=""),
        Bound(demand='every value, on either side, is of the shape {"type": "number"}', met=""),
    )
    assert [each.broken for each in wide.bounds] == [True, True, False, False, False]
    assert [each.broken for each in never.bounds] == [True]


def test_a_default_rule_is_told_of_without_a_scope():
    """Nobody declared one, so nobody knows how many values it might have met."""
    plain = use("known-roots", source="default", covered=(0, 0), declared={})
    (view,) = equal_of(checked("a", plain)).rules
    assert (view.did, view.bounds, view.declared) == ("set 2 aside on local and 2 on e2b", (), "")


def test_what_the_schema_leaves_open_is_said_without_a_rule():
    """Of a comparison; where there was none, nothing is equal."""
    view = equal_of(checked("a"))
    assert view.rules == ()
    assert view.schema.startswith(
        "Besides, every time and duration of 17 events and 9 metrics is held to its shape alone"
    )
    assert equal_of(record("b", Verdict.INFRA, comparison=None)) is None


def test_declared_rules_of_other_types_break_nothing():
    """A record may come from anywhere."""
    odd = {"max_hits": "5", "max_share": None, "must_fire": 1, "absolute": [], "shape": 3, "ulp": True}
    (view,) = equal_of(checked("a", use("odd", declared=odd))).rules
    assert view.bounds == ()


def test_the_ledger_sums_a_rule_over_all_manifests():
    """Rules that are written otherwise are others, though they have one name; what is wrong with one comes first."""
    other = {**TOLERANCE, "max_hits": 9}
    stale = use(
        "stale", decided=0, left_hits=0, right_hits=0, covered=(0, 0), complaint="never met a value", examples=()
    )
    shown = [
        (checked("a", use("means"), use("spare", decided=0, examples=())), "m-a"),
        (checked("b", use("means", left_hits=4, note="the largest distance seen was 0.009, 90%")), "m-b"),
        (checked("c", use("means", declared=other, decided=1), stale), "m-c"),
        (record("d", None, comparison=None), "m-d"),
    ]
    ledger = ledger_of(shown)
    assert ledger.sentence == "2 rules made 5 pairs of values equal in 3 manifests; something is wrong with 1 rule"
    assert [(each.key, each.rule, each.decided) for each in ledger.rules] == [
        ("complaint", "stale", 0),
        ("decided", "means", 4),
        ("decided", "means", 1),
        ("unneeded", "spare", 0),
    ]
    means = ledger.rules[1]
    assert (means.hits, means.covered, means.manifests) == ((6, 4), (16, 16), 2)
    assert means.bounds[0] == Bound(demand="sets at most 5 values aside on a side", met="4")
    assert [(each.name, each.anchor, each.decided) for each in means.served] == [
        ("pipelines/a.osiris.yaml", "m-a", 2),
        ("pipelines/b.osiris.yaml", "m-b", 2),
    ]
    assert means.without == "Without it 4 more pairs of values would differ."
    assert means.notes == ("the largest distance seen was 0.009, 90%",)
    assert ledger.digests == (("0123456789abcdef", 3),)
    assert ledger_of(shown[3:]) is None


def test_waivers_have_an_account_of_their_own():
    """They accept what differs: no pair becomes equal by one."""
    waiver = WaiverUse(name="w", reason="r", owner="o", expires="2026-12-01", hits=2)
    late = replace(waiver, hits=1, complaint="has expired")
    ledger = ledger_of([(checked("a", waivers=(waiver,)), "m-a"), (checked("b", waivers=(late,)), "m-b")])
    assert ledger.sentence == "No rule made anything equal in 2 manifests"
    ((account,),) = (ledger.waivers,)
    assert (account.hits, account.manifests, account.complaint) == (3, 2, "has expired")


def test_secrets_are_counted_by_target_and_in_all():
    """As the sessions say."""
    masked = replace(checked("a"), targets=(local_run(masked=2), e2b_run(masked=3)))
    assert ledger_of([(masked, "m-a"), (masked, "m-b")]).masked == (("local", 4), ("e2b", 6))
    assert "4 in sessions of local, 6 in sessions of e2b; 10 in all" in render_html(
        RecordSet(records=(masked, replace(masked, manifest="b")))
    )


def test_the_page_shows_both_raw_values_and_links_the_manifests():
    """In each manifest and in the ledger, after them; nothing that a rule or a value says is markup."""
    records = tuple(checked(f"m{number}", use("means")) for number in range(LINKED + 5))
    page = render_html(RecordSet(records=records))
    ledger = page[page.index('id="ledger"') :]
    assert "1 rule made 50 pairs of values equal in 25 manifests" in ledger
    assert "20 of 50 pairs that it made equal, as they stand" in ledger
    assert ledger.count('href="#m-pipelines-m') == LINKED
    for told in ("0.31·", "&lt;b&gt;1.01&lt;/b&gt;", "sums &lt;of&gt; floats", "sets at most 5 values aside on a side"):
        assert told in page[: page.index('id="ledger"')]
        assert told in ledger
    assert "<b>1.01" not in page
