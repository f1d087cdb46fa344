"""Text files: what only their writing makes differ is named, and is equal under a declared rule of that form alone."""

from __future__ import annotations

import unicodedata

import pytest

from osiris_core.parity.hints import CUT_OFF, ENCODING
from osiris_core.parity.kinds import large_text, text
from osiris_core.parity.kinds.protocol import FilePair
from osiris_core.parity.kinds.registry import compare_files
from osiris_core.rules.forms import Form
from osiris_core.rules.model import RecordKind, Rule, RuleKind, Scope, Shape

LARGE = b"".join(b"%07d filler line\n" % number for number in range(150_000))
"""Beyond what is held in memory."""


def rule(form, **changes):
    """Return a declared rule for the form of whole text files."""
    scope = Scope(record=RecordKind.ARTIFACT)
    return Rule(
        **{
            "id": f"our {form}",
            "reason": "said so",
            "scope": scope,
            "kind": RuleKind.CANONICAL,
            "form": form,
            **changes,
        }
    )


def compared(folder, left, right, *rules, name="x.txt"):
    for side, data in (("a", left), ("b", right)):
        (folder / side).mkdir(exist_ok=True)
        (folder / side / name).write_bytes(data)
    return compare_files(
        FilePair(path=name, left=folder / "a" / name, right=folder / "b" / name, labels=("local", "e2b"), rules=rules)
    )


WRITINGS = {
    "line endings": (b"a\r\nb\r\n", b"a\nb\n", Form.LINE_ENDINGS, "only the line endings differ: "),
    "old line endings": (b"a\rb\r", b"a\nb\n", Form.LINE_ENDINGS, "only the line endings differ: "),
    "a byte order mark": (b"\xef\xbb\xbfa\n", b"a\n", Form.BYTE_ORDER_MARK, "only the byte order marks differ: "),
    "the end of the last line": (b"a\nb\n", b"a\nb", Form.FINAL_NEWLINE, "only the ends of the last lines differ: "),
    "blanks at a line's end": (b"a \t\nb\n", b"a\nb\n", Form.TRAILING_BLANKS, "only blanks at the ends of lines differ: "),
    "tabs": (b"\tif x:\n", b" if x:\n", Form.BLANKS, "only blanks and tabs differ: "),
    "the Unicode form": ("caf\u00e9\n".encode(), "cafe\u0301\n".encode(), Form.UNICODE_NFC, "only the Unicode forms differ: "),
    "UTF-16": ("a\u20ac\n".encode("utf-16"), "a\u20ac\n".encode(), Form.ENCODING, ENCODING),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITINGS)
def test_what_only_the_writing_makes_differ_is_a_finding_with_a_hint(name, tmp_path):
    """No form is taken for the same by itself."""
    left, right, _, hint = WRITINGS[name]
    result = compared(tmp_path, left, right)
    assert [finding.hint.startswith(hint) for finding in result.findings] == [True]
    assert result.set_aside == ()


@pytest.mark.parametrize("name", WRITINGS)
def test_a_declared_rule_of_that_form_sets_it_aside_and_no_other_does(name, tmp_path):
    """The rule is named; every other form leaves the finding as it was."""
    left, right, form, _ = WRITINGS[name]
    result = compared(tmp_path, left, right, rule(form))
    assert (result.findings, [each.rule for each in result.set_aside]) == ((), [f"our {form}"])
    blanks = {Form.TRAILING_BLANKS, Form.BLANKS} if form is Form.TRAILING_BLANKS else {form}
    others = compared(tmp_path, left, right, *(rule(other) for other in Form if other not in blanks))
    assert (len(others.findings), others.set_aside) == (1, ())


def test_two_forms_at_once_are_both_named(tmp_path):
    """As few rules as it takes are named; one of two that are needed is not enough."""
    left, right = b"\xef\xbb\xbfa\r\nb\r\n", b"a\nb\n"
    (finding,) = compared(tmp_path, left, right, rule(Form.LINE_ENDINGS)).findings
    assert finding.hint.startswith("only the byte order marks and the line endings differ: ")
    both = compared(
        tmp_path, left, right, *(rule(form) for form in (Form.CASE, Form.LINE_ENDINGS, Form.BYTE_ORDER_MARK))
    )
    assert [each.rule for each in both.set_aside] == ["our line-endings", "our byte-order-mark"]


def test_a_rule_with_a_shape_or_a_place_inside_is_not_about_the_whole_text(tmp_path):
    """What a rule does not cover stays a difference."""
    scope = Scope(record=RecordKind.ARTIFACT, path="a.b")
    for narrow in (rule(Form.LINE_ENDINGS, scope=scope), rule(Form.LINE_ENDINGS, shape=Shape(type="number"))):
        assert compared(tmp_path, b"a\r\n", b"a\n", narrow).set_aside == ()


def test_real_differences_stay_one_under_all_rules(tmp_path):
    """A form takes out what it says and nothing more."""
    every = [rule(form) for form in Form]
    for left, right in ((b"a\n", b"b\n"), (b"a\n\n", b"a\n"), (b"a b\n", b"ab\n"), (b"a\n", b"a\na\n"), (b"x\n", b"")):
        assert compared(tmp_path, left, right, *every).set_aside == ()


def test_a_guessed_encoding_explains_and_never_decides(tmp_path):
    """Bytes that are no UTF-8 are shown as what they seem to be; no rule can make a guess equal to something."""
    left, right = "caf\u00e9\n".encode("latin-1"), "caf\u00e9\n".encode()
    result = compared(tmp_path, left, right, *(rule(form) for form in Form))
    (finding,) = result.findings
    assert finding.message == "the same text in other encodings: cp1252 and utf-8 as it seems"
    assert (finding.hint, result.set_aside) == (ENCODING, ())


def test_a_file_that_was_cut_off_is_said_to_be(tmp_path):
    """One file is the beginning of the other."""
    (finding,) = compared(tmp_path, b"1,2\n3,4\n5,6\n", b"1,2\n3,").findings
    assert finding.hint == CUT_OFF


def test_a_large_text_names_line_and_diff(tmp_path):
    """Only what lies between the equal ends is read as lines; the numbers are those of the whole file."""
    changed = LARGE.replace(b"0100000 filler", b"0100000 changed").replace(b"0100002 filler", b"0100002 changed")
    (finding,) = compared(tmp_path, LARGE, changed).findings
    assert finding.message == "other text in 2 lines, from line 100,001 on"
    assert (finding.left, finding.right) == ("0100000 filler line", "0100000 changed line")
    assert finding.diff.splitlines()[2:5] == [
        "@@ -100001,2 +100001,2 @@",
        "-0100000 filler line",
        "+0100000 changed line",
    ]


def test_a_line_that_is_added_to_a_large_text_is_one_line(tmp_path):
    """The ends are cut off on both sides, wherever the middle lies."""
    more = LARGE.replace(b"0100000 filler line\n", b"0100000 filler line\nnew\n")
    (finding,) = compared(tmp_path, LARGE, more).findings
    assert (finding.message, finding.left, finding.right) == (
        "other text in 1 line, from line 100,002 on",
        "(absent)",
        "new",
    )


def test_a_large_text_that_differs_all_over_is_diffed_in_a_window(tmp_path):
    """How much was not held against each other line by line is told with a number."""
    (finding,) = compared(tmp_path, LARGE, LARGE.replace(b"filler", b"padded")).findings
    assert finding.message == (
        "other text from line 1 on; of the 2,999,994 bytes that differ the first 262,144 were held against each other line by line"
    )


def test_a_large_text_that_was_cut_off_is_said_to_be(tmp_path):
    """A file that ends inside a line of the other, or at the end of one."""
    for cut in (-30, -20):
        (finding,) = compared(tmp_path, LARGE, LARGE[:cut]).findings
        assert (finding.hint, finding.right) == (CUT_OFF, "0149998 fi" if cut == -30 else "(absent)")


@pytest.mark.parametrize("name", ["line endings", "a byte order mark", "blanks at a line's end", "the Unicode form"])
def test_rules_hold_for_large_texts_line_by_line(name, tmp_path):
    """The same rules, in constant memory."""
    left, right, form, _ = WRITINGS[name]
    at_the_end = name != "a byte order mark"
    files = [LARGE + data if at_the_end else data + LARGE for data in (left, right)]
    assert [each.rule for each in compared(tmp_path, *files, rule(form)).set_aside] == [f"our {form}"]
    assert compared(tmp_path, *files, rule(Form.CASE)).set_aside == ()


def test_a_byte_order_mark_inside_a_large_text_is_no_mark(tmp_path):
    """Only at the beginning of a file does U+FEFF say nothing."""
    result = compared(tmp_path, LARGE + b"\xef\xbb\xbfa\n", LARGE + b"a\n", rule(Form.BYTE_ORDER_MARK))
    assert (len(result.findings), result.set_aside) == (1, ())


def test_a_line_without_end_is_told_by_its_offset(tmp_path):
    """A line that is too long to be read as one is looked at where it differs; a declared rule was not applied, and is told."""
    long = b"x" * 3_000_000
    result = compared(tmp_path, b"a\n" + long, b"a\n" + long + b"y", rule(Form.CASE))
    (finding,) = result.findings
    assert finding.message == "other text in line 2, which is longer than 1,048,576 bytes, at offset 3,000,002"
    assert (finding.left, finding.right) == ("(end of file)", "y")
    assert result.not_compared == ("x.txt was not compared under our case: it has a line longer than 1,048,576 bytes",)


def test_common_ends_do_not_overlap(tmp_path, monkeypatch):
    """`aaa` and `aa` have two bytes in common, not four; whatever the size of a piece."""
    for chunk in (1, 2, 7, 1024):
        monkeypatch.setattr(large_text, "CHUNK_BYTES", chunk)
        for left, right, prefix, suffix in (
            (b"aaa", b"aa", 2, 0),
            (b"abc", b"axc", 1, 1),
            (b"ab", b"cb", 0, 1),
            (b"", b"a", 0, 0),
        ):
            (tmp_path / "a").write_bytes(left)
            (tmp_path / "b").write_bytes(right)
            ends = large_text.common_ends(tmp_path / "a", tmp_path / "b")
            assert (ends.prefix, ends.suffix) == (prefix, suffix)


def test_a_rule_equates_only_what_an_independent_reading_equates(tmp_path):
    """Generated pairs: whatever is set aside is equal when read by other means than ours."""
    import hypothesis
    import hypothesis.strategies as st

    piece = st.sampled_from(["a", "b", " ", "\t", "\n", "\r\n", "\r", "\u00e9", "e\u0301", "\ufeff"])
    texts = st.lists(piece, max_size=8).map("".join)
    references = {
        Form.LINE_ENDINGS: lambda text: text.replace("\r\n", "\n").replace("\r", "\n"),
        Form.UNICODE_NFC: lambda text: unicodedata.normalize("NFC", text),
        Form.BYTE_ORDER_MARK: lambda text: text.removeprefix("\ufeff"),
        Form.FINAL_NEWLINE: lambda text: text.removesuffix("\n"),
    }

    @hypothesis.settings(derandomize=True, deadline=None, max_examples=30, database=None)
    @hypothesis.given(left=texts, right=texts, form=st.sampled_from(list(references)))
    def holds(left, right, form):
        if left != right:
            result = compared(tmp_path, left.encode(), right.encode(), rule(form))
            assert bool(result.set_aside) == (not result.findings)
            if result.set_aside:
                assert references[form](left) == references[form](right)

    holds()


def test_small_and_large_texts_are_judged_alike(tmp_path, monkeypatch):
    """Generated pairs under two rules: held in memory, or walked line by line, the same rules are named or none is."""
    import hypothesis
    import hypothesis.strategies as st

    piece = st.sampled_from(["a", "B", " ", "\t", "\n", "\r\n", "\u00e9", "e\u0301", "\ufeff"])
    texts = st.lists(piece, max_size=8).map("".join)
    lines = [
        Form.LINE_ENDINGS,
        Form.UNICODE_NFC,
        Form.BYTE_ORDER_MARK,
        Form.FINAL_NEWLINE,
        Form.TRAILING_BLANKS,
        Form.CASE,
    ]

    @hypothesis.settings(derandomize=True, deadline=None, max_examples=30, database=None)
    @hypothesis.given(
        left=texts, right=texts, forms=st.lists(st.sampled_from(lines), min_size=1, max_size=2, unique=True)
    )
    def holds(left, right, forms):
        if left == right:
            return
        results = []
        for limit in (1_000, -1):
            monkeypatch.setattr(text, "READ_BYTES", limit)
            results.append(compared(tmp_path, left.encode(), right.encode(), *map(rule, forms)))
        assert {each.rule for each in results[0].set_aside} == {each.rule for each in results[1].set_aside}
        assert [bool(each.findings) for each in results] == [not each.set_aside for each in results]

    holds()
