"""Differences in JSON files and in files of JSON lines."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from osiris_core.testing.mutations.leaves import at, branches, leaves, put, take_out
from osiris_core.testing.mutations.model import Difference
from osiris_core.testing.mutations.places import NoPlaceError, pick
from osiris_core.testing.mutations.trees import CONTENT, spot
from osiris_core.testing.mutations.values import SMALLEST

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from osiris_core.testing.mutations.model import Spot
    from osiris_core.testing.mutations.session_copy import SessionCopy

    Change = Callable[[Any, Random], str]

_LAYER: Final = "artifacts"
_CONTENT: Final = (CONTENT,)


def document(copy: SessionCopy, rng: Random, how: Change) -> Spot:
    """Change the value of a JSON file; indentation and key order stay."""
    path = pick(rng, copy.artifacts(".json"), "JSON file")
    text = copy.read(f"artifacts/{path}").decode("utf-8")
    value = json.loads(text)
    what = how(value, rng)
    indent = 1 if text.startswith("{\n") else None
    copy.write(f"artifacts/{path}", (json.dumps(value, indent=indent, ensure_ascii=False) + "\n").encode())
    return spot(path, what)


def leaf(value: Any, rng: Random, kind: str) -> str:
    """Change a scalar, by one of `values.SMALLEST`."""
    applies, changed = SMALLEST[kind]
    path, before = pick(rng, [each for each in leaves(value) if applies(each[1])], f"value whose {kind}")
    put(value, path, changed(before, rng))
    return f"{path}: {before!r} became {at(value, path)!r}"


def nan_to_null(value: Any, rng: Random) -> str:
    """Let NaN become null."""
    path, _ = pick(rng, [(path, leaf) for path, leaf in leaves(value) if leaf != leaf], "NaN")  # noqa: PLR0124 - only NaN is
    put(value, path, None)
    return f"{path}: NaN became null"


def negative_zero(value: Any, rng: Random) -> str:
    """Let a zero become -0.0."""
    path, _ = pick(rng, [(path, leaf) for path, leaf in leaves(value) if leaf == 0], "zero")
    put(value, path, -0.0)
    return f"{path}: 0 became -0.0"


def drop_member(value: Any, rng: Random) -> str:
    """Leave out a member: that is not null."""
    found = [(*path, name) for path, branch in branches(value) if isinstance(branch, dict) for name in branch]
    path = pick(rng, found, "member")
    take_out(value, path)
    return f"{path} dropped"


def rename_member(value: Any, rng: Random) -> str:
    """Call a member otherwise, in the same place."""
    found = [(path, name) for path, branch in branches(value) if isinstance(branch, dict) for name in branch]
    path, name = pick(rng, found, "member")
    branch = at(value, path)
    items = [(f"{key}_" if key == name else key, inner) for key, inner in branch.items()]
    branch.clear()
    branch.update(items)
    return f"{(*path, name)} renamed"


def _lists(value: Any) -> list[tuple[Any, ...]]:
    found = [(path, branch) for path, branch in branches(value) if isinstance(branch, list)]
    return [path for path, branch in found if len({json.dumps(item) for item in branch}) > 1]


def reorder(value: Any, rng: Random) -> str:
    """Put a list into another order."""
    path = pick(rng, _lists(value), "list of several items")
    items = at(value, path)
    before = list(items)
    while items == before:
        rng.shuffle(items)
    return f"{path} reordered"


def double_item(value: Any, rng: Random) -> str:
    """Let an item of a list come twice."""
    path = pick(rng, _lists(value), "list of several items")
    items = at(value, path)
    items.insert(place := rng.randrange(len(items)), items[place])
    return f"{path}[{place}] doubled"


def duplicate_key(copy: SessionCopy, rng: Random) -> Spot:
    """Let a key come twice; whoever keeps the last one sees nothing."""
    path = pick(rng, copy.artifacts(".json"), "JSON file")
    text = copy.read(f"artifacts/{path}").decode("utf-8")
    value = json.loads(text)
    if not isinstance(value, dict) or not value:
        raise NoPlaceError(f"{path} is no object")
    key = rng.choice(list(value))
    doubled = text.replace("{", "{" + f"{json.dumps(key, ensure_ascii=False)}: {rng.choice(('0', 'null'))},", 1)
    copy.write(f"artifacts/{path}", doubled.encode())
    return spot(path, f"{key} twice")


def lines(copy: SessionCopy, rng: Random, how: Callable[[list[bytes], Random], str]) -> Spot:
    """Change the lines of a file of JSON lines."""
    path = pick(rng, copy.artifacts(".jsonl"), "file of JSON lines")
    found = copy.read(f"artifacts/{path}").splitlines(keepends=True)
    what = how(found, rng)
    copy.write(f"artifacts/{path}", b"".join(found))
    return spot(path, what)


def drop_line(found: list[bytes], rng: Random) -> str:
    """Drop a line."""
    del found[(place := rng.randrange(len(found)))]
    return f"line {place} dropped"


def double_line(found: list[bytes], rng: Random) -> str:
    """Let a line come twice."""
    found.insert(place := rng.randrange(len(found)), found[place])
    return f"line {place} doubled"


def swap_lines(found: list[bytes], rng: Random) -> str:
    """Exchange two lines."""
    a, b = pick(
        rng, [(a, b) for a, x in enumerate(found) for b, y in enumerate(found) if a < b and x != y], "two lines"
    )
    found[a], found[b] = found[b], found[a]
    return f"lines {a} and {b} exchanged"


def change_line(found: list[bytes], rng: Random) -> str:
    """Change a value of a line."""
    place = rng.randrange(len(found))
    value = json.loads(found[place])
    kinds = [kind for kind, (applies, _) in SMALLEST.items() if any(applies(each) for _, each in leaves(value))]
    what = leaf(value, rng, rng.choice(kinds))
    found[place] = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    return f"line {place}, {what}"


_DOCUMENTS: Final[dict[str, Change]] = {
    "NaN became null": nan_to_null,
    "zero became negative": negative_zero,
    "member dropped": drop_member,
    "member renamed": rename_member,
    "list reordered": reorder,
    "list item doubled": double_item,
    **{kind: partial(leaf, kind=kind) for kind in SMALLEST},
}
_LINES: Final = {
    "line dropped": (drop_line, ("table-rows",)),
    "line doubled": (double_line, ("table-duplicates",)),
    "lines exchanged": (swap_lines, ("table-row-order",)),
    "line changed": (change_line, ("table-cells", "table-schema")),  # a text among numbers is another type of column
}

DOCUMENTS: Final = (
    *(
        Difference(name=f"JSON {name}", layer=_LAYER, codes=_CONTENT, plant=partial(document, how=how))
        for name, how in _DOCUMENTS.items()
    ),
    Difference(name="JSON key doubled", layer=_LAYER, codes=("json-doubled-key",), plant=duplicate_key),
    *(
        Difference(name=f"JSONL {name}", layer=_LAYER, codes=(*codes, CONTENT), plant=partial(lines, how=how))
        for name, (how, codes) in _LINES.items()
    ),
)
