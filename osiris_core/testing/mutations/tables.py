"""Differences in what `step_complete` says of the tables that were handed on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from osiris_core.testing.mutations.model import Difference, Spot
from osiris_core.testing.mutations.places import pick

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from osiris_core.testing.mutations.session_copy import SessionCopy

    Change = Callable[[dict[str, Any], Random], str]


def change(copy: SessionCopy, rng: Random, how: Change) -> Spot:
    """Change the description of one table."""
    step, name, table = pick(
        rng,
        [
            (event["step"], name, table)
            for event in copy.events
            if event["event"] == "step_complete"
            for name, table in event["tables"].items()
            if len(table["schema"]) > 1
        ],
        "table of several columns",
    )
    return Spot(step=step, what=how(table, rng), path=f"tables.{name}")


def _another(digest: str, rng: Random) -> str:
    place = rng.randrange(len(digest))
    return digest[:place] + rng.choice([x for x in "0123456789abcdef" if x != digest[place]]) + digest[place + 1 :]


def content(table: dict[str, Any], rng: Random) -> str:
    """Put another value into a column."""
    column = rng.choice(list(table["columns"]))
    for holder in (table, table["columns"][column]):
        for digest in ("ordered", "unordered"):
            holder[digest] = _another(holder[digest], rng)
    return f"other values in {column}"


def combination(table: dict[str, Any], rng: Random) -> str:
    """Put the same values together into other rows."""
    table["unordered"], table["ordered"] = _another(table["unordered"], rng), _another(table["ordered"], rng)
    return "other rows of the same values"


def rows(table: dict[str, Any], rng: Random) -> str:
    """Add a row, or drop one."""
    more = rng.choice((1, -1))
    table["rows"] += more
    combination(table, rng)
    return f"{more:+} row"


def kind(table: dict[str, Any], rng: Random) -> str:
    """Give a column another type."""
    column = rng.choice(table["schema"])
    before, column["type"] = (
        column["type"],
        {"int64": "int32", "int32": "int64", "double": "float"}.get(column["type"], "int64"),
    )
    return f"{column['name']}: {before} became {column['type']}"


def nullable(table: dict[str, Any], rng: Random) -> str:
    """Let a column hold nulls, or not."""
    column = rng.choice(table["schema"])
    column["nullable"] = not column["nullable"]
    return f"{column['name']} nullable: {column['nullable']}"


def case(table: dict[str, Any], rng: Random) -> str:
    """Call a column by its name in another case."""
    column = rng.choice(table["schema"])
    before, column["name"] = column["name"], column["name"].swapcase()
    table["columns"] = {column["name"] if name == before else name: each for name, each in table["columns"].items()}
    return f"{before} became {column['name']}"


def order(table: dict[str, Any], rng: Random) -> str:
    """Put columns into another order."""
    before = list(table["schema"])
    while table["schema"] == before:
        rng.shuffle(table["schema"])
    return "columns in another order"


def lost(copy: SessionCopy, rng: Random) -> Spot:
    """Hand on no table."""
    found = [event for event in copy.events if event["event"] == "step_complete" and event["tables"]]
    event = pick(rng, found, "table")
    name = rng.choice(list(event["tables"]))
    del event["tables"][name]
    return Spot(step=event["step"], what=f"{name} is not there", path=f"tables.{name}")


_HOW: Final[dict[str, tuple[Change, str]]] = {
    "table content changed": (content, "table-content"),
    "table rows combined otherwise": (combination, "table-content"),
    "table row added or dropped": (rows, "table-rows"),
    "table column of another type": (kind, "table-schema"),
    "table column nullable": (nullable, "table-schema"),
    "table column in another case": (case, "table-schema"),
    "table columns reordered": (order, "table-schema"),
}

TABLES: Final = (
    *(
        Difference(name=name, layer="tables", codes=(code,), plant=partial(change, how=how))
        for name, (how, code) in _HOW.items()
    ),
    Difference(name="table not handed on", layer="tables", codes=("table-missing",), plant=lost),
)
