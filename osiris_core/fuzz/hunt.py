"""Looks for examples that part the targets, and makes each kind of find small.

Hypothesis generates and shrinks; what it is asked is only whether an example is of the kind that is being hunted. A
kind counts from the moment when a cold check has seen it too, and what is handed out in the end has been confirmed
by cold checks again: a warm pair that invents differences finds nothing.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Final

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import NoSuchExample, Unsatisfiable

from osiris_core.fuzz.reduction import reduced
from osiris_core.wire.records import SUCCEEDED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hypothesis.strategies import SearchStrategy

    from osiris_core.fuzz.example import Example
    from osiris_core.fuzz.trial import Kind, Pair, Trial
    from osiris_core.parity.record import ParityRecord

CONFIRMATIONS: Final = 3
"""Cold checks of what is about to be reported."""
DOUBTS: Final = 5
"""Examples of one kind that no cold check confirms before the kind is left alone: one alone may hide a real one."""
SHRINKS: Final = 200
"""Most runs of Hypothesis to make one find smaller, and again as many of our own: see `reduction`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long and how hard to look.

    Every `sample`-th example is run cold as well, and what the two say is held against each other; 0 is never.
    """

    examples: int = 100
    seed: int = 0
    finds: int = 5
    shrinks: int = SHRINKS
    sample: int = 50
    confirmations: int = CONFIRMATIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """The smallest example of one kind, with its record from a cold check.

    It was seen in `seen` of `cold` such checks. `first_at` is the number of the example that showed the kind first,
    `shrinks` how many more it took to make it small.
    """

    trial: Trial
    seen: int
    cold: int
    first_at: int
    shrinks: int


@dataclass(slots=True, kw_only=True)
class Hunt:
    """One search: `iterate` yields the finds as they come; the other attributes are what was done so far.

    `warm` is the pair that examples are tried on, `cold` the one that has the last word; they may be the same.
    `tell` hears of every record that was made while looking.
    """

    strategy: SearchStrategy[Example]
    warm: Pair
    cold: Pair
    plan: Plan
    tell: Callable[[ParityRecord], None] = lambda _record: None
    tried: int = 0
    distinct: int = 0
    looking_s: float = 0.0
    compared_cold: int = 0
    whole: int = 0
    """Runs whose every step succeeded on all targets."""
    failed_alike: int = 0
    """Runs in which a step did not, on all targets alike: what stands behind it was not compared."""
    tables: int = 0
    rows: int = 0
    files: int = 0
    """How many tables, rows of them, and files were there on both targets to be compared."""
    succeeded: Counter[str] = field(default_factory=Counter)
    """Steps by driver that succeeded on all targets: what never did was never compared but in how it fails."""
    unconfirmed: list[tuple[Example, Kind]] = field(default_factory=list)
    """What the warm pair saw and no cold check did."""
    _known: set[Kind] = field(default_factory=set)
    _kinds: dict[str, Kind | None] = field(default_factory=dict)

    def iterate(self) -> Iterator[Find]:
        """Look until the examples, or the number of finds, are used up."""
        found, round_ = 0, 0
        while self.tried < self.plan.examples and found < self.plan.finds:
            search = _Search(self)
            smallest = search.run(Random(f"{self.plan.seed}:{round_}"))  # noqa: S311 - repeatable on purpose
            round_ += 1
            if smallest is None:
                return
            find = self._confirmed(smallest, search)
            if find is not None:
                found += 1
                yield find

    def _confirmed(self, smallest: Example, search: _Search) -> Find | None:
        """Return what cold checks see in the smallest example, or else in the one that it was made from."""
        for example in {each.key: each for each in (smallest, search.first or smallest)}.values():
            again = [self.cold.try_out(example) for _ in range(self.plan.confirmations)]
            seen = [each for each in again if each.kind is not None]
            if seen:
                return Find(
                    trial=seen[0], seen=len(seen), cold=len(again), first_at=search.first_at, shrinks=search.shrinks
                )
        if search.kind is not None:
            self.unconfirmed.append((smallest, search.kind))
        return None

    def look(self, example: Example) -> Kind | None:
        """Return the kind of find that an example is; None for none, or one that is known already.

        An example that was tried before is not run again.
        """
        key = example.key
        if key not in self._kinds:
            self._kinds[key] = self._try(example)
        kind = self._kinds[key]
        return None if kind in self._known else kind

    def knows(self, example: Example) -> bool:
        """Whether an example was tried before."""
        return example.key in self._kinds

    def close_case(self, kind: Kind) -> None:
        """Leave a kind alone from now on."""
        self._known.add(kind)

    def believe(self, example: Example, kind: Kind) -> bool:
        """Whether a cold check sees something, too, in an example of a kind that is not being hunted yet."""
        if self.cold is self.warm or self.cold.try_out(example).kind is not None:
            return True
        self._kinds[example.key] = None
        self.unconfirmed.append((example, kind))
        if sum(each == kind for _, each in self.unconfirmed) >= DOUBTS:
            self.close_case(kind)
        return False

    def _try(self, example: Example) -> Kind | None:
        started = time.monotonic()
        trial = self.warm.try_out(example)
        self.looking_s += time.monotonic() - started
        self.distinct += 1
        self._count(trial)
        self.tell(trial.record)
        if self.cold is self.warm or not self.plan.sample or self.distinct % self.plan.sample:
            return trial.kind
        self.compared_cold += 1
        return trial.kind or self.cold.try_out(example).kind

    def _count(self, trial: Trial) -> None:
        """Add up what one example compared."""
        record = trial.record
        if record.comparison is None:
            return
        if all(step.state == SUCCEEDED for run in record.targets for step in run.steps):
            self.whole += 1
        else:
            self.failed_alike += trial.kind is None
        sides = [{step.id: step for step in run.steps if step.state == SUCCEEDED} for run in record.targets]
        for name in set.intersection(*map(set, sides)):
            self.succeeded[sides[0][name].driver] += 1
            self.rows += min(side[name].rows or 0 for side in sides)
        self.tables += min(record.comparison.compared.tables)
        self.files += min(record.comparison.compared.artifacts)


class _Enough(BaseException):
    """Ends a call of Hypothesis, which takes an `Exception` for a failing test and would go on to generate for minutes."""


class _Search:
    """One call of Hypothesis: the first kind that turns up, and is believed, is the one that is made small."""

    def __init__(self, hunt: Hunt) -> None:
        self._hunt = hunt
        self.kind: Kind | None = None
        self.first: Example | None = None
        self._smallest: Example | None = None
        self.first_at = 0
        self.shrinks = 0

    def run(self, random: Random) -> Example | None:
        """Return the smallest example of a new kind, None where there is none."""
        wanted = settings(
            max_examples=self._hunt.plan.examples - self._hunt.tried,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        with contextlib.suppress(NoSuchExample, Unsatisfiable, _Enough):
            find(self._hunt.strategy, self._is_it, settings=wanted, random=random)
        if self.kind is None or self._smallest is None:
            return None
        smallest = reduced(self._smallest, self._is_same, most=self._hunt.plan.shrinks)
        self._hunt.close_case(self.kind)
        return smallest

    def _is_same(self, example: Example) -> bool:
        self.shrinks += not self._hunt.knows(example)
        return self._hunt.look(example) == self.kind

    def _is_it(self, example: Example) -> bool:
        """Answer Hypothesis: whether this example is of the kind that is hunted."""
        hunt = self._hunt
        if self.kind is None:
            hunt.tried += 1
        elif not hunt.knows(example):
            if self.shrinks >= hunt.plan.shrinks:
                raise _Enough
            self.shrinks += 1
        kind = hunt.look(example)
        if kind is None:
            return False
        if self.kind is None:
            if not hunt.believe(example, kind):
                return False
            self.kind, self.first, self.first_at = kind, example, hunt.tried
        if kind != self.kind:
            return False
        self._smallest = example
        return True
