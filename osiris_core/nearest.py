"""The known name that somebody probably meant: what a refusal of an unknown one ends with."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

_MOST_CHARACTERS: Final = 64
"""Of a name that are looked at: what is longer was no slip of the pen, and to compare it takes its square in time."""


def nearest(name: str, known: Collection[str]) -> str:
    """Return ``did you mean `...`?`` for the known name most like `name`, or nothing."""
    close = difflib.get_close_matches(name[:_MOST_CHARACTERS], known, n=1)
    return f"did you mean `{close[0]}`?" if close else ""
