"""What slow, rude and broken clients leave in the server: nothing."""

from __future__ import annotations

import resource
import socket
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.sandbox.helpers import until

MANY = 1000


class Broken:
    """Connections of this test to the server, and how much of the server they hold."""

    def __init__(self, server) -> None:
        self._pid = server.address.pid
        self._there = urlsplit(server.address.url)
        self._ports: set[int] = set()
        self._files_before = self._files()

    def connect(self) -> socket.socket:
        """Return a raw connection."""
        made = socket.create_connection((self._there.hostname, self._there.port))
        self._ports.add(made.getsockname()[1])
        return made

    def connections(self) -> int:
        """Count those that the server has accepted and not closed; those of an SDK come and go as its pool likes."""
        rows = [row.split() for row in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
        ours = [row for row in rows if _port(row[1]) == self._there.port and _port(row[2]) in self._ports]
        return sum(inode != "0" for *_, inode in (row[:10] for row in ours))

    def files(self) -> int:
        """Count what the server has opened meanwhile, and not closed."""
        return self._files() - self._files_before

    def _files(self) -> int:
        return sum(not _is_socket(each) for each in Path(f"/proc/{self._pid}/fd").iterdir())


@pytest.fixture
def leaves_nothing(server, http):
    """Hold the server to answering meanwhile, and to have after the block neither its connections nor its files."""

    @contextmanager
    def watch():
        assert http.get("/osiris/stats").status_code == 200
        broken = Broken(server)
        yield broken
        assert http.get("/osiris/stats").status_code == 200
        until(lambda: broken.connections() == 0 and broken.files() <= 0)

    return watch


def _port(address: str) -> int:
    """Return the port of an address as the kernel lists it."""
    return int(address.partition(":")[2], 16)


def _is_socket(descriptor: Path) -> bool:
    try:
        return str(descriptor.readlink()).startswith("socket:")
    except OSError:  # closed meanwhile
        return True


def head(sandbox, line: str, **headers: str) -> bytes:
    """Return the head of a request to a sandbox."""
    own = {"Host": "x", "E2b-Sandbox-Id": sandbox.sandbox_id, "X-Access-Token": sandbox._envd_access_token} | headers
    return "\r\n".join([line + " HTTP/1.1", *(f"{name}: {value}" for name, value in own.items()), "", ""]).encode()


def test_requests_that_are_never_finished(sandbox, leaves_nothing):
    """Half a line, half a head, half a body: others are served meanwhile, and nothing stays when they go."""
    whole = head(
        sandbox, "POST /files?path=half", **{"Content-Length": "1000", "Content-Type": "application/octet-stream"}
    )
    with leaves_nothing() as broken, ExitStack() as stack:
        for part in (b"", b"GE", whole[:50], whole, whole + b"ten bytes."):
            for _ in range(10):
                stack.enter_context(broken.connect()).sendall(part)
        until(lambda: broken.connections() == 50)
        assert sandbox.commands.run("echo served").stdout == "served\n"


def test_an_upload_that_is_aborted_leaves_what_had_come(sandbox, leaves_nothing):
    """As with envd the file is truncated in place: a part of it is there, and the next upload replaces it."""
    sending = {"Content-Type": "application/octet-stream", "Content-Length": "1000000"}
    with leaves_nothing() as broken, broken.connect() as client:
        client.sendall(head(sandbox, "POST /files?path=part", **sending) + b"x" * 70_000)
        until(lambda: sandbox.files.exists("part") and sandbox.files.get_info("part").size == 70_000)
        assert broken.connections() == 1
    sandbox.files.write("part", "whole")
    assert sandbox.files.read("part") == "whole"


def test_an_upload_of_parts_that_is_aborted(sandbox, leaves_nothing):
    """The first file is whole, the second one is not."""
    sending = {"Content-Type": "multipart/form-data; boundary=B", "Content-Length": "1000000"}
    part = '--B\r\nContent-Disposition: form-data; name="file"; filename="{}"\r\n\r\n'
    body = part.format("one") + "first\r\n" + part.format("two") + "sec" + "x" * 5000
    with leaves_nothing() as broken, broken.connect() as client:
        client.sendall(head(sandbox, "POST /files", **sending) + body.encode())
        until(lambda: sandbox.files.exists("two"))
        assert broken.connections() == 1
    assert sandbox.files.read("one") == "first"


def test_a_download_that_nobody_reads(sandbox, leaves_nothing):
    """Its file is closed when its client goes."""
    sandbox.files.write("big", b"x" * 20_000_000)
    with leaves_nothing() as broken, ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(broken.connect()).sendall(head(sandbox, "GET /files?path=big"))
        until(lambda: broken.connections() == 5 and broken.files() >= 5)
        assert sandbox.commands.run("echo served").stdout == "served\n"


def test_streams_whose_clients_vanish(sandbox, leaves_nothing):
    """Commands live on, their streams do not: nobody who has gone holds up who is there."""
    with leaves_nothing():
        for _ in range(5):
            handle = sandbox.commands.run("cat", background=True, stdin=True)
            handle.disconnect()
            again = sandbox.commands.connect(handle.pid)
            sandbox.commands.send_stdin(handle.pid, "x\n")
            sandbox.commands.close_stdin(handle.pid)
            assert again.wait().stdout == "x\n"


def test_nonsense_is_answered_and_forgotten(leaves_nothing):
    """What is no HTTP is a 400 and a closed connection."""
    with leaves_nothing() as broken:
        for nonsense in (b"\x16\x03\x01\x02\x00\x01", b"SSH-2.0-x\r\n\r\n", b"\r\n" * 3000):
            with broken.connect() as client:
                client.sendall(nonsense)
                client.shutdown(socket.SHUT_WR)
                answer = client.recv(1000)
                assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")


def test_a_thousand_open_connections(server, sandbox, leaves_nothing):
    """They are kept, cost nothing but themselves, and go."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = (min(hard, max(soft, 4 * MANY)), hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, enough)
    resource.prlimit(server.address.pid, resource.RLIMIT_NOFILE, enough)
    try:
        with leaves_nothing() as broken, ExitStack() as stack:
            for _ in range(MANY):
                stack.enter_context(broken.connect())
            until(lambda: broken.connections() == MANY)
            assert sandbox.commands.run("echo served").stdout == "served\n"
            with httpx.Client(base_url=server.address.url, headers={"X-API-KEY": server.address.api_key}) as another:
                assert another.get("/osiris/stats").status_code == 200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
