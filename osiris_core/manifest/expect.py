"""Reads the oracle: what must be true of every run, whatever the targets agree on."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from osiris_core.manifest import fields
from osiris_core.manifest.model import ArtifactRule, Expectation, Limits
from osiris_core.manifest.nodes import ListNode, MappingNode
from osiris_core.manifest.problems import shown
from osiris_core.wire.paths import broken_rule

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from osiris_core.manifest.nodes import Entry, Node
    from osiris_core.manifest.problems import Place, Problems

Reader = Callable[["Problems", "Node", str], "float | None"]
"""Reads one number from a node, which is called by a name."""

PREDICATES: Final = ("absent", "sha256", "size_bytes", "lines", "contains")
"""What can be said of an artifact."""
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")

OUTCOMES = ("succeeded", "failed", "deadline", "crashed", "out_of_memory", "disk_full")
"""Outcomes that a pipeline can be expected to have; the others are somebody else's doing."""


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
        served=("outcome", "failed_step", "rows", "metrics", "artifacts"),
    )
    outcome = fields.choice(problems, found["outcome"].node, "outcome", OUTCOMES) if "outcome" in found else "succeeded"
    return Expectation(
        outcome=outcome or default.outcome,
        failed_step=_failed_step(problems, found, outcome, steps),
        rows=_rows(problems, found["rows"].node, steps) if "rows" in found else {},
        metrics=_metrics(problems, found["metrics"].node, steps) if "metrics" in found else {},
        artifacts=_artifacts(problems, found["artifacts"].node, steps) if "artifacts" in found else {},
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


def _rows(problems: Problems, node: Node, steps: Collection[str]) -> dict[str, Limits]:
    known = partial(_known, problems, steps=steps)
    return _limits_by_name(problems, node, "rows", partial(fields.whole, least=0), known)


def _limits_by_name(
    problems: Problems, node: Node, name: str, read: Reader, is_known: Callable[[str, Place], bool]
) -> dict[str, Limits]:
    """Return the limits of each name in a mapping; those of unknown names are read, and left out."""
    section = fields.mapping(problems, node, name)
    found = {}
    for each, entry in section.entries.items() if section else ():
        limits = _limits(problems, entry.node, each, read)
        if is_known(each, entry) and limits is not None:
            found[each] = limits
    return found


def _limits(problems: Problems, node: Node, name: str, read: Reader) -> Limits | None:
    """Return a number, or what stands in `{min, max}`."""
    if not isinstance(node, MappingNode):
        value = read(problems, node, name)
        return None if value is None else Limits.exactly(value)
    found = fields.keys(problems, node, shown(name), served=("min", "max"))
    if not node.entries:
        problems.add(node, f"{shown(name)} is empty", "give `min`, `max` or both")
    least, most = (read(problems, found[key].node, key) if key in found else None for key in ("min", "max"))
    if least is not None and most is not None and least > most:
        problems.add(node, f"`min` is more than `max` of {shown(name)}, so that nothing could fit")
    return None if least is None and most is None else Limits(least, most)


def _metrics(problems: Problems, node: Node, steps: Collection[str]) -> dict[str, Mapping[str, Limits]]:
    section = fields.mapping(problems, node, "metrics")
    found: dict[str, Mapping[str, Limits]] = {}
    for step, entry in section.entries.items() if section else ():
        limits = _limits_by_name(problems, entry.node, step, fields.number, lambda *_: True)
        if _known(problems, step, entry, steps):
            found[step] = limits
    return found


def _artifacts(problems: Problems, node: Node, steps: Collection[str]) -> dict[str, ArtifactRule]:
    """Return the rules by path `<step>/<file>`, sorted: a list of paths says no more than that they are there."""
    if isinstance(node, MappingNode):
        rules = {
            path: _rule(problems, entry.node, path)
            for path, entry in node.entries.items()
            if _is_path(problems, path, entry, steps)
        }
    else:
        listed = fields.texts(problems, node, "artifacts")
        rules = {path: ArtifactRule() for path, at in listed if _is_path(problems, path, at, steps)}
    return {path: rules[path] for path in sorted(rules)}


def _is_path(problems: Problems, path: str, at: Place, steps: Collection[str]) -> bool:
    step, _, file = path.partition("/")
    if not file:
        problems.add(at, f"{shown(path)} names no file of a step", "write `<step>/<file>`")
    elif rule := broken_rule(path):
        problems.add(at, f"{shown(path)} cannot be an artifact: {rule}")
    else:
        return _known(problems, step, at, steps)
    return False


def _rule(problems: Problems, node: Node, path: str) -> ArtifactRule:
    """Return what a mapping says of one artifact."""
    section = fields.mapping(problems, node, path)
    if section is None:
        return ArtifactRule()
    found = fields.keys(problems, section, shown(path), served=PREDICATES)
    absent = fields.boolean(problems, found["absent"].node, "absent") if "absent" in found else None
    if absent is False:
        problems.add(found["absent"], "an artifact is expected to be there anyway", "leave `absent` out")
    elif absent and len(found) > 1:
        problems.add(found["absent"], f"{shown(path)} cannot be absent and have properties")
    whole = partial(fields.whole, least=0)
    return ArtifactRule(
        absent=bool(absent),
        sha256=_sha256(problems, found["sha256"].node) if "sha256" in found else None,
        size_bytes=_limits(problems, found["size_bytes"].node, "size_bytes", whole) if "size_bytes" in found else None,
        lines=_limits(problems, found["lines"].node, "lines", whole) if "lines" in found else None,
        contains=_contains(problems, found["contains"].node) if "contains" in found else (),
    )


def _sha256(problems: Problems, node: Node) -> str | None:
    value = fields.text(problems, node, "sha256")
    if value is not None and not _SHA256.fullmatch(value):
        problems.add(node, f"{shown(value)} is no SHA-256", "64 hex digits, as `sha256sum` prints them")
    return None if value is None else value.lower()


def _contains(problems: Problems, node: Node) -> tuple[str, ...]:
    """Return the texts; one alone needs no list."""
    if isinstance(node, ListNode):
        pairs = list(fields.texts(problems, node, "contains"))
    else:
        text = fields.text(problems, node, "contains")
        pairs = [] if text is None else [(text, node)]
    for text, at in pairs:
        if not text:
            problems.add(at, "an empty text is in every file", "write what must be in it")
    return tuple(text for text, _ in pairs)


def _known(problems: Problems, step: str, at: Place, steps: Collection[str]) -> bool:
    if step not in steps:
        problems.add(at, f"unknown step {shown(step)} in `expect`", problems.nearest(step, steps))
    return step in steps
