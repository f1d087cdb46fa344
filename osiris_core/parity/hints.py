"""What to do about a difference, where the evidence says so cheaply; a hint is never a verdict."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.lines import same_multiset
from osiris_core.parity.record import Layer
from osiris_core.parity.writings import needed_forms
from osiris_core.rules.forms import Form
from osiris_core.wire.records import ARTIFACT_CREATED, STEP_FAILED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from osiris_core.parity.pair import Pair
    from osiris_core.parity.record import Finding
    from osiris_core.parity.side import Side

ROW_ORDER: Final = "rows in another order: add an ORDER BY"
ABSOLUTE_PATH: Final = "absolute paths, which are each target's own: write them relative to the manifest's directory"
LAST_DIGITS: Final = "only the last digits differ: numbers added up in another order; use an exact sum, or round"
CLOCK: Final = "times of the moment of each run: take ctx.now, which is the same on both targets"
CUT_OFF: Final = "one file is the beginning of the other: it was cut off at a limit, or not written to its end"
MODE_ONLY: Final = "only the mode differs: set it explicitly"
ENCODING: Final = "the same text in another encoding: name the encoding wherever a file is opened"
DECIMAL_COMMA: Final = "decimal comma against decimal point: the locale differs; format numbers without it"

_WRITINGS: Final = {
    Form.BYTE_ORDER_MARK: ("the byte order marks", "write utf-8 on both, or utf-8-sig"),
    Form.LINE_ENDINGS: ("the line endings", "fix the newline that the writer uses"),
    Form.FINAL_NEWLINE: ("the ends of the last lines", "end them alike"),
    Form.TRAILING_BLANKS: ("blanks at the ends of lines", "strip them before the text is written"),
    Form.BLANKS: ("blanks and tabs", "indent and pad alike"),
    Form.UNICODE_NFC: ("the Unicode forms", "normalize text to NFC before it is written"),
}

_LOOKED_AT: Final = 200
"""Lines of each side that a text hint looks at."""

_MAX_OFFSET: Final = timedelta(hours=26)
_QUARTER: Final = timedelta(minutes=15)
_SAME_CHECK: Final = timedelta(hours=1)
"""How far apart the two runs of one check read the clock, at most."""
_CLOSE: Final = 1e-9

_MODULE: Final = re.compile(r"No module named '?([\w.]+)'?")
_FILE: Final = re.compile(
    r"""(?:No\ such\ file\ or\ directory|No\ files\ found\ that\ match\ the\ pattern|[Cc]annot\ open\ file|does\ not\ exist)
        [:\s]*["']([^"']+)["']""",
    re.VERBOSE,
)
_VARIABLE: Final = re.compile(r"'?\"?([A-Z][A-Z0-9_]+)'?\"?")
_NO_NETWORK: Final = re.compile(
    r"Network is unreachable|Connection refused|Name or service not known|name resolution|Could not (?:resolve|connect)",
    re.IGNORECASE,
)
_ABSOLUTE: Final = re.compile(r"""(?<![\w./:])/(?:[^\s/"']+/)+(?=[^\s/"'])""")
_CLOCK: Final = re.compile(r"(?<![\d:.])([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?(?![\d:])")
_CLOCKS: Final = 2
"""Different clock times without a date that have to be shifted alike: one of them could be shifted by chance."""
_DAY_MINUTES: Final = 24 * 60

_ONE_SIDED: Final = frozenset({"artifact-missing", "artifact-extra"})
_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d{1,6})?")


def hint_rank(hint: str) -> int:
    """Return how much a hint tells of a cause, the most first: why it differs, only how, nothing."""
    if not hint:
        return 2
    return 1 if hint == CUT_OFF else 0


def of_its_file(finding: Finding, others: Iterable[Finding]) -> Finding:
    """Return the finding that names the file, where an event says only that one side alone has one; else `finding` itself."""
    if finding.layer is not Layer.EVENTS or finding.path != ARTIFACT_CREATED or finding.hint:
        return finding
    there = (each for each in others if each.step == finding.step and not (each.members or each.waived_by))
    return next((each for each in there if each.code in _ONE_SIDED), finding)


def failure_hints(pair: Pair) -> dict[str, str]:
    """Return, by step, what the failure of a step on one side alone suggests."""
    left, right = _failures(pair.left), _failures(pair.right)
    return {step: _failure_hint(pair, left.get(step), right.get(step)) for step in left.keys() | right.keys()}


def text_hint(left: Sequence[str], right: Sequence[str]) -> str:
    """Return what two differing pieces of text suggest: order, line endings, a time zone, a locale."""
    if same_multiset(left, right):
        return ROW_ORDER
    if hint := writing_hint("".join(left), "".join(right)):
        return hint
    left, right = left[:_LOOKED_AT], right[:_LOOKED_AT]
    shift = _constant_shift(left, right)
    if shift:
        return f"every time is shifted by {shift}: a time zone; write times in UTC, or set TZ under env:"
    if [_pointed(line) for line in left] == [_pointed(line) for line in right]:
        return DECIMAL_COMMA
    if [_ABSOLUTE.sub("", line) for line in left] == [_ABSOLUTE.sub("", line) for line in right]:
        return ABSOLUTE_PATH
    return ""


def other_directory(left: str, right: str, label: str) -> str:
    """Return what a file suggests that lies in another step's directory on the other side."""
    if left == right:
        return ""
    return f"step {left} wrote into the directory of step {right} on {label}: write below ctx.output_dir"


def writing_hint(left: str, right: str) -> str:
    """Return what two texts suggest that say the same and are written differently; empty for others."""
    needed = needed_forms(left, right, tuple(_WRITINGS))
    if not needed:
        return ""
    names, advice = zip(*(_WRITINGS[form] for form in needed), strict=True)
    return f"only {' and '.join(names)} differ: {', '.join(advice)}"


def column_hint(columns: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> str:
    """Return what the statistics of all differing columns, each of both sides, suggest."""
    for hint, fits in ((LAST_DIGITS, _is_close), (CLOCK, _is_now)):
        if columns and all(fits(*pair) for pair in columns):
            return hint
    return ""


def _is_close(left: dict[str, Any], right: dict[str, Any]) -> bool:
    """Say whether least, greatest and sum of a column of numbers are nearly what they are on the other side."""
    pairs = [(left.get(name), right.get(name)) for name in ("min", "max", "sum")]
    numbers = [(a, b) for a, b in pairs if isinstance(a, float) and isinstance(b, float)]
    close = all(math.isclose(a, b, rel_tol=_CLOSE) for a, b in numbers)
    return close and len(numbers) == len(pairs) and any(a != b for a, b in numbers)


def _is_now(left: dict[str, Any], right: dict[str, Any]) -> bool:
    """Say whether a column holds times a short while apart; a quarter of an hour, or some, is a time zone."""
    return all(_is_a_while_apart(left.get(name), right.get(name)) for name in ("min", "max"))


def _is_a_while_apart(left: Any, right: Any) -> bool:
    try:
        apart = abs(datetime.fromisoformat(left) - datetime.fromisoformat(right))
    except (TypeError, ValueError):
        return False
    return timedelta() < apart < _SAME_CHECK and bool(apart % _QUARTER)


def _failures(side: Side) -> dict[str, dict[str, Any]]:
    return {str(event.get("step")): event for event in side.outline.named(STEP_FAILED)}


def _failure_hint(pair: Pair, left: dict[str, Any] | None, right: dict[str, Any] | None) -> str:
    if left is None and right is not None:
        return _advice(pair.right, right)
    if right is None and left is not None:
        return _advice(pair.left, left)
    if left is not None and right is not None and left.get("error_type") != right.get("error_type"):
        return _advice(pair.right, right) or _advice(pair.left, left)
    return ""


def _advice(side: Side, failure: dict[str, Any]) -> str:
    error, message = str(failure.get("error_type")).rpartition(".")[2], str(failure.get("message"))
    module = _MODULE.search(message)
    if error in {"ModuleNotFoundError", "ImportError"} and module:
        name = module[1].partition(".")[0]
        if side.session.target_facts.get("provider") == "host":  # nothing that a manifest declares is shown there
            return f'install what brings "{name}" in {_prefix(side)} (not found on {side.label})'
        return f'add "{name}" to requirements: (not found on {side.label})'
    file = _FILE.search(message)
    if file:
        return f'add "{_from_root(side, file[1])}" to inputs: (not found on {side.label})'
    if _NO_NETWORK.search(message) and side.session.target_facts.get("network") == "none":
        return f'add "network: full", if it is meant to reach out (there is no network on {side.label})'
    if error == "KeyError" and (variable := _VARIABLE.fullmatch(message.strip())):
        return f'add "{variable[1]}" to env: (not set on {side.label})'
    return ""


def _prefix(side: Side) -> str:
    return str((side.session.hello.get("roots") or {}).get("prefix", "its environment"))


def _from_root(side: Side, path: str) -> str:
    """Return a path as a manifest would name it: relative to the project where it lies inside."""
    for root, name in side.roots:
        if name in {"project", "work"} and path.startswith(f"{root}/"):
            return path[len(root) + 1 :]
    return path


def _constant_shift(left: Sequence[str], right: Sequence[str]) -> str:
    moments = [[datetime.fromisoformat(t) for line in lines for t in _times(line)] for lines in (left, right)]
    if not moments[0] and not moments[1]:
        return _clock_shift(left, right)
    if len(moments[0]) != len(moments[1]):
        return ""
    shifts = {b - a for a, b in zip(*moments, strict=True)}
    if len(shifts) != 1:
        return ""
    shift = shifts.pop()
    if not shift or abs(shift) > _MAX_OFFSET or shift % _QUARTER:
        return ""
    return _offset(int(shift.total_seconds() // 60))


def _clock_shift(left: Sequence[str], right: Sequence[str]) -> str:
    """Return by how much all clock times without a date are shifted, the shorter way round."""
    sides = [
        [60 * int(hour) + int(minute) for line in lines for hour, minute in _CLOCK.findall(line)]
        for lines in (left, right)
    ]
    if len(sides[0]) != len(sides[1]) or len({*sides[0]}) < _CLOCKS:
        return ""
    shifts = {(b - a) % _DAY_MINUTES for a, b in zip(*sides, strict=True)}
    if len(shifts) != 1:
        return ""
    shift = shifts.pop()
    if not shift or timedelta(minutes=shift) % _QUARTER:
        return ""
    return _offset(shift if shift <= _DAY_MINUTES // 2 else shift - _DAY_MINUTES)


def _offset(minutes: int) -> str:
    return f"{'+' if minutes > 0 else '-'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _times(line: str) -> list[str]:
    found = []
    for text in _TIME.findall(line):
        try:
            datetime.fromisoformat(text)
        except ValueError:
            continue
        found.append(text)
    return found


def _pointed(line: str) -> str:
    return re.sub(r"(?<=\d),(?=\d)", ".", line)
