"""The directory of built templates goes with its server, whatever ends it, and never while another one uses it."""

from __future__ import annotations

import shutil
import tempfile

import pytest

from osiris_core.sandbox import workshop
from osiris_core.sandbox.workshop import Workshop


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Where these workshops lie, whichever filesystem that is."""
    monkeypatch.setattr(workshop, "_parent", lambda: tmp_path)
    return tmp_path


def test_closing_removes_everything(place):
    """Twice does no harm."""
    made = Workshop()
    (made.new_view() / "file").write_text("x")
    made.close()
    made.close()
    assert list(place.iterdir()) == []


def test_a_workshop_in_use_is_not_swept(place):
    """Its lock is held from the moment that another server can see it."""
    used, other = Workshop(), Workshop()
    view = used.new_view()
    other.new_view()
    assert view.is_dir()
    other.close()
    used.close()


def test_what_a_killed_server_left_half_removed_is_swept(place, monkeypatch):
    """The lock goes last: without it nobody could tell what is left from what is being made."""
    killed = Workshop()
    killed.new_view()
    left = killed.new_view().parent
    real, removed = shutil.rmtree, []

    def killed_after_one(path, **options):
        if removed:
            return
        removed.append(path)
        real(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed_after_one)
        killed.close()
    assert (len(list(left.glob("view-*"))), (left / ".lock").exists()) == (1, True)
    after = Workshop()
    after.new_view()
    assert not left.exists()
    after.close()


def test_links_are_made_where_they_can_be(tmp_path, monkeypatch):
    """The temporary directory is taken where it is on the environment's filesystem, or where nothing else is better."""
    monkeypatch.undo()
    assert str(workshop._parent()) in {tempfile.gettempdir(), workshop.sys.prefix}
