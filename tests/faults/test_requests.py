"""Faults of the few requests that a run makes beside its stream, through real sockets."""

from __future__ import annotations

import asyncio
import datetime as dt
import errno
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from osiris_core.backends.leased import LeasedSandbox
from osiris_core.backends.protocol import Cancellation
from osiris_core.errors import DiskFullError
from osiris_core.session.reception import Reception
from osiris_core.testing import Fault
from tests.conftest import need

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from osiris_core.sandbox.faults.model import Place

    from conftest import Ground


def test_too_many_creations(ground: Ground) -> None:
    """Row 14: waited as long as the answer says, more often than the SDK itself would try; one sandbox in the end."""
    ran = ground.run(Fault(at="create", what="answer", status=429, retry_after_s=0, times=5))
    ran.require_whole()
    assert "create" in ran.retried


def test_too_many_creations_for_ever(ground: Ground) -> None:
    """Row 14: bounded, and said; nothing was made."""
    ran = ground.run(Fault(at="create", what="answer", status=429, retry_after_s=0, times=None), retry_attempts=2)
    assert (ran.outcome, ran.target["sandbox_id"]) == ("infrastructure", "")
    assert "Rate limit" in ran.error


@pytest.mark.parametrize("what", ["reset", "cut"])
def test_a_creation_fails_after_the_sandbox_was_made(ground: Ground, what: str) -> None:
    """Row 15: the sandbox is looked for, or asked for again with the same key; there is no second one."""
    ran = ground.run(
        Fault(at="create", what=what, done=True),
        Fault(at="list", what="answer", status=400),
    )
    ran.require_whole()
    assert "create" in ran.retried


def test_a_sandbox_that_was_made_and_is_never_told_of_is_found(ground: Ground) -> None:
    """Row 15: where the creation stays unanswered, what was made is found by its metadata, and used."""
    ran = ground.run(Fault(at="create", what="answer", status=500, done=True, times=None))
    ran.require_whole()
    assert "create" in ran.retried


def test_a_sandbox_that_was_made_and_cannot_be_found_is_not_left(ground: Ground) -> None:
    """Row 15: where it cannot be looked for either, it is ended as soon as that is possible."""
    ran = ground.run(
        Fault(at="create", what="answer", status=500, done=True, times=None),
        Fault(at="list", what="answer", status=400),
        retry_attempts=2,
    )
    assert ran.outcome == "infrastructure"


@pytest.mark.parametrize("at", ["upload", "download"])
def test_a_transfer_is_refused(ground: Ground, at: Place) -> None:
    """Row 14: what may be done again is done again, whatever the way in which it failed."""
    lost = [Fault(at="output", what="lose", times=None)] if at == "download" else []  # then all of it comes by ranges
    ground.run(
        *lost, Fault(at=at, what="answer", status=429, retry_after_s=0), Fault(at=at, what="reset"), stall_s=0.2
    ).require_whole()


def test_an_upload_breaks_off(ground: Ground) -> None:
    """Row 74: what envd has is the first half; the whole is sent again."""
    ground.run(Fault(at="upload", what="cut", after_bytes=20_000)).require_whole()


@pytest.mark.parametrize("after_bytes", [700, 40_000], ids=["early", "late"])
def test_an_upload_is_changed(ground: Ground, after_bytes: int) -> None:
    """Row 74: no code runs that is not the code that was sent."""
    ran = ground.run(Fault(at="upload", what="garble", after_bytes=after_bytes))
    assert ran.outcome == "lost"
    assert ran.error


def test_there_is_no_room_for_an_upload(ground: Ground) -> None:
    """Said as what it is. An answer that comes before all was sent can be lost with its connection, and is then asked for again."""
    ran = ground.run(Fault(at="upload", what="answer", status=507, times=None))
    assert ran.outcome == "infrastructure"
    assert "disk space" in ran.error
    assert [each for each in ran.result.facts.retries if "507" in each.cause or "space" in each.cause] == []


def test_an_artifact_arrives_in_pieces(ground: Ground) -> None:
    """Each time it is cut it is taken up where it broke off; a changed byte is found by the digest."""
    ran = ground.run(
        Fault(at="download", what="cut", after_bytes=100_000),
        Fault(at="download", what="reset", after_bytes=70_000),
        Fault(at="download", what="garble", after_bytes=10),
        job="large",
    )
    ran.require_whole()
    assert {each for each in ran.retried if each.endswith("large.txt")}


@pytest.mark.parametrize("what", ["garble", "short"])
def test_a_range_of_the_spool_is_changed_or_short(ground: Ground, what: str) -> None:
    """Row 5: read again; no changed record is believed."""
    silent = Fault(at="output", what="lose", times=None)  # so that everything comes by ranges
    ground.run(silent, Fault(at="download", what=what, after_bytes=300), stall_s=0.2).require_whole()


def test_ranges_are_refused(ground: Ground) -> None:
    """200 with the whole: the part that was asked for is cut out of it, or had by a command."""
    ground.run(
        Fault(at="output", what="cut", after_bytes=701), Fault(at="download", what="whole", times=None)
    ).require_whole()


def test_the_worker_is_started_and_nobody_says_so(ground: Ground) -> None:
    """A start is never repeated: a step may have had effects. The worker is looked for, and followed."""
    ran = ground.run(Fault(at="start", what="reset", done=True))
    ran.require_whole()
    assert "start" in ran.retried


def test_a_start_that_is_not_answered_and_was_none(ground: Ground) -> None:
    """Nobody knows whether it is still on its way: it is not repeated, and that is said."""
    ran = ground.run(Fault(at="start", what="reset"), retry_attempts=2)
    assert ran.outcome == "infrastructure"
    assert "no worker is there, and it is not started a second time" in ran.error


@pytest.fixture
def end_is_held(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[LeasedSandbox], Awaitable[bool]]], None]:
    """A function that keeps sandboxes from being ended before something holds: a run can be over before a renewal is due."""
    kill = LeasedSandbox.kill

    def hold(until: Callable[[LeasedSandbox], Awaitable[bool]]) -> None:
        async def held(self: LeasedSandbox) -> None:
            async with asyncio.timeout(100):
                while not await until(self):  # noqa: ASYNC110 - of the lease, which has to be asked for
                    await asyncio.sleep(0.01)
            await kill(self)

        monkeypatch.setattr(LeasedSandbox, "kill", held)

    return hold


async def was_refused(leased: LeasedSandbox) -> bool:
    """Whether a renewal of the lease was."""
    return "lease" in {each.what for each in leased._facts.retries}


@pytest.mark.parametrize("renewed", [True, False])
def test_the_lease_is_renewed(ground: Ground, end_is_held: Callable, renewed: bool) -> None:
    """Row 17: a sandbox that was given a minute comes to have a whole lease before it; without renewals it does not."""
    left_s: list[float] = []

    async def looked(leased: LeasedSandbox) -> bool:
        end = (await leased.sandbox.get_info()).end_at
        left_s.append((end - dt.datetime.now(dt.UTC)).total_seconds())
        return left_s[-1] > 300.0 or not renewed

    end_is_held(looked)
    struck = [Fault(at="renew", what="delay", seconds=0)] if renewed else []
    ran = ground.run(
        Fault(at="create", what="expire", seconds=60),
        *struck,
        lease_s=600.0,
        renew_s=0.05 if renewed else 3600.0,
    )
    ran.require_whole()
    assert (left_s[-1] > 300.0) == renewed, left_s


def test_a_renewal_is_refused(ground: Ground, end_is_held: Callable) -> None:
    """Row 17: noted, tried again, and no reason to end while the lease lasts."""
    end_is_held(was_refused)
    ran = ground.run(Fault(at="renew", what="answer", status=500), renew_s=0.05)
    ran.require_whole()
    assert "lease" in ran.retried


def test_every_renewal_is_refused_until_the_lease_is_over(ground: Ground, end_is_held: Callable) -> None:
    """Row 17: lost, and said that the sandbox is gone."""
    end_is_held(was_refused)
    ran = ground.run(
        Fault(at="create", what="expire", seconds=0.2),
        Fault(at="renew", what="answer", status=403, times=None),
        job="waiting",
        renew_s=0.05,
    )
    assert ran.outcome in {"lost", "infrastructure"}  # whether the worker has spoken by then
    assert re.search("gone|not found|was not there|lease", ran.error)


def test_a_kill_is_not_confirmed_at_once(ground: Ground) -> None:
    """Nothing is left though the first requests to end the sandbox fail."""
    ground.run(Fault(at="kill", what="answer", status=500), Fault(at="kill", what="reset")).require_whole()


def test_the_lease_that_cannot_be_renewed_is_named_before_it_ends(ground: Ground) -> None:
    """Row 17: what there is by then is taken, and the sentence names the lease, not only its consequence."""
    ran = ground.run(
        Fault(at="renew", what="answer", status=500, times=None),
        job="waiting",
        lease_s=600.0,
        renew_s=0.05,
        lease_margin_s=599.9,
    )
    assert ran.outcome in {"lost", "infrastructure"}  # whether the worker has spoken by then
    assert re.search(r"the lease of sandbox \w+ could not be renewed \(.*500.*\) and is about to end", ran.error)
    assert "last_verified_seq" in ran.told["error"]["data"]


def test_a_steps_artifacts_come_while_the_next_step_runs(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second step waits for ever; the run is stopped as soon as the first one's artifact has come."""
    cancellation, finish = Cancellation(), Reception.finish

    def finish_and_stop(self: Reception) -> None:
        finish(self)
        cancellation.request()

    monkeypatch.setattr(Reception, "finish", finish_and_stop)
    ran = ground.run(job="large, then waiting", cancellation=cancellation)
    assert ran.outcome == "cancelled", ran.error  # without it the run has its deadline, and the artifact comes then
    assert (ran.directory / "artifacts/act/large.txt").stat().st_size == 300_000


def test_a_full_disk_of_the_host_leaves_the_sandbox_for_a_resume(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 34: path and bytes are named, the session stays open and its sandbox lives, until a resume finds room for it."""
    write, refused = os.write, []
    monkeypatch.setenv("E2B_API_KEY", ground.server.api_key)

    def full(descriptor: int, data: bytes) -> int:
        if str(Path(f"/proc/self/fd/{descriptor}").readlink()).endswith("e2b/.host/journal.os1"):
            refused.append(len(data))
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data)

    monkeypatch.setattr("osiris_core.session.journal.os.write", full)
    result, session_id = ground.begin("quick")

    failure = result.failure
    assert isinstance(failure, DiskFullError)
    assert f"journal.os1 cannot take {refused[0]} more bytes: No space left on device" in failure.message
    assert f"osiris-parity resume {session_id}" in failure.hint
    assert (result.session, failure.data["size_bytes"]) == (None, refused[0])

    still_full = ground.resume("quick", session_id)
    assert still_full.result.session is None
    assert f"osiris-parity resume {session_id}" in still_full.result.failure.hint
    assert len(ground.alive(session_id)) == 1

    monkeypatch.setattr("osiris_core.session.journal.os.write", write)
    ground.resume("quick", session_id).require_whole()
    assert ground.alive(session_id) == []


def test_a_worker_that_does_not_mind_the_time_is_ended_by_the_host(ground: Ground) -> None:
    """The host waits for the run's timeout and a while longer, and says that it did: here for less, so that no worker minds."""
    ran = ground.run(job="overdue", overdue_s=0.5 - 3600)
    assert ran.outcome == "deadline"
    assert "its worker still goes on" in ran.error
    assert {name: ran.told["error"]["data"][name] for name in ("timeout_s", "waited_s")} == {
        "timeout_s": 3600.0,
        "waited_s": 0.5,
    }


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """The address of a server whose certificate nobody has signed, and what became of each connection to it."""
    openssl = shutil.which("openssl")
    need("openssl", openssl)
    made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost -keyout key -out certificate"
    subprocess.run([str(openssl), *made.split()], cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    met: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            while True:
                try:
                    found, _ = listener.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(found, server_side=True):
                        met.append("trusted")
                except OSError as error:
                    met.append(str(error))

        thread = threading.Thread(target=greet)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", met
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_certificate_that_nobody_trusts_is_no_reason_to_ask_again(
    ground: Ground, untrusted: tuple[str, list[str]]
) -> None:
    """Row 76: the cause is said, nothing of ours asks again, and no request gets through."""
    url, met = untrusted
    result, _ = ground.begin("quick", url=url)
    assert "certificate" in str(result.failure)
    assert result.facts.retries == []
    assert 1 <= len(met) <= 8
    assert "trusted" not in met


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY"])
def test_a_proxy_that_is_not_there_does_not_come_between_this_machine_and_itself(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Row 76: the variables of a proxy are for addresses elsewhere."""
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    ground.run().require_whole()


def test_an_address_without_a_name_is_no_reason_to_ask_again(ground: Ground) -> None:
    """Row 76: one sentence with the cause, after the SDK's own attempts to connect and none of ours."""
    result, _ = ground.begin("quick", url="http://nobody.invalid:1")
    assert "made no sandbox" in str(result.failure)
    assert "nobody.invalid" in str(result.failure) or "dns" in str(result.failure).lower()
    assert [each.what for each in result.facts.retries] == []
    assert result.session is not None
    assert result.session.outcome == "infrastructure"
