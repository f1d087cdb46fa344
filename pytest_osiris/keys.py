"""Where the plugin keeps its state, and the exceptions by which it fails a test.

State lives in the stash of pytest's own objects: no module globals, no attributes on `config`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from osiris_core.wire.masking import MaskTable
    from pytest_osiris.outcome import Outcome
    from pytest_osiris.settings import Settings

PROPERTY = "osiris"
"""Name of the entry in a test's `user_properties`; JUnit, reportlog and other plugins show it."""

RUN_NAME = "osiris_run_name"
"""Name of the entry by which the xdist controller tells its workers where records go."""

WORKER_NAME = "osiris_worker_name"
"""Name of the entry by which a worker knows that others run the same tests (`--dist=each`), and which one it is."""

CONTROLLER_ROOT = "osiris_controller_root"
"""Name of the entry by which a worker knows whether the controller has the same sessions before it."""

LEFT_SESSIONS = "osiris_sessions"
"""Name of what an xdist worker hands over at its end: the sessions of its own that are to be removed once the report is written."""

REPORTED: pytest.StashKey[Callable[[pytest.TestReport], None]] = pytest.StashKey()
"""On an item: what wants to know how each phase of it went; only there during an attempt at it that runs manifests."""
MASK: pytest.StashKey[list[MaskTable]] = pytest.StashKey()
"""On an item: what its reports may not show; only there when it was given secrets, or ran a manifest with some."""
SETTINGS: pytest.StashKey[Settings] = pytest.StashKey()
CLOSE: pytest.StashKey[Callable[[], None]] = pytest.StashKey()
"""Stops what manifests needed; only there when something may have been started."""
MADE: pytest.StashKey[bool] = pytest.StashKey()
"""Whether this process has sessions to answer for; only there when it has."""
NODES: pytest.StashKey[list[Any]] = pytest.StashKey()
"""The workers of an xdist controller, whose sessions it may have to remove."""
RUN: pytest.StashKey[str] = pytest.StashKey()
"""Name of this pytest run, the same in all of its processes: the directory of its records."""
OUTCOME: pytest.StashKey[Outcome] = pytest.StashKey()
"""What the end of the run has to show; only there when manifests ran."""
BASELINES: pytest.StashKey[list[list[str] | None]] = pytest.StashKey()
"""What each process that collected says of baselines of no test, None one that crashed; only there where collection came by some."""
REFUSAL: pytest.StashKey[str] = pytest.StashKey()
"""Why an xdist worker runs no manifest: pytest would end it without a word if it refused the options by itself."""


class CheckFailedError(Exception):
    """Raised when a test of ours fails: its text is the whole explanation, so no traceback is shown."""


class PipelineFailedError(CheckFailedError):
    """Raised when the pipeline is to blame: it diverged, nothing could be concluded, or `expect` does not hold."""


class ArtifactContentError(ValueError):
    """Raised when an artifact is not what it is read as; its text is a sentence."""


def records_directory(root: Path, run: str) -> Path:
    """Return where the records of a run lie; the directory is made with the first record."""
    return root / ".osiris" / "records" / run
