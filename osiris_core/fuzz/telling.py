"""How far a hunt is, in words and as a look that is shown like those at runs."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from osiris_core.progress.model import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from osiris_core.fuzz.hunt import Hunt
    from osiris_core.progress.model import Observer

_NAME: Final = "fuzz"


def rate(hunt: Hunt) -> str:
    """Return what has been tried and compared so far."""
    a_second = hunt.distinct / hunt.looking_s if hunt.looking_s else 0.0
    cold = f", {hunt.compared_cold} of them cold as well" if hunt.compared_cold else ""
    ended = f"{hunt.whole} succeeded, {hunt.failed_alike} failed alike"
    compared = f"{hunt.tables} tables with {hunt.rows} rows and {hunt.files} files compared"
    return f"{hunt.tried} examples, {hunt.distinct} runs, {a_second:.1f} a second{cold}; {ended}; {compared}"


@contextmanager
def looked_on(observe: Observer | None) -> Iterator[Callable[[Hunt], None]]:
    """Give what is to be called with a hunt whenever it has come further; `observe` is told, if anybody is, and in the end that it is over."""
    now = time.monotonic()
    latest = Progress(check=_NAME, name=_NAME, manifest="", phase="beginning", at=now, began=now)

    def tell(hunt: Hunt) -> None:
        nonlocal latest
        latest = replace(latest, phase=rate(hunt), at=time.monotonic())
        if observe is not None:
            observe(latest)

    try:
        yield tell
    finally:
        if observe is not None:
            observe(replace(latest, over=True))
