"""Records of many machines as one whole: nothing twice, nothing lost, and hosts kept apart."""

from __future__ import annotations

import dataclasses
import itertools

from osiris_core.parity.merging import merge
from osiris_core.parity.record import ParityRecord, RecordSet, TargetRun, Verdict
from osiris_core.parity.record_io import decode_records, encode_records


def record(manifest="a", verdict=Verdict.IDENTICAL, session="s1", **changes):
    made = ParityRecord(
        manifest=manifest,
        pipeline_id=manifest,
        passed=verdict is None or verdict.passes,
        headline="",
        verdict=verdict,
        session_id=session,
        targets=tuple(TargetRun(target=each, provider="host", isolation="none") for each in ("local", "e2b")),
    )
    return dataclasses.replace(made, **changes)


def part(*records, python="3.12.1", **changes):
    made = RecordSet(records=records, created_at="2026-01-01T00:00:00Z", host={"python": python, "platform": "Linux"})
    return dataclasses.replace(made, **changes)


def names(whole):
    return [(each.manifest, each.origin) for each in whole.records]


def test_hosts_are_kept_apart():
    """What they share is said of the whole, what they differ in of each; every record says where it comes from."""
    whole = merge([("1.json", part(record("a"))), ("2.json", part(record("b"), record("c"), python="3.13.0"))])

    assert whole.host == {"platform": "Linux"}
    assert [(each.name, each.host["python"], each.records) for each in whole.origins] == [
        ("1.json", "3.12.1", 1),
        ("2.json", "3.13.0", 2),
    ]
    assert names(whole) == [("a", "1.json"), ("b", "2.json"), ("c", "2.json")]
    assert decode_records(encode_records(whole)) == whole


def test_the_same_record_in_two_files_is_one():
    """However it got into both, also by way of an earlier merge."""
    one, other = part(record("a")), part(record("a"), record("b"))
    earlier = merge([("1.json", one), ("3.json", part(record("c")))])

    assert names(merge([("1.json", one), ("2.json", other)])) == [("a", "1.json"), ("b", "2.json")]
    assert names(merge([("merged.json", earlier), ("1.json", one)])) == [("a", "1.json"), ("c", "3.json")]


def test_two_results_of_one_manifest_are_both_kept_and_said():
    """The same case on the same targets; the worst counts by being there."""
    first, second = record(verdict=Verdict.DIVERGENT), record(session="s2")
    whole = merge([("1.json", part(first)), ("2.json", part(second))])

    assert [each.verdict for each in whole.records] == [Verdict.DIVERGENT, Verdict.IDENTICAL]
    assert whole.remarks == ("a has 2 results, and the worst counts: DIVERGENT (1.json), IDENTICAL (2.json)",)


def test_what_is_not_the_same_check_is_no_repetition():
    """Another case, other targets, or two tests of one run."""
    local = record(targets=record().targets[:1], verdict=None)
    assert merge([("1.json", part(record(), local)), ("2.json", part(record(case="AA")))]).remarks == ()
    assert merge([("1.json", part(record(), record(session="s2")))]).remarks == ()


def test_missing_shards_are_said():
    """A whole of which a part is missing is no gate; what an earlier merge missed may have come."""
    shards = {number: part(record(str(number)), shard=f"{number}/4") for number in (1, 2, 3, 4)}
    three = merge([(str(number), shards[number]) for number in (1, 2, 3)])

    assert three.unmet == ("shard 4/4 is missing",)
    assert merge([("1", shards[1]), ("3", shards[3])]).unmet == ("the shards 2/4, 4/4 are missing",)
    assert merge([("three", three), ("4", shards[4])]).unmet == ()
    assert merge([("1", shards[1]), ("x", part(shard="2/2"))]).unmet == (
        "the shards 1/4, 2/2 are not of one whole, so nobody can say whether all tests are there",
    )
    for strange in ("one/two", "1/99999999", "0/2"):
        assert merge([("1", part(shard=strange))]).unmet[0].startswith(f"the shards {strange} are not of one whole")
    assert merge([("1", part(shard="1/1"))]).unmet == ()


def test_what_a_part_lacks_the_whole_lacks():
    """With the name of the part, once."""
    lacking = part(record("a"), unmet=("1 manifest was compared",), note="2 of 3 tests did not finish")
    whole = merge([("1.json", lacking), ("2.json", part(record("b")))])

    assert whole.unmet == ("1.json: 1 manifest was compared",)
    assert whole.note == "1.json: 2 of 3 tests did not finish"
    again = merge([("whole.json", whole), ("1.json", lacking)])
    assert (again.unmet, again.note) == (whole.unmet, whole.note)


def test_one_name_for_two_files_of_earlier_merges_stays_two_origins():
    """Two jobs may both have merged a `1.json`."""
    one = merge([("1.json", part(record("a")))])
    two = merge([("1.json", part(record("b"), python="3.13.0"))])

    assert names(merge([("x.json", one), ("y.json", two)])) == [("a", "1.json"), ("b", "y.json: 1.json")]


def test_the_whole_does_not_depend_on_the_order_of_its_parts():
    """Nor on how it was put together, as far as the records go."""
    parts = [
        ("1", part(record("a"))),
        ("2", part(record("a", session="s2"), note="x")),
        ("3", part(record("b"), unmet=("y",))),
    ]

    assert len({encode_records(merge(each)) for each in itertools.permutations(parts)}) == 1


def test_two_hosts_with_one_session_id_are_told_of():
    """Their directories have one name, so what lies here is of one of them; a record that two files hold is no clash."""
    run = TargetRun(target="local", provider="host", isolation="none", session_directory=".osiris/runs/s1/local")
    one, two = (record(manifest, targets=(run,)) for manifest in "ab")

    whole = merge([("1.json", part(one, python="3.12.1")), ("2.json", part(two)), ("3.json", part(one))])

    assert whole.remarks == (
        "session s1 is of several hosts, a (1.json) and b (2.json): where its directory lies here, it may be the other one's",
    )
    assert merge([("1.json", part(one)), ("2.json", part(one))]).remarks == ()
    assert merge([("1.json", part(one)), ("2.json", part(record("b", session="s2")))]).remarks == ()
