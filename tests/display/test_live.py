"""The lines below the cursor, on a terminal that is emulated: they are there, and leave nothing behind."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.display.stage import Screen, look

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.display.stage import Stage


def test_what_runs_stands_below_the_cursor_which_does_not_move(stage: Callable[..., Stage]) -> None:
    """A dot that comes later follows the one before it."""
    shown = stage()
    shown.out.write("test_it.py .")
    shown.door.observe(look(target="local", rows=1_200_000))
    shown.door.observe(look(phase="upload"))

    shown.tick(112.0)
    lines = shown.screen.below()
    shown.out.write(".")

    assert lines == ["flights [local] step 3/7 delays 12 s 1.2M rows", "flights [e2b]   uploading       12 s"]
    assert shown.screen.emulator.display[0].rstrip() == "test_it.py .."
    assert shown.screen.below() == lines


def test_when_it_is_over_nothing_is_left(stage: Callable[..., Stage]) -> None:
    """The cursor stands where the other output ended."""
    shown = stage()
    shown.out.write("one\ntest_it.py .")
    shown.door.observe(look())
    shown.tick(112.0)

    shown.door.stop()

    assert shown.screen.text() == "one\ntest_it.py ."
    assert (shown.screen.emulator.cursor.x, shown.screen.emulator.cursor.y) == (12, 1)


@pytest.mark.parametrize(("columns", "rows"), [(60, 12), (40, 6), (21, 4)])
@pytest.mark.parametrize("seed", range(2))
def test_other_output_is_the_same_as_without(stage: Callable[..., Stage], columns: int, rows: int, seed: int) -> None:
    """Unfinished lines, long ones, wide characters, rewritten lines, and looks in between: scrollback and screen are equal."""
    chance = random.Random(seed)
    bare = Screen(columns, rows)
    column = [0]
    shown = stage(columns, rows, at_edge=lambda width: column[0] > 0 and column[0] % width == 0)
    pieces = [
        ".",
        "F",
        "\n",
        "test_x.osiris.yaml ",
        "x" * (columns - 1),
        "日本語 ",
        "\r[gw0] 100% ",
        "a\nb\nc",
        "x" * 70 + "\n",
    ]
    was_shown = 0
    for at in range(80):
        piece = chance.choice(pieces)
        if piece.startswith("\r"):
            column[0] = 0
        column[0] = width_after(column[0], piece)
        bare.write(piece)
        shown.out.write(piece)
        if chance.random() < 0.5:
            count = chance.randrange(4)
            shown.door.board.replace("", [])
            for each in range(count):
                shown.door.observe(look(check=f"c{each}", name="航空便" * each + "f"))
            shown.tick(112.0 + at)
            was_shown += bool(shown.screen.below())

    shown.door.stop()

    assert was_shown > 8
    assert shown.screen.text() == bare.text()
    assert shown.screen.emulator.cursor.x == bare.emulator.cursor.x


def width_after(column: int, piece: str) -> int:
    last = piece.rpartition("\n")[2]
    width = sum(2 if ord(each) > 0x2E80 else 1 for each in last)
    return width if "\n" in piece else column + width


def test_hostile_names_stay_in_their_line(stage: Callable[..., Stage]) -> None:
    """Terminal codes, line feeds and markup are shown, not obeyed."""
    shown = stage()
    shown.door.observe(look(name="\x1b[2J\x1b[H[red]x\n\u202e", step="日本\x07"))

    shown.tick(112.0)

    assert shown.screen.below() == ["⟨ESC⟩[2J⟨ESC⟩[H[red]x↵⟨U+202E⟩ [e2b] step 3/7 日本⟨BEL⟩ 12 s"]


@pytest.mark.parametrize(
    ("columns", "rows", "lines"), [(80, 24, 8), (80, 9, 3), (20, 4, 1), (19, 24, 0), (80, 3, 0), (0, 0, 0)]
)
def test_there_are_never_more_lines_than_fit(stage: Callable[..., Stage], columns: int, rows: int, lines: int) -> None:
    """A hundred manifests at once: the oldest, and how many more; on a screen that is too small nothing."""
    shown = stage()
    for number in range(100):
        shown.door.observe(look(check=f"c{number}", name=f"pipeline-{number}" * 3, began=100.0 + number / 1000))
    size: Any = (columns, rows)
    if columns:
        shown.screen.emulator.resize(rows, columns)
    else:
        shown.screen.size = lambda: size  # type: ignore[method-assign]

    shown.tick(112.0)

    below = shown.screen.below()
    assert len(below) == lines
    assert all(len(line) < columns for line in below)
    if lines > 1:
        assert below[-1] == f"… and {101 - lines} more"


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (100, "a-long-name-of-a-pipeline [local] making everything of many parts of that 12 s 1.2M rows, 3.3 MiB"),
        (90, "a-long-name-of-a-pi… [local] making everything of many parts of that 12 s 1.2M rows, 3.…"),
        (80, "a-long-name-of-a… [local] making everything of many parts of that 12 s"),
        (60, "a-long-na… [local] making everything of many parts … 12 s"),
        (40, "a-… [local] making everything o… 12 s"),
        (20, "a-lo… makin… 12 s"),
    ],
)
def test_what_does_not_fit_gives_way_in_order(stage: Callable[..., Stage], columns: int, line: str) -> None:
    """Names to a third of the line, then rows and bytes; how long it takes is always to be seen."""
    shown = stage(columns)
    phase = "making everything of many parts of that"
    shown.door.observe(
        look(name="a-long-name-of-a-pipeline", target="local", phase=phase, rows=1_200_000, size_bytes=3_500_000)
    )

    shown.tick(112.0)

    assert shown.screen.below() == [line]


def test_a_terminal_that_was_made_smaller_keeps_none_of_it(stage: Callable[..., Stage]) -> None:
    """What was drawn for the old width is gone with the next look."""
    shown = stage()
    shown.out.write("dots ....")
    shown.door.observe(look(name="a-long-name-of-a-pipeline"))
    shown.tick(112.0)
    shown.screen.emulator.resize(24, 30)

    shown.tick(113.0)
    assert len(shown.screen.below()) == 1
    shown.door.stop()

    assert shown.screen.text() == "dots ...."


def test_a_worker_that_says_nothing_is_said_to_be_silent(stage: Callable[..., Stage]) -> None:
    """As soon as three signs of life have not come."""
    shown = stage()
    shown.door.observe(look())

    shown.tick(126.0)
    assert shown.screen.below() == ["flights [e2b] step 3/7 delays 26 s"]
    shown.tick(127.0)
    assert shown.screen.below() == ["flights [e2b] step 3/7 delays 27 s nothing heard for 15 s"]


def test_who_has_the_terminal_to_himself_is_not_disturbed(stage: Callable[..., Stage]) -> None:
    """A debugger's prompt; it may also never give it back."""
    shown = stage()
    shown.door.observe(look())
    shown.tick(112.0)

    shown.door.pause()
    shown.tick(113.0)
    shown.out.write("(Pdb) ")
    assert shown.screen.text() == "(Pdb)"
    shown.door.go_on()
    shown.tick(114.0)

    assert shown.screen.below() == ["flights [e2b] step 3/7 delays 14 s"]


def test_nothing_is_written_where_nothing_changes(stage: Callable[..., Stage]) -> None:
    """A terminal that somebody has scrolled back is left in peace."""
    shown = stage()
    shown.door.observe(look())
    shown.tick(112.0)
    written = len(shown.screen.written)

    shown.tick(112.1)

    assert len(shown.screen.written) == written


def test_a_terminal_that_is_gone_is_nobodys_trouble(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runs go on."""
    shown = stage()
    shown.door.observe(look())

    def refuse(_text: str) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(shown.screen, "write", refuse)

    shown.tick(112.0)
    shown.tick(113.0)
    shown.door.stop()

    assert shown.said == []


def test_what_breaks_while_drawing_is_said_once_and_stops_nothing(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timer ends; looks are taken all the same."""
    shown = stage()
    monkeypatch.setattr(shown.door, "tick", lambda: 1 / 0)
    monkeypatch.setattr(shown.door._renderer, "period_s", 0.0)

    shown.door._tick_on()
    shown.door.observe(look())

    assert shown.said == ["progress is not shown any more, because that failed: ZeroDivisionError: division by zero"]
