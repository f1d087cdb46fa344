"""Reads `@pytest.mark.osiris("flights.osiris.yaml", target="both", params={...})`; what is wrong with it fails the test.

A test can have several: of its module, its class, itself, and of a `pytest.param`. Then each adds what it says, and the
nearest wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from pytest_osiris.keys import SETTINGS, CheckFailedError
from pytest_osiris.values import parse_targets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from osiris_core.rules.model import Rule

EXAMPLE = '@pytest.mark.osiris("flights.osiris.yaml")'


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What a test's markers say: `path` is absolute; `targets` are those of the run unless they name their own."""

    path: Path
    targets: tuple[str, ...]
    params: Mapping[str, Any]
    rules: tuple[Rule, ...] = ()


def read_marker(item: pytest.Item) -> Marked:
    """Return what the `osiris` markers of `item` say together; raises `CheckFailedError` with one sentence."""
    markers = _markers(item)
    if not markers:
        raise CheckFailedError(f"this test asks for a pipeline's run but names none; mark it with {EXAMPLE}")
    named = next((each.args[0] for each in markers if each.args), None)
    if named is None:
        raise CheckFailedError(f"the osiris marker names no manifest; write it as in {EXAMPLE}")
    path = item.path.parent / named
    if not path.is_file():
        raise CheckFailedError(
            f"the osiris marker names {named!r}, but there is no file {path}; the path counts from the test file"
        )
    return Marked(path=path.resolve(), targets=targets_of(item), params=params_of(item), rules=rules_of(item))


def ran_nothing(item: pytest.Item) -> str:
    """Return what is wrong with a test that has a marker of its own and passed without a check: it would be green whatever the pipeline does."""
    named = next((f" {each.args[0]}" for each in item.own_markers if each.name == "osiris" and each.args), "")
    return (
        f"this test is marked for the manifest{named}, but it ran none; have it take `osiris_run`, `osiris_parity` or `osiris`, or "
        "take the marker away"
    )


def targets_of(item: pytest.Item) -> tuple[str, ...]:
    """Return the targets that a run for `item` goes to, with or without a marker."""
    target = next((each.kwargs["target"] for each in _markers(item) if each.kwargs.get("target") is not None), None)
    if target is None:
        return item.config.stash[SETTINGS].targets
    try:
        return parse_targets(str(target), "the osiris marker", item.config)
    except pytest.UsageError as error:
        raise CheckFailedError(str(error)) from None


def params_of(item: pytest.Item) -> dict[str, Any]:
    """Return the values that the markers of `item` give to parameters."""
    params: dict[str, Any] = {}
    for each in reversed(_markers(item)):
        params |= each.kwargs.get("params") or {}
    return params


def rules_of(item: pytest.Item) -> tuple[Rule, ...]:
    """Return the rules that the markers of `item` declare, the nearest first."""
    written = [each for mark in _markers(item) for each in mark.kwargs.get("normalizers") or ()]
    return parse_rules(written, "marker", "the osiris marker's `normalizers`")


def parse_rules(written: Sequence[Mapping[str, Any]], source: str, what: str) -> tuple[Rule, ...]:
    """Return rules that a test declares; `source` is what reports say of them, `what` is what a refusal begins with."""
    if isinstance(written, list | tuple) and not written:
        return ()
    from osiris_core.rules.reading import read_rules

    rules, problems = read_rules(written, source)
    if problems:
        raise CheckFailedError(f"{what}: {'; '.join(map(str, problems))}")
    return rules


def _markers(item: pytest.Item) -> list[pytest.Mark]:
    """Return the `osiris` markers of a test, the nearest first."""
    markers = list(item.iter_markers("osiris"))
    for each in markers:
        is_path = not each.args or (len(each.args) == 1 and isinstance(each.args[0], str))
        if not is_path or set(each.kwargs) - {"target", "params", "normalizers"} or not (each.args or each.kwargs):
            raise CheckFailedError(
                "the osiris marker takes one path, and `target=`, `params=` and `normalizers=` if need be, as in "
                f"{EXAMPLE}"
            )
        if not isinstance(each.kwargs.get("params") or {}, Mapping):
            raise CheckFailedError("the osiris marker's `params` must be a mapping of names to values")
        if not isinstance(each.kwargs.get("normalizers") or [], list | tuple):
            raise CheckFailedError("the osiris marker's `normalizers` must be a list of rules")
    return markers
