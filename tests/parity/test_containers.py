"""Files that hold files: equal in what they hold is EQUIVALENT by the name of the field that differs, anything else is told."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import tempfile
import zipfile

import pytest

from osiris_core.parity.kinds import expansion
from osiris_core.parity.kinds.containers import members
from osiris_core.parity.kinds.containers.digests import content_digest
from osiris_core.parity.kinds.protocol import FilePair
from osiris_core.parity.kinds.registry import compare_files

CSV = b"id,late\n1,10\n2,20\n"
OTHER = b"id,late\n1,10\n2,21\n"


def compared(folder, left, right, name):
    for side, data in (("a", left), ("b", right)):
        (folder / side).mkdir(exist_ok=True)
        (folder / side / name).write_bytes(data)
    path = f"write/{name}"
    return compare_files(
        FilePair(path=path, left=folder / "a" / name, right=folder / "b" / name, labels=("local", "e2b"))
    )


def zipped(*files, moment=(2026, 1, 1, 0, 0, 0), comment=b"", method=zipfile.ZIP_DEFLATED, change=None):
    """Return a zip file of (name, content) pairs."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            info = zipfile.ZipInfo(name, moment)
            info.compress_type = method
            info.create_system, info.external_attr = 3, 0o100644 << 16
            if change:
                change(info)
            archive.writestr(info, content)
        archive.comment = comment
    return out.getvalue()


def tarred(*files, change=None):
    """Return a tar file of (name, content) pairs."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            if change:
                change(info)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def gzip_named(content, name, mtime=1):
    out = io.BytesIO()
    with gzip.GzipFile(name, "wb", fileobj=out, mtime=mtime) as source:
        source.write(content)
    return out.getvalue()


def at(data, place, value):
    return data[:place] + bytes([value]) + data[place + 1 :]


LATER = (2027, 1, 1, 0, 0, 0)
FILES = (("a.csv", CSV), ("b.txt", b"text\n"))
METADATA = {
    "gzip: mtime": ("x.csv.gz", gzip.compress(CSV, mtime=1), gzip.compress(CSV, mtime=2), ["mtime"]),
    "gzip: name": ("x.csv.gz", gzip_named(CSV, "a.csv"), gzip_named(CSV, "b.csv"), ["file name"]),
    "gzip: system": ("x.csv.gz", gzip.compress(CSV, mtime=1), at(gzip.compress(CSV, mtime=1), 9, 3), ["operating system"]),
    "gzip: level": (
        "x.gz", gzip.compress(CSV * 99, 1, mtime=1), gzip.compress(CSV * 99, 9, mtime=1), ["compression hints"],
    ),
    "gzip: streams": (
        "x.gz", gzip.compress(CSV, mtime=1), gzip.compress(CSV[:5], mtime=1) + gzip.compress(CSV[5:], mtime=1),
        ["number of streams"],
    ),
    "gzip: padding": ("x.gz", gzip.compress(CSV, mtime=1), gzip.compress(CSV, mtime=1) + b"\0" * 9, ["padding"]),
    "bzip2: level": ("x.bz2", bz2.compress(CSV, 1), bz2.compress(CSV, 9), ["compression"]),
    "xz: preset": (
        "x.xz", lzma.compress(CSV * 99, preset=0), lzma.compress(CSV * 99, check=lzma.CHECK_SHA256), ["compression"],
    ),
    "zip: mtime": ("x.zip", zipped(*FILES), zipped(*FILES, moment=LATER), ["times of members"]),
    "zip: order": ("x.zip", zipped(*FILES), zipped(*FILES[::-1]), ["order of members"]),
    "zip: method": (
        "x.zip", zipped(*FILES), zipped(*FILES, method=zipfile.ZIP_STORED), ["compression"],
    ),
    "zip: system": (
        "x.zip", zipped(*FILES), zipped(*FILES, change=lambda info: setattr(info, "create_version", 63)),
        ["system that made it"],
    ),
    "zip: unix times": (
        "x.zip", zipped(*FILES),
        zipped(*FILES, change=lambda info: setattr(info, "extra", struct.pack("<HHBI", 0x5455, 5, 1, 7))), ["extra fields"],
    ),
    "tar: mtime": ("x.tar", tarred(*FILES), tarred(*FILES, change=lambda info: setattr(info, "mtime", 9)), ["times of members"]),
    "tar: owner": ("x.tar", tarred(*FILES), tarred(*FILES, change=lambda info: setattr(info, "uname", "ann")), ["owners of members"]),
    "tar: order": ("x.tar", tarred(*FILES), tarred(*FILES[::-1]), ["order of members"]),
    "gzip in tar": (
        "x.tar", tarred(("x.gz", gzip.compress(CSV, mtime=1))), tarred(("x.gz", gzip.compress(CSV, mtime=2))), ["x.gz:mtime"],
    ),
    "tar in gzip": ("x.tgz", gzip.compress(tarred(*FILES), mtime=1), gzip.compress(tarred(*FILES), mtime=2), ["mtime"]),
}  # fmt: skip


def digests(folder, left, right):
    """Return what both hold as digests."""
    for side, data in (("left", left), ("right", right)):
        (folder / side).write_bytes(data)
    return content_digest(folder / "left"), content_digest(folder / "right")


def test_the_digest_of_what_a_container_holds_is_the_same_where_its_comparer_finds_the_same(tmp_path):
    """And never where it finds a difference: a baseline has nothing else to hold a run against."""
    for _, left, right, _ in METADATA.values():
        a, b = digests(tmp_path, left, right)
        assert a.startswith("1:")
        assert a == b
    for name, (_, left, right, *_) in CONTENT.items():
        a, b = digests(tmp_path, left, right)
        assert a != b, name
    for name, (_, left, right, _) in DAMAGED.items():
        a, b = digests(tmp_path, left, right)
        assert (b, a.startswith("1:")) == ("", True), name
    with pytest.warns(UserWarning, match="Duplicate name"):
        doubled = zipped(("a", b"1"), ("a", b"2"))
    links = tarred(
        ("a", b""), change=lambda info: (setattr(info, "type", tarfile.SYMTYPE), setattr(info, "linkname", "?"))
    )
    found = digests(tmp_path, doubled, links)
    assert (found[0], found[1][:2]) == ("", "1:")
    assert digests(tmp_path, CSV, b"") == ("", "")


@pytest.mark.parametrize("name", METADATA)
def test_how_a_container_was_made_is_set_aside_by_the_name_of_the_field(name, tmp_path):
    """What both hold is the same; which field differs is named, and the rule counted."""
    file, left, right, fields = METADATA[name]
    result = compared(tmp_path, left, right, file)
    assert (result.findings, result.not_compared) == ((), ())
    assert [each.path for each in result.set_aside] == fields
    assert {each.rule for each in result.set_aside} == {"container-metadata"}


def comment_of(info):
    info.comment = b"hello"


def executable(info):
    info.external_attr = 0o100755 << 16


def link(info):
    info.external_attr = 0o120777 << 16


def hidden_field(info):
    info.extra = struct.pack("<HH4s", 0x9999, 4, b"data")


CONTENT = {
    "gzip: a cell": ("x.csv.gz", gzip.compress(CSV, mtime=1), gzip.compress(OTHER, mtime=1), "table-cells", ""),
    "gzip: bytes behind": ("x.gz", gzip.compress(CSV, mtime=1), gzip.compress(CSV, mtime=2) + b"more", "artifact-content", ""),
    "gzip: a stream more": ("x.gz", gzip.compress(CSV, mtime=1), gzip.compress(CSV, mtime=1) * 2, "artifact-content", ""),
    "bzip2: bytes behind": ("x.bz2", bz2.compress(CSV, 1), bz2.compress(CSV) + b"more", "artifact-content", ""),
    "xz: bytes behind": ("x.xz", lzma.compress(CSV), lzma.compress(CSV) + b"more", "artifact-content", ""),
    "zip: a cell": ("x.zip", zipped(*FILES), zipped(("a.csv", OTHER), FILES[1]), "table-cells", "a.csv"),
    "zip: a member more": ("x.zip", zipped(*FILES), zipped(*FILES, ("c", b"")), "artifact-extra", "c"),
    "zip: a member less": ("x.zip", zipped(*FILES), zipped(FILES[0]), "artifact-missing", "b.txt"),
    "zip: an archive's comment": ("x.zip", zipped(*FILES), zipped(*FILES, comment=b"hi", moment=LATER), "artifact-content", ""),
    "zip: a member's comment": ("x.zip", zipped(*FILES), zipped(*FILES, change=comment_of, moment=LATER), "artifact-content", "a.csv"),
    "zip: an unknown field": ("x.zip", zipped(*FILES), zipped(*FILES, change=hidden_field, moment=LATER), "artifact-content", "a.csv"),
    "zip: executable": ("x.zip", zipped(*FILES), zipped(*FILES, change=executable, moment=LATER), "artifact-mode", "a.csv"),
    "zip: a link": ("x.zip", zipped(*FILES), zipped(*FILES, change=link, moment=LATER), "artifact-type", "a.csv"),
    "zip: bytes behind": ("x.zip", zipped(*FILES), zipped(*FILES, moment=LATER) + b"PK?", "artifact-content", ""),
    "tar: a cell": ("x.tar", tarred(*FILES), tarred(("a.csv", OTHER), FILES[1]), "table-cells", "a.csv"),
    "tar: executable": ("x.tar", tarred(*FILES), tarred(*FILES, change=lambda i: setattr(i, "mode", 0o755)), "artifact-mode", "a.csv"),
    "tar: an extended header": (
        "x.tar", tarred(*FILES), tarred(*FILES, change=lambda i: setattr(i, "pax_headers", {"comment": "hi"})),
        "artifact-content", "a.csv",
    ),
    "tar: a link": (
        "x.tar", tarred(("a", b"")),
        tarred(("a", b""), change=lambda i: (setattr(i, "type", tarfile.SYMTYPE), setattr(i, "linkname", "b"))),
        "artifact-type", "a",
    ),
    "tar in gzip: a cell": (
        "x.tgz", gzip.compress(tarred(*FILES)), gzip.compress(tarred(("a.csv", OTHER), FILES[1])), "table-cells", "a.csv",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTENT)
def test_what_a_container_holds_is_compared_whatever_it_lies_in(name, tmp_path):
    """Another member, another bit of it, and bytes that belong to none: each is a difference with its place."""
    file, left, right, code, path = CONTENT[name]
    result = compared(tmp_path, left, right, file)
    assert code in [finding.code for finding in result.findings if finding.path == path]


def test_a_member_is_compared_by_its_kind(tmp_path):
    """A CSV in a gzip file tells its line and column."""
    (finding,) = compared(tmp_path, gzip.compress(CSV), gzip.compress(OTHER), "x.csv.gz").findings
    assert "column late" in finding.message


def test_bytes_in_front_of_a_zip_are_seen(tmp_path):
    """A program in front of the archive is no member, and `zipfile` passes over it."""
    result = compared(tmp_path, zipped(*FILES), zipped(*FILES, moment=LATER), "x.zip")
    assert result.findings == ()
    stub = zipped(*FILES)[:2] + b"\3\4"  # so that both are claimed
    with_stub = compared(tmp_path, zipped(*FILES), stub + b"\0" * 60 + zipped(*FILES), "x.zip")
    assert with_stub.findings


def test_bytes_between_the_members_of_a_zip_are_seen(tmp_path):
    """What lies behind a removed member is still in the file."""

    def removed(content):
        data = zipped(("a.csv", CSV), ("gone", content))
        start = data.index(b"PK\1\2", data.index(b"gone"))
        second = data.index(b"PK\1\2", start + 4)
        end = data.index(b"PK\5\6")
        return data[:second] + data[end : end + 8] + struct.pack("<HHII", 1, 1, second - start, start) + b"\0\0"

    result = compared(tmp_path, removed(b"one"), removed(b"two"), "x.zip")
    assert [finding.message for finding in result.findings] == ["other bytes that belong to no member"]


def test_bytes_in_the_padding_of_a_tar_are_told(tmp_path):
    """Where only zeros belong, anything else is not passed over."""
    data = tarred(*FILES)
    result = compared(tmp_path, data, at(data, 512 + 100, 7), "x.tar")
    assert result.findings
    assert "holds something behind a.csv" in result.not_compared[0]


def test_a_doubled_member_is_a_finding(tmp_path):
    """Readers take the first of them or the last."""
    with pytest.warns(UserWarning, match="Duplicate name"):
        doubled = zipped(("a.csv", OTHER), ("a.csv", CSV))
    result = compared(tmp_path, doubled, zipped(("a.csv", CSV)), "x.zip")
    assert [(finding.code, finding.path) for finding in result.findings] == [("container-doubled-member", "a.csv")]


DAMAGED = {
    "gzip: cut off": ("x.gz", gzip.compress(CSV), gzip.compress(CSV)[:-3], "is a damaged gzip file on e2b: it ends inside"),
    "gzip: another checksum": (
        "x.gz", gzip.compress(CSV), at(gzip.compress(CSV), -6, 0x99)[: len(gzip.compress(CSV))], "is a damaged gzip file on e2b",
    ),
    "bzip2: damaged": ("x.bz2", bz2.compress(CSV), bz2.compress(CSV)[:-9] + b"\0" * 9, "is a damaged bzip2 file on e2b"),
    "xz: damaged": ("x.xz", lzma.compress(CSV), lzma.compress(CSV)[:-9] + b"\0" * 9, "is a damaged xz file on e2b"),
    "zip: cut off": ("x.zip", zipped(*FILES), zipped(*FILES)[:-30], "is a damaged zip file on e2b"),
    "zip: a member's bytes": ("x.zip", zipped(*FILES), at(zipped(*FILES), 40, 0xFF), "cannot be read on e2b"),
    "tar: cut off": ("x.tar", tarred(*FILES), tarred(*FILES)[:600], "damaged tar file on e2b"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_container_is_a_sentence_and_stays_different(name, tmp_path):
    """It is no crash; nothing of it is set aside without a finding beside it."""
    file, left, right, sentence = DAMAGED[name]
    result = compared(tmp_path, left, right, file)
    assert sentence in " ".join(result.not_compared)
    assert result.findings


def test_an_encrypted_member_is_told(tmp_path):
    """Nothing is said about what cannot be read; the others are compared."""
    encrypted = bytearray(zipped(*FILES, moment=LATER))
    encrypted[6] |= 1
    encrypted[encrypted.index(b"PK\1\2") + 8] |= 1
    result = compared(tmp_path, zipped(*FILES), bytes(encrypted), "x.zip")
    assert result.not_compared == ("write/x.zip/a.csv was not compared: it is encrypted on e2b",)
    assert [finding.path for finding in result.findings] == ["a.csv"]


def test_a_bomb_is_told_and_not_unpacked(tmp_path, monkeypatch):
    """More than the limits allow is not read to its end, in one container or in several within each other."""
    monkeypatch.setattr(expansion, "RATIO_FROM_BYTES", 1_000_000)
    zeros = [b"\0" * 9_000_000 + last for last in (b"a", b"b")]
    result = compared(tmp_path, *map(gzip.compress, zeros), "x.gz")
    assert "holds more than 250 times its" in result.not_compared[0]
    assert result.findings
    monkeypatch.setattr(expansion, "EXPANDED_BYTES", 1_000_000)
    result = compared(tmp_path, *(zipped(("a", each)) for each in zeros), "x.zip")
    assert "is in a container that holds more than 1,000,000 bytes" in result.not_compared[0]


def test_containers_within_containers_have_an_end(tmp_path):
    """Twelve deep is deep enough, and told."""
    left, right = CSV, OTHER
    for _ in range(12):
        left, right = gzip.compress(left, mtime=1), gzip.compress(right, mtime=1)
    result = compared(tmp_path, left, right, "x.gz")
    assert "it lies in 12 containers, one in the other" in result.not_compared[0]
    assert result.findings


def test_members_that_overlap_are_told(tmp_path):
    """Two entries of one stretch of bytes are how a small file becomes a large one."""
    data = bytearray(zipped(("a.csv", CSV), ("a.txt", CSV)))
    second = data.index(b"PK\1\2", data.index(b"PK\1\2") + 4)
    data[second + 42 : second + 46] = struct.pack("<I", 0)
    result = compared(tmp_path, zipped(("a.csv", CSV), ("a.txt", CSV)), bytes(data), "x.zip")
    assert "has members that overlap" in result.not_compared[0]


def test_a_zip_with_too_many_members_is_told(tmp_path, monkeypatch):
    """Their number is read before the directory is."""
    monkeypatch.setattr(expansion, "MEMBERS", 1)
    result = compared(tmp_path, zipped(*FILES), zipped(*FILES, moment=LATER), "x.zip")
    assert "has 2 members, more than 1" in result.not_compared[0]


def test_of_many_differing_members_the_first_are_opened(tmp_path, monkeypatch):
    """Each is a finding all the same."""
    monkeypatch.setattr(expansion, "OPENED_MEMBERS", 1)
    result = compared(tmp_path, zipped(("a", b"1"), ("b", b"1")), zipped(("a", b"2"), ("b", b"2")), "x.zip")
    assert [(finding.path, "not opened" in finding.message) for finding in result.findings] == [
        ("a", False),
        ("b", True),
    ]


def test_a_container_is_not_unpacked_to_where_its_names_say(tmp_path):
    """A name that leads out of the archive is a name and nothing else."""
    compared(tmp_path, zipped(("../../out", CSV)), zipped(("../../out", OTHER)), "x.zip")
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["x.zip", "x.zip"]


def test_pieces_are_compared_however_they_are_cut():
    """Two readers need not give pieces of the same length."""
    assert members.same_pieces(iter([b"ab", b"c"]), iter([b"a", b"bc"]))
    assert not members.same_pieces(iter([b"ab", b"c"]), iter([b"a", b"b"]))
    assert not members.same_pieces(iter([b"ab"]), iter([b"ac"]))


def test_zip_fields_are_set_aside_only_where_an_independent_reader_sees_the_same(tmp_path):
    """Every byte of a small zip is flipped in turn: whatever is set aside, all members read the same by `zipfile`."""
    data = zipped(("a.txt", b"one\n"), method=zipfile.ZIP_STORED)
    quiet = 0
    for place in range(4, len(data)):
        changed = at(data, place, data[place] ^ 1)
        result = compared(tmp_path, data, changed, "x.zip")
        if result.findings or result.not_compared:
            continue
        quiet += 1
        with zipfile.ZipFile(io.BytesIO(changed)) as archive:
            assert {name: archive.read(name) for name in archive.namelist()} == {"a.txt": b"one\n"}
    assert 0 < quiet < 60


def test_a_comment_in_the_header_of_one_stream_more_is_a_difference(tmp_path):
    """An empty stream behind the content changes nothing of it, and may say anything."""
    empty = at(gzip.compress(b"", mtime=1), 3, 16)
    left, right = gzip.compress(CSV, mtime=1), gzip.compress(CSV, mtime=1) + empty[:10] + b"said\0" + empty[10:]
    (found,) = compared(tmp_path, left, right, "x.gz").findings
    assert (found.message, "said" in found.right) == ("another comment or extra field in the gzip header", True)


@pytest.mark.parametrize("system", [0, 3, 19])
def test_a_link_in_a_zip_file_is_one_whatever_system_made_it(system, tmp_path):
    """Tools make a link of it, too, where it says to come from DOS or macOS."""

    def link(info):
        info.create_system, info.external_attr = system, 0o120777 << 16

    (found,) = compared(tmp_path, zipped(("a", b"b")), zipped(("a", b"b"), change=link), "x.zip").findings
    assert (found.code, found.right) == ("artifact-type", "link")


WHOLE = zipped(("a", b"x"))
BREAKING = {
    "a name without letters": at(WHOLE, WHOLE.index(b"PK\1\2") + 46, 0),
    "a directory before the beginning": at(WHOLE, WHOLE.index(b"PK\5\6") + 17, 255),
    "headers in front of headers": tarred(("a", b""), change=lambda info: setattr(info, "type", b"x"))[:512] * 2000
    + tarred(("a", b"x")),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKING)
def test_a_file_that_breaks_its_reader_has_no_digest_of_what_it_holds(name, tmp_path):
    """`zipfile` and `tarfile` raise whatever comes; a baseline is written all the same, and in a member its bytes count."""
    (tmp_path / "x").write_bytes(BREAKING[name])
    assert not content_digest(tmp_path / "x")
    (tmp_path / "x").write_bytes(zipped(("in", BREAKING[name])))
    assert content_digest(tmp_path / "x")


def test_only_members_that_begin_as_containers_are_put_into_files(tmp_path, monkeypatch):
    """Of a hundred thousand members each would have a directory of its own, made and removed."""
    made = []
    folder = tempfile.TemporaryDirectory
    monkeypatch.setattr(tempfile, "TemporaryDirectory", lambda **how: made.append(how) or folder(**how))
    large = CSV * 50_000
    for name, inner in (("a", gzip.compress(large, mtime=1)), ("b", gzip.compress(large, mtime=2))):
        (tmp_path / name).write_bytes(zipped(("large", large), ("small", b""), ("in", inner)))
    assert content_digest(tmp_path / "a") == content_digest(tmp_path / "b") != ""
    assert len(made) == 2
    (tmp_path / "b").write_bytes(zipped(("large", large[:-1]), ("small", b""), ("in", inner)))
    assert content_digest(tmp_path / "a") != content_digest(tmp_path / "b") != ""


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (tarred(("a", b"x")), tarred(("a", b"x"), change=lambda info: setattr(info, "mode", 0o4644))),
        (gzip.compress(CSV), bz2.compress(CSV)),
    ],
    ids=["setuid", "another way to compress"],
)
def test_a_digest_of_what_a_container_holds_knows_what_the_comparer_does(left, right, tmp_path):
    """The bytes of the members are the same."""
    (tmp_path / "a").write_bytes(left)
    (tmp_path / "b").write_bytes(right)
    assert content_digest(tmp_path / "a") != content_digest(tmp_path / "b") != ""


def test_a_digest_of_what_a_container_holds_goes_as_deep_as_the_comparer(tmp_path, monkeypatch):
    """Deeper in, the bytes count."""
    for name, moment in (("a", 1), ("b", 2)):
        (tmp_path / name).write_bytes(gzip.compress(gzip.compress(gzip.compress(CSV, mtime=moment), mtime=1), mtime=1))
    assert content_digest(tmp_path / "a") == content_digest(tmp_path / "b") != ""
    monkeypatch.setattr(expansion, "DEPTH", 2)
    assert content_digest(tmp_path / "a") != content_digest(tmp_path / "b") != ""
