"""Two readings as evidence for a comparison: what is wrong with either, what was set aside, and whether they are two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.errors import SameSessionError, UsageError
from osiris_core.parity.evidence import Evidence, check_two_processes
from osiris_core.parity.foreign.own import OwnLayout
from osiris_core.parity.record import Finding, Layer, RuleUse
from osiris_core.parity.text import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from osiris_core.parity.foreign.protocol import Mark, Reading, SetAside

_HERE: Final = "(there)"
_UNSHOWN: Final = "(there, and not shown)"
_NOT_HERE: Final = "(not there)"
_ABSENT: Final = "(absent)"


def evidence_between(left: Reading, right: Reading, labels: tuple[str, str], *, control: bool = False) -> Evidence:
    """Return what is known of two readings before they are compared; `labels` are how findings call the two sides.

    SameSessionError where both are one run and no `control` was asked for; UsageError where one was and they are two.
    """
    same = sameness(left, right)
    if same and not control:
        raise SameSessionError(same, hint="name two runs, or ask for a control of the comparison: --control")
    if control and not same:
        raise UsageError(
            f"{left.session.directory} and {right.session.directory} are two runs",
            hint="a control compares a run with itself: name one twice, or leave --control out",
        )
    findings, problems = _marks(left, right, labels)
    if not control and left.layout == OwnLayout.name:
        problems += check_two_processes(
            left.session, right.session, one_check=left.session.session_id == right.session.session_id
        )
    if not any(_holds_something(each) for each in (left, right)):
        problems.append("there is nothing on either side: nothing was compared")
    return Evidence(
        problems=(*_told(left, left.problems, labels[0]), *_told(right, right.problems, labels[1]), *problems),
        not_compared=(*_told(left, left.not_compared, labels[0]), *_told(right, right.not_compared, labels[1])),
        findings=(*findings, *_others(left, right, labels)),
        uses=tuple(_uses(left.set_aside, right.set_aside)),
        lost=left.lost or right.lost,
        layers=left.layers,
        loose_paths=left.loose_paths,
    )


def _told(reading: Reading, sentences: Sequence[str], label: str) -> list[str]:
    """Return what a reading says of its target under the name that the side has here: both may be of one target."""
    return [f"{label}: {each.removeprefix(f'{reading.session.target}: ')}" for each in sentences]


def sameness(left: Reading, right: Reading) -> str:
    """Say why two readings are of one and the same run, or return an empty string."""
    a, b = left.session.directory, right.session.directory
    if a.resolve() == b.resolve():
        return f"{a} cannot be compared with itself"
    if left.identity and left.identity == right.identity:
        return f"{a} and {b} are the same run: one is a copy of the other"
    return ""


def _holds_something(reading: Reading) -> bool:
    return bool(reading.session.artifacts or reading.session.events or reading.others or reading.not_compared)


def _marks(left: Reading, right: Reading, labels: tuple[str, str]) -> tuple[list[Finding], list[str]]:
    """Return what is wrong with one side only as findings that decide, and what is wrong with both as problems."""
    findings: list[Finding] = []
    problems: list[str] = []
    a, b = ({mark.place: mark for mark in reading.marks} for reading in (left, right))
    for place, mark in {**a, **b}.items():
        sides = [label for label, marks in zip(labels, (a, b), strict=True) if place in marks]
        on_both = len(sides) == len(labels)
        if mark.contradicts or on_both:
            where = f"{mark.step}: {mark.path}" if mark.step else mark.path
            problems.append(f"{' and '.join(sides)}: {where}: {mark.message}")
        findings.append(_marked(mark, sides, on_left=place in a, on_both=on_both))
    return findings, problems


def _marked(mark: Mark, sides: list[str], *, on_left: bool, on_both: bool) -> Finding:
    here = _UNSHOWN if mark.hidden else _HERE
    return Finding(
        layer=mark.layer,
        step=mark.step,
        code=mark.code,
        path=mark.path,
        message=f"on {' and '.join(sides)}: {mark.message}",
        left=here if on_left else _NOT_HERE,
        right=here if on_both or not on_left else _NOT_HERE,
        hint=mark.hint,
        locates=mark.contradicts or on_both,
    )


def _others(left: Reading, right: Reading, labels: tuple[str, str]) -> Iterator[Finding]:
    """Yield where links and empty directories differ, or stand where the other side has a file or nothing."""
    for path in sorted(left.others.keys() | right.others.keys()):
        a, b = (_what(reading, path) for reading in (left, right))
        if a == b:
            continue
        if _ABSENT in {a, b}:
            code = "artifact-missing" if b == _ABSENT else "artifact-extra"
            message = f"only {labels[0] if b == _ABSENT else labels[1]} has {a if b == _ABSENT else b}"
        else:
            code, message = "artifact-type", f"{a} on {labels[0]}, {b} on {labels[1]}"
        yield Finding(layer=Layer.ARTIFACTS, step=None, code=code, path=path, message=message, left=a, right=b)


def _what(reading: Reading, path: str) -> str:
    if path in reading.session.artifacts:
        return "a file"
    if path in reading.others:
        return reading.others[path]
    inside = f"{path}/"
    is_directory = any(name.startswith(inside) for name in (*reading.session.artifacts, *reading.others))
    return "a directory" if is_directory else _ABSENT


def _uses(left: SetAside, right: SetAside) -> Iterator[RuleUse]:
    """Yield what each rule of reading did; it decided wherever the two sides did not have the same to be set aside."""
    for rule, reason in {**left.reasons, **right.reasons}.items():
        yield _use(rule, reason, left.values.get(rule, {}), right.values.get(rule, {}))


def _use(rule: str, reason: str, left: Mapping[tuple[str, str], int], right: Mapping[tuple[str, str], int]) -> RuleUse:
    only_left = {value: more for value, count in left.items() if (more := count - right.get(value, 0)) > 0}
    only_right = {value: more for value, count in right.items() if (more := count - left.get(value, 0)) > 0}
    shown = [(place, text, _ABSENT) for place, text in only_left] + [
        (place, _ABSENT, text) for place, text in only_right
    ]
    return RuleUse(
        rule=rule,
        reason=reason,
        left_hits=sum(left.values()),
        right_hits=sum(right.values()),
        decided=max(sum(only_left.values()), sum(only_right.values())),
        examples=tuple(shown[:EXAMPLES]),
        source="reading",
    )
