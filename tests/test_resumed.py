"""Which runs of a dead host can be taken up, by the backend that their target names."""

from __future__ import annotations

import pytest

from osiris_core.backends.protocol import Cancellation, Patience
from osiris_core.resumed import resume
from osiris_core.session import contract
from osiris_core.session.writer import SessionWriter
from tests.session.tape import REQUEST


def begun(root, target):
    """Begin a session, and leave it as a dead host would."""
    writer = SessionWriter.open(
        root=root, session_id=REQUEST.session_id, target=target, request=REQUEST, manifest_json={}
    )
    (writer.host_directory / contract.RUN_DIRECTORY).mkdir()
    writer.release()
    return writer.directory


def resumed(root):
    (found,) = resume(root, REQUEST.session_id, provider=None, patience=Patience(), cancellation=Cancellation())
    return found


@pytest.mark.parametrize("target", ["local", "venv:envs/old"])
def test_a_run_of_this_machine_is_closed_with_what_it_left(tmp_path, target):
    """Of a virtual environment as of the machine's own: nothing of it lives anywhere else."""
    directory = begun(tmp_path, target)

    found = resumed(tmp_path)

    assert (found.target, found.result.failure) == (target, None)
    assert found.result.session.outcome == "lost"
    assert found.result.session.directory == directory
    assert found.result.facts.provider == "host"


def test_a_run_of_a_backend_that_is_not_known_here_is_closed_and_said_to_be_lost(tmp_path):
    """Who brought the backend may have left something running; nobody here knows how to find it."""
    begun(tmp_path, "moon:far side")

    found = resumed(tmp_path)

    assert "a run on moon:far side cannot be taken up (what the backend moon left running" in str(found.result.failure)
    assert found.result.session.outcome == "lost"
    assert found.result.session.target == "moon:far side"
