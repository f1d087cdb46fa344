"""Pairs of files that a saboteur made, and that were called equal once: each has to be a difference."""

from __future__ import annotations

import io
import sqlite3
import stat
import struct
import tarfile
import zipfile
from contextlib import closing
from dataclasses import replace
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from pyarrow import ipc, parquet

from osiris_core.parity.kinds.tables.sqlite import database_digest
from osiris_core.parity.kinds.tables.thrift import read_struct
from tests.parity.table_pairs import canonical, codes, compared, parquets, told, tolerance, unordered


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(b'{"a": [1, 2]}\n', b'{"a": "[1, 2]"}\n', id="a list, and the text of one"),
        pytest.param(b'{"a": {"b": 1}}\n', b'{"a": "{\\"b\\": 1}"}\n', id="an object, and the text of one"),
        pytest.param(b'{"a": 1180591620717411303424}\n', b'{"a": "1180591620717411303424"}\n', id="a large number"),
        pytest.param(b'{"a": 1}\n{"a": "x"}\n', b'{"a": "1"}\n{"a": "\\"x\\""}\n', id="values of several kinds"),
        pytest.param(b'{"a": null}\n', b'{"a": "null"}\n', id="null, and the word"),
        pytest.param(b'{"a": [1e400]}\n', b'{"a": ["number 1E+400"]}\n', id="a number that no float holds"),
        pytest.param(
            b'{"a": [0.1000000000000000000000000000001]}\n',
            b'{"a": [0.1000000000000000000000000000002]}\n',
            id="digits that decimals round",
        ),
        pytest.param(b"5\n", b'{"": 5}\n', id="a number, and an object with a key without name"),
        pytest.param(b"{}\n{}\n", b"{}\n{}\n{}\n", id="objects without keys"),
        pytest.param(b"", b"{}\n", id="no record, and one without keys"),
        pytest.param(b'{"a": -0}\n', b'{"a": 0}\n', id="the sign of a whole zero"),
        pytest.param(b'{"a": 1}\n', b'\xef\xbb\xbf{"a": 1}\n', id="a byte order mark"),
        pytest.param(b'{"a": 1}\n{"a": 2}\n', b'{"a": 1}\n\xef\xbb\xbf{"a": 2}\n', id="a mark inside"),
        pytest.param(b'{"a": 1}', '{"a": 1}'.encode("utf-16-le"), id="another encoding"),
    ],
)
def test_json_lines_that_only_look_alike_differ(tmp_path, left, right):
    """What a record holds is told apart from the text of it, from nothing, and from other bytes."""
    for number, (a, b) in enumerate(((left, right), (right, left))):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert told(folder, "x.jsonl", a, b).findings


def test_rows_of_several_lines_are_not_torn_apart_where_rows_have_no_order(tmp_path):
    """That rows may come in any order says nothing about their lines, nor about the header."""
    torn = told(tmp_path, "x.csv", b'a,b\n1,"p\nq"\n2,"r\ns"\n', b'a,b\n1,"p\ns"\n2,"r\nq"\n', (unordered(),))
    assert torn.findings
    assert told(tmp_path, "x.csv", b"a,b\n1,x\n", b"1,x\na,b\n", (unordered(),)).findings
    moved = told(tmp_path, "x.csv", b'a,b\n1,"p\nq"\n2,r\n', b'a,b\n2,r\n1,"p\nq"\n', (unordered(),))
    assert not moved.findings
    assert [each.rule for each in moved.set_aside] == ["any-order"]


def test_a_tolerance_holds_decimals_and_whole_numbers_exactly(tmp_path):
    """They are subtracted as they are; whole numbers have no relative noise, in whatever file they stand."""
    decimals = [{"v": [Decimal(f"99999999999999999999999999999999.0{last}")]} for last in (1, 3)]
    assert codes(parquets(tmp_path, *decimals, rules=(tolerance(absolute=0.01),))) == ["table-cells"]
    assert not parquets(tmp_path, *decimals, rules=(tolerance(absolute=0.03),)).findings
    numbers = {"v": [10**12]}, {"v": [10**12 + 1]}
    assert codes(parquets(tmp_path, *numbers, rules=(tolerance(relative=1e-6),))) == ["table-cells"]
    texts = b"v\n1000000000000\n", b"v\n1000000000001\n"
    assert codes(told(tmp_path, "x.csv", *texts, (tolerance(relative=1e-6),))) == ["table-cells"]
    assert not told(tmp_path, "x.csv", *texts, (tolerance(absolute=1),)).findings
    assert not told(tmp_path, "x.csv", b"v\n1.0000000001\n", b"v\n1\n", (tolerance(relative=1e-6),)).findings


def test_a_distance_that_overflows_is_not_near(tmp_path):
    """Where the distance and what is allowed are both more than any float, nothing is allowed."""
    sides = {"v": [1.7e308]}, {"v": [-1.7e308]}
    assert codes(parquets(tmp_path, *sides, rules=(tolerance(relative=1.5),))) == ["table-cells"]


def test_rows_without_an_exact_column_are_held_against_each_other_by_size(tmp_path):
    """A table all of whose columns have a tolerance, in any order, has no key: it was compared as bytes once."""
    rules = (unordered(), tolerance(absolute=0.01))
    near = parquets(tmp_path, {"v": [1.0, 1.0, 2.0]}, {"v": [2.005, 1.005, 1.0]}, rules=rules)
    assert (near.findings, near.not_compared) == ((), ())
    far = parquets(tmp_path, {"v": [1.0, 1.0, 2.0]}, {"v": [2.005, 1.005, 1.5]}, rules=rules)
    assert (codes(far), far.not_compared) == (["table-cells"], ())


def test_bytes_behind_an_arrow_stream_are_seen(tmp_path):
    """A reader of the stream stops at its end; a second stream behind it would never be read."""
    table = pa.table({"v": [1]})
    sink = io.BytesIO()
    with ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    for more in (b"hidden", sink.getvalue()):
        found = told(tmp_path, "x.arrows", sink.getvalue(), sink.getvalue() + more)
        assert found.findings
        assert "behind the end of the stream" in found.not_compared[0]


_UNION = "::union(num integer, str varchar) as v"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (f"create table t as select union_value(num := 1){_UNION}", f"create table t as select union_value(str := '1'){_UNION}"),
        ("create table t(a int)", "create table t(a int); comment on table t is 'per day'"),
        ("create table t(a int)", "create table t(a int); comment on column t.a is 'per day'"),
        ("create table t(a int)", "create table t(a int); create schema s"),
    ],
    ids=["member of a union", "comment of a table", "comment of a column", "empty schema"],
)  # fmt: skip
def test_what_the_text_of_a_duckdb_table_does_not_say_is_compared(tmp_path, left, right):
    """The member of a union, comments and empty schemas are content."""
    for side, statements in (("a", left), ("b", right)):
        (tmp_path / side).mkdir()
        with duckdb.connect(tmp_path / side / "x.duckdb") as connection:
            connection.execute(statements)
    found = compared(tmp_path, "x.duckdb")
    assert found.findings
    assert not found.not_compared


def test_unions_inside_other_values_are_a_gap(tmp_path):
    """Their text does not tell which member they are, so it is said that nobody looked."""
    for side, value in (("a", "num := 1"), ("b", "str := '1'")):
        (tmp_path / side).mkdir()
        with duckdb.connect(tmp_path / side / "x.duckdb") as connection:
            connection.execute(f"create table t as select [union_value({value})::union(num integer, str varchar)] as v")
    assert "unions inside t.v" in compared(tmp_path, "x.duckdb").not_compared[0]


def _zip(name, content, mode):
    info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
    info.create_system, info.external_attr = 3, mode << 16
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr(info, content)
    return sink.getvalue()


def _tar(kind, **facts):
    info = tarfile.TarInfo("a")
    info.type = kind
    for name, value in facts.items():
        setattr(info, name, value)
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        archive.addfile(info)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("x.zip", _zip("d/", b"", stat.S_IFDIR), _zip("d/", b"hidden", stat.S_IFDIR)),
        ("x.zip", _zip("a", b"1", stat.S_IFREG), _zip("a", b"1", stat.S_IFIFO)),
        ("x.tar", _tar(tarfile.SYMTYPE, linkname="b"), _tar(tarfile.LNKTYPE, linkname="b")),
        ("x.tar", _tar(tarfile.CHRTYPE), _tar(tarfile.BLKTYPE)),
        ("x.tar", _tar(tarfile.CHRTYPE, devmajor=1), _tar(tarfile.CHRTYPE, devmajor=2)),
    ],
    ids=["bytes in a directory", "a pipe in a zip", "a hard link", "a block device", "another device"],
)
def test_members_that_are_something_else_differ(tmp_path, name, left, right):
    """What a member is belongs to what a container holds."""
    assert told(tmp_path, name, left, right).findings


def test_a_zip_whose_two_headers_of_a_member_disagree_is_not_looked_into(tmp_path):
    """One reader goes by the directory, another by what stands in front of a member: they would see two files."""
    left = _zip("a", b"content", stat.S_IFREG)
    right = bytearray(left)
    right[14:18] = b"\0\1\2\3"  # the checksum in front of the member
    found = told(tmp_path, "x.zip", left, bytes(right))
    assert found.findings
    assert "says two things of a" in found.not_compared[0]


def _deflated(method, hidden=b""):
    """A zip of one member, with bytes behind its compressed stream and inside its compressed size."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        archive.writestr(zipfile.ZipInfo("a", (2026, 1, 1, 0, 0, 0)), b"content " * 50, method)
        size, start = archive.infolist()[0].compress_size, archive.start_dir
    data = bytearray(sink.getvalue())
    data[start + 20 : start + 24] = data[18:22] = (size + len(hidden)).to_bytes(4, "little")
    data[-6:-2] = (start + len(hidden)).to_bytes(4, "little")
    return bytes(data[:start] + hidden + data[start:])


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_bytes_behind_the_stream_of_a_member_are_seen(tmp_path, method):
    """They are inside what the directory says that the member takes, so no gap between members shows them."""
    found = told(tmp_path, "x.zip", _deflated(method), _deflated(method, b"hidden"))
    assert ["behind the end" in each.message for each in found.findings] == [True]
    assert found.findings[0].right.startswith("6 bytes")
    packed = told(tmp_path, "x.zip", _deflated(method), _deflated(zipfile.ZIP_STORED))
    assert (packed.findings, packed.not_compared) == ((), ())


@pytest.mark.parametrize("bit", [stat.S_ISUID, stat.S_ISGID])
def test_members_that_lend_their_owners_rights_differ(tmp_path, bit):
    """A setuid bit is no trace of how a container was made."""
    mode = stat.S_IFREG | 0o755
    for name, left, right in (
        ("x.zip", _zip("a", b"1", mode), _zip("a", b"1", mode | bit)),
        ("x.tar", _tar(tarfile.REGTYPE, mode=0o755), _tar(tarfile.REGTYPE, mode=0o755 | bit)),
    ):
        assert codes(told(tmp_path, name, left, right)) == ["artifact-mode"]


_NUMBERS = {"v": [3, 1, 2], "f": [1.5, float("nan"), -2.5], "s": ["b", None, "a"]}
_EXACT = {"store_schema": False, "compression": "none", "use_dictionary": False}


def parquet_of(data=_NUMBERS, **how):
    sink = io.BytesIO()
    parquet.write_table(pa.table(data), sink, **{**_EXACT, **how})
    return sink.getvalue()


def _replaced(data, old, new, count=1):
    """Return the bytes with the last `count` places of some others in them: the footer is behind the pages."""
    parts = data.rsplit(old, count)
    assert len(parts) == count + 1
    return new.join(parts)


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        (struct.pack("<q", 3), struct.pack("<q", 9), "v"),
        (struct.pack("<q", 1), struct.pack("<q", 2), "v"),
        (struct.pack("<d", 1.5), struct.pack("<d", 1.25), "f"),
        (b"\x01b\x18\x01a\x11", b"\x01c\x18\x01a\x11", "s"),
    ],
    ids=["largest", "smallest, too large", "of floats", "of texts"],
)
def test_statistics_that_contradict_the_data_are_a_difference(tmp_path, old, new, column):
    """A reader that skips parts of a file by them returns other rows, though both files have the same."""
    whole = parquet_of()
    found = told(tmp_path, "x.parquet", whole, _replaced(whole, old, new, 1 if column == "s" else 2))
    wrong = [each for each in found.findings if "statistics that contradict the data" in each.message]
    assert {each.path for each in wrong} == {column}
    assert {each.code for each in wrong} == {"artifact-content"}
    assert "on e2b" in wrong[0].message


def test_statistics_that_leave_out_nan_or_cut_texts_off_are_right(tmp_path):
    """Files that are split or written otherwise have other statistics, and none of them is wrong."""
    data = {
        "f": [1.0, float("nan"), -0.0, None],
        "nan": [float("nan")] * 4,
        "s": ["ü" * 90, "x" * 90, "", None],
        "u": pa.array([2**64 - 1, 0, 1, None], pa.uint64()),
        "d": [Decimal("-1.25"), Decimal("3.00"), None, None],
        "t": pa.array([1, None, 3, 2], pa.timestamp("s", "UTC")),
        "day": pa.array([1, None, 3, 2], pa.date32()),
        "l": [[1, 2], None, [], [0]],
        "o": [{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}, {"a": 3, "b": "z"}],
        "c": pa.array(["a", "b", "a", None]).dictionary_encode(),
        "h": pa.array([1.5, None, -2.5, 0.0], pa.float16()),
    }
    for number, how in enumerate(
        ({"row_group_size": 2}, {"data_page_version": "2.0", "row_group_size": 3}, {"write_page_index": True})
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        found = parquets(folder, data, data, **how)
        assert (found.findings, found.not_compared) == ((), ())


def test_statistics_of_another_writer_are_held_against_the_data(tmp_path):
    """DuckDB words its footers otherwise than Arrow does."""
    data = pa.table({"v": [3, 1, 2], "f": [1.5, None, -2.5], "s": ["b", None, "a"], "d": [Decimal("1.25")] * 3})
    parquets(tmp_path, data, data)
    (tmp_path / "b" / "x.parquet").unlink()
    duckdb.connect().execute(f"copy (from data) to '{tmp_path / 'b' / 'x.parquet'}' (format parquet)")
    found = compared(tmp_path, "x.parquet")
    assert (found.findings, found.not_compared) == ((), ())
    assert "created by" in found.set_aside[0].reason


def _content(data):
    """Return a footer as its fields, without those that mean nothing: version, metadata, writer, the root's name."""
    fields, _ = read_struct(data[-8 - int.from_bytes(data[-8:-4], "little") : -8])
    root = {number: value for number, value in fields[2][0].items() if number != 4}
    return {number: fields[number] for number in fields.keys() - {1, 2, 5, 6}}, root, fields[2][1:]


def test_a_flipped_bit_of_a_parquet_footer_is_a_difference(tmp_path):
    """Of what a file says about itself only its writer, its version, its metadata and the name of its root mean nothing."""
    whole = parquet_of({"v": [3, 1, 2]})
    start = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    changed = 0
    for place in range(start, len(whole) - 8, 4):
        flipped = bytearray(whole)
        flipped[place] ^= 2
        found = told(tmp_path, "x.parquet", whole, bytes(flipped))
        if found.findings or found.not_compared:
            changed += 1
        else:
            assert _content(flipped) == _content(whole), f"the byte at {place - start} of the footer"
    assert changed > 20


def test_places_that_contradict_each_other_and_hidden_bytes_are_differences(tmp_path):
    """Where the footer says that pages begin elsewhere, or where bytes lie that belong to no part, somebody reads other rows."""
    whole = parquet_of({"v": [3, 1, 2]}, write_statistics=False)
    length = int.from_bytes(whole[-8:-4], "little")
    hidden = whole[: -8 - length] + b"hidden" + whole[-8 - length :]
    found = told(tmp_path, "x.parquet", whole, hidden)
    assert [each.message for each in found.findings] == [
        "the file on e2b contradicts itself: bytes that belong to no part"
    ]
    behind = whole[:-8] + b"hidden" + (length + 6).to_bytes(4, "little") + whole[-4:]
    assert told(tmp_path, "x.parquet", whole, behind).findings


def test_texts_that_spell_numbers_are_no_numbers_where_a_format_has_both(tmp_path):
    """A tolerance is for numbers; in CSV alone there is nothing but texts."""
    rules = (tolerance(absolute=1),)
    assert codes(parquets(tmp_path, {"v": ["1.0"]}, {"v": ["1.5"]}, rules=rules)) == ["table-cells"]
    assert codes(told(tmp_path, "x.jsonl", b'{"v": "1.0"}\n', b'{"v": "1.5"}\n', rules)) == ["table-cells"]
    assert not told(tmp_path, "x.csv", b"v\n1.0\n", b"v\n1.5\n", rules).findings


@pytest.mark.parametrize(
    ("rule", "left", "right", "way"),
    [
        (tolerance(absolute=1), b'a,b\n"x",1.0\n', b'a,b\n\n"x",1.5\n', "empty lines"),
        (tolerance(absolute=1), b'a,b\n"x",1.0\n', b'a,b\nx,"1.5"\n', "quoting"),
        (tolerance(absolute=1), b'a,b\n"x",1.0\ny,2.0\n', b'a,b\nx,1.5\n"y",2.0\n', "quoting"),
        (unordered(), b'a,b\n"x",1\ny,2\n', b'a,b\ny,2\nx,"1"\n', "quoting"),
        (unordered(), b'a,b\n"x",1\ny,2\n', b'a,b\n"y",2\nx,1\n', "quoting"),
        (unordered(), b'a,b\n"x",1\ny,2\n', b'a,b\ny,2\n\n"x",1\n', "empty lines"),
        (canonical("type-inference"), b'a,b\n"x",01\n', b'a,b\nx,"1"\n', "quoting"),
        (canonical("empty-is-null"), b'a,b\n"x",""\n', b"a,b\n\nx,\n", "empty lines, quoting"),
    ],
)
def test_a_rule_about_cells_says_nothing_of_how_they_are_written(tmp_path, rule, left, right, way):
    """Empty lines and quotes need a rule of their own beside one that sets cells or the order of rows aside."""
    (finding,) = told(tmp_path, "x.csv", left, right, (rule,)).findings
    assert finding.message == f"the same cells, written another way: {way}"
    both = told(tmp_path, "x.csv", left, right, (rule, replace(canonical("csv-dialect"), id="dialect")))
    assert (both.findings, [each.rule for each in both.set_aside]) == ((), [rule.id, "dialect"])
    same = told(tmp_path, "x.csv", b'a,b\n"x",1\n"y\n\nz",2\n', b'a,b\n"y\n\nz",2\n"x",1\n', (unordered(),))
    assert not same.findings
    near = (unordered(), replace(tolerance(absolute=1), id="near"))
    assert not told(tmp_path, "x.csv", b'a,b\n"x",1.0\ny,"2.0"\n', b'a,b\ny,"2.5"\n"x",1.0\n', near).findings


def _sqlite(path, *statements):
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_bytes_behind_the_last_page_of_a_database_are_seen(tmp_path):
    """SQLite reads as many pages as the header says, and no byte behind them."""
    for side in "ab":
        _sqlite(tmp_path / side / "x.db", "create table t (a)", "insert into t values (1)")
    with (tmp_path / "b" / "x.db").open("ab") as end:
        end.write(b"hidden")
    found = compared(tmp_path, "x.db")
    assert [(each.message, each.left) for each in found.findings] == [("other bytes behind the last page", "(none)")]
    assert found.findings[0].right.startswith("6 bytes")


def test_bytes_behind_the_last_page_are_seen_beside_a_log_too(tmp_path):
    """A write-ahead log belongs to the database; what lies behind the pages of both is read by nobody."""
    with closing(sqlite3.connect(tmp_path / "live.db")) as live:
        live.execute("pragma journal_mode = wal")
        live.execute("create table t (a)")
        live.execute("pragma wal_checkpoint(truncate)")
        live.execute("insert into t values (1)")
        live.commit()
        for side, hidden in (("a", b""), ("b", b"hidden")):
            (tmp_path / side).mkdir()
            (tmp_path / side / "x.db").write_bytes((tmp_path / "live.db").read_bytes() + hidden)
            (tmp_path / side / "x.db-wal").write_bytes((tmp_path / "live.db-wal").read_bytes())
    found = compared(tmp_path, "x.db")
    assert [(each.message, each.right[:7]) for each in found.findings] == [
        ("other bytes behind the last page", "6 bytes")
    ]


def test_an_index_that_belies_its_table_is_a_difference(tmp_path):
    """A query that goes by it returns other rows, or none: all rows, definitions and row numbers are the same."""
    for side, column in (("a", "k"), ("b", "v")):
        _sqlite(
            tmp_path / side / "x.db",
            "create table t (k, v)",
            "insert into t values (1, 20), (2, 10)",
            f"create index i on t ({column})",
            "pragma writable_schema = on",
            "update sqlite_master set sql = 'create index i on t (k)' where name = 'i'",
        )
    (found,) = compared(tmp_path, "x.db").findings
    assert (found.message, found.left) == ("other contradictions between rows and indexes", "(none)")
    assert "row 1 missing from index i" in found.right
    assert len({database_digest(tmp_path / side / "x.db") for side in "ab"}) == 2


def test_a_database_with_rows_that_cannot_be_read_has_no_digest(tmp_path):
    """It would be one of what is around them."""
    _sqlite(tmp_path / "a" / "x.db", "create table t (a)", "create virtual table v using fts5(x)")
    assert not database_digest(tmp_path / "a" / "x.db")


def test_bytes_of_a_database_header_that_mean_nothing_are_seen(tmp_path):
    """They are zeros, says the format."""
    for side in "ab":
        _sqlite(tmp_path / side / "x.db", "create table t (a)")
    data = (tmp_path / "a" / "x.db").read_bytes()
    (found,) = told(tmp_path, "x.db", data, data[:72] + b"hidden" + data[78:]).findings
    assert (found.message, found.left) == ("other bytes of the header that mean nothing", "(none)")


def test_row_numbers_that_no_column_shows_are_compared(tmp_path):
    """`select rowid` returns them, and so may a query that joins by them."""
    for side, number in (("a", 1), ("b", 7)):
        path = tmp_path / side / "x.db"
        _sqlite(path, "create table t (a)", f"insert into t (rowid, a) values ({number}, 'x')")
    assert [each.message for each in compared(tmp_path, "x.db").findings] == ["other row numbers in t"]
    for side, filler in (("a", 1), ("b", 2)):
        path = tmp_path / side / "y.db"
        table = "create table t (a integer primary key) without rowid"
        _sqlite(path, table, "create table u (a)", *["insert into u values (1)"] * filler, "delete from u")
    assert not compared(tmp_path, "y.db").findings
