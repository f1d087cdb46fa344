"""The end of a run: the report, and the section `osiris parity` in the terminal."""

from __future__ import annotations

import dataclasses
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.backends.provider import public_address
from osiris_core.errors import UsageError
from osiris_core.report.text import visible_line
from osiris_core.report.units import plural
from osiris_core.surface import record_set
from pytest_osiris.checking.retention import leaving, remove_old_records, without_removed
from pytest_osiris.checking.store import read_file, read_records, record_file
from pytest_osiris.ending.gates import held_gates
from pytest_osiris.ending.publishing import publish
from pytest_osiris.ending.sections import section_lines, with_sections
from pytest_osiris.ending.telling import tell
from pytest_osiris.keys import BASELINES, OUTCOME, RUN, SETTINGS, records_directory
from pytest_osiris.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from osiris_core.parity.record import ParityRecord, RecordSet
    from pytest_osiris.settings import Settings

_CUT_SHORT: dict[int, str] = {
    pytest.ExitCode.INTERRUPTED: "the run was interrupted",
    pytest.ExitCode.INTERNAL_ERROR: "the run broke off",
    pytest.ExitCode.USAGE_ERROR: "the run did not begin",
}
"""How a run ends that says nothing about the tests it has not come to."""
_NAMED = 3
_UNMET = "not as asked for: "
_PROVIDERS = {"embedded": "embedded server", "cloud": "E2B cloud"}


def header(settings: Settings) -> str:
    """Return `osiris: target both (e2b: embedded server, isolation bubblewrap)`, and what a gate asks for."""
    required = f", {settings.require} is required" if settings.require else ""
    required += f", shard {settings.shard}" if settings.shard else ""
    if "e2b" not in settings.targets:
        return f"osiris: target {settings.target}{required}"
    provider = _PROVIDERS.get(settings.provider) or public_address(settings.provider)
    isolation = f", isolation {settings.isolation}" if settings.provider == "embedded" else ""
    return f"osiris: target {settings.target} (e2b: {provider}{isolation}){required}"


def finish(session: pytest.Session) -> None:
    """Gather the records of the run, judge its gates, and write what was asked for; what cannot be written fails the run."""
    config = session.config
    settings = config.stash[SETTINGS]
    records, remarks = _gathered(session)
    shard, unmet = records.shard, records.unmet
    report, problems, failed = settings.report, [], bool(unmet)
    if session.exitstatus in _CUT_SHORT and not _stopped_itself(session):
        report = None
        problems = _missing(
            settings, f"{_CUT_SHORT[session.exitstatus]}, and what leaves manifests out would speak for them too"
        )
    else:
        if not records.records and not shard:  # an empty shard has its say in a merge
            report, problems = None, ["there is no report: no manifest ran"] if settings.report else []
        elif report is not None and (problem := _written(records, report, config.rootpath)):
            report, problems, failed = None, [f"there is no report: {problem}"], True
        problem, lacking = publish(config, records, report)
        problems += [f"there is no summary: {problem}"] if problem else []
        remarks, failed = (*remarks, *lacking), failed or bool(problem)
    if failed and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if unmet:
        tell(config, *(visible_line(f"{_UNMET}{sentence}") for sentence in unmet), everywhere=False)
    config.stash[OUTCOME] = Outcome(records=records, report=report, problems=tuple(problems), remarks=remarks)


def _gathered(session: pytest.Session) -> tuple[RecordSet, tuple[str, ...]]:
    """Return the records of the run with what it does not meet, and remarks that fail nothing."""
    config = session.config
    settings = config.stash[SETTINGS]
    directory = records_directory(config.rootpath, config.stash[RUN])
    read, torn = read_records(directory)
    going = leaving(config)
    found = [without_removed(each, config.rootpath, going) for each in read]
    if found:
        remove_old_records(directory)
    unmet, remarks = held_gates(session, found)
    unmet = (*unmet, *torn) if torn else (*unmet, *_failed_beside(session, directory))
    remarks = (*remarks, *_not_kept(settings, found))
    if BASELINES in config.stash or settings.update:
        from pytest_osiris.ending.unused import settle_unused

        more = settle_unused(session)
        unmet, remarks = (*unmet, *more[0]), (*remarks, *more[1])
    shard = "" if settings.shard is None else str(settings.shard)
    records = dataclasses.replace(record_set(found, note=_left_out(session)), unmet=unmet, shard=shard)
    if shard and not found:
        remarks = (*remarks, f"no manifest fell to shard {shard}")
    return with_sections(config, records), remarks


def _stopped_itself(session: pytest.Session) -> str:
    """Return why pytest stopped before its last test, as `-x` has it do, where nobody interrupted it."""
    return str(session.shouldfail or session.shouldstop or "")


def _left_out(session: pytest.Session) -> str:
    """Return a sentence about the tests that did not run, or not to their end, if there are any; without a final stop."""
    terminal: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    reports = [each for reports in terminal.stats.values() for each in reports] if terminal else []
    told = [each for each in reports if isinstance(each, pytest.TestReport)]
    over = {each.nodeid for each in told if each.when != "setup" or not each.passed}
    missing, reason = session.testscollected - len(over), _stopped_itself(session)
    if missing <= 0 or not (terminal or reason):
        return ""
    counted = (
        f"{missing} of {session.testscollected} tests did not finish"
        if terminal
        else "some tests may not have finished"
    )
    return f"{counted} ({reason.rstrip('.')})" if reason else counted


def _failed_beside(session: pytest.Session, directory: Path) -> tuple[str, ...]:
    """Return a sentence about tests that failed though none of their records does, as by their own assertions, or in a worker that crashed.

    Without it a summary would call good what made the run red.
    """
    terminal: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    failed = [each for name in ("failed", "error") for each in (terminal.stats.get(name, ()) if terminal else ())]
    names = {_test_of(each, session.config) for each in failed if isinstance(each, pytest.TestReport)}
    beside = []
    for name in sorted(names):
        file = record_file(directory, name)
        if file.is_file() and not any(record.fails for record in read_file(file)):
            beside.append(name)
    if not beside:
        return ()
    more = f" and {len(beside) - _NAMED:,} more" if len(beside) > _NAMED else ""
    those = "that it ran" if len(beside) == 1 else "that they ran"
    return (
        f"{plural(len(beside), 'test')} failed, though no manifest {those} did: {', '.join(beside[:_NAMED])}{more}",
    )


def _not_kept(settings: Settings, found: Sequence[ParityRecord]) -> tuple[str, ...]:
    """Return a sentence where a sandbox should have outlived its run, and its server could not."""
    wanted = settings.keep_sandbox == "always" or (
        settings.keep_sandbox == "on-failure" and any(not record.passed for record in found)
    )
    ran = any(run.target == "e2b" for record in found for run in record.targets)
    if not (wanted and ran) or settings.provider != "embedded":
        return ()
    return ("no sandbox was kept: the embedded server ends with pytest; one of `osiris-parity sandbox` would stay",)


def _test_of(report: pytest.TestReport, config: pytest.Config) -> str:
    """Return the name under which the records of a test are kept: with its worker, where each of them runs every test."""
    node = getattr(report, "node", None)
    return f"{report.nodeid}@{node.gateway.id}" if node and config.getoption("dist", "no") == "each" else report.nodeid


def write_section(terminal: pytest.TerminalReporter, outcome: Outcome) -> None:
    """Write the table of manifests and the report's path; with `-q` one sentence in place of the table."""
    terminal.section("osiris parity")
    if outcome.records.records:
        _write_records(terminal, outcome)
    if terminal.config.get_verbosity() >= 0:
        for line in section_lines(outcome.records.sections):
            terminal.line(line)
    for sentence in outcome.records.unmet:
        terminal.line(visible_line(f"{_UNMET}{sentence}"), red=True)
    for remark in outcome.remarks:
        terminal.line(visible_line(remark))
    for problem in outcome.problems:
        terminal.line(visible_line(problem), red=True)


def _write_records(terminal: pytest.TerminalReporter, outcome: Outcome) -> None:
    from osiris_core.report.sentence import report_sentence
    from osiris_core.report.terminal import summary_lines

    if terminal.config.get_verbosity() < 0:
        terminal.line(report_sentence(outcome.records.records))
        if outcome.records.note:
            terminal.line(f"not all: {outcome.records.note}")
        if outcome.report is not None:
            terminal.line(f"report: {outcome.report}")
    else:
        path = None if outcome.report is None else str(outcome.report)
        width, unexplained = shutil.get_terminal_size().columns, terminal.config.getoption("tbstyle", None) == "no"
        for line in summary_lines(outcome.records, width, path, failures=unexplained):
            terminal.line(line)


def _missing(settings: Settings, reason: str) -> list[str]:
    """Return what is not there of what was asked for, and why."""
    asked = {"report": settings.report, "summary": settings.summary}
    return [f"there is no {what}: {reason}" for what, path in asked.items() if path is not None]


def _written(records: RecordSet, report: Path, root: Path) -> str:
    """Write the report; return why that was not possible, or nothing."""
    from osiris_core.report.files import write_report

    try:
        write_report(records, report, roots=(root,))
    except UsageError as error:
        return str(error)
    return ""
