"""The environments of the targets side by side: what differs first, what is equal folded away."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.facts import flattened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ABSENT = "—"
_MANY: Final = 5
"""So many members of a table that one target alone has are told as one fact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact: its dotted name, and its value on each target, `—` where a target does not say.

    Of lists that differ, as the names of variables, `only` has what each target alone has, and `common` counts what all have.
    """

    name: str
    values: tuple[str, ...]
    only: tuple[tuple[str, ...], ...] = ()
    common: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentDiff:
    """Facts of all targets, sorted by name."""

    targets: tuple[str, ...]
    differing: tuple[Fact, ...]
    equal: tuple[Fact, ...]


def environment_diff(environments: Sequence[tuple[str, Mapping[str, Any]]]) -> EnvironmentDiff:
    """Compare `(target, environment)` pairs fact by fact."""
    flat = [flattened(environment) for _, environment in environments]
    names = sorted({name for facts in flat for name in facts})
    differing, equal = _one_sided(names, flat), list[Fact]()
    folded = {name for name in names if any(name.startswith(f"{fact.name}.") for fact in differing)}
    for name in names:
        if name in folded and any(name not in facts for facts in flat):
            continue
        values = [facts.get(name, ABSENT) for facts in flat]
        if all(value == values[0] for value in values):
            equal.append(Fact(name=name, values=(_text(values[0]),)))
        else:
            common, only = _lists(values)
            differing.append(Fact(name=name, values=value_texts(values), only=only, common=common))
    targets = tuple(target for target, _ in environments)
    differing.sort(key=lambda fact: fact.name)
    return EnvironmentDiff(targets=targets, differing=tuple(differing), equal=tuple(equal))


def _one_sided(names: Sequence[str], flat: Sequence[Mapping[str, Any]]) -> list[Fact]:
    """Return a fact for each table of which many members are on one target alone, as the distributions of a developer's machine are."""
    tables: dict[str, list[str]] = {}
    for name in names:
        tables.setdefault(name.rpartition(".")[0], []).append(name)
    found = []
    for table, members in tables.items():
        lone = [name for name in members if any(name not in facts for facts in flat)]
        if not table or len(lone) < _MANY:
            continue
        only = tuple(
            tuple(f"{name.removeprefix(f'{table}.')} {_text(facts[name])}" for name in lone if name in facts)
            for facts in flat
        )
        common = len(members) - len(lone)
        values = tuple(f"{', '.join(each) or ABSENT} ({common} on both)" for each in only)
        found.append(Fact(name=table, values=values, only=only, common=common))
    return found


def value_texts(values: Sequence[Any]) -> tuple[str, ...]:
    """Return the values of a fact as text; lists of names are reduced to what the other side lacks."""
    common, only = _lists(values)
    if not only:
        return tuple(_text(value) for value in values)
    return tuple(f"{', '.join(names) or ABSENT} ({common} on both)" for names in only)


def _lists(values: Sequence[Any]) -> tuple[int, tuple[tuple[str, ...], ...]]:
    """Return of lists how many members all of them have, and which each has alone; nothing where that does not tell the whole difference."""
    if not all(isinstance(value, list) for value in values):
        return 0, ()
    sets = [{_text(item) for item in value} for value in values]
    common = set.intersection(*sets)
    repeats = any(len(found) != len(value) for found, value in zip(sets, values, strict=True))
    only_order_differs = all(found == common for found in sets)
    if not common or repeats or only_order_differs:
        return 0, ()
    return len(common), tuple(tuple(sorted(found - common)) for found in sets)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value) or "none"
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
