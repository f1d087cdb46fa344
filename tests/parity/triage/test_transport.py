from __future__ import annotations

import pytest

from osiris_core.parity.triage.transport import damages
from tests.parity.sessions import healthy


@pytest.fixture
def session(tmp_path):
    """A session that lies on the disk as it was brought back."""
    return healthy("e2b").build(tmp_path)


def test_what_is_as_it_was_written_is_not_damaged(session):
    """Every artifact has the size and digest that its worker told."""
    assert damages(session) == ()


def test_a_changed_byte_is_damage_and_names_the_file(session):
    """The host's copy is not what the worker wrote."""
    session.artifacts["report/blob.bin"].absolute.write_bytes(b"\0\1\2\4")

    (said,) = damages(session)
    assert said.startswith("e2b: report/blob.bin had 4 bytes with the digest 054edec1d021")


def test_a_file_that_never_came_is_damage(session):
    """It was written there, and is not here."""
    session.artifacts["write/delays.csv"].absolute.unlink()

    assert damages(session) == ("e2b: write/delays.csv was written there, and is not here",)


def test_a_file_from_nowhere_is_damage(session):
    """Nobody wrote it there."""
    session.artifacts["report/blob.bin"].absolute.with_name("more.bin").write_bytes(b"")

    assert damages(session) == ("e2b: report/more.bin is here, and the worker never wrote it",)


def test_a_link_among_artifacts_is_damage(session, tmp_path):
    """A link could lead anywhere: nothing behind it is read."""
    session.artifacts["report/blob.bin"].absolute.with_name("link").symlink_to(tmp_path)

    (said,) = damages(session)
    assert "artifacts: " in said
