"""How a look reads, and when a plain line is due."""

from __future__ import annotations

from typing import Any

import pytest

from osiris_core.display.board import Board
from osiris_core.display.choosing import chosen
from osiris_core.display.lines import Lines
from osiris_core.display.terminal import Size
from osiris_core.display.words import sentence, short
from tests.display.stage import look


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"rows": 1_200_000}, "flights [e2b] step 3/7 delays, 12 s, 1.2M rows"),
        ({"step_rows": 5}, "flights [e2b] step 3/7 delays, 12 s, 5 rows"),
        ({"rows": 27004, "step_rows": 16}, "flights [e2b] step 3/7 delays, 12 s, 27k rows (16 here)"),
        ({"size_bytes": 3_500_000}, "flights [e2b] step 3/7 delays, 12 s, 3.3 MiB"),
        ({"heard": 95.0}, "flights [e2b] step 3/7 delays, 12 s, nothing heard for 17 s"),
        ({"step": "", "number": 0}, "flights [e2b] starting, 12 s"),
        ({"phase": "create"}, "flights [e2b] making the sandbox, 12 s"),
        ({"phase": "of a backend's own"}, "flights [e2b] of a backend's own, 12 s"),
        ({"rerun": 2, "detail": "locale"}, "flights [e2b] rerun 2 with locale: step 3/7 delays, 12 s"),
        ({"over": True, "heard": 1.0}, "flights [e2b] done, 12 s"),
        ({"target": "", "phase": "triage"}, "flights looking for the cause, 12 s"),
        ({"began": -13.0}, "flights [e2b] step 3/7 delays, 2 min 05 s"),
        ({"name": "a\x1b[2Jb\nc\u202e"}, "a⟨ESC⟩[2Jb↵c⟨U+202E⟩ [e2b] step 3/7 delays, 12 s"),
        ({"step": "\r" + "x" * 60}, "flights [e2b] step 3/7 ⟨CR⟩" + "x" * 35 + "…, 12 s"),
    ],
)
def test_a_look_is_one_sentence(facts: dict[str, Any], expected: str) -> None:
    """What is known of it, and nothing that is not."""
    assert sentence(look(**facts), 112.0) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, "0"), (999, "999"), (1000, "1k"), (12_345, "12.3k"), (999_960, "1M"), (1_250_000, "1.2M"), (10**16, "10000T")],
)
def test_numbers_are_short(number: int, expected: str) -> None:
    """Four characters and a unit."""
    assert short(number) == expected


def told(board: Board, lines: Lines, said: list[str], times: range) -> list[tuple[int, str]]:
    found = []
    for now in times:
        lines.tick(board, float(now))
        found += [(now, line) for line in said]
        said.clear()
    return found


def test_a_line_is_due_after_ten_seconds_and_then_every_thirty() -> None:
    """A run that is over by then has none."""
    board, said = Board(), []
    board.observe(look(heard=None))

    assert told(board, Lines(said.append), said, range(100, 172)) == [
        (110, "flights [e2b] step 3/7 delays, 10 s"),
        (140, "flights [e2b] step 3/7 delays, 40 s"),
        (170, "flights [e2b] step 3/7 delays, 1 min 10 s"),
    ]


def test_another_manifest_need_not_wait_for_the_thirty_seconds_of_the_last_one() -> None:
    """Its own ten are enough."""
    board, said = Board(), []
    lines = Lines(said.append)
    board.observe(look(heard=None))
    assert [now for now, _ in told(board, lines, said, range(100, 113))] == [110]
    board.observe(look(target="", over=True))
    board.observe(look(check="c2", name="orders", began=113.0, heard=None))

    assert told(board, lines, said, range(113, 140)) == [(123, "orders [e2b] step 3/7 delays, 10 s")]


def test_of_many_manifests_the_oldest_is_said_with_what_it_waits_for() -> None:
    """One line, however many run; of two targets the one that is less far, from wherever it was told."""
    board, said = Board(), []
    board.observe(look(target="local", number=5))
    board.observe(look(number=3, heard=None))
    for number in range(99):
        board.replace(f"gw{number}", [look(check=f"o{number}", began=101.0)])

    assert told(board, Lines(said.append), said, range(111, 112)) == [
        (111, "flights [e2b] step 3/7 delays, 11 s (and 99 more)")
    ]


def test_a_board_is_empty_when_all_is_over() -> None:
    """Nothing is kept of ten thousand checks that have passed; of another process all goes with its file."""
    board = Board()
    for number in range(10_000):
        board.observe(look(check=f"c{number}"))
        board.observe(look(check=f"c{number}", over=True))
        board.observe(look(check=f"c{number}", target="", over=True))
    board.replace("gw0", [look()])
    board.replace("gw0", [])

    assert (board.looks(), board.shown()) == ([], [])


class Of:
    """A terminal of some size."""

    def __init__(self, columns: int, rows: int) -> None:
        self._size = Size(columns, rows)

    def size(self) -> Size:
        """Return it."""
        return self._size


WIDE: Any = Of(80, 24)
XTERM = {"TERM": "xterm"}


@pytest.mark.parametrize(
    ("asked", "terminal", "environ", "expected"),
    [
        ("auto", WIDE, XTERM, "live"),
        ("auto", WIDE, {**XTERM, "NO_COLOR": "1"}, "live"),
        ("auto", WIDE, {**XTERM, "CI": "true"}, "lines"),
        ("auto", WIDE, {**XTERM, "CI": ""}, "live"),
        ("live", WIDE, {**XTERM, "CI": "true"}, "live"),
        ("live", WIDE, {"TERM": "dumb"}, "lines"),
        ("auto", WIDE, {}, "lines"),
        ("auto", None, XTERM, "lines"),
        ("live", None, XTERM, "lines"),
        ("auto", Of(0, 0), XTERM, "lines"),
        ("auto", Of(80, 3), XTERM, "lines"),
        ("lines", WIDE, XTERM, "lines"),
        ("off", WIDE, XTERM, "off"),
    ],
)
def test_what_is_shown_is_what_was_asked_for_as_far_as_the_place_allows(
    asked: str, terminal: Any, environ: dict[str, str], expected: str
) -> None:
    """Without colours lines can still be redrawn; a terminal without a size, or a dumb one, redraws nothing."""
    assert chosen(asked, terminal, environ) == expected
