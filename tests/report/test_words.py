from __future__ import annotations

import pytest

from osiris_core.report import words
from osiris_core.report.lookalikes import looks_alike
from osiris_core.report.words import marked_pair


def shown(parts) -> str:
    return "".join(f"[{part.text}]" if part.changed else part.text for part in parts)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("rows=120 ok", "rows=1320 ok", ("rows=[120] ok", "rows=[1320] ok")),
        ("a b c d e f", "a x c d y f", ("a [b] c d [e] f", "a [x] c d [y] f")),
        ("1,5;2,5", "1.5;2.5", ("1[,]5;2[,]5", "1[.]5;2[.]5")),
        ("quite another", "sentence here", ("[quite another]", "[sentence here]")),
        ("aaa", "aa", ("[aaa]", "[aa]")),
        ("same", "same", ("same", "same")),
        ("", "new", ("", "[new]")),
        ("end ", "end", ("end[·]", "end")),
        ("end \nx", "end\nx", ("end[·]\nx", "end\nx")),
        ("a\u00a0b", "a b", ("a[⟨U+00A0⟩]b", "a[ ]b")),
        ("\ufeffid", "id", ("[⟨U+FEFF⟩]id", "id")),
    ],
)
def test_the_words_that_differ_are_marked(left, right, expected):
    """Whole words, in the middle of equal ones too; what cannot be seen is a mark of its own."""
    assert tuple(map(shown, marked_pair(left, right))) == expected
    assert tuple(map(shown, marked_pair(right, left))) == expected[::-1]


def test_a_difference_far_into_a_long_value_stays_in_sight():
    """What is equal is cut first: the difference behind 5,000 equal characters is shown."""
    left, right = marked_pair("x" * 5_000 + "1", "x" * 5_000 + "2")
    assert shown(left) == f"(4,800 equal characters) …{'x' * 200}[1]"
    assert shown(right).endswith("[2]")


def test_lines_of_ten_megabytes_cost_what_is_shown_of_them(monkeypatch):
    """Neither the matcher nor the search for what is invisible sees more than a page shows."""
    looked_at = []
    matcher = words.SequenceMatcher
    monkeypatch.setattr(
        words,
        "SequenceMatcher",
        lambda junk, a, b, **options: looked_at.append(len(a)) or matcher(junk, a, b, **options),
    )
    monkeypatch.setattr(words, "visible", lambda text: looked_at.append(len(text)) or text)
    long = "é " * 5_000_000
    left, right = marked_pair(f"{long}one {long}", f"{long}two {long}")
    assert shown(left).count("[one]") == shown(right).count("[two]") == 1
    marked_pair("a b " * 3_000_000, "b c " * 3_000_000)
    assert 0 < max(looked_at) <= 2_000
    assert sum(len(part.text) for part in left) < 2_400


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        ("p\u0430y", "pay", "U+0430 CYRILLIC SMALL LETTER A and U+0061 LATIN SMALL LETTER A at character 2"),
        (
            "caf\u00e9",
            "cafe\u0301",
            "U+00E9 LATIN SMALL LETTER E WITH ACUTE and U+0065 LATIN SMALL LETTER E U+0301 COMBINING ACUTE ACCENT",
        ),
        ("a\u2013b", "a-b", "U+2013 EN DASH and U+002D HYPHEN-MINUS"),
    ],
)
def test_texts_that_look_the_same_name_their_characters(left, right, said):
    """Another alphabet, another Unicode form, another dash: the code points on both sides, and where."""
    assert said in looks_alike(left, right)


def test_texts_that_are_seen_to_differ_need_no_names():
    """Equal texts, other words, and marks for what is invisible speak for themselves."""
    for left, right in [("same", "same"), ("a", "b"), ("a\u200bb", "ab"), ("a\u00a0b", "a b")]:
        assert looks_alike(left, right) == ""
