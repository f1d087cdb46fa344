"""Pairs of files that a saboteur made, and that were called equal once: each has to be a difference."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from pyarrow import ipc

from tests.parity.table_pairs import codes, compared, parquets, told, tolerance, unordered


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
