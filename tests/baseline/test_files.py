"""Artifacts of a baseline: short texts as they are, everything else by its digest and a summary; and how they are written."""

from __future__ import annotations

import dataclasses
import gzip
import json
import sqlite3
import zipfile
from contextlib import closing
from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from osiris_core.baseline.holding import Holding, hold
from osiris_core.baseline.making import Making, make_baseline
from osiris_core.baseline.places import of_manifest, of_test
from osiris_core.baseline.reading import read_baseline
from osiris_core.baseline.unused import prune, unused_in
from osiris_core.baseline.writing import write_baseline
from osiris_core.errors import BaselineError
from osiris_core.parity.record import Layer, Verdict
from osiris_core.rules.model import RuleKind
from osiris_core.wire.masking import MaskTable
from tests.baseline.stored import NAME, stored
from tests.parity.rules import rule
from tests.parity.sessions import healthy

if TYPE_CHECKING:
    from pathlib import Path


def parquet(rows: list[int], **options: object) -> bytes:
    """Return a Parquet file of two columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = BytesIO()
    pq.write_table(pa.table({"n": rows, "name": [f"row {row}" for row in rows]}), sink, **options)
    return sink.getvalue()


def csv(rows: int, *, last: str = "end") -> bytes:
    """Return a CSV file that is too long to be kept as it is."""
    lines = [f"{row},{row * 3},a text that takes its room" for row in range(rows)]
    return ("n,m,text\n" + "\n".join(lines) + f"\n{rows},0,{last}\n").encode()


def held_with(tmp_path: Path, path: str, data: bytes, other: bytes):
    """Store a session with a file, and hold one with another content of it against that."""
    drafts = healthy("local"), healthy("e2b")
    for draft, content in zip(drafts, (data, other), strict=True):
        draft.files[path] = content
    left, right = (draft.build(tmp_path) for draft in drafts)
    return hold(stored(tmp_path / "b", left), right, Holding())


def test_a_summary_reads_well(tmp_path):
    """What a reviewer sees of a file that is known by its digest."""
    draft = healthy("local")
    draft.files["write/all.parquet"] = parquet([3, 1, 2])

    files = make_baseline(draft.build(tmp_path), Making(name=NAME))

    summary = json.loads(files["summaries/write/all.parquet.json"])
    assert {name: summary[name] for name in ("kind", "rows", "first_rows")} == {
        "kind": "Parquet",
        "rows": 3,
        "first_rows": [[3, "row 3"], [1, "row 1"], [2, "row 2"]],
    }
    wanted = {"name": "n", "type": "int64", "nullable": True, "count": 3, "nulls": 0, "min": 1, "max": 3, "sum": 6}
    assert {name: summary["columns"][0][name] for name in wanted} == wanted
    assert len(files["summaries/write/all.parquet.json"].splitlines()) == 16  # one column, and one row, a line


def packed(content: bytes, mtime: int) -> bytes:
    """Return a zip file with a gzip file in it, made at another time."""
    sink = BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr(
            zipfile.ZipInfo("in.csv.gz", (1980 + mtime, 1, 1, 0, 0, 0)), gzip.compress(content, mtime=mtime)
        )
    return sink.getvalue()


def database(folder: Path, *statements: str) -> bytes:
    """Return an SQLite database of one table."""
    path = folder / "x.db"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        for statement in (*statements, "create table t (a, b)", "insert into t values (1, 'x'), (2.5, null)"):
            connection.execute(statement)
        connection.commit()
    return path.read_bytes()


def test_a_database_of_other_pages_holds_by_the_digest_of_what_it_holds(tmp_path):
    """Its definitions, rows, row numbers and what lies behind its last page: each of them counts, and a page's size does not."""
    data = database(tmp_path)
    found = held_with(tmp_path / "same", "write/a.db", data, database(tmp_path, "pragma page_size = 8192"))
    assert (found.verdict, [use.rule for use in found.rules if use.decided]) == (
        Verdict.EQUIVALENT,
        ["container-by-content"],
    )
    others = {
        "a definition": database(tmp_path, "create table u (a)"),
        "a version": database(tmp_path, "pragma user_version = 1"),
        "a cell": b"y".join(data.rsplit(b"x", 1)),
        "behind the last page": data + b"hidden",
    }
    for name, other in others.items():
        found = held_with(tmp_path / name, "write/a.db", data, other)
        assert [(each.code, each.path) for each in found.findings] == [("artifact-content", "write/a.db")], name


def test_an_archive_that_was_packed_anew_holds_by_the_digest_of_what_it_holds(tmp_path):
    """Under a name of its own; with another byte in it, it is a difference; a baseline without that digest says what it did before."""
    found = held_with(tmp_path / "same", "write/a.zip", packed(b"a\n", 1), packed(b"a\n", 2))
    assert (found.verdict, [use.rule for use in found.rules if use.decided]) == (
        Verdict.EQUIVALENT,
        ["container-by-content"],
    )
    other = held_with(tmp_path / "other", "write/a.zip", packed(b"a\n", 1), packed(b"b\n", 2))
    assert [(each.code, each.path) for each in other.findings] == [("artifact-content", "write/a.zip")]
    left, right = healthy("local"), healthy("e2b")
    left.files["write/a.zip"], right.files["write/a.zip"] = packed(b"a\n", 1), packed(b"a\n", 2)
    baseline = stored(tmp_path / "b", left.build(tmp_path))
    assert baseline.contents
    old = hold(dataclasses.replace(baseline, contents={}), right.build(tmp_path), Holding())
    assert [each.code for each in old.findings] == ["artifact-content"]


@pytest.mark.parametrize(
    ("path", "data", "other"),
    [
        ("write/a.parquet", lambda: parquet([1, 2, 3]), lambda: parquet([1, 2, 3], compression="gzip")),
        ("write/a.csv", lambda: csv(3_000), lambda: csv(3_000).replace(b"\n", b"\r\n")),
    ],
    ids=["another codec", "other line ends"],
)
def test_a_table_of_other_bytes_and_the_same_description_holds(tmp_path, path, data, other):
    """Named as the rule that it is: nothing but the description was there to be compared."""
    found = held_with(tmp_path, path, data(), other())

    assert found.verdict is Verdict.EQUIVALENT
    assert "table-by-description" in [use.rule for use in found.rules if use.decided]


@pytest.mark.parametrize(
    ("path", "data", "other", "found_as"),
    [
        ("write/a.parquet", lambda: parquet([1, 2, 3]), lambda: parquet([1, 2, 4]), ("table-content", "tables.write/a.parquet.columns.n")),
        ("write/a.parquet", lambda: parquet([1, 2, 3]), lambda: parquet([1, 2]), ("table-rows", "tables.write/a.parquet.rows")),
        ("write/a.parquet", lambda: parquet([1, 2, 3]), lambda: parquet([1, 3, 2]), ("table-row-order", "write/a.parquet")),
        ("write/a.csv", lambda: csv(3_000), lambda: csv(3_000, last="End"), ("table-content", "tables.write/a.csv.columns.text")),
        ("write/a.parquet", lambda: parquet([1, 2, 3]), lambda: parquet([1, 2, 3])[:-9], ("artifact-content", "write/a.parquet")),
        ("report/blob.bin", lambda: b"\0\1\2\3", lambda: b"\0\1\2\4", ("artifact-content", "report/blob.bin")),
        ("report/a.txt", lambda: b"x" * 70_000, lambda: b"x" * 69_999 + b"y", ("artifact-content", "report/a.txt")),
    ],
    ids=["a cell", "a row", "two rows exchanged", "a letter in a long CSV", "a torn file", "a byte", "a byte of a long text"],
)  # fmt: skip
def test_what_is_known_by_a_digest_is_found_to_differ(tmp_path, path, data, other, found_as):
    """In a table with the column, else with both sizes and digests."""
    found = held_with(tmp_path, path, data(), other())

    assert found.verdict is Verdict.DIVERGENT
    assert found_as in [(finding.code, finding.path) for finding in found.findings]


def test_the_order_of_rows_means_nothing_where_a_rule_says_so(tmp_path):
    """As between two targets."""
    drafts = healthy("local"), healthy("e2b")
    for draft, rows in zip(drafts, ([1, 2, 3], [1, 3, 2]), strict=True):
        draft.files["write/a.parquet"] = parquet(rows)
    left, right = (draft.build(tmp_path) for draft in drafts)
    unordered = rule(RuleKind.UNORDERED, "artifact", name="write/*.parquet")

    found = hold(stored(tmp_path / "b", left), right, Holding(rules=(unordered,)))

    assert (found.verdict, [f for f in found.findings if not f.locates]) == (Verdict.EQUIVALENT, [])


def test_a_file_that_is_known_by_its_digest_can_be_missing_or_renamed(tmp_path):
    """The digest is enough to tell both."""
    drafts = healthy("local"), healthy("e2b"), healthy("e2b")
    drafts[1].files.pop("report/blob.bin")
    drafts[2].files["report/other.bin"] = drafts[2].files.pop("report/blob.bin")
    sessions = [draft.build(tmp_path / str(number)) for number, draft in enumerate(drafts)]
    baseline = stored(tmp_path / "b", sessions[0])

    missing, renamed = (hold(baseline, session, Holding()) for session in sessions[1:])

    assert [(f.layer, f.code, f.path) for f in missing.findings] == [
        (Layer.ARTIFACTS, "artifact-missing", "report/blob.bin")
    ]
    assert "artifact-renamed" in [finding.code for finding in renamed.findings]


def test_an_edited_artifact_is_what_later_runs_are_held_against(tmp_path):
    """There is one truth: the file itself, and no digest of it elsewhere."""
    draft = healthy("local")
    session = draft.build(tmp_path)
    stored(tmp_path / "b", session)
    (tmp_path / "b/artifacts/report/summary.json").write_text('{"a": 2, "b": [1, 2]}\n')

    found = hold(read_baseline(tmp_path / "b", name=NAME, place="b"), session, Holding())

    assert [(finding.path, finding.left, finding.right) for finding in found.findings] == [
        ("report/summary.json:a", "2", "1")
    ]


SECRETS = {"TOKEN": "s3cr3t-token-value", "PIN": "90210"}


@pytest.mark.parametrize(
    ("plant", "named"),
    [
        (lambda draft: draft.files.update({"report/x.txt": b"the s3cr3t-token-value\n"}), "TOKEN"),
        (lambda draft: draft.files.update({"report/x.txt": b"the czNjcjN0LXRva2VuLXZhbHVl\n"}), "TOKEN"),
        (lambda draft: draft.event("page_made").update(page="pin 90210"), "PIN"),
        (lambda draft: draft.printed.update(report=b"90210\n"), "PIN"),
    ],
    ids=["in a file", "in Base64", "too short to be masked", "a line"],
)
def test_a_secret_is_never_written(tmp_path, plant, named):
    """The last look: nothing is written at all, and the sentence names the secret and not its value."""
    draft = healthy("local")
    plant(draft)
    files = make_baseline(draft.build(tmp_path), Making(name=NAME))
    table = MaskTable.of_values(SECRETS.items())

    with pytest.raises(BaselineError, match=f"no baseline is written: the secret {named} stands in its ") as raised:
        write_baseline(tmp_path / "b", files, place="b", secrets=table)

    assert not (tmp_path / "b").exists()
    assert not any(value in str(raised.value) for value in SECRETS.values())


def test_masked_text_may_be_written(tmp_path):
    """What stands for a secret is none."""
    draft = healthy("local")
    draft.printed["report"] = b"token ***TOKEN***, pin ***PIN***\n"
    files = make_baseline(draft.build(tmp_path), Making(name=NAME))
    write_baseline(tmp_path / "b", files, place="b", secrets=MaskTable.of_values(SECRETS.items()))
    assert "***PIN***" in (tmp_path / "b" / "baseline.json").read_text()


def refusing_second(real):
    """Return a method of paths that has no room the second time."""
    calls = []

    def refuse(path, *given):
        calls.append(path)
        if len(calls) == 2:
            raise OSError(28, "No space left on device", str(path))
        return real(path, *given)

    return refuse


def test_a_baseline_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    """A disk that refuses, in the middle of writing and between the two renames, leaves what was there; a killed writer's too."""
    draft = healthy("local")
    files = make_baseline(draft.build(tmp_path), Making(name=NAME))
    place = tmp_path / "__baselines__" / "flights"
    write_baseline(place, files, place="flights", secrets=None)
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    changed = {**files, "artifacts/report/more.txt": b"more"}

    for broken in ("write_bytes", "rename"):
        with monkeypatch.context() as patch:
            patch.setattr(type(place), broken, refusing_second(getattr(type(place), broken)))
            with pytest.raises(BaselineError, match="the baseline flights cannot be written: No space left on device"):
                write_baseline(place, changed, place="flights", secrets=None)
        assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before
        assert sorted(each.name for each in place.parent.iterdir()) == [".gitattributes", ".gitignore", "flights"]

    place.rename(place.with_name(".flights.replaced"))  # where a writer was killed between its renames
    write_baseline(place, changed, place="flights", secrets=None)
    assert (place / "artifacts/report/more.txt").exists()
    assert sorted(each.name for each in place.parent.iterdir()) == [".gitattributes", ".gitignore", "flights"]


def test_what_is_not_ours_is_not_replaced(tmp_path):
    """A note beside the file stays, and is named."""
    stored(tmp_path / "b", healthy("local").build(tmp_path))
    (tmp_path / "b/notes.md").write_text("mine")
    with pytest.raises(BaselineError, match=r"^b/notes\.md does not belong to a baseline \(move it"):
        write_baseline(tmp_path / "b", {"baseline.json": b"{}"}, place="b", secrets=None)
    assert (tmp_path / "b/notes.md").read_text() == "mine"


@pytest.mark.parametrize(
    ("place", "directory", "name"),
    [
        (lambda root: of_manifest(root / "a.osiris.yaml"), "a", "a.osiris.yaml"),
        (lambda root: of_manifest(root / "a.yaml"), "a.yaml", "a.yaml"),
        (lambda root: of_manifest(root / "a.osiris.yaml", "AA-2013"), "a@AA-2013", "a.osiris.yaml[AA-2013]"),
        (lambda root: of_manifest(root / "a.osiris.yaml", "x/../y"), "a@x-..-y-e4a8b1c4", "a.osiris.yaml[x/../y]"),
        (lambda root: of_test(root / "test_a.py", "test_it"), "test_a.py/test_it", "test_a.py::test_it"),
        (lambda root: of_test(root / "test_a.py", "TestB::test_it[1]"), "test_a.py/TestB.test_it@1", "test_a.py::TestB::test_it[1]"),
        (lambda root: of_test(root / "test_a.py", "test_it", number=2), "test_a.py/test_it@2", "test_a.py::test_it #2"),
    ],
)  # fmt: skip
def test_a_place_can_be_read_off(tmp_path, place, directory, name):
    """Beside the file that it is of; what cannot stand in a name is told apart by a digest."""
    found = place(tmp_path)
    assert found.name == name
    shown = found.directory.relative_to(tmp_path / "__baselines__").as_posix()
    assert shown == directory or (shown[:-8] == directory[:-8] and len(shown) == len(directory))


def test_only_a_file_that_was_looked_at_has_unused_baselines(tmp_path):
    """One that is there and was not collected keeps all of its own; one that is gone keeps none."""
    home = tmp_path / "__baselines__"
    for name in ("a", "a@x", "gone", "test_a.py/test_it", "test_a.py/test_it@2", "test_a.py/test_no", ".tmp.1"):
        (home / name / "artifacts" / "inner").mkdir(parents=True)
        (home / name / "baseline.json").write_text("{}")
        (home / name / "artifacts" / "inner" / "baseline.json").write_text("{}")  # an artifact of that name
    (tmp_path / "a.osiris.yaml").touch()
    (tmp_path / "test_a.py").touch()

    def names(files, used):
        found = unused_in(home, files=[tmp_path / each for each in files], used=[home / each for each in used])
        return [each.relative_to(home).as_posix() for each in found]

    assert names([], []) == ["gone"]
    assert names(["a.osiris.yaml"], ["a"]) == ["a@x", "gone"]
    assert names(["test_a.py"], ["test_a.py/test_it"]) == ["gone", "test_a.py/test_no"]
    prune(home, [home / "gone", home / "test_a.py/test_no"])
    assert sorted(each.name for each in home.iterdir()) == ["a", "a@x", "test_a.py"]
