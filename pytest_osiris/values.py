"""What the values of options mean: texts become targets, numbers, parameters; what cannot be right is refused in one sentence.

Here only the form of a value is judged: whether it works on this machine is the engine's business, once there is something to run.
A run that asks for nothing does not import this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import pytest

from osiris_core.choices import TARGETS, UPDATES
from osiris_core.errors import UsageError
from osiris_core.targets import parse_targets as targets_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


Number = TypeVar("Number", int, float)
_MOST: Final = 1_000_000


def parse_targets(text: str, origin: str, config: pytest.Config) -> tuple[str, ...]:
    """Return the targets that `text` asks for, in its order; `origin` is what a refusal says was wrong.

    For one that is not built in the plugins of this run are asked.
    """
    try:
        targets = targets_of(text)
        if not set(TARGETS).issuperset(targets):
            from pytest_osiris.extension import require_known

            require_known(targets, config)
    except UsageError as error:
        raise pytest.UsageError(f"{origin}: {error}") from None
    return targets


def parse_provider(text: str) -> str:
    """Return who serves the E2B API."""
    if text in {"embedded", "cloud"} or text.startswith(("http://", "https://")):
        return text
    raise pytest.UsageError(
        f"--osiris-e2b: unknown provider {text!r}; give embedded, cloud, or a URL such as http://host:port"
    )


def parse_choice(text: str, option: str, known: Sequence[str]) -> str:
    """Return which of the words that an option knows was given."""
    if text in known:
        return text
    raise pytest.UsageError(f"{option}: unknown {text!r}; give {', '.join(known[:-1])} or {known[-1]}")


def parse_update(text: str) -> frozenset[str]:
    """Return what of baselines may be written."""
    return frozenset(parse_choice(each.strip(), "--osiris-update", UPDATES) for each in text.split(","))


def parse_number(text: str, option: str, kind: Callable[[str], Number]) -> Number | None:
    """Return a number above 0; None for an empty text, which turns off what the ini file asks for."""
    if not text:
        return None
    try:
        number = kind(text)
    except ValueError:
        number = kind("0")
    if not 0 < number < _MOST:
        raise pytest.UsageError(f"{option}: {text!r} is no number above 0")
    return number


def require_time(text: str) -> str:
    """Return the text of a time as it is."""
    from osiris_core.options import parse_now

    try:
        parse_now(text)
    except UsageError as error:
        raise pytest.UsageError(f"--osiris-now: {error}") from None
    return text


def parse_params(written: Sequence[str]) -> Mapping[str, Any]:
    """Return the values by name; of two values of one name the last counts."""
    from osiris_core.manifest.overrides import read_overrides

    try:
        return read_overrides(written, "--osiris-param")
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
