"""Warns of a test that names a manifest and runs none: it would pass whatever the pipeline does."""

from __future__ import annotations

from typing import Final

import pytest

_RUNNING: Final = frozenset({"osiris_run", "osiris_parity", "osiris_session_dir", "osiris", "request"})
"""The fixtures by which a manifest runs, or may."""


class IdleMarkerWarning(pytest.PytestWarning):
    """A test names a manifest, and has no fixture that runs it."""


class IdleMarkers:
    """There where a test of the run has the marker."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Look at a marker of the test's own; that of a class or a module is for those of its tests that need it."""
        names = getattr(item, "fixturenames", None)
        if names is None or not _RUNNING.isdisjoint(names):
            return
        if any(mark.name == "osiris" and mark.args for mark in item.own_markers):
            function = getattr(item, "originalname", "") or item.name
            told = f"{item.nodeid} names a manifest in its osiris marker, but nothing runs it"
            item.warn(IdleMarkerWarning(f"{told}: ask for `osiris_run`, as in `def {function}(osiris_run):`"))
