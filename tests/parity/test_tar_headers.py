"""Bytes in the headers of a tar file that no reader looks at: they can say anything, so they are a difference."""

from __future__ import annotations

import tarfile

import pytest

from osiris_core.parity.kinds.containers.digests import content_digest
from tests.parity.test_containers import compared, tarred
from tests.parity.test_nested_containers import summed

ONE = tarred(("a", b"x"))
FILES = (("a", b"x"), ("link", b""))


def in_front(kind, body):
    """Return a tar file with a header of this kind in front of its member's own."""
    info = tarfile.TarInfo("in front")
    info.type, info.size = kind, len(body)
    return info.tobuf(tarfile.USTAR_FORMAT) + body + b"\0" * (-len(body) % 512) + ONE


def put(data, place, value):
    return data[:place] + value + data[place + len(value) :]


def typed(kind):
    return summed(put(tarred(("a", b"")), 156, kind))


PAX = in_front(b"x", b"12 foo=abcd\n")
PLACES = {
    "behind a name": (ONE, 2),
    "behind a number": (summed(put(ONE, 108, b"7\0")), 110),
    "where a file leads": (ONE, 157),
    "behind a user": (ONE, 266),
    "behind a prefix": (ONE, 346),
    "behind the last field": (ONE, 500),
    "behind the last field of GNU": (summed(put(ONE, 257, b"ustar  \0")), 496),
    "where GNU has holes": (summed(put(ONE, 257, b"ustar  \0")), 400),
}


@pytest.mark.parametrize("name", PLACES)
def test_what_no_reader_looks_at_in_a_header_is_a_difference(name, tmp_path):
    """And no digest of what it holds passes over it."""
    whole, place = PLACES[name]
    assert_different(tmp_path, whole, summed(put(whole, place, b"said")))


def assert_different(folder, left, right):
    (found,) = compared(folder, left, right, "x.tar").findings
    assert (found.message, found.path) == ("other extended headers of this member", "a")
    assert "bytes that belong to no field" in found.right
    assert content_digest(folder / "a" / "x.tar") != content_digest(folder / "b" / "x.tar") != ""


@pytest.mark.parametrize(
    "other",
    [put(PAX, 512 + 100, b"said"), in_front(b"x", b"12 foo=abcd\nsaid")],
    ids=["in the padding", "behind the records"],
)
def test_what_stands_behind_an_extended_header_is_a_difference(other, tmp_path):
    """Readers stop at the first that is no record."""
    assert_different(tmp_path, PAX, other)


def test_what_stands_behind_a_long_name_is_a_difference(tmp_path):
    """GNU's long names end at a zero byte, wherever their header says."""
    assert_different(tmp_path, in_front(b"L", b"a\0"), in_front(b"L", b"a\0said"))


@pytest.mark.parametrize("kind", [b"V", b"M", b"Z"])
def test_a_member_of_a_kind_that_tar_has_no_file_for_is_none(kind, tmp_path):
    """A volume's name or a part of a file is unpacked by nobody as a file; `tarfile` takes it for one."""
    codes = [found.code for found in compared(tmp_path, typed(b"0"), typed(kind), "x.tar").findings]
    assert codes == ["artifact-type", "artifact-content"]


def test_members_of_two_such_kinds_differ(tmp_path):
    """That both are no file does not make them one."""
    (found,) = compared(tmp_path, typed(b"V"), typed(b"M"), "x.tar").findings
    assert (found.left, found.right) == ("{'(kind)': \"b'V'\"}", "{'(kind)': \"b'M'\"}")


def test_bytes_behind_a_member_of_unknown_kind_are_told(tmp_path):
    """They are no part of it, as they are none of a file's."""
    whole = summed(put(ONE, 156, b"Z"))
    result = compared(tmp_path, whole, put(whole, 600, b"said"), "x.tar")
    assert "holds something behind a that belongs to no member" in result.not_compared[0]


def test_a_hard_link_in_front_of_what_it_leads_to_is_another(tmp_path):
    """Who unpacks the members in order has nothing to link to; the order of other members means nothing."""

    def linked(info):
        if info.name == "link":
            info.type, info.linkname, info.size = tarfile.LNKTYPE, "a", 0

    left, right = (tarred(*files, change=linked) for files in (FILES, FILES[::-1]))
    (found,) = compared(tmp_path, left, right, "x.tar").findings
    assert (found.code, found.left) == ("artifact-type", "hard link to a")
    assert found.right == "hard link to a, which is not in front of it"


def test_two_writers_leave_nothing_behind_their_fields(tmp_path):
    """The same members in the form of POSIX and in that of GNU, with names and links that need a header of their own, are the same."""
    forms = []
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        path = tmp_path / str(form)
        with tarfile.open(path, "w", format=form) as archive:
            info = tarfile.TarInfo("n" * 160)
            info.type, info.linkname, info.uid, info.mtime = tarfile.SYMTYPE, "t" * 160, 1 << 30, 1.5
            archive.addfile(info)
        forms.append(path.read_bytes())
    assert not compared(tmp_path, *forms, "x.tar").findings
