from __future__ import annotations

import pytest

from osiris_core.report.text import (
    MAX_LINE_CHARACTERS,
    MAX_LINES,
    bounded,
    capped,
    capped_line,
    fitted,
    shortened,
    visible,
    visible_line,
    visible_value,
    width_of,
)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain text, čeština, 日本語, 🙂", "plain text, čeština, 日本語, 🙂"),
        ("\x1b[31mred\x1b[0m", "⟨ESC⟩[31mred⟨ESC⟩[0m"),
        ("a\rb\x00c\x7f", "a⟨CR⟩b⟨NUL⟩c⟨DEL⟩"),
        ("a\tb", "a⇥b"),
        ("a\nb", "a\nb"),
        ("abc\u202ecba\u2066", "abc⟨U+202E⟩cba⟨U+2066⟩"),
        ("pass\u200bword\ufeff\u00ad", "pass⟨U+200B⟩word⟨U+FEFF⟩⟨U+00AD⟩"),
        ("1\u00a0000\u202f5", "1⟨U+00A0⟩000⟨U+202F⟩5"),
        ("\x9b31m\x85\u2028", "⟨U+009B⟩31m⟨U+0085⟩⟨U+2028⟩"),
        ("\x1f\x1e\x07", "⟨US⟩⟨RS⟩⟨BEL⟩"),
        ("\udc80", "⟨U+DC80⟩"),
        ("\u3164\u115f\ufe0f\U000e0041", "⟨U+3164⟩⟨U+115F⟩⟨U+FE0F⟩⟨U+E0041⟩"),
    ],
)
def test_what_cannot_be_seen_becomes_a_mark(raw, shown):
    """Control, terminal, bidirectional, zero-width and blank characters are shown; other text is left alone."""
    assert visible(raw) == shown
    assert visible(shown) == shown


def test_a_line_stays_on_one_line():
    """Where one line is wanted, a line feed is a mark."""
    assert visible_line("a\nb") == "a↵b"


def test_blanks_at_the_end_of_a_line_are_dots():
    """Two values that differ in trailing blanks do not look alike; blanks within stay."""
    assert visible_value("a b  \nc ") == "a b··\nc·"


def test_what_is_cut_is_counted():
    """Neither a long line nor many lines vanish without a number."""
    assert capped_line("x" * 12, limit=10) == "xxxxxxxxxx… (2 more characters)"
    assert capped_line("x" * 10, limit=10) == "x" * 10
    assert capped("a\nb\nc\nd\n", limit=2) == "a\nb\n… (2 more lines)"
    assert capped("a\nb\n", limit=2) == "a\nb"


@pytest.mark.parametrize("text", ["", "a\n", "a\n" * MAX_LINES, "x" * MAX_LINE_CHARACTERS])
def test_what_is_short_enough_is_not_touched(text):
    """Cutting every text of a page as a last resort changes none that can be read."""
    assert bounded(text) == text


@pytest.mark.parametrize("text", ["x" * 100_000, "\n" * 100_000, "a\n" * MAX_LINES + "x" * 5_000])
def test_what_is_too_long_is_cut_once(text):
    """A text that nobody could read is cut with a number, and a cut one is not cut again."""
    assert bounded(text) == capped(text)
    assert len(bounded(text)) < 2 * MAX_LINE_CHARACTERS
    assert bounded(bounded(text)) == bounded(text)


@pytest.mark.parametrize(
    ("text", "width", "fits"),
    [
        ("abc", 5, "abc  "),
        ("abcdef", 4, "abc…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日… "),
        ("ab", 0, ""),
    ],
)
def test_a_cell_has_the_width_asked_for(text, width, fits):
    """Wide characters count two columns, so that a table stays a table."""
    assert fitted(text, width) == fits
    assert width_of(fits) == width
    assert width_of(shortened(text, width)) <= width
