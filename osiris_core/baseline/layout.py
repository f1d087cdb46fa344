"""A baseline as a file that reads well in a diff: JSON with one thing a line, always in the same order; and back.

What is wrong with a file is one sentence with its line.
"""

from __future__ import annotations

import json
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from osiris_core.baseline.document import FORMAT, Baseline
from osiris_core.errors import BaselineError
from osiris_core.parity.side import moment
from osiris_core.wire.records import OUTCOMES, STEP_STATES

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONFLICT: Final = re.compile(r"^(<{7}|={7}|>{7}|\|{7})( |$)", re.MULTILINE)
_ITEM: Final = re.compile(r"\$\.(\w+)\[(\d+)\]")
_AGAIN: Final = "look at it in the history, or write it anew: --osiris-update=changed"


def encode_baseline(baseline: Baseline) -> bytes:
    """Return the file: UTF-8, LF; text that is no Unicode is escaped."""
    members = [_member(each.name, getattr(baseline, each.name)) for each in fields(baseline)]
    return ("{\n" + ",\n".join(members) + "\n}\n").encode()


def decode_baseline(data: bytes, place: str) -> Baseline:
    """Read the file that `encode_baseline` wrote; `place` is how messages call it. BaselineError for anything else."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise _torn(f"{place} is no text: {error.reason} at byte {error.start}") from error
    if conflict := _CONFLICT.search(text):
        line = text.count("\n", 0, conflict.start()) + 1
        raise _torn(f"{place}:{line}: a merge conflict was left in it")
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise _torn(f"{place}:{line}: it is no JSON: {getattr(error, 'msg', error)}") from error
    version = value.get("osiris_baseline") if isinstance(value, dict) else None
    if not isinstance(version, int) or version < 1:
        raise _torn(f"{place} is no baseline: it does not begin with its format, osiris_baseline")
    if version > FORMAT:
        raise BaselineError(
            f"{place} has the format {version}, but this version of pytest-osiris reads {FORMAT}",
            hint="install the version that wrote it, or one after it",
        )
    return _converted(value, text, place)


def _converted(value: dict[str, Any], text: str, place: str) -> Baseline:
    import msgspec

    unknown = sorted(value.keys() - {each.name for each in fields(Baseline)})
    if unknown:
        raise _torn(f"{place}:{_line_of(text, unknown[0])}: unknown member {unknown[0]!r}")
    try:
        baseline = msgspec.convert(value, Baseline)
        _check(baseline)
    except msgspec.ValidationError as error:
        said, _, where = str(error).partition(" - at `")
        path = where.rstrip("`")
        raise _torn(f"{place}:{_line_at(text, path)}: {path or 'it'}: {said}") from error
    return baseline


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object. ValueError for a member that is there twice, as a merge by hand leaves it: one of the two would go unseen."""
    found = dict(members)
    if len(found) < len(members):
        twice = next(name for index, (name, _) in enumerate(members) if name in {other for other, _ in members[:index]})
        raise ValueError(f"the member {twice!r} is there twice")
    return found


def _is_stream(lines: Any) -> bool:
    """Whether this is a text: its lines, or what is kept of a long one."""
    texts = lines.get("first") if isinstance(lines, dict) else lines
    return isinstance(texts, list) and all(isinstance(each, str) for each in texts)


def _check(baseline: Baseline) -> None:
    """Raise `msgspec.ValidationError` for items that lack what each of their kind must have."""
    import msgspec

    for name, wanted in (
        ("steps", ("id", "state")),
        ("events", ("step", "event")),
        ("tables", ("step", "table")),
        ("metrics", ("step", "metric")),
        ("artifacts", ("path", "mode")),
    ):
        for index, item in enumerate(getattr(baseline, name)):
            missing = [each for each in wanted if each not in item]
            if missing:
                raise msgspec.ValidationError(f"it has no {missing[0]!r} - at `$.{name}[{index}]`")
    for index, step in enumerate(baseline.steps):
        if step["state"] not in STEP_STATES or not step.keys() <= {"id", "state", "reason", "cause"}:
            raise msgspec.ValidationError(f"it is no step's state: {step} - at `$.steps[{index}]`")
    for index, artifact in enumerate(baseline.artifacts):
        if not re.fullmatch(r"0?[0-7]{3}", str(artifact["mode"])):
            raise msgspec.ValidationError(f"{artifact['mode']!r} are no permission bits - at `$.artifacts[{index}]`")
    _check_streams(baseline)
    if baseline.started is not None and moment(baseline.started) is None:
        raise msgspec.ValidationError(f"{baseline.started!r} is no time - at `$.started`")
    if baseline.outcome not in OUTCOMES:
        raise msgspec.ValidationError(f"unknown outcome {baseline.outcome!r} - at `$.outcome`")


def _check_streams(baseline: Baseline) -> None:
    import msgspec

    for name in ("logs", "printed"):
        strange = next((step for step, lines in getattr(baseline, name).items() if not _is_stream(lines)), None)
        if strange is not None:
            raise msgspec.ValidationError(f"{strange!r} has no lines - at `$.{name}`")


def _torn(message: str) -> BaselineError:
    return BaselineError(message, hint=_AGAIN, replaceable=True)


def _line_at(text: str, path: str) -> int:
    """Return the line of an item such as `$.events[3]`, in a file that has its lines as they were written."""
    if item := _ITEM.match(path):
        return _line_of(text, item[1]) + 1 + int(item[2])
    return _line_of(text, path.removeprefix("$.").partition(".")[0])


def _line_of(text: str, member: str) -> int:
    found = re.search(rf'^"{re.escape(member)}":', text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def _member(name: str, value: Any) -> str:
    return f"{_json(name)}: " + "\n".join(_lines(value, depth=0))


def _lines(value: Any, *, depth: int) -> Iterator[str]:
    """Yield a member's value: a list with an item a line, a mapping of streams with their lines, or one line."""
    inner = "  " * (depth + 1)
    if isinstance(value, tuple | list) and value:
        yield "["
        yield from _separated([f"{inner}{_json(item)}" for item in value])
        yield "  " * depth + "]"
    elif isinstance(value, dict) and value and depth == 0:
        yield "{"
        blocks = [f"{inner}{_json(name)}: " + "\n".join(_lines(each, depth=1)) for name, each in value.items()]
        yield from _separated(blocks)
        yield "}"
    else:
        yield _json(value)


def _separated(blocks: list[str]) -> Iterator[str]:
    yield from (f"{block}," for block in blocks[:-1])
    yield blocks[-1]


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate: JSON can escape it, UTF-8 cannot hold it
        return json.dumps(value)
    return text
