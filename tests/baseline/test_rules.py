"""A rule that covers a value covers it in a baseline too, and what it sets aside is no reason to rewrite anything."""

from __future__ import annotations

from osiris_core.baseline.holding import Holding, hold
from osiris_core.baseline.making import Making, make_baseline
from osiris_core.baseline.merging import merged
from osiris_core.parity.record import Verdict
from osiris_core.rules.model import RuleKind, Shape
from tests.baseline.stored import NAME, held, stored
from tests.parity.rules import rule
from tests.parity.sessions import healthy, pair

BATCH = rule(RuleKind.TOKEN, "event", name="page_made", path="batch", shape=Shape(type="uuid"), called="batch")
MADE_AT = rule(RuleKind.TOKEN, "event", name="page_made", path="at", shape=Shape(type="time"), called="made-at")
KNOWN = [
    rule(RuleKind.KNOWN_VALUE, record, called=f"known-{record}", **scope)
    for record, scope in {
        "artifact": {"name": "report/*", "path": "in"},
        "event": {"name": "page_made", "path": "by"},
        "printed": {},
    }.items()
]
UUIDS = "0f8fad5b-d9cb-469f-a165-70867728950e", "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def two(change):
    """Return two drafts, each changed by its number."""
    drafts = healthy("local"), healthy("e2b")
    for number, draft in enumerate(drafts):
        change(draft, number)
    return drafts


def test_a_value_of_a_shape_may_be_another(tmp_path):
    """And one that has not the shape may not."""
    drafts = two(lambda draft, number: draft.event("page_made").update(batch=UUIDS[number]))
    left, right = pair(tmp_path, *drafts)

    found = held(tmp_path / "b", left, right, rules=(BATCH,))
    assert (found.verdict, found.findings) == (Verdict.EQUIVALENT, ())
    assert [(use.rule, use.decided) for use in found.rules] == [("batch", 1)]
    drafts[1].event("page_made")["batch"] = "none"
    assert held(tmp_path / "c", *pair(tmp_path, *drafts), rules=(BATCH,)).verdict is Verdict.DIVERGENT
    assert held(tmp_path / "d", left, right).verdict is Verdict.DIVERGENT


def test_a_time_has_to_lie_within_the_run_that_was_stored(tmp_path):
    """So the file says when that was; text beside it is compared as ever."""

    def change(draft, number):
        draft.event("page_made")["at"] = ("2026-11-24T12:00:00.020Z", "2026-11-24T12:00:30.020Z")[number]
        draft.printed["report"] = f"at {draft.event('page_made')['at']}, after {number + 3} ms\n".encode()

    left, right = pair(tmp_path, *two(change))

    found = held(tmp_path / "b", left, right, rules=(MADE_AT,))

    assert (found.verdict, found.findings) == (Verdict.EQUIVALENT, ())
    assert '"started": "2026-11-24T12:00:00.010000+00:00"' in (tmp_path / "b" / "baseline.json").read_text()


def test_known_values_are_nobodys_in_the_file(tmp_path):
    """User, host, session and directories of the machine that stored it are not there, in artifacts, events and output."""
    users = ("ann", "anns-laptop"), ("user", "e2b.local")

    def change(draft, number):
        user, host = users[number]
        draft.hello["environment"] = {"user": user, "hostname": host}
        draft.session_id = ("20261124T120000Z-0a1b2c3d", "20270101T000000Z-ffffffff")[number]
        draft.event("page_made")["by"] = f"{user} on {host}"
        draft.files["report/note.json"] = (
            f'{{"in": "{draft.hello["roots"]["home"]}/<x> of {draft.session_id}", "user": "ann"}}\n'.encode()
        )
        draft.printed["report"] = f"hello {user}\n".encode()

    left, right = pair(tmp_path, *two(change))

    found = held(tmp_path / "b", left, right, rules=tuple(KNOWN))

    assert (found.verdict, found.findings) == (Verdict.EQUIVALENT, ())
    text = (tmp_path / "b/baseline.json").read_text()
    assert not any(each in text for each in ("ann", "0a1b2c3d"))
    assert (tmp_path / "b/artifacts/report/note.json").read_text() == (
        '{"in": "/baseline/home/<x> of 20100304T050607Z-0ba5e11e", "user": "ann"}\n'  # the rule does not cover `user`
    )


def test_an_update_leaves_alone_what_a_rule_sets_aside(tmp_path):
    """Only what differs is rewritten: the metric, and not the ids, which are others in each run."""
    ids = rule(RuleKind.TOKEN, "artifact", name="report/ids.json", path="id", shape=Shape(type="uuid"), called="ids")
    lines = rule(RuleKind.TOKEN, "printed", match=r"batch (\S+)", shape=Shape(type="uuid"), called="lines")
    rules = (BATCH, ids, lines)

    def change(draft, number):
        draft.event("page_made")["batch"] = UUIDS[number]
        draft.files["report/ids.json"] = f'{{"id": "{UUIDS[number]}"}}\n'.encode()
        draft.printed["report"] = f"batch {UUIDS[number]}\n".encode()
        draft.metric("rows_read", "read")["value"] = 3 + number

    left, right = pair(tmp_path, *two(change))
    kept = stored(tmp_path / "b", left, rules=rules)
    before = (tmp_path / "b" / "baseline.json").read_text()
    found = hold(kept, right, Holding(rules=rules))
    assert [finding.path for finding in found.findings] == ["rows_read"]

    files = merged(make_baseline(right, Making(name=NAME, rules=rules)), kept, found)

    assert files["artifacts/report/ids.json"] == left.artifacts["report/ids.json"].absolute.read_bytes()
    after = files["baseline.json"].decode()
    changed = [(a, b) for a, b in zip(before.split("\n"), after.split("\n"), strict=True) if a != b]
    assert [(a.count('"value": 3'), b.count('"value": 4')) for a, b in changed] == [(1, 1)]
