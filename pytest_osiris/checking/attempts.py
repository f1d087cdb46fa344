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

from osiris_core.parity.record import EarlierAttempt, Verdict
from pytest_osiris.checking.entry import entry_of, sessions_of, worst_of
from pytest_osiris.checking.flat import flat_properties, is_ours
from pytest_osiris.checking.retention import hold_records, made_sessions
from pytest_osiris.checking.store import read_file, record_file, write_records
from pytest_osiris.keys import PROPERTY, REPORTED, RUN, WORKER_NAME, CheckFailedError, records_directory

if TYPE_CHECKING:
    from osiris_core.parity.record import ParityRecord

_ATTEMPT: pytest.StashKey[Attempt] = pytest.StashKey()


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
            self._expect_failure()
            self._refuse_infra(report)
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

    def _expect_failure(self) -> None:
        """Say in the records that pytest counts their failure as expected; that of a target that could not run never is."""
        self._records = {
            place: replace(each, expected_failure=not each.passed and each.verdict is not Verdict.INFRA)
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
        left = enumerate(read_file(file), start=1)
        file.unlink()
        return {
            place: (*each.earlier, EarlierAttempt(became=_became(each), session_id=each.session_id))
            for place, each in left
        }


def attempt_of(item: pytest.Item) -> Attempt:
    """Return the attempt at a test that is going on; a new one where there is none."""
    return item.stash[_ATTEMPT] if _ATTEMPT in item.stash else new_attempt(item)


def new_attempt(item: pytest.Item) -> Attempt:
    """Begin an attempt at a test."""
    item.stash[_ATTEMPT] = attempt = Attempt(item)
    item.stash[REPORTED] = attempt.reported
    return attempt


def _became(record: ParityRecord) -> str:
    return record.verdict.value if record.verdict else "OK" if record.passed else "FAILED"


def _drop_entries(item: pytest.Item) -> None:
    item.user_properties[:] = [entry for entry in item.user_properties if not is_ours(entry[0])]
