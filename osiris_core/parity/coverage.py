"""Parity coverage: which driver was compared with which option, on which class of values, with which outcome.

A step counts where its record has a comparison that could be judged, and its state is the same on both targets. The
classes of a step are those of its own table and of the tables that it was given, as far as both targets had them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from osiris_core.parity.classes import known_classes
from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from osiris_core.parity.record import ParityRecord, StepRun, TargetRun

OUTCOMES = ("succeeded", "failed")
_NOT_JUDGED = (Verdict.INCONCLUSIVE, Verdict.INFRA)
Cell = tuple[str, str, str, str]
"""Driver, option, class of values, outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How often each cell was compared; `options` are those that exist, by driver."""

    options: Mapping[str, tuple[str, ...]]
    cells: Counter[Cell] = field(default_factory=Counter)
    steps: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Compared steps by driver and outcome."""
    records: int = 0
    compared: int = 0

    def by_option(self, driver: str, option: str, outcome: str) -> int:
        """Return in how many compared steps an option was used, whatever the values."""
        return self.cells[driver, option, "", outcome]

    def by_class(self, driver: str, value_class: str, outcome: str) -> int:
        """Return in how many compared steps a class of values was met, whatever the options."""
        return self.cells[driver, "", value_class, outcome]

    def never(self, driver: str) -> tuple[list[str], list[str], int]:
        """Return the options and the classes that were never compared, and how many pairs of the two."""
        options = [each for each in self.options[driver] if not self._any(driver, each, "")]
        classes = [each for each in known_classes() if not self._any(driver, "", each)]
        pairs = sum(not self._any(driver, option, each) for option in self.options[driver] for each in known_classes())
        return options, classes, pairs

    def to_json(self) -> dict[str, Any]:
        """Return everything, cells that were never compared too."""
        drivers = {}
        for driver in self.options:
            options, classes, pairs = self.never(driver)
            drivers[driver] = {
                "steps": {outcome: self.steps[driver, outcome] for outcome in OUTCOMES},
                "cells": [
                    {
                        "option": option,
                        "class": each,
                        "outcome": outcome,
                        "compared": self.cells[driver, option, each, outcome],
                    }
                    for option in self.options[driver]
                    for each in known_classes()
                    for outcome in OUTCOMES
                ],
                "never": {"options": options, "classes": classes, "pairs": pairs},
            }
        return {"records": self.records, "compared": self.compared, "drivers": drivers}

    def _any(self, driver: str, option: str, value_class: str) -> bool:
        return any(self.cells[driver, option, value_class, outcome] for outcome in OUTCOMES)


def coverage_of(records: Iterable[ParityRecord], known: Mapping[str, tuple[str, ...]]) -> Coverage:
    """Count what the records compared; `known` are the options of the drivers that should have been."""
    cells: Counter[Cell] = Counter()
    steps: Counter[tuple[str, str]] = Counter()
    options = {driver: dict.fromkeys(names) for driver, names in known.items()}
    total = compared = 0
    for record in records:
        total += 1
        if record.comparison is None or record.verdict in _NOT_JUDGED or len(record.targets) < 2:  # noqa: PLR2004 - two are compared
            continue
        compared += 1
        for step, classes in _compared_steps(record.targets[0], record.targets[1]):
            steps[step.driver, step.state] += 1
            options.setdefault(step.driver, {}).update(dict.fromkeys(step.options))
            for option in ("", *step.options):
                for each in ("", *classes):
                    cells[step.driver, option, each, step.state] += 1
    named = {driver: tuple(names) for driver, names in sorted(options.items())}
    return Coverage(options=named, cells=cells, steps=steps, records=total, compared=compared)


def _compared_steps(left: TargetRun, right: TargetRun) -> Iterator[tuple[StepRun, tuple[str, ...]]]:
    """Yield every step that ended alike on both targets, with the classes of values that it dealt with."""
    states = {step.id: step.state for step in right.steps}
    right_classes = {step.id: step.classes for step in right.steps}
    classes = {
        step.id: tuple(each for each in step.classes if each in right_classes.get(step.id, ())) for step in left.steps
    }
    for step in left.steps:
        if step.state in OUTCOMES and states.get(step.id) == step.state:
            found = dict.fromkeys(each for source in (*step.needs, step.id) for each in classes.get(source, ()))
            yield step, tuple(found)
