"""What a look at one promise finds: it is kept, it is broken, or it does not concern this driver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["kept", "broken", "not_asked"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The state of a promise, and one sentence that says why."""

    state: State
    sentence: str


def kept(sentence: str) -> Finding:
    """Return that the promise holds."""
    return Finding("kept", sentence)


def broken(sentence: str) -> Finding:
    """Return that the promise does not hold."""
    return Finding("broken", sentence)


def not_asked(sentence: str) -> Finding:
    """Return that the promise says nothing about this driver, or that its example cannot show it."""
    return Finding("not_asked", sentence)
