"""The hooks of the plugin: each says when, and leaves what to another module.

Whoever installs this distribution pays for this module in every pytest run, with or without manifests. So
it imports the standard library, pytest, and five small modules (`__init__` names them); everything else waits until a
manifest was found (a test ends a one-test run in a fresh process and looks at what was imported).
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_osiris import fixtures, hooks
from pytest_osiris.keys import (
    BASELINES,
    CLOSE,
    CONTROLLER_ROOT,
    LEFT_SESSIONS,
    MADE,
    MASK,
    NODES,
    OUTCOME,
    REPORTED,
    RUN,
    RUN_NAME,
    SETTINGS,
    WORKER_NAME,
    CheckFailedError,
    records_directory,
)
from pytest_osiris.options import MARKER, add_options
from pytest_osiris.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from pytest_osiris.items import ManifestFile

_EXPLAINED = frozenset({"pytest_osiris.running.run", "pytest_osiris.running.artifacts", "pyarrow.lib"})
"""The modules of those types of which a failed assertion is explained."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks that a project can implement."""
    pluginmanager.add_hookspecs(hooks)


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Show what is in force, where that is all that was asked for."""
    if not config.option.osiris_config:
        return None
    from pytest_osiris.configuration import table

    sys.stdout.write(table(config))
    return 0


def pytest_configure(config: pytest.Config) -> None:
    """Read the options, refuse what cannot work, and name this run."""
    settings = read_settings(config)
    config.addinivalue_line("markers", MARKER)
    worker = _worker_input(config)
    config.stash[SETTINGS] = settings
    config.stash[RUN] = worker[RUN_NAME] if worker else _new_run_name()
    config.pluginmanager.register(fixtures, "osiris-fixtures")
    if settings.shard is not None:
        from pytest_osiris.sharding import Sharding

        config.pluginmanager.register(Sharding(settings.shard), "osiris-shard")
    if settings.given and worker is None and not config.option.collectonly:
        from pytest_osiris.refusing import refuse_options

        refuse_options(config)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say where manifests will run, if anything about that was asked for."""
    settings = config.stash[SETTINGS]
    if not settings.given:
        return None
    from pytest_osiris.ending.summary import header

    return header(settings)


@pytest.hookimpl(tryfirst=True)
def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Collect nothing of a baseline: what is stored there may be called as a test is."""
    if collection_path.name != "__baselines__" or not collection_path.is_dir():
        return None
    from pytest_osiris.ending.unused import come_by

    come_by(config, collection_path)
    return True


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ManifestFile | None:
    """Take the files that `osiris_manifests` names; they are read when their items are collected."""
    if not parent.config.stash[SETTINGS].is_manifest(file_path, parent.config.rootpath):
        return None
    from pytest_osiris.items import ManifestFile

    return ManifestFile.of(parent, file_path)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse what cannot work, or means nothing, now that there is something to run."""
    if any(item.get_closest_marker("osiris") for item in session.items):
        from pytest_osiris.refusing import refuse_run

        refuse_run(session, is_worker=_worker_input(session.config) is not None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item,
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show a failed check as its few lines, and as a failure of the test though a fixture found it; and no secret."""
    report = yield
    if call.excinfo is not None and isinstance(call.excinfo.value, CheckFailedError) and report.outcome == "failed":
        report.longrepr = str(call.excinfo.value)
        if report.when == "setup":  # an error would say that the test is broken; it is the pipeline that is
            report.when = "call"
    if REPORTED in item.stash:
        item.stash[REPORTED](report)
    elif report.when == "call" and report.passed and any(mark.name == "osiris" for mark in item.own_markers):
        from pytest_osiris.checking.marked import refuse_idle

        report.outcome, report.longrepr = "failed", refuse_idle(item)
        vars(report).pop("wasxfail", None)  # with it pytest would count no failure
        report.user_properties = list(item.user_properties)
    if MASK in item.stash:
        from pytest_osiris.checking.masking import mask_report

        mask_report(item, report)
    return report


def pytest_assertrepr_compare(config: pytest.Config, op: str, left: object, right: object) -> list[str] | None:
    """Explain how two runs, their artifacts, or tables of them differ; of anything else say nothing, and load nothing."""
    is_ours = type(left).__module__ in _EXPLAINED or type(right).__module__ in _EXPLAINED
    if (
        op != "==" or not is_ours or "pytest_osiris.running.run" not in sys.modules
    ):  # without it there is no run in this process
        return None
    from pytest_osiris.running.explaining import explain

    return explain(config.get_verbosity(pytest.Config.VERBOSITY_ASSERTIONS), left, right)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker the name of this run, so that all records meet in one place; and its own where all run all tests."""
    from pytest_osiris.checking.progress import watch_worker

    node.workerinput[RUN_NAME] = node.config.stash[RUN]
    node.workerinput[CONTROLLER_ROOT] = str(node.config.rootpath)
    node.config.stash.setdefault(NODES, []).append(node)
    watch_worker(node)
    node.workerinput[WORKER_NAME] = node.gateway.id if node.config.option.dist == "each" else ""


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Hear what an xdist worker has to say of baselines; one that crashed says nothing."""
    found = None if error else getattr(node, "workeroutput", {}).get("osiris-baselines", [])
    if found != []:
        node.config.stash.setdefault(BASELINES, []).append(found)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop what was started; then, where the whole run is known, write the report, and only then let go of sessions that it shows."""
    _close_checks(session.config)
    if _has_something_to_tell(session.config):
        from pytest_osiris.ending.summary import finish

        finish(session)
    _let_go(session.config, finished=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what became of the manifests, if there were any."""
    outcome = terminalreporter.config.stash.get(OUTCOME, None)
    if outcome is not None:
        from pytest_osiris.ending.summary import write_section

        write_section(terminalreporter, outcome)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started, also where no session came to its end."""
    _close_checks(config)
    _let_go(config, finished=False)


def _has_something_to_tell(config: pytest.Config) -> bool:
    """Whether this process ends a run that has records, or that was asked for a report and has none."""
    if _worker_input(config) is not None or config.option.collectonly:
        return False
    settings = config.stash[SETTINGS]
    asked = settings.on_command_line & {"report", "summary", "shard", "update"} or settings.min_manifests is not None
    unused = config.stash.get(BASELINES, [])
    return bool(asked) or any(unused) or records_directory(config.rootpath, config.stash[RUN]).is_dir()


def _close_checks(config: pytest.Config) -> None:
    close = config.stash.get(CLOSE, None)
    if close is not None:
        close()


def _let_go(config: pytest.Config, *, finished: bool) -> None:
    """Remove the sessions that nobody wants, if any were made; doing so again does nothing."""
    nodes = config.stash.get(NODES, [])
    if MADE in config.stash or any(LEFT_SESSIONS in getattr(node, "workeroutput", {}) for node in nodes):
        from pytest_osiris.checking.retention import let_go

        let_go(config, finished=finished)


def _worker_input(config: pytest.Config) -> dict[str, Any] | None:
    """Return what the xdist controller gave to this worker, or None in any other process."""
    return getattr(config, "workerinput", None)


def _new_run_name() -> str:
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.urandom(4).hex()}"
