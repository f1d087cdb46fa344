from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace

import pytest

from osiris_core.errors import SessionError
from osiris_core.session.handle import read_handle, read_request
from osiris_core.session.owner import Owner
from osiris_core.session.writer import SessionWriter
from tests.session.tape import SESSION_ID, healthy, open_writer


def test_the_handle_stands_before_anything_is_asked_for(writer):
    """A session that was only opened can be found: whose it is, and what was asked for."""
    handle = read_handle(writer.host_directory)

    assert (handle.session_id, handle.target, handle.run) == (SESSION_ID, "local", {"epoch": 0})
    assert (handle.owner.pid, handle.owner.is_alive, handle.owner.is_elsewhere) == (os.getpid(), True, False)
    assert read_request(writer.host_directory) == writer.request
    for name in ("handle.json", "request.json"):
        assert stat.S_IMODE((writer.host_directory / name).stat().st_mode) == 0o600


def test_what_is_remembered_adds_up(writer):
    writer.remember(idempotency_key="osiris-1", sandbox_id="")
    writer.remember(sandbox_id="i123")

    assert read_handle(writer.host_directory).run == {"epoch": 0, "idempotency_key": "osiris-1", "sandbox_id": "i123"}


def test_a_session_is_taken_over_with_what_it_has(tmp_path):
    """The next owner has the records, the handle and the request of the one that died."""
    first = open_writer(tmp_path)
    first.remember(sandbox_id="i123")
    whole = healthy().data
    first.feed(whole[:400])
    first.release()

    second = SessionWriter.reopen(first.directory)
    second.feed(whole)

    assert (second.handle.run, second.request) == ({"epoch": 0, "sandbox_id": "i123"}, first.request)
    assert second.terminal is not None
    second.release()


def test_a_session_of_a_living_owner_is_not_taken_over(writer):
    with pytest.raises(SessionError, match=rf"another owner \(pid {os.getpid()}\)"):
        SessionWriter.reopen(writer.directory)


def test_a_request_that_was_changed_is_refused(writer):
    path = writer.host_directory / "request.json"
    writer.release()
    path.write_bytes(path.read_bytes().replace(b'"seed":', b'"seed":1'))

    with pytest.raises(SessionError, match="not the request that the handle names"):
        SessionWriter.reopen(writer.directory)


def test_an_owner_is_dead_when_its_process_is_gone():
    """Also where another process has its number by now, and where it only waits to be noticed."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = Owner.of_process(process.pid)
    assert owner.is_alive
    assert not replace(owner, started="1").is_alive

    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

    assert not owner.is_alive
    process.communicate()
    assert not owner.is_alive


def test_nobody_says_that_an_owner_elsewhere_is_dead():
    owner = replace(Owner.this_process(), machine="other/12345678/1", pid=2**22 + 1)

    assert (owner.is_elsewhere, owner.is_alive) == (True, True)
    assert Owner.from_text(owner.to_text()) == owner
    assert Owner.from_json(json.loads(json.dumps(owner.to_json()))) == owner
    assert Owner.from_text("somebody") is None
