"""Promises of the control plane, made to the unmodified SDK."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid

import e2b
import pytest
from e2b import SandboxQuery

from tests.sandbox.helpers import bound, until


def test_create_gives_a_running_sandbox_of_the_base_template(sandbox):
    """A sandbox made without arguments runs, and says what it was made from."""
    info = sandbox.get_info()
    assert (info.template_id, info.state.value, info.cpu_count, info.memory_mb) == ("base", "running", 2, 512)
    assert sandbox.is_running()


def test_create_from_an_unknown_template_says_which(e2b_client):
    """A template that was never registered is a 404 that names it."""
    with pytest.raises(e2b.SandboxException, match="404: template 'no-such' not found"):
        e2b_client.Sandbox.create("no-such")


def test_a_lease_is_five_minutes_unless_asked_otherwise(e2b_client):
    """The end of a sandbox is its start plus the time limit, 300 s by default."""
    default, short = e2b_client.Sandbox.create(), e2b_client.Sandbox.create(timeout=60)
    try:
        infos = [default.get_info(), short.get_info()]
        lease_s = [(info.end_at - info.started_at).total_seconds() for info in infos]
        assert lease_s == pytest.approx([300, 60], abs=20)  # a busy machine is slow between the two moments
    finally:
        default.kill()
        short.kill()


def test_kill_says_whether_there_was_something_to_kill(e2b_client):
    """The first kill is True, the second False, and the sandbox runs no more."""
    made = e2b_client.Sandbox.create()
    assert made.kill() is True
    assert made.is_running() is False
    assert made.kill() is False


def test_set_timeout_ends_a_sandbox(sandbox):
    """A sandbox given no more time ends by itself."""
    sandbox.set_timeout(0)
    until(lambda: not sandbox.is_running())
    with pytest.raises(e2b.SandboxNotFoundException):
        sandbox.set_timeout(10)


def test_set_timeout_extends_the_lease(sandbox):
    """A later end is what get_info then shows: so long after the moment of asking, however long that took."""
    asked = dt.datetime.now(dt.UTC)
    sandbox.set_timeout(900)
    answered, rounding = dt.datetime.now(dt.UTC), dt.timedelta(seconds=1)
    assert asked - rounding <= sandbox.get_info().end_at - dt.timedelta(seconds=900) <= answered + rounding


def test_connect_only_ever_extends_the_lease(e2b_client, sandbox):
    """Connecting with less time than is left takes nothing away; the connected handle works."""
    before = sandbox.get_info().end_at
    again = e2b_client.Sandbox.connect(sandbox.sandbox_id, timeout=1)
    assert again.get_info().end_at == before
    assert again.commands.run("echo same").stdout == "same\n"


def test_connect_to_a_dead_sandbox_is_not_found(e2b_client, sandbox):
    """Nobody can connect to what was killed."""
    sandbox.kill()
    with pytest.raises(e2b.SandboxNotFoundException):
        e2b_client.Sandbox.connect(sandbox.sandbox_id)


def test_list_finds_by_metadata_over_pages(e2b_client):
    """Pages hold what was asked for, the newest first, each sandbox once."""
    mark = uuid.uuid4().hex
    made = [e2b_client.Sandbox.create(metadata={"mark": mark, "odd name": f"ü&={i}"}) for i in range(3)]
    other = e2b_client.Sandbox.create(metadata={"mark": "another"})
    try:
        pages = []
        paginator = e2b_client.Sandbox.list(query=SandboxQuery(metadata={"mark": mark}), limit=2)
        while paginator.has_next:
            pages.append([info.sandbox_id for info in paginator.next_items()])
        newest_first = [sandbox.sandbox_id for sandbox in reversed(made)]
        assert pages == [newest_first[:2], newest_first[2:]]
        one = e2b_client.Sandbox.list(query=SandboxQuery(metadata={"mark": mark, "odd name": "ü&=1"})).next_items()
        assert [info.sandbox_id for info in one] == [made[1].sandbox_id]
    finally:
        for sandbox in (*made, other):
            sandbox.kill()


def test_list_by_state_knows_that_nothing_is_ever_paused(e2b_client, sandbox):
    """Running sandboxes are running ones, and there are no paused ones."""
    ids = {
        state: [
            info.sandbox_id
            for info in e2b_client.Sandbox.list(query=SandboxQuery(state=[e2b.SandboxState(state)])).next_items()
        ]
        for state in ("running", "paused")
    }
    assert sandbox.sandbox_id in ids["running"]
    assert ids["paused"] == []


def test_a_create_repeated_with_its_idempotency_key_makes_one_sandbox(http):
    """The second answer is the first one's."""
    key = {"Idempotency-Key": uuid.uuid4().hex}
    answers = [http.post("/v2/sandboxes", json={"templateID": "base"}, headers=key).json() for _ in range(2)]
    try:
        assert answers[0]["sandboxID"] == answers[1]["sandboxID"]
    finally:
        http.delete(f"/sandboxes/{answers[0]['sandboxID']}")


def test_a_failed_create_may_be_repeated_with_its_idempotency_key(http):
    """A failure is not remembered: the template may exist by then."""
    key = {"Idempotency-Key": uuid.uuid4().hex}
    assert http.post("/v2/sandboxes", json={"templateID": "not-yet"}, headers=key).status_code == 404
    answer = http.post("/v2/sandboxes", json={"templateID": "base"}, headers=key)
    assert answer.status_code == 201
    http.delete(f"/sandboxes/{answer.json()['sandboxID']}")


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'{"templateID": "base", "timeout": -1}', b'{"templateID": "base", "metadata": {"a": 1}}'],
)
def test_a_create_that_makes_no_sense_is_refused(http, body):
    """Malformed bodies are a 400 with a sentence, and make nothing."""
    answer = http.post("/v2/sandboxes", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, 400)


def test_the_older_paths_of_the_api_are_served(http):
    """SDK 2.45.1 creates and connects without the v2 prefix."""
    made = http.post("/sandboxes", json={"templateID": "base"})
    sandbox_id = made.json()["sandboxID"]
    assert made.status_code == 201
    assert http.post(f"/sandboxes/{sandbox_id}/connect", json={}).json()["sandboxID"] == sandbox_id
    assert http.delete(f"/sandboxes/{sandbox_id}").status_code == 204


def test_a_wrong_api_key_is_refused(server):
    """Without the server's key nothing is made."""
    client = e2b.E2B(api_key="e2b_" + "0" * 40, api_url=server.address.url, sandbox_url=server.address.url)
    with pytest.raises(e2b.AuthenticationException):
        client.Sandbox.create()


def test_the_asynchronous_sdk_does_all_of_it(server):
    """Create, run, write, read, list, extend and kill work from a loop."""

    async def everything():
        client = bound(server.address)
        made = await client.AsyncSandbox.create(metadata={"flavour": "async"})
        result = await made.commands.run("echo $((6*7)); echo e >&2")
        await made.files.write("a/b.txt", "text")
        read = await made.files.read("a/b.txt")
        await made.set_timeout(30)
        running = await made.is_running()
        found = await client.AsyncSandbox.list(query=SandboxQuery(metadata={"flavour": "async"})).next_items()
        killed = await made.kill()
        return (
            result.stdout,
            result.stderr,
            read,
            running,
            [info.sandbox_id for info in found] == [made.sandbox_id],
            killed,
        )

    assert asyncio.run(everything()) == ("42\n", "e\n", "text", True, True, True)
