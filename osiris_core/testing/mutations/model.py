"""What a class of change is: its name, what a comparer owes it, and the function that plants one, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from random import Random

    from osiris_core.testing.mutations.session_copy import SessionCopy


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a difference was planted: the step that a comparer has to name, a part of the path, and what was done.

    `codes` replaces those of the class where the place decides: of two equal events one that is dropped is *doubled*
    on the other side.
    """

    step: str | None
    what: str
    path: str = ""
    codes: tuple[str, ...] = ()


class Found(Protocol):
    """What this harness reads of a comparer's finding."""

    @property
    def layer(self) -> str:
        """Layer: `events`, `artifacts`."""

    @property
    def code(self) -> str:
        """Reason code."""

    @property
    def step(self) -> str | None:
        """Step."""

    @property
    def path(self) -> str:
        """Place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A class of difference: every comparison has to find it, in this layer, with one of these reason codes.

    `plant` changes a copy and says where. `failed` says that it needs a session in which a step failed.
    """

    name: str
    layer: str
    codes: tuple[str, ...]
    plant: Callable[[SessionCopy, Random], Spot]
    failed: bool = False

    def missed(self, spot: Spot, findings: Iterable[Found]) -> str:
        """Say what no finding tells of a planted difference; nothing where one tells all."""
        codes = spot.codes or self.codes
        told = [(str(each.layer), each.code, each.step, each.path) for each in findings]
        if any(
            layer == self.layer and code in codes and step == spot.step and spot.path in path
            for layer, code, step, path in told
        ):
            return ""
        wanted = f"{self.layer}: {' or '.join(codes)} at {spot.step}{f', {spot.path}' if spot.path else ''}"
        return f"{self.name} ({spot.what}): no finding says {wanted}; found: {told[:5] or 'nothing'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Benign:
    """A class of change that means nothing: no comparison may call it a difference.

    `change` is given both sides. `names_a_rule` says that bytes differ, so that a rule has to be named: EQUIVALENT.
    """

    name: str
    change: Callable[[SessionCopy, SessionCopy, Random], str]
    names_a_rule: bool = False
    failed: bool = False
