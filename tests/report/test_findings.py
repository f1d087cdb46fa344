"""How the differences of a record are arranged: what is first, what is one entry, what is counted, what is shown by kind."""

from __future__ import annotations

import dataclasses

from osiris_core.parity.record import (
    ByteSample,
    ColumnDifference,
    Comparison,
    Finding,
    FindingGroup,
    Layer,
    RecordSet,
    RowSample,
    StepRun,
    TableDifference,
    Verdict,
)
from osiris_core.report.dumps import dumps
from osiris_core.report.findings import differences_of
from osiris_core.report.html import render_html
from osiris_core.report.table_view import drift_words, table_view
from tests.report.hostile import GROUPS, harmless
from tests.report.samples import e2b_run, local_run, record
from tests.report.structure import Structure

NAMES = ("local", "e2b")


def finding(path: str, *, layer: Layer = Layer.ARTIFACTS, step: str | None = "write", **members) -> Finding:
    return Finding(
        layer=layer, step=step, code=members.pop("code", "artifact-content"), path=path, message=path, **members
    )


def arranged(*findings: Finding, artifacts: tuple[str, ...] = (), **members):
    runs = [
        run(steps=(StepRun(id="write", driver="d", needs=(), state="succeeded", artifacts=artifacts),))
        for run in (local_run, e2b_run)
    ]
    comparison = Comparison(
        verdict=Verdict.DIVERGENT,
        findings=findings,
        findings_total=len(findings),
        first_diverging_step="write",
        causes=("write",),
    )
    return differences_of(dataclasses.replace(comparison, **members), "m", runs)


def flat(rows) -> list:
    return [each for row in rows for each in (row, *flat(row.below))]


def text(parts) -> str:
    return "".join(part.text for part in parts)


def test_the_difference_with_a_hint_at_the_first_cause_is_first():
    """Of two causes the earlier one leads, and of its differences the one that says most."""
    found = arranged(
        finding("late/x", step="late", hint="not this one"),
        finding("write/a"),
        finding("write/b", hint="this one"),
        finding("after/c", step="after"),
        causes=("write", "late"),
        effects=2,
    )
    assert found.tally == "2 causes, 2 effects"
    assert [(group.key, [each.finding.path for each in group.findings]) for group in found.groups] == [
        ("cause", ["write/b", "write/a", "late/x"]),
        ("effect", ["after/c"]),
    ]


def test_where_only_an_order_differs_it_stands_with_the_cause():
    """The step where it begins has no difference that decides: what locates it there is shown first, and not as a clue."""
    order = finding("df", layer=Layer.TABLES, step="query", code="table-order", locates=True)
    found = arranged(order, finding("write/a"), first_diverging_step="query", causes=("query",))
    assert [(group.key, group.total) for group in found.groups] == [("cause", 1), ("effect", 1)]


def test_many_of_one_kind_are_one_entry_with_their_true_number():
    """Places that are the same but for numbers are bundled; those that the record could not hold are counted, whole kinds too."""
    events = [finding(f"tick[{n}].at", layer=Layer.EVENTS, code="event-missing") for n in range(4)]
    signature = FindingGroup(
        layer=Layer.EVENTS, step="write", code="event-missing", pattern="tick[#].at", count=37, message="m"
    )
    other = FindingGroup(
        layer=Layer.LOGS, step="end", code="log-line", pattern="end.log:#", count=5, message="m", effect=True
    )
    found = arranged(*events, groups=(signature, other))
    cause, effect = found.groups
    (bundle,) = cause.bundles
    assert (len(bundle.others), bundle.total, bundle.hidden) == (3, 37, 33)
    assert (effect.total, effect.unheld) == (5, (other,))


def test_the_places_of_a_json_file_are_one_table():
    """Added, removed, changed and changed in kind, each with its path in the file; a text and a number that look alike have their kinds."""
    found = arranged(
        finding("write/a.json:n", left="1 (text)", right="1 (integer)", kinds=("text", "integer")),
        finding("write/a.json:new", left="(absent)", right="x", kinds=("absent", "text")),
        finding("write/a.json:old[0]", left="true", right="(absent)", kinds=("truth value", "absent")),
        finding("write/a.json:s", left="x", right="y", kinds=("text", "text")),
        finding("write/b.json:s", left="x", right="y", kinds=("text", "text")),
        artifacts=("write/a.json", "write/b.json"),
    )
    first, second = found.groups[0].findings
    assert [(each.sign, each.path, text(each.left), text(each.right), each.change) for each in first.places] == [
        ("≠", "n", "1", "1", "changed in kind"),
        ("+", "new", "", "x", "added"),
        ("\N{MINUS SIGN}", "old[0]", "true", "", "removed"),
        ("≠", "s", "x", "y", "changed"),
    ]
    assert [each.anchor for each in first.places] == ["", "m-cause-2", "m-cause-3", "m-cause-4"]
    assert (first.findings, second.findings) == (4, 1)


def test_files_that_differ_are_a_tree_and_equal_ones_a_number():
    """Directories count what is below them, each file says what became of it and leads to its difference."""
    found = arranged(
        finding("write/a.csv", code="artifact-missing", sizes_bytes=(1536, None)),
        finding("write/sub/b:c.bin", sizes_bytes=(1, 2), digests=("aa", "bb")),
        finding("write/sub/b:c.bin:row 1", sizes_bytes=(1, 2)),
        artifacts=("write/a.csv", "write/sub/b:c.bin", "write/sub/same", "write/same"),
    )
    assert [
        (row.depth, row.sign, row.name, row.change, row.counts, row.sizes, row.anchor) for row in flat(found.tree.rows)
    ] == [
        (0, "", "write/", "", "2 differ, 2 equal", ("", ""), ""),
        (1, "\N{MINUS SIGN}", "a.csv", "only on local", "", ("1.5 KiB", ""), "m-cause-1"),
        (1, "", "sub/", "", "1 differs, 1 equal", ("", ""), ""),
        (2, "≠", "b:c.bin", "content", "2 differences", ("1 B", "2 B"), "m-cause-2"),
    ]
    assert (found.tree.differing, found.tree.equal) == (2, 2)
    assert arranged(finding("write/a.csv")).tree is None


def test_an_archive_is_a_folder_of_its_members():
    """To any depth; directories in a member's name are directories, a place in JSON is none, and what has many members begins folded."""
    tgz = "write/o.zip:in.tgz"
    found = arranged(
        finding(f"{tgz}:a/b.json:n:c", members=("in.tgz", "a/b.json"), sizes_bytes=(1, 2)),
        finding(f"{tgz}:a/b.json:m", members=("in.tgz", "a/b.json")),
        finding(f"{tgz}:c.csv", members=("in.tgz", "c.csv"), code="artifact-extra"),
        finding("write/o.zip:/etc/x", members=("/etc/x",)),
        finding("write/o.zip", sizes_bytes=(10, 11), digests=("aa", "bb")),
        *(finding(f"write/p.zip:{n:02}", members=(f"{n:02}",)) for n in range(13)),
        artifacts=("write/o.zip", "write/p.zip", "write/same"),
    )
    rows = flat(found.tree.rows)
    assert [(row.depth, row.sign, row.name, row.change, row.counts, row.sizes, row.anchor) for row in rows[:8]] == [
        (0, "", "write/", "", "2 differ, 1 equal", ("", ""), ""),
        (1, "≠", "o.zip", "content", "2 differ inside", ("10 B", "11 B"), "m-cause-5"),
        (2, "", "/", "", "1 differs", ("", ""), ""),
        (3, "", "etc/", "", "1 differs", ("", ""), ""),
        (4, "≠", "x", "content", "", ("", ""), "m-cause-4"),
        (2, "≠", "in.tgz", "", "2 differ inside", ("", ""), ""),
        (3, "", "a/", "", "1 differs", ("", ""), ""),
        (4, "≠", "b.json", "content", "2 differences", ("1 B", "2 B"), "m-cause-1"),
    ]
    assert [(row.name, row.counts, row.is_open) for row in rows if row.name.endswith(".zip")] == [
        ("o.zip", "2 differ inside", True),
        ("p.zip", "13 differ inside", False),
    ]
    assert (found.tree.differing, found.tree.equal, found.tree.hidden) == (2, 1, 0)


def test_places_of_two_files_in_one_archive_are_two_tables():
    """Both lie in one artifact; each has its own table, with paths as they are in it."""
    found = arranged(
        *(
            finding(f"write/o.zip:{name}:{place}", members=(name,), left="1", right="2", kinds=("integer", "integer"))
            for name in ("a.json", "b.json")
            for place in ("m", "n")
        ),
        artifacts=("write/o.zip",),
    )
    places = [[place.path for place in each.places] for each in found.groups[0].findings]
    assert places == [["m", "n"], ["m", "n"]]


def test_what_is_cut_names_both_files():
    """A diff that ends early says where both whole files lie."""
    found = arranged(
        finding("write/a.txt", diff="@@ -1,1 +1,1 @@\n-a\n+b\n… cut here; 99 lines differ in all"),
        artifacts=("write/a.txt",),
    )
    (view,) = found.groups[0].findings
    session = ".osiris/runs/20260203T101500Z-4f1c2a9e"
    assert view.rest == (f"{session}/local/artifacts/write/a.txt", f"{session}/e2b/artifacts/write/a.txt")


def test_rows_of_a_table_are_told_apart():
    """An equal neighbour, a changed row with its changed cell, and the rows that one side alone has; what is not shown is counted."""
    table = TableDifference(
        rows=(10, 10),
        rows_missing=2,
        rows_extra=1,
        cells_total=1,
        key=("id",),
        width=9,
        shown=("id", "n"),
        samples=(
            RowSample(row="id=1", left=("1", "a"), right=("1", "a")),
            RowSample(row="id=2", left=("2", "a"), right=("2", "b")),
            RowSample(left=("3", "c")),
            RowSample(right=("4", "d")),
        ),
    )
    view = table_view(table, NAMES)
    assert [(row.kind, row.sign, [cell.changed for cell in row.cells]) for row in view.rows] == [
        ("same", "=", [False, False]),
        ("changed", "≠", [False, True]),
        ("left", "\N{MINUS SIGN}", [False, False]),
        ("right", "+", [False, False]),
    ]
    assert view.heads == (("id", True), ("n", False))
    assert (view.matched, view.cells) == (8, ())
    assert view.facts[-1] == "rows are matched by id"
    assert view.more[:2] == ("2 of 9 columns are shown", "1 of 2 missing rows are shown")


def test_drift_says_direction_and_range():
    """One way in all rows, both ways, or only how far, as an older record has it."""
    column = ColumnDifference(name="n", differing=3, max_absolute=3.0, max_relative=0.02)
    said = [
        drift_words(dataclasses.replace(column, least=least, greatest=greatest), "e2b")
        for least, greatest in ((0.5, 3.0), (-3.0, -3.0), (-2.0, 3.0), (None, None))
    ]
    assert said == [
        "higher on e2b, by 0.5 to 3; at most 2% of the larger",
        "lower on e2b, by 3; at most 2% of the larger",
        "on e2b from 2 lower to 3 higher; at most 2% of the larger",
        "at most 3 apart; at most 2% of the larger",
    ]
    assert drift_words(ColumnDifference(name="word", differing=1), "e2b") == ""


def test_bytes_are_a_dump_with_what_differs_marked():
    """16 a line with their offset; a side that has ended shows nothing, and what is no dump is a sentence."""
    sample = ByteSample(offset=32, left=(b"ab\x00d" + b"x" * 13).hex(), right=b"aBCd".hex())
    (dump,) = dumps([sample])
    first, second = dump.lines
    assert (first.offset, second.offset) == ("00000020", "00000030")
    assert [(part.text, part.changed) for part in first.sides[1].digits] == [
        ("61 ", False),
        ("42 43", True),
        (" 64", False),
    ]
    assert text(first.sides[0].letters) == "ab.dxxxxxxxxxxxx"
    assert (text(second.sides[0].digits), second.sides[1].digits) == ("78", ())
    assert [each.note for each in dumps([ByteSample(offset=1, held_back=True), ByteSample(offset=2, left="<b>")])] == [
        "The bytes from offset 1 on are held back: a secret is among them.",
        "The record's bytes from offset 2 on are no hexadecimal digits.",
    ]


def test_a_hint_is_given_once_and_lent_by_an_effect_where_no_cause_has_one():
    """Differences with the hint of one above have a line each; one that says only how it differs comes after one that says why."""
    cut, why = (
        "one file is the beginning of the other: it was cut off at a limit, or not written to its end",
        "as many parts as CPUs",
    )
    found = arranged(finding("write/a", hint=cut), finding("write/b", hint=why), finding("write/c", hint=why))
    assert [(each.first.finding.path, each.is_open) for each in found.groups[0].bundles] == [
        ("write/b", True),
        ("write/a", True),
        ("write/c", False),
    ]
    lent = arranged(finding("write/a"), finding("after/b", step="after", hint=why)).groups[0].hint_from
    assert (lent.finding.hint, lent.anchor) == (why, "m-effect-1")


def test_hostile_paths_and_kinds_stay_text():
    """Of a tree, a table of JSON, rows and bytes the elements are those of harmless names, whatever the names are."""
    pages = [
        Structure(render_html(RecordSet(records=(with_names(name),)))) for name in (GROUPS[0], harmless(GROUPS[0]))
    ]
    assert pages[0].shape == pages[1].shape
    assert "files-diff" in pages[0].values("class")


def with_names(name: str):
    sample = RowSample(row=name, left=(f"{name} 1",), right=(f"{name} 2",))
    column = ColumnDifference(name=name, differing=1, least=1.0, greatest=2.0, max_absolute=2.0)
    table = TableDifference(rows=(1, 1), cells_total=1, width=1, shown=(name,), samples=(sample,), columns=(column,))
    findings = (
        finding(f"write/a{name}", code="artifact-extra", digests=(name, ""), kinds=("absent", name)),
        finding(f"write/a{name}:a", kinds=("text", name), left=f"{name} 1", right=f"{name} 2"),
        finding(
            f"write/b{name}/t",
            table=table,
            samples=(ByteSample(offset=0, left="00", right="3c"), ByteSample(offset=9, left=name)),
        ),
    )
    compared = Comparison(verdict=Verdict.DIVERGENT, findings=findings, findings_total=3)
    return record("a", Verdict.DIVERGENT, passed=False, comparison=compared)
