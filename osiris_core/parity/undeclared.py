"""The last thing to suggest, where nothing closer was found: a step that was given the same on both sides, and made something else of it.

Then something differs that the manifest does not declare. What it is a comparison cannot know: it runs nothing twice, and sees
neither what a variable holds nor a file that no step wrote. It names what there is to look for; reruns tell which it is.
A file that a text of the step names on both sides where it differs is a candidate, and told as one.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from osiris_core.drivers.registry import builtin_specs
from osiris_core.parity.layers.tables import tables_of
from osiris_core.parity.record import Layer
from osiris_core.parity.side import manifest_steps
from osiris_core.parity.transported import transport_of
from osiris_core.parity.values import signature
from osiris_core.wire.records import STEP_RETRIED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from osiris_core.parity.pair import Pair
    from osiris_core.parity.record import Finding
    from osiris_core.parity.side import Side

UNDECLARED: Final = (
    "it was given the same, so something undeclared differs: "
    "a variable (env:), a file (inputs:), the clock (ctx.now), chance (ctx.rng), a service, or the machine"
)
UNDECLARED_FILE: Final = (
    "it was given the same, so something undeclared differs, "
    'perhaps the file "{file}" that it tells of: list it under inputs:, in the project'
)
OPEN_QUERY: Final = (
    "it was given the same on both, so its query leaves something open: "
    "the order of rows (ORDER BY), the clock (now()), or chance (random())"
)

_QUERYING: Final = "duckdb.processor"
_CALLING: Final = "python.callable"
_MADE: Final = frozenset({Layer.TABLES, Layer.ARTIFACTS})
"""What a step makes. One that only says something else may do so for reasons that need no declaration."""
_TOLD: Final = frozenset({Layer.LOGS, Layer.EVENTS})
_FILE: Final = re.compile(
    r"(?<![\w./-])[\w./-]*[\w-]\.(?:csv|db|duckdb|env|ini|json|jsonl|parquet|pickle|pkl|sqlite|toml|tsv|txt|ya?ml)(?![\w-]|\.\w)",
    re.ASCII,
)
_LOOKED_AT: Final = 2_000
_FILE_CHARACTERS: Final = 28


def undeclared(pair: Pair, findings: Sequence[Finding], causes: Collection[str]) -> Mapping[str, str]:
    """Return, by causing step, what to look for; nothing where something is suggested about the step or what follows from it."""
    hinted = {finding.step for finding in findings if finding.hint}
    about = {step: [each for each in findings if each.step == step] for step in causes}
    silent = [
        step
        for step, told in about.items()
        if step not in hinted and _made_something_else(told) and hinted.isdisjoint(pair.downstream(step))
    ]
    if not silent or not _is_one_check(pair):
        return {}
    given = _Given(pair)
    return {step: _hint(pair, step, about[step]) for step in silent if given.the_same(step)}


def _made_something_else(findings: Sequence[Finding]) -> bool:
    """Whether what a step left is another thing, and nobody accepted that."""
    return any(each.layer in _MADE and not each.locates and not each.waived_by for each in findings)


def _is_one_check(pair: Pair) -> bool:
    """Whether both sides ran one request. In two checks, and where one side is a baseline, code, inputs, clock and seed may be others, too."""
    left, right = (side.session.facts.get("request_digest") for side in (pair.left, pair.right))
    return bool(left) and bool(left == right)


class _Given:
    """What each step was given on both sides, as their records tell."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self._tables = [tables_of(side) for side in (pair.left, pair.right)]
        self._carried = not any(_is_damaged(side) for side in (pair.left, pair.right))

    def the_same(self, step: str) -> bool:
        """Whether a step got tables, and all that was made ahead of it is the same on both sides before any rule."""
        pair = self._pair
        ahead = _ahead(pair, step)
        left, right = ({key: table for key, table in tables.items() if key[0] in ahead} for tables in self._tables)
        return (
            self._carried
            and any(name in pair.needs.get(step, ()) for name, _ in left)
            and signature(_plain(left)) == signature(_plain(right))
            and _files(pair.left, ahead) == _files(pair.right, ahead)
            and self._ran_alike(step)
        )

    def _ran_alike(self, step: str) -> bool:
        """Whether a step ran once on both sides, to its end; that its configuration is the same, one request says."""
        sides = (self._pair.left, self._pair.right)
        ends = {state.state for side in sides for state in side.session.steps if state.id == step}
        return ends == {"succeeded"} and not any(_is_retried(side, step) for side in sides)


def _ahead(pair: Pair, step: str) -> set[str]:
    """Return the steps that a step takes something from, directly or through others."""
    found: set[str] = set()
    waiting = [step]
    while waiting:
        needed = pair.needs.get(waiting.pop(), set()) - found
        found |= needed
        waiting += needed
    return found


def _is_damaged(side: Side) -> bool:
    """Whether what came is not what the worker stated: then that is why it differs."""
    way = transport_of(side.session)
    return way is not None and way.artifacts_verified is False


def _is_retried(side: Side, step: str) -> bool:
    return bool(side.outline.counts.get((step, STEP_RETRIED)))


def _plain(tables: Mapping[tuple[str, str], dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {f"{step}/{name}": table for (step, name), table in tables.items()}


def _files(side: Side, steps: Collection[str]) -> dict[str, str]:
    return {path: file.sha256 for path, file in side.session.artifacts.items() if path.partition("/")[0] in steps}


def _hint(pair: Pair, step: str, findings: Sequence[Finding]) -> str:
    """Return what there is to look for in a step, by what its driver can take; nothing for drivers that take nothing but what they are given."""
    driver = str(manifest_steps(pair.left.session).get(step, {}).get("driver", ""))
    if driver == _QUERYING:
        return OPEN_QUERY
    if driver != _CALLING and driver in builtin_specs():
        return ""
    told = "\n".join(json.dumps(side.session.manifest, ensure_ascii=False) for side in (pair.left, pair.right))
    known = {path.rpartition("/")[2] for side in (pair.left, pair.right) for path in side.session.artifacts}
    for file in _named(findings):
        name = file.rpartition("/")[2]
        if name not in known and name not in told and len(file) <= _FILE_CHARACTERS:
            return UNDECLARED_FILE.format(file=file)
    return UNDECLARED


def _named(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the files that both sides of a differing text name."""
    for finding in findings:
        if finding.layer in _TOLD:
            right = set(_FILE.findall(finding.right[:_LOOKED_AT]))
            yield from (file for file in _FILE.findall(finding.left[:_LOOKED_AT]) if file in right)
