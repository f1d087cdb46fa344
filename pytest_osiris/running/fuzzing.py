"""`osiris_fuzz`: generated manifests over one's own drivers, as a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osiris_core.check import validate_options
from osiris_core.choices import TARGETS
from osiris_core.errors import OsirisError
from osiris_core.fuzz.ground import chosen_drivers, code_files, never_compared, require_hypothesis, targets
from osiris_core.fuzz.telling import looked_on
from pytest_osiris.checking.asking import check_options
from pytest_osiris.checking.checks import checks_of
from pytest_osiris.keys import SETTINGS, CheckFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pytest


class Fuzz:
    """The function that the fixture gives."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item

    def __call__(
        self,
        *drivers: str,
        code: Sequence[str] = (),
        examples: int = 50,
        seed: int = 0,
        max_steps: int = 3,
        options: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Try `examples` manifests whose steps use `drivers`, and fail with the smallest one that parts the targets.

        Fails, too, where no step of one of `drivers` succeeded: nothing that it makes was compared then. `code` are directories, from the test file's own. `options` are Hypothesis strategies by driver and option, for
        options whose type says too little.
        """
        directory = self._item.path.parent
        try:
            self._hunt(
                drivers, [directory / each for each in code], options, examples=examples, seed=seed, max_steps=max_steps
            )
        except OsirisError as error:
            raise CheckFailedError(str(error)) from None

    def _hunt(
        self,
        drivers: Sequence[str],
        code: Sequence[Path],
        options: Mapping[str, Mapping[str, Any]] | None,
        *,
        examples: int,
        seed: int,
        max_steps: int,
    ) -> None:
        require_hypothesis()
        from osiris_core.fuzz.hunt import Hunt, Plan
        from osiris_core.fuzz.manifests import manifests
        from osiris_core.fuzz.reproducer import write_reproducer

        config = self._item.config
        checked = check_options(config.stash[SETTINGS], config.rootpath, config.rootpath)
        validate_options(checked, TARGETS)
        chosen = chosen_drivers(drivers or None, code)
        strategy = manifests(drivers=chosen, code=code_files(code), max_steps=max_steps, options=options)
        plan = Plan(examples=examples, seed=seed, finds=1)
        showing = checks_of(config).showing
        with targets(checked) as (warm, cold), showing.running(), looked_on(showing.observe) as told:
            hunt = Hunt(strategy=strategy, warm=warm, cold=cold, plan=plan, tell=lambda _: told(hunt))
            found = next(hunt.iterate(), None)
        if found is None:
            if lacking := never_compared(hunt, chosen):
                raise CheckFailedError(
                    f"INCONCLUSIVE: no step of {', '.join(lacking)} succeeded on both targets in {hunt.tried} examples, so "
                    "that nothing of it was compared: give `options`, or more examples"
                )
            return
        reproducer = write_reproducer(found, self._item.path.parent / "fuzz-finds")
        record, example = found.trial.record, found.trial.example
        raise CheckFailedError(
            f"{record.verdict or 'REFUSED'}: {record.headline}\n"
            f"{example.steps} steps, {example.rows} rows; seen in {found.seen} of {found.cold} checks\n"
            + "\n".join(reproducer.commands)
        )
