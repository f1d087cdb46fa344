"""Whether a manifest's `skip` holds in this run: data decides it, no code does.

skip: the warehouse is being moved                          # always
skip: {reason: needs the warehouse, without: [DB_PASSWORD]} # where a variable is not set
skip: {reason: too big for a sandbox, target: e2b}          # where the run goes to a target
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osiris_core.errors import UsageError
from osiris_core.secrets.environment import host_environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.manifest.model import Mark
    from pytest_osiris.settings import Settings

_BOTH = "both"


def skip_of(mark: Mark, settings: Settings) -> pytest.MarkDecorator | None:
    """Return the mark that skips a test, whose reason says what the condition met; None where it does not hold."""
    reason, met = mark.kwargs["reason"], ""
    if "without" in mark.kwargs:
        met = _unset(mark.kwargs["without"], settings)
    elif "target" in mark.kwargs:
        met = _reached(mark.kwargs["target"], settings.targets)
    else:
        return pytest.mark.skip(reason=reason)
    return pytest.mark.skip(reason=f"{reason} ({met})") if met else None


def _unset(names: Sequence[str], settings: Settings) -> str:
    """Return which variables are not set, by the places that secrets come from; one that is empty is not."""
    try:
        known = host_environment(settings.env_file)
    except UsageError as error:
        raise pytest.UsageError(f"--osiris-env-file: {error}") from None
    missing = [name for name in names if not known.get(name)]
    return f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set" if missing else ""


def _reached(names: Sequence[str], targets: Sequence[str]) -> str:
    """Return to which of the named targets the run goes; `both` is any two."""
    words = {*targets, *(each.partition(":")[0] for each in targets), *([_BOTH] if len(targets) > 1 else [])}
    reached = [name for name in names if name in words]
    return f"the target is {reached[0]}" if reached else ""
