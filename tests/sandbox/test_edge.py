"""Promises of what stands in front of a sandbox: who is let in, what is said of a dead sandbox, what is counted."""

from __future__ import annotations

import e2b
import pytest

from tests.sandbox.helpers import bound, until

UNKNOWN = "i" + "0" * 20


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/health"),
        ("GET", "/files?path=x"),
        ("POST", "/process.Process/List"),
        ("POST", "/filesystem.Filesystem/Stat"),
    ],
)
def test_an_unknown_sandbox_is_a_502_that_says_so(http, method, path):
    """Whatever is asked of it, a sandbox that is not there gets the edge's words."""
    answer = http.request(method, path, headers={"E2b-Sandbox-Id": UNKNOWN}, content=b"{}")
    assert answer.status_code == 502
    assert answer.json() == {"sandboxId": UNKNOWN, "message": "The sandbox was not found", "code": 502}


def test_a_dead_sandbox_raises_the_sdks_own_exception(sandbox):
    """Commands and files of a killed sandbox are `SandboxNotRunningException`."""
    sandbox.kill()
    with pytest.raises(e2b.SandboxNotRunningException):
        sandbox.commands.run("true")
    with pytest.raises(e2b.SandboxNotRunningException):
        sandbox.files.read("x")
    with pytest.raises(e2b.SandboxNotRunningException):
        sandbox.files.list(".")


def test_a_command_cut_by_a_kill_is_told_that_its_sandbox_is_gone(e2b_client, sandbox):
    """A stream that the kill ends is an error with that reason, never an end without one."""
    handle = sandbox.commands.run("echo up; sleep 60", background=True)
    assert next(iter(handle))[0] == "up\n"
    e2b_client.Sandbox.kill(sandbox.sandbox_id)
    with pytest.raises(e2b.SandboxNotRunningException, match="killed or reached its end of life"):
        handle.wait()


@pytest.mark.parametrize("path", ["/process.Process/List", "/filesystem.Filesystem/Stat", "/files?path=/etc/hostname"])
@pytest.mark.parametrize("token", [{}, {"X-Access-Token": "0" * 64}], ids=["no token", "a wrong token"])
def test_a_sandbox_lets_only_its_token_in(http, sandbox, path, token):
    """The id alone, or another token, opens nothing: not even with the server's API key."""
    method = "GET" if path.startswith("/files?") else "POST"
    own = {"E2b-Sandbox-Id": sandbox.sandbox_id}
    assert http.request(method, path, headers=own | token, content=b"{}").status_code == 401
    right = {"X-Access-Token": sandbox._envd_access_token, "content-type": "application/json"}
    answer = http.request(method, path, headers=own | right, content=b'{"path": "/etc"}')
    assert answer.status_code == 200


def test_one_sandboxs_token_does_not_open_another(e2b_client, sandbox, http):
    """Tokens are each sandbox's own."""
    other = e2b_client.Sandbox.create()
    try:
        headers = {"E2b-Sandbox-Id": sandbox.sandbox_id, "X-Access-Token": other._envd_access_token}
        assert http.get("/files?path=/etc/hostname", headers=headers).status_code == 401
    finally:
        other.kill()


def test_a_host_name_can_name_the_sandbox(http, sandbox):
    """`<port>-<id>.<domain>` works where a client cannot set headers but can set a host."""
    for host in (f"49983-{sandbox.sandbox_id}.localhost", f"{sandbox.sandbox_id}.localhost:1234"):
        assert http.get("/health", headers={"Host": host}).status_code == 204


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nothing"), ("POST", f"/sandboxes/{UNKNOWN}/pause"), ("DELETE", f"/sandboxes/{UNKNOWN}")],
)
def test_what_is_not_there_is_a_404(http, method, path):
    """Unknown routes and unknown sandboxes are errors with a sentence."""
    answer = http.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (404, 404)
    assert "not" in answer.json()["message"]


def test_pausing_is_not_served(sandbox):
    """A paused sandbox would live for ever, so there is no such thing here."""
    with pytest.raises(e2b.SandboxException, match="not served"):
        sandbox.pause()


def test_requests_are_counted_by_sandbox_and_route(server, http):
    """A run's requests can be counted; asking for the count is not counted."""
    before = http.get("/osiris/stats").json()
    made = bound(server.address).Sandbox.create()
    made.commands.run("true")
    made.files.write("x", "y")
    made.kill()
    after = http.get("/osiris/stats").json()
    assert after["requests"] - before["requests"] == 4
    assert after["by_sandbox"][made.sandbox_id] == 3
    counted = {route: n - before["by_route"].get(route, 0) for route, n in after["by_route"].items()}
    assert {route: n for route, n in counted.items() if n} == {
        "POST /v2/sandboxes": 1,
        "POST /process.Process/Start": 1,
        "POST /files": 1,
        "DELETE /sandboxes/{id}": 1,
    }


def test_the_count_is_for_holders_of_the_key_only(http):
    """Like every route without a sandbox."""
    assert http.get("/osiris/stats", headers={"X-API-KEY": "e2b_00"}).status_code == 401
    assert http.get("/osiris/stats").status_code == 200


def test_a_client_that_leaves_is_forgotten(sandbox):
    """A stream that was left does not hold its command up: far more output than waits for a subscriber passes."""
    handle = sandbox.commands.run("read; head -c 16M /dev/zero; touch done", background=True, stdin=True)
    handle.disconnect()
    sandbox.commands.send_stdin(handle.pid, "\n")
    until(lambda: sandbox.files.exists("done"))
