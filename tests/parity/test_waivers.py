"""Accepted differences: narrow, owned, and for a while; the rest stays as red as it was."""

from __future__ import annotations

import datetime as dt

import pytest

from osiris_core.errors import UsageError
from osiris_core.parity.compare import ALL, compare
from osiris_core.parity.record import Layer, Verdict
from osiris_core.parity.summary import headline
from osiris_core.parity.waived import Waivers
from osiris_core.rules.waivers import Waiver, read_waivers
from tests.parity.sessions import healthy, pair

TODAY = dt.date(2026, 11, 24)
OTHER_CSV = b"carrier,n,late\r\nAA,2,11\r\nBB,1,-3\r\n"
ONE = Waiver(
    path="write/*.csv",
    code="table-cells",
    reason="the rounding is fixed in March",
    owner="ann",
    expires=dt.date(2027, 3, 1),
)
WRITTEN = """
[[waiver]]
path = "write/*.csv"
code = "table-cells"
reason = "the rounding is fixed in March"
owner = "ann"
expires = 2027-03-01
"""


def waived(*waivers, manifest="flights.osiris.yaml", today=TODAY):
    """Return waivers as a comparison is given them."""
    return Waivers(waivers, manifest=manifest, today=today)


def differing(tmp_path, **files):
    """Return a pair of sessions that differ in what `write` wrote, and in further files."""
    right = healthy("e2b")
    right.files["write/delays.csv"] = OTHER_CSV
    right.files.update(files)
    return pair(tmp_path, right=right)


def test_a_difference_that_is_waived_is_accepted(tmp_path):
    """The finding stays, with the waiver's name, and decides nothing."""
    result = compare(*differing(tmp_path), waivers=waived(ONE))
    assert result.verdict is Verdict.ACCEPTED
    assert [each.waived_by for each in result.findings] == ["table-cells at write/*.csv"]
    assert (result.first_diverging_step, result.causes, result.groups) == (None, (), ())
    (use,) = result.waivers
    assert (use.hits, use.complaint, use.expires) == (1, "", "2027-03-01")
    assert (use.manifest, use.days_left) == ("*", 97)
    assert headline(result) == (
        "local and e2b differ only in what was accepted: "
        "table-cells at write/*.csv (ann, until 2027-03-01: the rounding is fixed in March)."
    )


@pytest.mark.parametrize(
    "change",
    [
        {"path": "report/*.csv"},
        {"code": "artifact-mode"},
        {"step": "report"},
        {"manifest": "other/*.osiris.yaml"},
        {"expires": TODAY - dt.timedelta(days=1)},
    ],
)
def test_a_waiver_accepts_nothing_else(tmp_path, change):
    """Another place, code, step or manifest, or a day too late, and the difference decides."""
    names = ("path", "code", "reason", "owner", "expires", "manifest", "step")
    waiver = Waiver(**{**{name: getattr(ONE, name) for name in names}, **change})
    result = compare(*differing(tmp_path), waivers=waived(waiver))
    assert result.verdict is Verdict.DIVERGENT
    assert result.first_diverging_step == "write"


def test_what_is_not_waived_decides(tmp_path):
    """One accepted difference does not carry another along."""
    result = compare(*differing(tmp_path, **{"report/new.txt": b"x"}), waivers=waived(ONE))
    assert (result.verdict, result.first_diverging_step, result.effects) == (Verdict.DIVERGENT, "report", 0)


def test_a_waiver_mends_no_evidence(tmp_path):
    """What was not compared stays inconclusive, whatever else was accepted."""
    result = compare(*differing(tmp_path), waivers=waived(ONE), comparers=ALL - {Layer.LOGS})
    assert result.verdict is Verdict.INCONCLUSIVE


def test_a_waiver_that_ends_today_still_holds(tmp_path):
    """The last day is a day."""
    assert compare(*differing(tmp_path), waivers=waived(ONE, today=ONE.expires)).verdict is Verdict.ACCEPTED


def test_one_that_has_expired_says_so(tmp_path):
    """Its difference is back, and the reader learns why."""
    (use,) = compare(*differing(tmp_path), waivers=waived(ONE, today=dt.date(2027, 3, 2))).waivers
    assert (use.hits, use.complaint) == (1, "expired on 2027-03-01")


def test_one_that_is_not_needed_says_so(tmp_path):
    """A waiver that meets nothing is told, and changes nothing."""
    result = compare(*pair(tmp_path), waivers=waived(ONE))
    assert result.verdict is Verdict.IDENTICAL
    assert [use.complaint for use in result.waivers] == ["nothing differs there any more: remove it"]


def test_findings_beyond_the_kept_ones_are_waived_too(tmp_path):
    """The cap on findings is about showing, never about deciding."""
    right = healthy("e2b")
    for number in range(20):
        right.files[f"report/{number}.txt"] = b"b\n"
    extra = Waiver(path="report/*.txt", code="artifact-extra", reason="r", owner="o", expires=TODAY)
    result = compare(*pair(tmp_path, right=right), waivers=waived(extra), max_findings=3)
    assert (result.verdict, result.waivers[0].hits, len(result.findings)) == (Verdict.ACCEPTED, 20, 3)


def test_a_file_of_waivers_is_read(tmp_path):
    """Every key arrives; without a file there are none."""
    file = tmp_path / "osiris-waivers.toml"
    assert read_waivers(file, TODAY) == ()
    file.write_text(WRITTEN)
    assert read_waivers(file, TODAY) == (ONE,)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('owner = "ann"\n', "", "osiris-waivers.toml, waiver 1 needs `owner`"),
        ('reason = "the rounding is fixed in March"', 'reason = " "', "waiver 1 needs `reason`"),
        ("expires = 2027-03-01\n", "", "waiver 1 needs `expires`, a date"),
        ("2027-03-01", '"2027-03-01"', "waiver 1 needs `expires`, a date"),
        ("2027-03-01", "2027-05-24", "waiver 1 would hold until 2027-05-24"),
        ("write/*.csv", "**/*", "waiver 1 would accept everything"),
        ("write/*.csv", "[!~]*", "waiver 1 would accept everything"),
        ('"table-cells"', '"table-cellss"', "waiver 1 names no reason code"),
        ('"table-cells"', '"table-*"', "waiver 1 names no single reason code"),
        ('owner = "ann"', 'owner = "ann"\nuntil = 3', "waiver 1 has no key `until`"),
        ("[[waiver]]", "[[waivers]]", "is not understood"),
        ("[[waiver]]", "[[waiver]", "cannot be read"),
    ],
)
def test_a_file_that_is_not_understood_is_refused(tmp_path, old, new, said):
    """Each mistake has its own sentence."""
    file = tmp_path / "osiris-waivers.toml"
    assert old in WRITTEN
    file.write_text(WRITTEN.replace(old, new))
    with pytest.raises(UsageError, match=said.replace("*", ".")):
        read_waivers(file, TODAY)


def test_a_hundred_and_eighty_days_are_allowed(tmp_path):
    """The bound itself is inside."""
    file = tmp_path / "osiris-waivers.toml"
    file.write_text(WRITTEN.replace("2027-03-01", (TODAY + dt.timedelta(days=180)).isoformat()))
    assert len(read_waivers(file, TODAY)) == 1
