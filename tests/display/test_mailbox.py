"""What processes without a terminal leave for the one that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.display.board import Board
from osiris_core.display.mailbox import Mailbox, Mailboxes
from tests.display.stage import look

if TYPE_CHECKING:
    from pathlib import Path


def test_looks_travel_whole(tmp_path: Path) -> None:
    """Of each process under its name."""
    here, there = Board(), Board()
    here.observe(look(rows=5, step_rows=None))
    box, boxes = Mailbox(tmp_path / "progress" / "gw0"), Mailboxes(tmp_path / "progress")
    boxes.gather(there)

    box.tick(here, 0.0)
    boxes.gather(there)

    assert there.looks() == [look(rows=5, step_rows=None)]
    assert [each.source for each in there.shown()] == ["gw0"]


def test_who_ends_or_dies_shows_nothing_any_more(tmp_path: Path) -> None:
    """One takes his file away himself, the other's is taken; in the end nothing is left."""
    here, there = Board(), Board()
    here.observe(look())
    (ended, died), boxes = (
        (Mailbox(tmp_path / "p" / "r" / name) for name in ("gw0", "gw1")),
        Mailboxes(tmp_path / "p" / "r"),
    )
    for each in (ended, died):
        each.tick(here, 0.0)
    boxes.gather(there)
    assert len(there.shown()) == 2

    ended.hide()
    boxes.gather(there)
    assert [each.source for each in there.shown()] == ["gw1"]
    boxes.remove("gw1")
    boxes.gather(there)
    assert there.shown() == []

    died.tick(here, 0.0)
    boxes.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_written_where_something_is_new(tmp_path: Path) -> None:
    """And again after it was taken away."""
    board, path = Board(), tmp_path / "gw0"
    board.observe(look())
    box = Mailbox(path)
    box.tick(board, 0.0)
    written = path.stat().st_ino

    box.tick(board, 1.0)
    assert path.stat().st_ino == written
    box.hide()
    box.tick(board, 2.0)

    assert path.exists()


def test_what_is_no_mailbox_is_left_alone(tmp_path: Path) -> None:
    """A file that is not finished, and one that somebody else has put there."""
    (tmp_path / "gw0.part").write_text("[{")
    (tmp_path / "gw1").write_text("no JSON")
    board = Board()

    Mailboxes(tmp_path).gather(board)

    assert board.looks() == []
