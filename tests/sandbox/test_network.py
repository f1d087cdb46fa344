"""Promises about the network: none unless server and sandbox both say so, and then the host's."""

from __future__ import annotations

from pathlib import Path

import e2b
import pytest

from osiris_core.sandbox.launch import ServerProcess
from tests.sandbox.helpers import bound

PROBE = "import socket, sys; found = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5); print(found.recv(5).decode())"


@pytest.fixture(scope="module")
def open_server():
    """A server that gives the network to sandboxes that ask for it."""
    with ServerProcess.start(options=("--allow-network",)) as started:
        yield started


def reached(server, port, **options):
    """Return what a sandbox hears at a port of the host, and whether it is said to have the network."""
    made = bound(server.address).Sandbox.create(**options)
    try:
        out = made.commands.run(f'python -c "{PROBE}" {port} 2>&1 || true').stdout
        return out.strip().rpartition("\n")[2], made.get_info().allow_internet_access
    finally:
        made.kill()


def test_a_sandbox_that_asks_for_the_network_has_the_hosts(open_server, outside):
    """E2B's default is to ask; its resolver comes along."""
    assert reached(open_server, outside) == ("hello", True)
    assert reached(open_server, outside, allow_internet_access=True) == ("hello", True)


def test_a_sandbox_that_does_not_ask_has_none(open_server, outside):
    """What the other test reaches is not there."""
    assert reached(open_server, outside, allow_internet_access=False) == (
        "ConnectionRefusedError: [Errno 111] Connection refused",
        False,
    )


def test_a_server_that_does_not_allow_it_gives_none(server, outside):
    """Asking is not enough, and what was given is said."""
    said, allowed = reached(server, outside, allow_internet_access=True)
    assert (said.partition(":")[0], allowed) == ("ConnectionRefusedError", False)


def test_the_rest_of_the_profile_stays(open_server):
    """Host name, user and processes are the sandbox's own; the resolver is the host's."""
    made = bound(open_server.address).Sandbox.create()
    try:
        assert made.commands.run("hostname; id -un; echo /proc/[0-9]*").stdout == "e2b.local\nuser\n/proc/1 /proc/2\n"
        host = Path("/etc/resolv.conf")
        assert not host.exists() or made.files.read("/etc/resolv.conf") == host.read_text()
    finally:
        made.kill()


def test_addresses_are_not_filtered(open_server):
    """A rule that this server cannot keep is refused, not ignored."""
    with pytest.raises(e2b.SandboxException, match="400: this server does not filter addresses"):
        bound(open_server.address).Sandbox.create(network={"deny_out": ["10.0.0.0/8"]})
