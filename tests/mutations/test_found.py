"""Whatever is planted in a real session is found, and what means nothing is not called a difference."""

from __future__ import annotations

import re
import stat

import pytest

from osiris_core.parity.compare import compare
from osiris_core.parity.record import Verdict
from osiris_core.session.reader import open_session
from osiris_core.testing.mutations import BENIGN, DIFFERENCES, plant, plant_nothing

SEEDS = range(2)


@pytest.fixture(scope="module")
def opened(pairs):
    """The left sessions, read once."""
    return {failed: open_session(left) for failed, (left, _) in pairs.items()}


def test_the_originals_do_not_differ(pairs):
    """Whatever is found afterwards was planted: the one pair is IDENTICAL, the other one has each target's own paths in it."""
    results = [compare(*map(open_session, pairs[failed])) for failed in (False, True)]
    assert [each.verdict for each in results] == [Verdict.IDENTICAL, Verdict.EQUIVALENT]
    assert [(each.findings, each.problems, each.not_compared) for each in results] == [((), (), ())] * 2


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda each: each.name)
def test_a_planted_difference_is_found(difference, pairs, opened, place):
    """For each seed the verdict is DIVERGENT, and a finding names layer, code, step and path; from either side the same is said.

    A class with few places plants the same thing more than once: it is looked for once.
    """
    planted = set()
    for seed in SEEDS:
        spot, directory = plant(difference, pairs[difference.failed][1], place(), seed=seed)
        contents = new_contents(directory)
        if contents in planted:
            continue
        planted.add(contents)
        changed = open_session(directory)
        result = compare(opened[difference.failed], changed)
        assert difference.missed(spot, result.findings) == ""
        assert result.verdict is Verdict.DIVERGENT
    mirrored = compare(changed, opened[difference.failed])
    assert facts(mirrored, mirrored=True) == facts(result)


def new_contents(directory):
    """Return what a copy holds, by path and mode; of files that are links to the original's only which they are."""
    found = set()
    for path in directory.rglob("*"):
        facts, held = path.lstat(), None
        if stat.S_ISLNK(facts.st_mode):
            held = path.readlink()
        elif stat.S_ISREG(facts.st_mode):
            held = path.read_bytes() if facts.st_nlink == 1 else facts.st_ino
        found.add((path.relative_to(directory), facts.st_mode, held))
    return frozenset(found)


def facts(result, *, mirrored=False):
    """Return what a comparison found, in no order; of a mirrored one as it is seen from the other side."""
    exchanged = {"missing": "extra", "extra": "missing"}
    findings = sorted(
        (
            str(f.layer),
            re.sub("missing|extra", lambda each: exchanged[each[0]], f.code) if mirrored else f.code,
            f.step or "",
            # The cell that is shown first is only an example: columns go in the order of the left side.
            *(() if f.code == "table-cells" else (f.right, f.left) if mirrored else (f.left, f.right)),
        )
        for f in result.findings
    )
    return result.verdict, result.findings_total, result.first_diverging_step, findings


@pytest.mark.parametrize("benign", BENIGN, ids=lambda each: each.name)
def test_what_means_nothing_is_no_difference(benign, pairs, place):
    """For each seed nothing is found; where bytes of an artifact differ a rule is named for it."""
    wanted = Verdict.EQUIVALENT if benign.names_a_rule or benign.failed else Verdict.IDENTICAL
    for seed in SEEDS:
        what, left, right = plant_nothing(benign, pairs[benign.failed], place(), seed=seed)
        result = compare(open_session(left), open_session(right))
        assert [f for f in result.findings if not f.locates] == [], what
        assert (result.verdict, result.problems, result.not_compared) == (wanted, (), ()), what


def test_a_class_has_one_name_and_says_what_is_to_be_found():
    """Names are told apart, and reason codes look like codes: 25 classes of difference and 10 of benign change at least."""
    names = [each.name for each in (*DIFFERENCES, *BENIGN)]
    assert len({*names}) == len(names)
    assert len(DIFFERENCES) >= 25
    assert len(BENIGN) >= 10
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for each in DIFFERENCES for code in each.codes)


def test_the_example_of_the_page_works(repository, pairs, place, monkeypatch):
    """What `docs/testing.md` shows finds whatever it plants; every twentieth class stands for all."""
    page = (repository / "docs" / "testing.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page.partition("# A comparer that cannot be fooled")[2], re.DOTALL)
    monkeypatch.setattr("osiris_core.testing.mutations.DIFFERENCES", DIFFERENCES[::20])
    shown: dict = {}
    exec(example, shown)
    assert shown["missed"](*pairs[False], place()) == []
