"""A target as it is asked for: the backend that reaches it and, behind a colon, what that backend is told.

`local`, `e2b`, `venv:envs/old`. What is written is the target's name everywhere: in records, in `session.json`, in the
command that repeats a check. Whether there is such a backend is for `backends/catalog.py` to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.choices import TARGETS
from osiris_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

BOTH: Final = "both"
"""The word for this machine and a sandbox."""
MOST_TARGETS: Final = 2
_BACKEND: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
_FORM: Final = "give local, e2b, both, or two with a comma between them, such as local,venv:envs/old"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The `backend` that reaches it, and the `argument` that it is told, empty where there is none."""

    backend: str
    argument: str = ""

    @property
    def name(self) -> str:
        """The target as it is written: what records and sessions call it."""
        return f"{self.backend}:{self.argument}" if self.argument else self.backend


def parse_target(text: str) -> Target:
    """Read one target. Raises `UsageError` for what has not the form of one."""
    backend, colon, argument = (part.strip() for part in text.partition(":"))
    if not _BACKEND.fullmatch(backend) or not argument.isprintable() or bool(colon) != bool(argument):
        raise UsageError(f"unknown target {text.strip()!r}", hint=_FORM)
    return Target(backend=backend, argument=argument)


def parse_targets(text: str) -> tuple[str, ...]:
    """Return the names of the targets that `text` asks for, in its order; `both` is this machine and a sandbox.

    Raises `UsageError` for what has not the form of a target, one that is named twice, and more than can be compared.
    """
    if text.strip() == BOTH:
        return TARGETS
    names = tuple(parse_target(part).name for part in text.split(","))
    twice = next((each for each in names if names.count(each) > 1), None)
    if twice is not None:
        raise UsageError(f"{twice!r} is named twice", hint="give every target once")
    if len(names) > MOST_TARGETS:
        raise UsageError(f"{len(names)} targets are too many: a check compares two", hint="check them in pairs")
    return names


def target_word(names: Sequence[str]) -> str:
    """Return what asks for these targets: `both`, or their names with commas between them."""
    return BOTH if tuple(names) == TARGETS else ",".join(names)
