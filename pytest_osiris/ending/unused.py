"""Baselines of no test: told at the end of a run that collected everything and came to its end, and removed where that was asked for.

The process that collects finds them; the xdist controller, which collects nothing, hears of them from its workers.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from osiris_core.baseline.document import HOME
from osiris_core.baseline.places import of_manifest, of_test
from osiris_core.baseline.unused import prune, unused_in
from osiris_core.report.baselines import unused_line
from osiris_core.report.units import plural
from pytest_osiris.checking.baselines import PRUNE
from pytest_osiris.ending.gates import JUDGED, narrowed_by
from pytest_osiris.items import ManifestItem, UnreadableItem
from pytest_osiris.keys import BASELINES, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

WATCH: Final = "osiris-baselines"
"""Name of the plugin that watches what is collected, and of what an xdist worker hands over."""


class Watch:
    """Notes whose baselines there may be, from the first directory of baselines on that collection comes by.

    A directory's entries are all looked at before a file in it is collected: so no test of its files is missed.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._homes: set[Path] = set()
        self._files: set[Path] = set()
        self._used: set[Path] = set()
        self._unreadable: set[Path] = set()

    def come_by(self, home: Path) -> None:
        """Take note of a directory of baselines."""
        self._homes.add(home)

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Take note of a test, whether or not it is going to be selected."""
        self._files.add(item.path)
        if isinstance(item, ManifestItem):
            self._used.add(of_manifest(item.path, item.case).directory)
        elif isinstance(item, UnreadableItem):
            self._unreadable.add(item.path)
        else:
            self._used.add(of_test(item.path, item.nodeid.partition("::")[2]).directory)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Take note of a file of which a part could not be collected, a class perhaps: nobody knows what tests it has."""
        report = yield
        if not report.passed:
            self._unreadable.add(collector.path)
        return report

    def unused(self) -> list[Path]:
        """Return the baselines of no test; a file whose tests could not be made out keeps all of its own."""
        files = self._files - self._unreadable
        return [each for home in sorted(self._homes) for each in unused_in(home, files=files, used=self._used)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Hand over what was found: to the end of this run, or of that of the controller."""
        found = [str(each) for each in self.unused()]
        output: dict[str, Any] | None = getattr(self._config, "workeroutput", None)
        if output is None:
            self._config.stash.setdefault(BASELINES, []).append(found)
        else:
            output[WATCH] = found


def come_by(config: pytest.Config, home: Path) -> None:
    """Take note of a directory of baselines that collection comes by."""
    watch: Watch | None = config.pluginmanager.get_plugin(WATCH)
    if watch is None:
        watch = Watch(config)
        config.pluginmanager.register(watch, WATCH)
    watch.come_by(home)


def settle_unused(session: pytest.Session) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a strict run has to answer for, and remarks: the baselines of no test, or what became of them."""
    config = session.config
    settings, heard = config.stash[SETTINGS], config.stash.get(BASELINES, [])
    asked = PRUNE in settings.update
    if not heard and not asked:
        return (), ()
    if reason := _incomplete(session, heard):
        return (), (
            (f"no baseline was removed: {reason}, and a test that was left out still needs its own",) if asked else ()
        )
    found = [set(each) for each in heard if each is not None] or [set[str]()]
    unused = sorted(Path(each) for each in set.intersection(*found))
    shown = [_relative(each, config.rootpath) for each in unused]
    if asked:
        return _pruned(unused, shown)
    if not unused:
        return (), ()
    sentence = unused_line(shown)
    return ((sentence,), ()) if settings.strict else ((), (sentence,))


def _incomplete(session: pytest.Session, heard: Sequence[Sequence[str] | None]) -> str:
    """Say why this run does not speak for all tests, or return an empty string."""
    if session.exitstatus not in JUDGED or session.shouldstop or session.shouldfail:
        return "the run was cut short"
    if session.config.stash[SETTINGS].shard is not None:
        return "--osiris-shard left the rest to other machines"
    if narrowed := narrowed_by(session.config):
        return f"{narrowed} narrowed the run"
    return "a worker crashed" if None in heard else ""


def _pruned(unused: Sequence[Path], shown: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        for each in unused:
            home = next(parent for parent in each.parents if parent.name == HOME)
            prune(home, [each])
    except OSError as error:
        return (f"baselines cannot be removed: {error}",), ()
    return (), (f"removed {plural(len(unused), 'baseline')} of no test{': ' if shown else ''}{', '.join(shown)}",)


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
