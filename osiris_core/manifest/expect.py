"""Reads the oracle: what must be true of every run, whatever the targets agree on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.manifest import fields
from osiris_core.manifest.model import Expectation
from osiris_core.manifest.problems import shown
from osiris_core.wire.paths import broken_rule

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from osiris_core.manifest.nodes import Entry, Node
    from osiris_core.manifest.problems import Place, Problems

OUTCOMES = ("succeeded", "failed", "deadline", "crashed")
"""Outcomes that a pipeline can be expected to have; `cancelled` and `lost` are somebody else's doing."""


def read_expect(problems: Problems, node: Node, steps: Collection[str]) -> Expectation:
    """Return what is expected of the steps with these ids."""
    default = Expectation()
    section = fields.mapping(problems, node, "expect")
    if section is None:
        return default
    found = fields.keys(
        problems,
        section,
        "`expect`",
        served=("outcome", "failed_step", "rows", "artifacts"),
        reserved_keys=("metrics",),
    )
    outcome = fields.choice(problems, found["outcome"].node, "outcome", OUTCOMES) if "outcome" in found else "succeeded"
    return Expectation(
        outcome=outcome or default.outcome,
        failed_step=_failed_step(problems, found, outcome, steps),
        rows=_rows(problems, found["rows"].node, steps) if "rows" in found else {},
        artifacts=_artifacts(problems, found["artifacts"].node, steps) if "artifacts" in found else (),
    )


def _failed_step(
    problems: Problems, found: Mapping[str, Entry], outcome: str | None, steps: Collection[str]
) -> str | None:
    if "failed_step" not in found:
        return None
    entry = found["failed_step"]
    if outcome == "succeeded":
        problems.add(entry, "`failed_step` is named, but the expected outcome is succeeded", "add `outcome: failed`")
    value = fields.text(problems, entry.node, "failed_step")
    if value is not None:
        _known(problems, value, entry.node, steps)
    return value


def _rows(problems: Problems, node: Node, steps: Collection[str]) -> dict[str, int]:
    section = fields.mapping(problems, node, "rows")
    rows = {}
    for step, entry in section.entries.items() if section else ():
        count = fields.whole(problems, entry.node, step, least=0)
        if _known(problems, step, entry, steps) and count is not None:
            rows[step] = count
    return rows


def _artifacts(problems: Problems, node: Node, steps: Collection[str]) -> tuple[str, ...]:
    """Return the paths `<step>/<file>`, sorted."""
    found = []
    for path, at in fields.texts(problems, node, "artifacts"):
        step, _, file = path.partition("/")
        if not file:
            problems.add(at, f"{shown(path)} names no file of a step", "write `<step>/<file>`")
        elif rule := broken_rule(path):
            problems.add(at, f"{shown(path)} cannot be an artifact: {rule}")
        elif _known(problems, step, at, steps):
            found.append(path)
    return tuple(sorted(found))


def _known(problems: Problems, step: str, at: Place, steps: Collection[str]) -> bool:
    if step not in steps:
        problems.add(at, f"unknown step {shown(step)} in `expect`", problems.nearest(step, steps))
    return step in steps
