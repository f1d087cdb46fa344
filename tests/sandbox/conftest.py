"""A real server, and the real SDK bound to it."""

from __future__ import annotations

import os
import ssl

import httpx
import pytest

from osiris_core.sandbox.launch import ServerProcess
from tests.sandbox.helpers import Watched, all_pids, bound, pid_namespace

NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""To plain HTTP a client needs none, and reads all that the machine knows for each client where it is not told."""


@pytest.fixture(scope="session")
def server():
    """One server for the tests that do not hurt it."""
    with ServerProcess.start() as started:
        yield started


@pytest.fixture(scope="session")
def e2b_client(server):
    """The SDK's classes, bound to the server."""
    return bound(server.address)


@pytest.fixture
def sandbox(e2b_client):
    """A fresh sandbox of the SDK's synchronous flavour."""
    made = e2b_client.Sandbox.create()
    yield made
    made.kill()


@pytest.fixture
def http(server):
    """Plain HTTP to the control plane, as this server's own tools use it."""
    headers = {"X-API-KEY": server.address.api_key}
    with httpx.Client(base_url=server.address.url, headers=headers, verify=NO_CERTIFICATES) as client:
        yield client


@pytest.fixture
def envd(server):
    """Make plain HTTP clients to a sandbox's envd, with its token."""
    clients = []

    def connect(sandbox, **headers):
        own = {"E2b-Sandbox-Id": sandbox.sandbox_id, "X-Access-Token": sandbox._envd_access_token}
        clients.append(httpx.Client(base_url=server.address.url, headers=own | headers, verify=NO_CERTIFICATES))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def processes_of():
    """Find the host's processes of sandboxes by their pid namespace."""
    opened = []

    def find(*sandboxes) -> Watched:
        spaces = {made.commands.run("readlink /proc/self/ns/pid").stdout.strip() for made in sandboxes}
        pids = tuple(pid for pid in all_pids() if pid_namespace(pid) in spaces)
        pidfds = tuple(os.pidfd_open(pid) for pid in pids)
        opened.extend(pidfds)
        return Watched(pids=pids, pidfds=pidfds)

    yield find
    for pidfd in opened:
        os.close(pidfd)


@pytest.fixture(scope="session")
def bare_closure(tmp_path_factory):
    """A venv-shaped directory without distributions, and the interpreter that it is for, as a template's body."""
    import sys
    from pathlib import Path

    view = tmp_path_factory.mktemp("closures") / "bare"
    executable = os.path.realpath(sys.executable)
    site = view / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    site.mkdir(parents=True)
    (view / "bin").mkdir()
    (view / "bin" / "python").symlink_to(executable)
    (view / "pyvenv.cfg").write_text(f"home = {Path(executable).parent}\ninclude-system-site-packages = false\n")
    return {
        "closure_dir": str(view),
        "interpreter": {"executable": executable, "prefix": sys.base_prefix, "libpython_dir": None},
    }


@pytest.fixture
def sized(e2b_client, http, bare_closure):
    """Make sandboxes of a given size."""
    made = []

    def make(**size):
        name = "-".join(["sized", *(f"{key}.{value}" for key, value in size.items())])
        assert http.put(f"/osiris/templates/{name}", json=bare_closure | size).status_code == 204
        made.append(e2b_client.Sandbox.create(name))
        return made[-1]

    yield make
    for sandbox in made:
        sandbox.kill()
