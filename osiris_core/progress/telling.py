"""Tells an observer, and lets nothing of it into the run."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from osiris_core.progress.model import Observer, Progress


class Telling:
    """Tells `observer` until it breaks; then `report` is given one sentence, and nobody is told any more."""

    def __init__(self, observer: Observer, report: Callable[[str], None]) -> None:
        self._observer: Observer | None = observer
        self._report = report
        self._lock = threading.Lock()

    def __call__(self, progress: Progress) -> None:
        """Tell."""
        observer = self._observer
        if observer is None:
            return
        try:
            observer(progress)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run has nothing to do with it
            self._drop(error)

    def _drop(self, error: Exception) -> None:
        with self._lock:
            first, self._observer = self._observer is not None, None
        if first:
            self._report(
                f"progress is not shown any more, because what shows it failed: {type(error).__name__}: {error}"
            )
