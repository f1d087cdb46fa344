"""Archives within archives: each member by the comparer of its kind at its own place, and nothing that is hostile passed over."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import zipfile

import msgspec
import pytest

from osiris_core.parity.compare import compare
from osiris_core.parity.kinds import expansion
from osiris_core.parity.record import Verdict
from tests.parity.rules import rule
from tests.parity.sessions import healthy, pair
from tests.parity.test_containers import CSV, LATER, OTHER, compared, tarred, zipped

JAN = (2026, 1, 1, 0, 0, 0)
OUTER, INNER = "report/outer.zip", "inner.tar.gz"


def nested(name, content, moment=JAN):
    """Return a zip file with a `.tar.gz` in it, which has one file and one that is always the same."""
    inner = gzip.compress(tarred((name, content), ("same.txt", b"same\n")), mtime=moment[0])
    return zipped((INNER, inner), ("same.txt", b"same\n"), moment=moment)


def runs(folder, left, right, *rules):
    """Compare two whole sessions that wrote these bytes as one artifact."""
    drafts = healthy("local"), healthy("e2b")
    for draft, content in zip(drafts, (left, right), strict=True):
        draft.files[OUTER] = content
    return compare(*pair(folder, *drafts), rules=rules)


def test_a_cell_three_containers_deep_is_a_cell_with_its_place(tmp_path):
    """The member is named by all that it lies in, with its own size and digest, and the cell is that of a table."""
    result = runs(tmp_path, nested("data.csv", CSV), nested("data.csv", OTHER, LATER))
    (found,) = result.findings
    assert (found.code, found.path, found.members) == (
        "table-cells",
        f"{OUTER}:{INNER}:data.csv",
        (INNER, "data.csv"),
    )
    (cell,) = found.table.cells
    assert (cell.column, cell.left, cell.right) == ("late", "'20'", "'21'")
    assert found.sizes_bytes == (18, 18)
    assert found.digests == (hashlib.sha256(CSV).hexdigest()[:12], hashlib.sha256(OTHER).hexdigest()[:12])
    assert result.not_compared == ()


def test_a_place_in_json_is_not_taken_for_a_member(tmp_path):
    """Members end where the file begins; what follows in the path is inside of it."""
    result = runs(tmp_path, nested("a.json", b'{"n": 1}'), nested("a.json", b'{"n": 1, "n": 1}'))
    (found,) = result.findings
    assert (found.path, found.members) == (f"{OUTER}:{INNER}:a.json:n", (INNER, "a.json"))


def test_what_was_only_packed_anew_is_equal_at_any_depth(tmp_path):
    """Nine containers were made at another time: each says so, and none is a difference."""
    left = right = CSV
    for _ in range(3):
        left = zipped(("x.tgz", gzip.compress(tarred(("x.csv", left)), mtime=1)))
        right = zipped(("x.tgz", gzip.compress(tarred(("x.csv", right)), mtime=2)), moment=LATER)
    result = runs(tmp_path, left, right)
    assert (result.verdict, result.findings, result.not_compared) == (Verdict.EQUIVALENT, (), ())


def test_declared_rules_of_the_archive_hold_for_what_lies_deep_in_it(tmp_path):
    """A rule whose scope is the artifact covers its members at any depth, as it does at the first."""
    moved = b"id,late\n2,20\n1,10\n"
    unordered = rule("unordered", "artifact", name=OUTER)
    result = runs(tmp_path, nested("data.csv", CSV), nested("data.csv", moved), unordered)
    assert (result.verdict, result.findings) == (Verdict.EQUIVALENT, ())
    assert runs(tmp_path / "b", nested("data.csv", CSV), nested("data.csv", OTHER), unordered).findings


def links(target):
    def change(info):
        info.type, info.linkname, info.size = tarfile.SYMTYPE, target, 0

    return change


def tar_named(name, content):
    """Return a tar file whose one name is bytes."""
    return tarred(("?" * len(name), content)).replace(b"?" * len(name), name)


def summed(data):
    """Return a tar file with the checksum of its first header put right."""
    head = data[:148] + b" " * 8 + data[156:512]
    return data[:148] + b"%06o\0 " % sum(head) + data[156:]


def encrypted(data):
    """Return a zip file whose first member says that it is encrypted."""
    changed = bytearray(data)
    changed[6] |= 1
    changed[changed.index(b"PK\1\2") + 8] |= 1
    return bytes(changed)


HOSTILE = {
    "a name that leads out": (zipped(("../../x.csv", CSV)), zipped(("../../x.csv", OTHER)), "../../x.csv", "table-cells"),
    "an absolute name": (zipped(("/etc/x.csv", CSV)), zipped(("/etc/x.csv", OTHER)), "/etc/x.csv", "table-cells"),
    "a link that leads out": (
        tarred(("a", b""), change=links("/etc/passwd")), tarred(("a", b""), change=links("/etc/shadow")), "a", "artifact-type",
    ),
    "a name with a zero byte, behind which it differs": (
        zipped(("abc", b"1")).replace(b"abc", b"a\0b"), zipped(("abc", b"1")).replace(b"abc", b"a\0c"), "a\0b", "artifact-missing",
    ),
    "a name that is no text": (
        summed(tar_named(b"\xff.csv", CSV)), summed(tar_named(b"\xff.csv", OTHER)), "\\xff.csv", "table-cells",
    ),
    "a name with colons": (zipped(("a:b.csv", CSV)), zipped(("a:b.csv", OTHER)), "a:b.csv", "table-cells"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_a_name_and_its_member_is_compared(name, tmp_path):
    """Nothing is written where it leads, nothing is hidden behind it, and what is told of it can be written down."""
    left, right, member, code = HOSTILE[name]
    result = compared(tmp_path, zipped(("in", left)), zipped(("in", right)), "x.zip")
    found = result.findings[0]
    assert (found.code, found.members) == (code, ("in", member))
    assert result.not_compared == ()
    assert msgspec.json.encode(result)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["x.zip", "x.zip"]


UNREAD = {
    "encrypted": (zipped(("a.csv", CSV)), encrypted(zipped(("a.csv", OTHER))), "it is encrypted on e2b"),
    "cut off": (gzip.compress(CSV), gzip.compress(OTHER)[:-4], "it is a damaged gzip file on e2b"),
    "a name that is no text, damaged": (
        zipped(("a.csv", CSV)),
        zipped(("aé.csv", OTHER)).replace("é".encode(), b"\xff\xfe"),
        "it is a damaged zip file on e2b",
    ),
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_cannot_be_read_deep_inside_is_told_and_stays_different(name, tmp_path):
    """Two containers around it change nothing: a sentence with its place, and a finding."""
    left, right, sentence = UNREAD[name]
    left, right = (gzip.compress(tarred(("in", each)), mtime=1) for each in (left, right))
    result = compared(tmp_path, zipped((INNER, left)), zipped((INNER, right)), "x.zip")
    assert sentence in result.not_compared[0]
    assert "x.zip/inner.tar.gz/inner.tar/in" in result.not_compared[0]
    assert result.findings[0].members[0] == INNER


def fanned(cells, depth, width):
    """Return zip files within zip files: each holds so many that differ from those of other cells."""
    for _ in range(depth):
        cells = zipped(*((f"{n}", cells) for n in range(width)), method=zipfile.ZIP_STORED)
    return cells


def test_what_is_opened_is_counted_for_all_depths_together(tmp_path, monkeypatch):
    """Members that differ in containers that differ grow with the power of the depth; the bound does not."""
    monkeypatch.setattr(expansion, "ALL_OPENED_MEMBERS", 5)
    opened = []
    monkeypatch.setattr("osiris_core.parity.kinds.text.explain_lines", lambda *_, **__: opened.append(1))
    result = compared(tmp_path, fanned(b"a\n", 3, 3), fanned(b"b\n", 3, 3), "x.zip")
    told = [finding.path for finding in result.findings if "not opened" in finding.message]
    assert told[-2:] == ["1", "2"]
    assert len(opened) <= 5


def test_members_are_counted_for_all_depths_together(tmp_path, monkeypatch):
    """A container past the number is told, those before it were compared."""
    monkeypatch.setattr(expansion, "ALL_MEMBERS", 12)
    result = compared(tmp_path, fanned(b"a\n", 2, 3), fanned(b"b\n", 2, 3), "x.zip")
    assert "x.zip/1 was not compared member by member" in result.not_compared[0]
    assert "more than 12 members in all" in result.not_compared[0]
    assert [finding.path for finding in result.findings][:3] == ["0:0", "0:1", "0:2"]


def test_of_many_members_that_cannot_be_read_the_first_are_named_and_the_rest_counted(tmp_path, monkeypatch):
    """Once the bytes are used up, each of a hundred thousand would have a sentence; each has a finding all the same."""
    monkeypatch.setattr(expansion, "EXPANDED_BYTES", 4)
    left, right = (zipped(*((f"{n:03}", content) for n in range(30))) for content in (b"a\n", b"b\n"))
    result = compared(tmp_path, left, right, "x.zip")
    assert len(result.not_compared) == 21
    assert result.not_compared[-1].startswith("write/x.zip holds more that was not compared: ")
    assert len(result.findings) == 30


def test_a_tar_with_holes_is_no_bomb(tmp_path, monkeypatch):
    """A sparse member says to be larger than what it takes: what comes out of it counts, and nothing more is read."""
    monkeypatch.setattr(expansion, "EXPANDED_BYTES", 1 << 20)

    def sparse(last):
        size, info = 1 << 40, tarfile.TarInfo("hole")
        info.type, info.size = tarfile.GNUTYPE_SPARSE, 512
        head = bytearray(info.tobuf(tarfile.GNU_FORMAT))
        head[156:157] = b"S"
        head[386:410] = b"%011o\0" % 0 + b"%011o\0" % 512
        head[483:495] = b"\x80" + size.to_bytes(11, "big")
        return summed(bytes(head)) + last * 512 + b"\0" * 1024

    result = compared(tmp_path, sparse(b"a"), sparse(b"b"), "x.tar")
    assert result.findings
    left, right = sparse(b"a"), summed(sparse(b"a")[:136] + b"00000000007\0" + sparse(b"a")[148:])
    assert "holds more than 1,048,576 bytes" in compared(tmp_path, left, right, "x.tar").not_compared[0]
    monkeypatch.setattr(expansion, "EXPANDED_BYTES", 1 << 40)
    monkeypatch.setattr(expansion, "RATIO_FROM_BYTES", 1 << 20)
    assert "holds more than 250 times its 512 bytes" in compared(tmp_path, left, right, "x.tar").not_compared[0]
