"""Two text files: which lines differ, or under which declared rules they are the same text.

Small files are held in memory; of larger ones (`large_text`) only what lies between their equal ends is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from osiris_core.parity.hints import CUT_OFF, ENCODING, writing_hint
from osiris_core.parity.kinds.declared_rules import same_but_for_stretches
from osiris_core.parity.kinds.encodings import UTF8, lines_of, looks_like_text, read_text
from osiris_core.parity.kinds.large_text import compare_large
from osiris_core.parity.kinds.protocol import FileComparison, FileFinding, SetAside
from osiris_core.parity.kinds.text_lines import explain_lines
from osiris_core.parity.lines import same_multiset
from osiris_core.parity.writings import needed_forms, text_rules
from osiris_core.rules.forms import TEXT_FORMS, Form
from osiris_core.rules.model import ANY, RuleKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.kinds.encodings import Text
    from osiris_core.parity.kinds.protocol import FilePair
    from osiris_core.rules.model import Rule

READ_BYTES: Final = 2 * 1024 * 1024
"""Files larger than this are not held in memory."""


class TextComparer:
    """Compares two text files line by line."""

    name = "text"

    def claims(self, path: str, head: bytes) -> bool:
        """Text has no NUL byte, unless a byte order mark names its encoding."""
        del path
        return looks_like_text(head)

    def compare(self, pair: FilePair) -> FileComparison | None:
        """Say which lines differ, or which declared rules make both the same text."""
        contents = small_contents(pair)
        if contents is None:
            return compare_large(pair)
        texts = read_text(contents[0]), read_text(contents[1])
        if texts[0] is None or texts[1] is None:
            return None
        if used := _rules_between(texts[0], texts[1], pair.rules):
            return FileComparison(set_aside=tuple(SetAside(rule=rule.id, reason=rule.reason) for rule in used))
        if pair.plan and (did := same_but_for_stretches(pair.plan, texts[0].text, texts[1].text)):
            return FileComparison(set_aside=did)
        told = _explained(texts[0], texts[1], pair.names)
        return FileComparison(findings=(told,)) if told else None


def small_contents(pair: FilePair) -> tuple[bytes, bytes] | None:
    """Return what both files hold, or None where one is too large to be held in memory."""
    if max(pair.left.stat().st_size, pair.right.stat().st_size) > READ_BYTES:
        return None
    return pair.left.read_bytes(), pair.right.read_bytes()


def explain_text(left: bytes, right: bytes, names: tuple[str, str]) -> FileFinding | None:
    """Say which lines of two texts differ; None where one of them is no text, or nothing differs."""
    texts = read_text(left), read_text(right)
    if left == right or texts[0] is None or texts[1] is None:
        return None
    return _explained(texts[0], texts[1], names)


def decoded_lines(data: bytes) -> list[str] | None:
    """Return the lines with their line feeds, or None for bytes that are no UTF-8 text."""
    text = read_text(data)
    return None if text is None or text.encoding != UTF8 else lines_of(text.text)


def _explained(left: Text, right: Text, names: tuple[str, str]) -> FileFinding | None:
    encodings = f"{left.encoding} and {right.encoding}{' as it seems' if left.is_guess or right.is_guess else ''}"
    if left.text == right.text and left.encoding != right.encoding:
        message = f"the same text in other encodings: {encodings}"
        return FileFinding(message=message, left=left.encoding, right=right.encoding, hint=ENCODING)
    told = explain_lines(lines_of(left.text), lines_of(right.text), names)
    if told is None:
        return None
    hint = writing_hint(left.text, right.text) or told.hint or _cut_off(left.text, right.text)
    read_as = "" if left.encoding == right.encoding == UTF8 else f" (read as {encodings})"
    return replace(told, message=f"{told.message}{read_as}", hint=hint)


def _cut_off(left: str, right: str) -> str:
    shorter, longer = sorted((left, right), key=len)
    return CUT_OFF if shorter and longer.startswith(shorter) else ""


def _rules_between(left: Text, right: Text, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return the declared rules that make both the same text: as few as that takes, none where they do not."""
    if left.is_guess or right.is_guess:
        return ()
    declared = text_rules(rules)
    across = left.encoding != right.encoding
    if across and Form.ENCODING not in declared:
        return ()
    needed = needed_forms(left.text, right.text, [form for form in declared if form in TEXT_FORMS])
    if left.text == right.text or needed:
        return tuple(declared[form] for form in ((Form.ENCODING, *needed) if across else needed))
    unordered = [rule for rule in rules if rule.kind is RuleKind.UNORDERED and rule.scope.path == ANY and not rule.by]
    same_lines = unordered and not across and same_multiset(lines_of(left.text), lines_of(right.text))
    return (unordered[0],) if same_lines else ()
