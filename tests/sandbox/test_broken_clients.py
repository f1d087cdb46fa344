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


@pytest.fixture
def leaves_nothing(server, http, sandbox):
    """Hold the server to having as many descriptors after the block as before it, and to answering meanwhile."""
    held = Path(f"/proc/{server.address.pid}/fd")

    def count(*, sockets: bool) -> int:
        return sum(sockets or not _is_socket(each) for each in held.iterdir())

    @contextmanager
    def watch(*, sockets: bool = True):
        http.get("/osiris/stats")  # this connection stays,
        sandbox.files.exists("nothing")  # and so does that of the SDK
        before = count(sockets=sockets)
        yield lambda: count(sockets=sockets) - before
        assert http.get("/osiris/stats").status_code == 200
        until(lambda: count(sockets=sockets) <= before)

    return watch


def _is_socket(descriptor: Path) -> bool:
    try:
        return str(descriptor.readlink()).startswith("socket:")
    except OSError:  # closed meanwhile
        return False


def connected(server) -> socket.socket:
    """Return a raw connection."""
    there = urlsplit(server.address.url)
    return socket.create_connection((there.hostname, there.port))


def held_for(port: int) -> bool:
    """Whether somebody holds the other end of a connection from this port of this machine."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return any(int(row[2].partition(":")[2], 16) == port and row[9] != "0" for row in rows)


def head(sandbox, line: str, **headers: str) -> bytes:
    """Return the head of a request to a sandbox."""
    own = {"Host": "x", "E2b-Sandbox-Id": sandbox.sandbox_id, "X-Access-Token": sandbox._envd_access_token} | headers
    return "\r\n".join([line + " HTTP/1.1", *(f"{name}: {value}" for name, value in own.items()), "", ""]).encode()


def test_requests_that_are_never_finished(server, sandbox, leaves_nothing):
    """Half a line, half a head, half a body: others are served meanwhile, and nothing stays when they go."""
    whole = head(
        sandbox, "POST /files?path=half", **{"Content-Length": "1000", "Content-Type": "application/octet-stream"}
    )
    with leaves_nothing() as more, ExitStack() as stack:
        for part in (b"", b"GE", whole[:50], whole, whole + b"ten bytes."):
            for _ in range(10):
                stack.enter_context(connected(server)).sendall(part)
        until(lambda: more() >= 50)
        assert sandbox.commands.run("echo served").stdout == "served\n"


def test_an_upload_that_is_aborted_leaves_what_had_come(server, sandbox, leaves_nothing):
    """As with envd the file is truncated in place: a part of it is there, and the next upload replaces it."""
    sending = {"Content-Type": "application/octet-stream", "Content-Length": "1000000"}
    with leaves_nothing(sockets=False), connected(server) as client:  # the SDK opens and keeps some when it asks
        port = client.getsockname()[1]
        client.sendall(head(sandbox, "POST /files?path=part", **sending) + b"x" * 70_000)
        until(lambda: sandbox.files.exists("part") and sandbox.files.get_info("part").size == 70_000)
        assert held_for(port)
    until(lambda: not held_for(port))
    sandbox.files.write("part", "whole")
    assert sandbox.files.read("part") == "whole"


def test_an_upload_of_parts_that_is_aborted(server, sandbox, leaves_nothing):
    """The first file is whole, the second one is not."""
    sending = {"Content-Type": "multipart/form-data; boundary=B", "Content-Length": "1000000"}
    part = '--B\r\nContent-Disposition: form-data; name="file"; filename="{}"\r\n\r\n'
    body = part.format("one") + "first\r\n" + part.format("two") + "sec" + "x" * 5000
    with leaves_nothing(), connected(server) as client:
        client.sendall(head(sandbox, "POST /files", **sending) + body.encode())
        until(lambda: sandbox.files.exists("two"))
    assert sandbox.files.read("one") == "first"


def test_a_download_that_nobody_reads(server, sandbox, leaves_nothing):
    """Its file is closed when its client goes."""
    sandbox.files.write("big", b"x" * 20_000_000)
    with leaves_nothing() as more, ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(connected(server)).sendall(head(sandbox, "GET /files?path=big"))
        until(lambda: more() >= 10)  # five connections, five files
        assert sandbox.commands.run("echo served").stdout == "served\n"


def test_streams_whose_clients_vanish(server, sandbox, leaves_nothing):
    """Commands live on, their streams do not: nobody who has gone holds up who is there."""
    with leaves_nothing(sockets=False):  # the SDK keeps connections of its own
        for _ in range(5):
            handle = sandbox.commands.run("cat", background=True, stdin=True)
            handle.disconnect()
            again = sandbox.commands.connect(handle.pid)
            sandbox.commands.send_stdin(handle.pid, "x\n")
            sandbox.commands.close_stdin(handle.pid)
            assert again.wait().stdout == "x\n"


def test_nonsense_is_answered_and_forgotten(server, leaves_nothing):
    """What is no HTTP is a 400 and a closed connection."""
    with leaves_nothing():
        for nonsense in (b"\x16\x03\x01\x02\x00\x01", b"SSH-2.0-x\r\n\r\n", b"\r\n" * 3000):
            with connected(server) as client:
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
        with leaves_nothing() as more, ExitStack() as stack:
            for _ in range(MANY):
                stack.enter_context(connected(server))
            until(lambda: more() >= MANY)
            assert sandbox.commands.run("echo served").stdout == "served\n"
            with httpx.Client(base_url=server.address.url, headers={"X-API-KEY": server.address.api_key}) as another:
                assert another.get("/osiris/stats").status_code == 200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
