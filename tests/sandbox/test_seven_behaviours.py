"""The seven habits of E2B that decide a transport protocol, each as a promise of this server.

Where one of these differs from a live account, the server is wrong, and what was built on it has to be looked at again.
One command asks a live account, or any other server that the SDK's variables point at, the same questions:

    OSIRIS_TESTS_LIVE=1 E2B_API_KEY=... pytest tests/sandbox/test_seven_behaviours.py

The embedded server is asked always, whatever else is.
"""

from __future__ import annotations

import contextlib
import os
import re

import e2b
import pytest

from osiris_core.sandbox.launch import ServerProcess
from osiris_core.sandbox.settings import EXIT_RETENTION_S
from tests.sandbox.helpers import bound, until

EMBEDDED, LIVE = "embedded", "live"
PROVIDERS = (EMBEDDED, LIVE) if os.environ.get("OSIRIS_TESTS_LIVE") else (EMBEDDED,)
LIMITS_S = (0.15, 1, 5, 25)
"""Limits of a command's time, to be tried in turn: on a loaded machine a short one is over before the command has begun."""


@pytest.fixture(scope="module", params=PROVIDERS)
def provider(request):
    """Who is asked."""
    return request.param


@pytest.fixture(scope="module")
def client(request, provider):
    """The SDK's classes, bound to who is asked."""
    if provider == LIVE:
        assert os.environ.get("E2B_API_KEY"), "a live account needs its E2B_API_KEY"
        return e2b
    return bound(request.getfixturevalue("server").address)


@pytest.fixture
def sandbox(client):
    """A fresh sandbox."""
    made = client.Sandbox.create()
    yield made
    made.kill()


def exists(sandbox, path):
    """Return a condition for `until`."""
    return lambda: sandbox.files.exists(path)


def test_1_output_is_dropped_while_nobody_subscribes(sandbox):
    """What is printed between a disconnect and a reconnect is gone; the command does not notice."""
    handle = sandbox.commands.run(
        "echo first; read; echo while alone; touch said; read; echo last", background=True, stdin=True
    )
    assert next(iter(handle)) == ("first\n", None, None)
    handle.disconnect()
    sandbox.commands.send_stdin(handle.pid, "\n")
    until(exists(sandbox, "said"))
    again = sandbox.commands.connect(handle.pid)
    sandbox.commands.send_stdin(handle.pid, "\n")
    assert again.wait().stdout == "last\n"


def test_1_a_disconnect_does_not_kill_the_command(sandbox):
    """The command goes on alone, whatever it prints."""
    handle = sandbox.commands.run("seq 1 300000; touch done", background=True)
    handle.disconnect()
    until(exists(sandbox, "done"))


def test_2_a_subscriber_that_does_not_read_stalls_the_command(sandbox):
    """A full subscriber stops the pipe, and so the command; reading on lets it go on, with nothing lost."""
    handle = sandbox.commands.run("seq 1 3000000; touch done", background=True, timeout=200)
    first = next(iter(handle))[0]
    until(lambda: _is_blocked_writing(sandbox, handle.pid))
    assert not sandbox.files.exists("done")
    rest = handle.wait().stdout
    assert rest.startswith(first)
    assert rest.endswith("\n3000000\n")
    assert rest.count("\n") == 3_000_000
    assert sandbox.files.exists("done")


def test_2_one_stalled_subscriber_stalls_the_others(sandbox):
    """A second subscriber sees nothing new while the first one's queue is full."""
    idle = sandbox.commands.run("seq 1 3000000; touch done", background=True, timeout=200)
    other = sandbox.commands.connect(idle.pid)
    until(lambda: _is_blocked_writing(sandbox, idle.pid))
    assert not sandbox.files.exists("done")
    idle.disconnect()
    assert other.wait().stdout.endswith("\n3000000\n")


def test_3_connect_has_no_offset(sandbox):
    """A second subscriber gets what comes from now on, not what was before it."""
    first = sandbox.commands.run("echo before; touch said; read; echo after", background=True, stdin=True)
    until(exists(sandbox, "said"))
    second = sandbox.commands.connect(first.pid)
    first.send_stdin("\n")
    assert second.wait().stdout == "after\n"
    assert first.wait().stdout == "before\nafter\n"


def test_4_an_exit_is_remembered_for_a_while(sandbox):
    """Connecting after the end gives the exit code, and none of the output."""
    with pytest.raises(e2b.CommandExitException) as caught:
        sandbox.commands.run("echo $$; exit 3")
    pid = int(caught.value.stdout)
    with pytest.raises(e2b.CommandExitException) as again:
        sandbox.commands.connect(pid).wait()
    assert (again.value.exit_code, again.value.stdout) == (3, "")
    assert EXIT_RETENTION_S == 30.0


def test_4_an_exit_is_forgotten_after_that(provider, client):
    """When the time is over (made short where that can be) the command is not found any more."""
    if provider == LIVE:
        _is_forgotten_soon(client, wait_s=EXIT_RETENTION_S * 2)
        return
    with ServerProcess.start(options=("--exit-retention-s", "0.05")) as short:
        _is_forgotten_soon(bound(short.address))


def _is_forgotten_soon(client, **patience) -> None:
    made = client.Sandbox.create()
    pid = int(made.commands.run("echo $$").stdout)
    until(lambda: _is_forgotten(made, pid), **patience)
    made.kill()


def test_5_a_signal_by_rpc_loses_what_is_still_to_come(sandbox):
    """After a kill by the API the exit alone ends the stream: what a child writes later is lost."""
    handle = sandbox.commands.run(
        "(read; echo tail) <>gate & touch up; wait", background=True, cwd=_gate(sandbox), timeout=200
    )
    until(exists(sandbox, "gate.d/up"))
    assert handle.kill() is True
    with pytest.raises(e2b.CommandExitException) as caught:
        handle.wait()
    assert (caught.value.error, caught.value.stdout) == ("signal: killed", "")


def test_5_a_signal_from_inside_loses_nothing(sandbox):
    """The same signal sent by another command lets the stream go on to its end: that is the way to cancel."""
    handle = sandbox.commands.run("(read < gate; echo tail) & touch up; wait", background=True, cwd=_gate(sandbox))
    until(exists(sandbox, "gate.d/up"))
    sandbox.commands.run(f"kill -KILL {handle.pid}")
    sandbox.commands.run("echo > gate", cwd="gate.d")
    with pytest.raises(e2b.CommandExitException) as caught:
        handle.wait()
    assert (caught.value.error, caught.value.stdout) == ("signal: killed", "tail\n")


def test_6_the_end_waits_for_both_pipes(sandbox):
    """A child that holds stdout keeps the command running for its client, and in the list, after its leader's exit."""
    handle = sandbox.commands.run("(read < gate; echo late) & touch up", background=True, cwd=_gate(sandbox))
    until(lambda: sandbox.files.exists("gate.d/up") and _is_zombie_or_gone(sandbox, handle.pid))
    assert [info.pid for info in sandbox.commands.list()] == [handle.pid]
    sandbox.commands.run("echo > gate", cwd="gate.d")
    assert handle.wait().stdout == "late\n"


def test_7_the_time_limit_of_start_kills_the_leader_only(sandbox):
    """A command past its time limit is killed, its client told so; its children live on."""
    for limit_s in LIMITS_S:  # until there is a child
        with pytest.raises(e2b.TimeoutException):
            sandbox.commands.run("sleep 61 & echo $$ > leader; echo $! > child; sleep 62", timeout=limit_s)
        if sandbox.files.exists("child") and sandbox.files.read("child").endswith("\n"):
            break
    leader, child = sandbox.files.read("leader").strip(), sandbox.files.read("child").strip()
    until(lambda: _is_zombie_or_gone(sandbox, leader))
    assert sandbox.commands.run(f"ps -o args= -p {child}").stdout == "sleep 61\n"


def test_7_the_time_limit_holds_when_the_client_has_gone(sandbox):
    """The deadline is the command's own: leaving does not lift it."""
    handle = _begun_within_its_limit(sandbox, "exec sleep 1000")
    handle.disconnect()
    until(lambda: _is_zombie_or_gone(sandbox, handle.pid))


def test_7_the_time_limit_of_connect_ends_the_stream_only(sandbox):
    """A connection past its time limit ends; the command does not."""
    handle = sandbox.commands.run("sleep 60", background=True, timeout=0)
    with pytest.raises(e2b.TimeoutException):
        sandbox.commands.connect(handle.pid, timeout=0.1).wait()
    assert [info.pid for info in sandbox.commands.list()] == [handle.pid]


def test_7_no_time_limit_means_none(sandbox):
    """timeout=0 sends no header, and nothing ends the command."""
    handle = sandbox.commands.run("read; echo free", background=True, stdin=True, timeout=0)
    handle.send_stdin("\n")
    assert handle.wait().stdout == "free\n"


def _begun_within_its_limit(sandbox, command):
    """Return the handle of a command that has begun before the limit of its time is over, as short a one as the machine allows."""
    for limit_s in LIMITS_S:
        with contextlib.suppress(e2b.TimeoutException):
            return sandbox.commands.run(command, background=True, timeout=limit_s)
    raise AssertionError(f"no command begins within {LIMITS_S[-1]} s")


def _gate(sandbox) -> str:
    sandbox.files.make_dir("gate.d")
    sandbox.commands.run("mkfifo gate", cwd="gate.d")
    return "gate.d"


def _is_blocked_writing(sandbox, leader) -> bool:
    # A writer whose pipe is full sleeps in the kernel; twice the same amount written means that it does not move.
    look = f"cat /proc/$(pgrep -P {leader} seq)/io | grep wchar"
    return (
        sandbox.commands.run(
            f'a=$({look}); read -t 0.05 <> <(:); b=$({look}); [ "$a" = "$b" ] && echo yes || true'
        ).stdout
        == "yes\n"
    )


def _is_forgotten(sandbox, pid) -> bool:
    try:
        sandbox.commands.connect(pid).disconnect()
    except e2b.NotFoundException:
        return True
    return False


def _is_zombie_or_gone(sandbox, pid) -> bool:
    return sandbox.commands.run(f"ps -o stat= -p {pid} | grep -v Z || echo gone").stdout.strip() == "gone"


def test_each_of_the_seven_is_asked(repository):
    """The page counts seven; none of them is without a test here."""
    page = (repository / "docs" / "sandbox.md").read_text()
    listed = page[page.index("## Where it follows E2B") : page.index("## Faults on purpose")]
    numbers = {int(name.split("_")[1]) for name in globals() if name.startswith("test_") and name[5].isdigit()}
    assert numbers == {int(each) for each in re.findall(r"^(\d)\. ", listed, re.MULTILINE)} == set(range(1, 8))
