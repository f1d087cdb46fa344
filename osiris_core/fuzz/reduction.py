"""Makes an example smaller by what a pipeline is made of: steps that nothing needs, steps in between, rows, columns.

Hypothesis shrinks choices, one at a time, and ends after some minutes whatever it has; on a slow machine that leaves
much. This comes after it, knows what the parts mean, and takes few runs.
"""

from __future__ import annotations

import copy
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from osiris_core.fuzz.example import Example

Steps = list[dict[str, Any]]


def reduced(example: Example, is_it: Callable[[Example], bool], *, most: int = 200) -> Example:
    """Return the smallest example found that `is_it`, after asking at most `most` times."""
    asked = 0
    smaller = True
    while smaller:
        smaller = False
        for candidate in _smaller(example):
            if asked >= most:
                return example
            asked += 1
            if is_it(candidate):
                example, smaller = candidate, True
                break
    return example


def _smaller(example: Example) -> Iterator[Example]:
    """Yield smaller examples, the much smaller ones first."""
    steps: Steps = list(example.document["steps"])
    for kept in sorted((_with_ancestors(steps, each["id"]) for each in steps), key=len):
        if len(kept) < len(steps):
            yield _with_steps(example, [step for step in steps if step["id"] in kept])
    for step in steps:
        if step.get("needs"):
            yield _with_steps(example, _without(steps, step))
        for need in step.get("needs", ()) if len(step.get("needs", ())) > 1 else ():
            fewer = [each for each in step["needs"] if each != need]
            yield _with_steps(example, [{**each, "needs": fewer} if each is step else each for each in steps])
    yield from _smaller_tables(example, steps)
    yield from _smaller_files(example)


def _with_ancestors(steps: Steps, last: str) -> set[str]:
    needs = {step["id"]: step.get("needs", ()) for step in steps}
    found, open_ = set(), [last]
    while open_:
        step = open_.pop()
        if step not in found:
            found.add(step)
            open_.extend(needs[step])
    return found


def _without(steps: Steps, gone: dict[str, Any]) -> Steps:
    """Return the steps without one that stands between others: what needed it needs what it needed."""
    left = []
    for step in steps:
        if step is gone:
            continue
        needs = [other for need in step.get("needs", ()) for other in (gone["needs"] if need == gone["id"] else [need])]
        left.append({**step, "needs": list(dict.fromkeys(needs))} if needs else step)
    return left


def _with_steps(example: Example, steps: Steps) -> Example:
    """Return the example with these steps, and the files that they still name."""
    named = str([step.get("config") for step in steps])
    inputs = [path for path in example.document.get("inputs", ()) if repr(path)[1:-1] in named]
    document = {**example.document, "steps": steps}
    document.pop("inputs", None)
    if inputs:
        document = {key: value for key, value in document.items() if key != "steps"} | {
            "inputs": inputs,
            "steps": steps,
        }
    gone = set(example.document.get("inputs", ())) - set(inputs)
    return replace(
        example,
        document=document,
        files={path: content for path, content in example.files.items() if path not in gone},
        data=tuple(path for path in example.data if path not in gone),
    )


def _smaller_tables(example: Example, steps: Steps) -> Iterator[Example]:
    for index, step in enumerate(steps):
        columns = (step.get("config", {}).get("kwargs") or {}).get("columns")
        if not columns:
            continue
        rows = len(columns[0]["values"])
        for start, end in _pieces(rows):
            values = [[*each["values"][:start], *each["values"][end:]] for each in columns]
            yield _with_columns(
                example, index, [{**each, "values": left} for each, left in zip(columns, values, strict=True)]
            )
        for gone in range(len(columns) if len(columns) > 1 else 0):
            yield _with_columns(example, index, [*columns[:gone], *columns[gone + 1 :]])


def _with_columns(example: Example, index: int, columns: list[dict[str, Any]]) -> Example:
    steps = copy.deepcopy(list(example.document["steps"]))
    steps[index]["config"]["kwargs"]["columns"] = columns
    return replace(example, document={**example.document, "steps": steps})


def _smaller_files(example: Example) -> Iterator[Example]:
    for path in example.data:
        try:
            lines = example.files[path].decode("utf-8")
        except UnicodeDecodeError:
            continue
        records = _records(lines)
        for start, end in _pieces(len(records) - 1):
            left = "".join([*records[: start + 1], *records[end + 1 :]])
            yield replace(example, files={**example.files, path: left.encode()})


def _records(text: str) -> list[str]:
    """Return the records of a CSV text, as they are written."""
    lines = io.StringIO(text, newline="").readlines()
    found: list[str] = []
    reader_lines = iter(lines)
    for line in reader_lines:
        record = line
        while record.count('"') % 2:
            following = next(reader_lines, None)
            if following is None:
                break
            record += following
        found.append(record)
    return found


def _pieces(count: int) -> Iterator[tuple[int, int]]:
    """Yield what can be left out of so many rows: halves, quarters, and so on to single ones."""
    size = count
    while size:
        for start in range(0, count, size):
            yield start, min(start + size, count)
        size //= 2
