"""Which sessions stay when a run is over, `--osiris-keep-sessions`, and which records of earlier runs.

Each process removes what it made itself in this run, and nothing that it only finds: it knows its sessions by the records of its tests.
So the sessions of an xdist worker that crashed stay, and those of other runs, of the command line, and what a person put there.

A report shows the sessions themselves, so where one is written they are removed after that. A worker ends before: it hands the names of
its own to the controller, which removes those and no others.
"""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pytest

from osiris_core.session.removal import remove_session
from pytest_osiris.keys import CONTROLLER_ROOT, LEFT_SESSIONS, MADE, NODES, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from osiris_core.parity.record import EarlierAttempt, ParityRecord

KEPT_RUNS: Final = 10
"""So many runs' records stay, this one's among them."""
_RUN_NAME: Final = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")
_RECORD_NAME: Final = re.compile(r"[A-Za-z0-9_.-]*-[0-9a-f]{8}\.(json|\d+)")
_MADE: pytest.StashKey[MadeSessions] = pytest.StashKey()
_HELD: pytest.StashKey[int] = pytest.StashKey()


_Made = TypeVar("_Made", "ParityRecord", "EarlierAttempt")
_Name = tuple[str, str]
"""Session id and target."""


@dataclass(slots=True)
class _OfTest:
    """The sessions of a test, as (id, target), of all attempts at it; `wanted` says that the last one needs them."""

    sessions: dict[_Name, None] = field(default_factory=dict)
    wanted: bool = True


class MadeSessions:
    """The sessions that this process has made, by test."""

    def __init__(self, config: pytest.Config) -> None:
        self._root = config.rootpath
        settings = config.stash[SETTINGS]
        # A sandbox that is kept is reached through what its session knows of it.
        self._policy = "all" if settings.keep_sandbox == "always" else settings.keep_sessions
        self._tests: dict[str, _OfTest] = {}

    def is_wanted(self, *, failed: bool) -> bool:
        """Whether the sessions of a test stay when the run is over."""
        return self._policy == "all" or (self._policy == "failed" and failed)

    def note(self, test: str, records: Iterable[ParityRecord], *, failed: bool) -> None:
        """Take in what an attempt at a test has made, and whether it failed: the last attempt decides about all of them."""
        of_test = self._tests.setdefault(test, _OfTest())
        of_test.wanted = self.is_wanted(failed=failed)
        for record in records:
            for run in record.targets:
                if run.session_directory:
                    of_test.sessions[record.session_id, run.target] = None

    def unwanted(self) -> list[_Name]:
        """Return the sessions that nobody wants when the run is over."""
        return [name for each in self._tests.values() if not each.wanted for name in each.sessions]

    def give_up(self) -> list[_Name]:
        """Return the same, and know of no session any more."""
        names = self.unwanted()
        self._tests.clear()
        return names


def made_sessions(config: pytest.Config) -> MadeSessions:
    """Return the sessions of this process."""
    if _MADE not in config.stash:
        config.stash[_MADE] = MadeSessions(config)
        config.stash[MADE] = True
    return config.stash[_MADE]


def let_go(config: pytest.Config, *, finished: bool) -> None:
    """Remove the sessions that nobody wants, as this process is over: those of its own, and those that its workers left to it.

    A worker leaves its own to the controller where that writes a report first; not where its session did not come to its end, for then
    nobody hears of it. Doing so again does nothing.
    """
    names = config.stash[_MADE].give_up() if _MADE in config.stash else []
    given: dict[str, Any] | None = getattr(config, "workerinput", None)
    if given is not None and finished and _is_shown_first(config, given):
        config.workeroutput[LEFT_SESSIONS] = names  # type: ignore[attr-defined]
        return
    for node in config.stash.get(NODES, []):
        names = [*names, *getattr(node, "workeroutput", {}).pop(LEFT_SESSIONS, ())]
    for session_id, target in names:
        remove_session(config.rootpath, session_id, target)


def _is_shown_first(config: pytest.Config, given: dict[str, Any]) -> bool:
    """Whether the controller of this worker writes a report of sessions that lie where it looks for them."""
    return config.stash[SETTINGS].report is not None and given.get(CONTROLLER_ROOT) == str(config.rootpath)


def leaving(config: pytest.Config) -> frozenset[_Name]:
    """Return the sessions that will be removed when the report is written."""
    names = config.stash[_MADE].unwanted() if _MADE in config.stash else []
    left = [
        each
        for node in config.stash.get(NODES, [])
        for each in getattr(node, "workeroutput", {}).get(LEFT_SESSIONS, ())
    ]
    return frozenset([*names, *((session_id, target) for session_id, target in left)])


def without_removed(record: ParityRecord, root: Path, leaving: Collection[_Name] = ()) -> ParityRecord:
    """Return a record that names no session which is not there any more, or is `leaving`; those of earlier attempts likewise."""
    earlier = tuple(_kept(each, root, leaving) for each in record.earlier)
    return _kept(replace(record, earlier=earlier) if record.earlier else record, root, leaving)


def _kept(made: _Made, root: Path, leaving: Collection[_Name]) -> _Made:
    gone = {
        run.target
        for run in made.targets
        if run.session_directory
        and ((made.session_id, run.target) in leaving or not (root / run.session_directory).exists())
    }
    if not gone:
        return made
    targets: Any = tuple(replace(run, session_directory="") if run.target in gone else run for run in made.targets)
    return replace(made, targets=targets)


def hold_records(config: pytest.Config, directory: Path) -> None:
    """Keep other runs from removing this run's records, as long as this process lives."""
    if _HELD in config.stash:
        return
    config.stash[_HELD] = held = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    config.add_cleanup(lambda: os.close(held))
    fcntl.flock(held, fcntl.LOCK_SH)


def remove_old_records(directory: Path) -> None:
    """Remove the records of all runs but the newest beside `directory`, that of this run: not of one that goes on, and only records."""
    runs = [each for each in directory.parent.iterdir() if _RUN_NAME.fullmatch(each.name) and not each.is_symlink()]
    for each in sorted(runs, key=lambda run: run.name, reverse=True)[KEPT_RUNS:]:
        if each != directory and each.is_dir():
            _remove_records(each)


def _remove_records(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        files = list(directory.iterdir())
        if all(_RECORD_NAME.fullmatch(each.name) and each.is_file() and not each.is_symlink() for each in files):
            for each in files:
                each.unlink()
            with suppress(OSError):
                directory.rmdir()
    except BlockingIOError:  # its run goes on
        pass
    finally:
        os.close(descriptor)
