"""One attempt at a test: its checks, mostly one, whose records share a file on disk and an entry of the test's properties.

A test can be tried again (pytest-rerunfailures): each attempt replaces what the one before left, and names it, so that reports
never show a test twice and none passes for a first attempt. An attempt begins with its first check, or with the fixture that makes checks, and ends with its teardown.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from osiris_core.errors import UsageError
from osiris_core.parity.attempts import attempt_from
from osiris_core.parity.record import Verdict
from pytest_osiris.checking.entry import entry_of, sessions_of, worst_of
from pytest_osiris.checking.flat import flat_properties, is_ours
from pytest_osiris.checking.retention import hold_records, made_sessions
from pytest_osiris.checking.store import read_file, record_file, write_records
from pytest_osiris.keys import PROPERTY, REPORTED, RUN, WORKER_NAME, CheckFailedError, records_directory

if TYPE_CHECKING:
    from collections.abc import Collection

    from osiris_core.parity.record import EarlierAttempt, ParityRecord

_ATTEMPT: pytest.StashKey[Attempt] = pytest.StashKey()
_LOOK = "do not catch it: `osiris.parity(...)` returns the record of a check that may fail"


class Attempt:
    """What an attempt at `item` has found out so far."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item
        self._root = item.config.rootpath
        self._directory = records_directory(self._root, item.config.stash[RUN])
        self._worker = getattr(item.config, "workerinput", {}).get(WORKER_NAME, "")
        self._test = f"{item.nodeid}@{self._worker}" if self._worker else item.nodeid
        self._records: dict[int, ParityRecord] = {}
        self._checks = 0
        self._turn = threading.RLock()  # a test can run several manifests at once
        self._failed = False
        self._left: set[int] = set()
        self._raised: list[str] = []
        self._before = self._replaced()

    @property
    def records(self) -> tuple[ParityRecord, ...]:
        """The records of its checks so far, in their order."""
        return tuple(self._records[place] for place in sorted(self._records))

    def reserve(self) -> int:
        """Return the place of a check that begins: what is kept there again replaces what was."""
        with self._turn:
            self._checks += 1
            return self._checks

    def keep(self, record: ParityRecord, place: int) -> ParityRecord:
        """Write a record to disk, beside those of the other checks, and tell reports where they are; return it as written."""
        with self._turn:
            return self._keep(replace(record, worker=self._worker, earlier=self._before.get(place, ())), place)

    def leave(self, record: ParityRecord) -> None:
        """Leave it to the test to judge a record of its own: where the test passes, it expected what is in it."""
        with self._turn:
            self._left |= {place for place, each in self._records.items() if each is record}

    def raising(self, what: str, error: CheckFailedError) -> None:
        """Take in that the test sees a failure now, of `what` it asked for: a test that keeps it to itself does not pass."""
        first, _, _ = str(error).partition("\n")
        with self._turn:
            self._raised.append(f"the test passed, though {what} had failed: {first}")

    def _keep(self, record: ParityRecord, place: int) -> ParityRecord:
        self._records[place] = record
        try:
            path = write_records(self._directory, self._test, self.records)
        except OSError as error:
            raise CheckFailedError(f"{record.manifest}: its record cannot be kept: {error}") from error
        hold_records(self._item.config, self._directory)
        _drop_entries(self._item)
        entry = entry_of(self.records, path.relative_to(self._root).as_posix())
        self._item.user_properties += [(PROPERTY, entry), *flat_properties(worst_of(self.records), entry["record"])]
        return record

    def reported(self, report: pytest.TestReport) -> None:
        """Take in what pytest says of a phase of the test; with its teardown the attempt is over.

        Of a test that goes well the properties name no session, where there will be none when the run is over.
        """
        made = made_sessions(self._item.config)
        if report.skipped and hasattr(report, "wasxfail"):
            self._expect(self._records)
            self._refuse_infra(report)
        elif report.when == "call":
            self._judge(report)
        self._failed = self._failed or report.failed or not all(each.passed for each in self.records)
        if report.when != "setup" and self._records:
            stays = made.is_wanted(failed=self._failed)
            for name, entry in report.user_properties:
                if name == PROPERTY and isinstance(entry, dict):
                    entry["session"] = sessions_of(worst_of(self.records)) if stays else []
        if report.when == "teardown":
            made.note(self._test, self.records, failed=self._failed)
            del self._item.stash[_ATTEMPT], self._item.stash[REPORTED]

    def _refuse_infra(self, report: pytest.TestReport) -> None:
        """Make a failure of what pytest counts as an expected one, where a target could not run: that says nothing of the pipeline."""
        infra = next((each for each in self.records if each.verdict is Verdict.INFRA), None)
        if infra is None:
            return
        told = f"{infra.verdict} {infra.name} {infra.headline}"
        report.outcome, report.longrepr = "failed", f"{told}\n    an expected failure is one of the pipeline (xfail)"
        report.when = "call"
        vars(report).pop("wasxfail", None)  # with it pytest would count no failure

    def _judge(self, report: pytest.TestReport) -> None:
        """Take it from a test that passed that it expected what it looked at itself; make it a failure where it kept one to itself."""
        if report.passed and self._raised:
            more = f" (and {len(self._raised) - 1:,} more)" if len(self._raised) > 1 else ""
            report.outcome, report.longrepr = "failed", f"{self._raised[0]}{more}; {_LOOK}"
            vars(report).pop("wasxfail", None)  # with it pytest would count no failure
        if not report.passed:
            self._raised.clear()  # it is told
            self._left.clear()
        if self._left or any(each.expected_failure for each in self._records.values()):
            self._expect(self._left)

    def _expect(self, places: Collection[int]) -> None:
        """Say in the records at `places` that their failure is an expected one; that of a target that could not run never is."""
        self._records = {
            place: replace(
                each, expected_failure=place in places and not each.passed and each.verdict is not Verdict.INFRA
            )
            for place, each in self._records.items()
        }
        with suppress(OSError):  # on a full disk it stays a failure
            write_records(self._directory, self._test, self.records)

    def _replaced(self) -> dict[int, tuple[EarlierAttempt, ...]]:
        """Drop what the attempt before this one left, also in a process that crashed; return its checks by their places."""
        _drop_entries(self._item)
        file = record_file(self._directory, self._test)
        if not file.exists():
            return {}
        try:
            left = enumerate(read_file(file), start=1)
        except (OSError, UsageError) as error:
            place = file.relative_to(self._root).as_posix()
            raise CheckFailedError(f"{place}: what an attempt before this one left cannot be read: {error}") from error
        file.unlink()
        return {place: (*each.earlier, attempt_from(each)) for place, each in left}


def attempt_of(item: pytest.Item) -> Attempt:
    """Return the attempt at a test that is going on; a new one where there is none."""
    return item.stash[_ATTEMPT] if _ATTEMPT in item.stash else new_attempt(item)


def new_attempt(item: pytest.Item) -> Attempt:
    """Begin an attempt at a test."""
    item.stash[_ATTEMPT] = attempt = Attempt(item)
    item.stash[REPORTED] = attempt.reported
    return attempt


def _drop_entries(item: pytest.Item) -> None:
    item.user_properties[:] = [entry for entry in item.user_properties if not is_ours(entry[0])]
