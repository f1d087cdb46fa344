"""The baselines of tests: where each lies, and what a check is held against."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import pytest

from osiris_core.baseline.places import of_test
from osiris_core.ci import ci_variable

if TYPE_CHECKING:
    from osiris_core.baseline.places import Place
    from pytest_osiris.settings import Settings

PRUNE: Final = "prune"


def require_update_possible(settings: Settings) -> None:
    """Raise `pytest.UsageError` where baselines may not be written: in CI nobody looks at what was."""
    if ci := ci_variable(os.environ):
        raise pytest.UsageError(
            f"--osiris-update writes baselines, which somebody has to review, and is refused in CI ({ci} is set): "
            "update them on your machine and commit them"
        )
    if settings.baselines == "off":
        raise pytest.UsageError(
            "--osiris-update writes baselines, and --osiris-baselines=off asks for none: drop one of them"
        )


def place_of(item: pytest.Item, number: int) -> Place:
    """Return the place of a test function's baseline; `number` counts the manifests that it runs."""
    _, _, test = item.nodeid.partition("::")
    return of_test(item.path, test, number=number)
