"""What is refused before anything runs: places that cannot be written, options that cannot work here, and those that mean nothing.

What stands on the command line is refused at once; what stands in a file only where there is something to run with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_osiris.keys import REFUSAL, SETTINGS

if TYPE_CHECKING:
    from pytest_osiris.settings import Settings


def refuse_options(config: pytest.Config) -> None:
    """Raise `pytest.UsageError` for options that no run can have."""
    settings = config.stash[SETTINGS]
    if settings.report is not None or settings.summary is not None:
        from pytest_osiris.places import require_places

        require_places(config)
    if settings.update:
        from pytest_osiris.checking.baselines import require_update_possible

        require_update_possible(settings)
    if settings.on_command_line & {"target", "e2b"}:
        _refuse_impossible(config)


def refuse_run(session: pytest.Session, *, is_worker: bool) -> None:
    """Raise `pytest.UsageError` for options that this run, which has manifests, cannot have.

    An xdist worker takes note instead, and each of its manifests fails: pytest would end it without a word.
    """
    config = session.config
    settings = config.stash[SETTINGS]
    if settings.params or settings.require:
        sentence = _meaningless(session, settings)
        if sentence and not is_worker:
            raise pytest.UsageError(sentence)
        config.stash[REFUSAL] = sentence
    if not is_worker and not config.option.collectonly:
        _refuse_impossible(config)


def _meaningless(session: pytest.Session, settings: Settings) -> str:
    from pytest_osiris.ending.gates import nothing_to_hold
    from pytest_osiris.parameters import unknown_param

    return unknown_param(session.items, settings) or nothing_to_hold(session.items, settings)


def _refuse_impossible(config: pytest.Config) -> None:
    from pytest_osiris.checking.asking import require_possible

    require_possible(config)
