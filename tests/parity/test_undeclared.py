"""What is left to suggest about a step that was given the same on both sides and made something else; and where that would be wrong."""

from __future__ import annotations

import copy
import datetime as dt
from dataclasses import replace

import pytest

from osiris_core.parity.compare import compare
from osiris_core.parity.undeclared import OPEN_QUERY, UNDECLARED, UNDECLARED_FILE
from osiris_core.parity.waived import Waivers
from osiris_core.rules.waivers import Waiver
from tests.parity.sessions import MANIFEST, failing, healthy, pair, table

ALL_LAST = {UNDECLARED, OPEN_QUERY, UNDECLARED_FILE.format(file="names.json")}


def with_another_table(step="delays", driver="python.callable"):
    """Return a pair of which one step, of the given driver, hands on other rows on the right; what was ahead of it is the same."""
    left, right = healthy("local"), healthy("e2b")
    manifest = copy.deepcopy(MANIFEST)
    next(each for each in manifest["steps"] if each["id"] == step)["driver"] = driver
    left.manifest = right.manifest = manifest
    right.event("step_complete", step)["tables"]["df"] = table(2, "other")
    return left, right


def hints(tmp_path, left, right, accepted_at=("read", "write")):
    """Return what is said of the step, where all that differs at the steps ahead of it is accepted."""
    accepted = [
        Waiver(path="*", code=code, reason="known", owner="ann", expires=dt.date(2027, 3, 1))
        for code in ("artifact-content", "table-content")
    ]
    accepted = [replace(each, step=step) for each in accepted for step in accepted_at]
    waivers = Waivers(accepted, manifest="flights.osiris.yaml", today=dt.date(2026, 11, 24))
    found = compare(*pair(tmp_path, left, right), waivers=waivers).findings
    return {finding.hint for finding in found if finding.step == "delays"}


@pytest.mark.parametrize(
    ("driver", "hint"),
    [("python.callable", UNDECLARED), ("acme.scores", UNDECLARED), ("duckdb.processor", OPEN_QUERY)],
)
def test_given_the_same_a_step_made_something_else(tmp_path, driver, hint):
    """Then there is something that the manifest does not declare; what there is to look for goes by what the driver can take."""
    assert hints(tmp_path, *with_another_table(driver=driver)) == {hint}


def told(left, right, text):
    """Let the step say a text, in which `#` is another number on each side."""
    for number, side in enumerate((left, right)):
        side.logs["delays"] = f"INFO osiris.delays {text.replace('#', str(number))}\n".encode()


def test_a_file_that_the_step_tells_of_is_named(tmp_path):
    """Where its differing text names one on both sides, and the manifest does not."""
    left, right = with_another_table()
    told(left, right, "# names remembered from names.json")
    assert hints(tmp_path, left, right) == {UNDECLARED_FILE.format(file="names.json")}


def test_a_hint_of_this_kind_says_all_in_what_a_headline_has_room_for():
    """What is to be looked for and what to do, also beyond what a manifest has a key for; a headline cuts a hint after 160 characters."""
    assert len(UNDECLARED) <= 160
    assert len(UNDECLARED_FILE.format(file="n" * 28)) <= 160
    assert UNDECLARED.endswith("a service, or the machine")
    assert UNDECLARED_FILE.endswith("inputs:, in the project")


@pytest.mark.parametrize(
    "text",
    [
        "# rows of flights.csv",  # what another step reads, so it is declared
        "# rows for summary.json",  # an artifact
        "# rows at e2b.local, v1.2.3, by osiris.delays",  # no files
        "# rows in part-#.json",  # not the same on both
    ],
)
def test_what_is_declared_made_or_no_file_is_not_named(tmp_path, text):
    """Then what to look for remains."""
    left, right = with_another_table()
    told(left, right, text)
    assert hints(tmp_path, left, right) == {UNDECLARED}


def given_another_order(left, right):
    right.table("read")["ordered"] = "another"


def given_other_rows_that_are_accepted(left, right):
    right.table("read").update(unordered="another", ordered="another")


def given_another_file_that_is_accepted(left, right):
    left.files["read/scratch.txt"], right.files["read/scratch.txt"] = b"a\n", b"b\n"


def given_another_file_from_further_ahead(left, right):
    steps = {each["id"]: each for each in left.manifest["steps"]}
    steps["read"]["needs"], steps["write"]["needs"] = ["write"], []
    left.files["write/scratch.txt"], right.files["write/scratch.txt"] = b"a\n", b"b\n"


def given_nothing(left, right):
    for side in (left, right):
        side.event("step_complete", "read")["tables"] = {}


def retried(left, right):
    right.events.insert(6, {**right.event("step_start", "delays"), "event": "step_retried", "attempt": 1})


def damaged_on_the_way(left, right):
    right.target_facts["artifact_root_reported"], right.facts["artifact_root"] = "a" * 64, "b" * 64


def of_another_check(left, right):
    for facts in (right.facts, right.hello):
        facts["request_digest"] = "e" * 64


def of_no_check(left, right):
    del left.facts["request_digest"]  # as in a baseline, and in what another program left
    del right.facts["request_digest"]


def only_told(left, right):
    right.event("step_complete", "delays")["tables"] = copy.deepcopy(left.event("step_complete", "delays")["tables"])
    told(left, right, "# rows, by chance")


def written_by_an_engine(left, right):
    next(each for each in left.manifest["steps"] if each["id"] == "delays")["driver"] = "filesystem.csv_writer"


@pytest.mark.parametrize(
    "change",
    [
        given_another_order,
        given_other_rows_that_are_accepted,
        given_another_file_that_is_accepted,
        given_another_file_from_further_ahead,
        given_nothing,
        retried,
        damaged_on_the_way,
        of_another_check,
        of_no_check,
        only_told,
        written_by_an_engine,
    ],
)
def test_it_is_not_said_where_something_else_may_be_the_reason(tmp_path, change):
    """Other rows, another order, another attempt, damage on the way, other code perhaps: then nothing follows about what is declared."""
    left, right = with_another_table()
    change(left, right)
    assert not hints(tmp_path, left, right) & ALL_LAST


def test_what_was_accepted_asks_for_nothing(tmp_path):
    """Where the step's other table is accepted, and only what it says of it decides."""
    left, right = with_another_table()
    told(left, right, "# rows, by chance")
    assert hints(tmp_path, left, right) & ALL_LAST
    assert not hints(tmp_path, left, right, accepted_at=("delays",)) & ALL_LAST


def test_a_failure_is_its_own_reason(tmp_path):
    """A step that failed on one side left something else because of that."""
    result = compare(*pair(tmp_path, right=failing("e2b", "ValueError", "no rows")))
    assert not {finding.hint for finding in result.findings} & ALL_LAST


@pytest.mark.parametrize("step", ["delays", "report"])
def test_whatever_is_known_comes_first(tmp_path, step):
    """A hint at the step, or at what follows from it, tells more: here that the same text has other line endings."""
    left, right = with_another_table()
    left.files[f"{step}/note.txt"], right.files[f"{step}/note.txt"] = b"a\nb\n", b"a\r\nb\r\n"
    assert not hints(tmp_path, left, right) & ALL_LAST
