from __future__ import annotations

import functools
import gc
import importlib.metadata
import os
import shutil
import signal
import socket
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy
import pytest

from osiris_core.backends.cache import CACHE_VARIABLE, cache_directory

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from types import ModuleType

    from osiris_core.sandbox.launch import ServerAddress

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A job that a shell put into the background inherits this, and so would every process that a test interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# These tests start hundreds of processes; where a machine forbids it, each of them would compile thousands of modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# On GitHub each run of pytest in these tests would write into the summary of the step that runs them all.
for _variable in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
    os.environ.pop(_variable, None)

# pytester and some tests move HOME; bundle and closures would be made anew in each of theirs.
os.environ.setdefault(CACHE_VARIABLE, str(cache_directory()))

REPOSITORY = Path(__file__).resolve().parent.parent
LIBRARIES = (sys.prefix, sys.base_prefix, str(REPOSITORY / "osiris_core"), str(REPOSITORY / "pytest_osiris"))
"""Where modules lie that a run of pytest in this process leaves loaded."""


class KeepsLibraries:
    """Has a run of pytest in this process leave the libraries loaded that it imported; what a test made is forgotten after it.

    Some cannot be imported twice, and none of them is cheap: protobuf, below the SDK, fails for the rest of the process; two
    copies of one of our own classes are not the same.
    """

    def __init__(self) -> None:
        self._loaded: dict[str, ModuleType] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """See what there is at the end of a run."""
        self.look()

    def look(self) -> None:
        """See what there is now."""
        found = [(name, module) for name, module in list(sys.modules.items()) if self._loaded.get(name) is not module]
        self._loaded |= {name: module for name, module in found if is_library(name)}

    def restore(self) -> None:
        """Put back what pytester took away."""
        for name, module in self._loaded.items():
            sys.modules.setdefault(name, module)


@pytest.fixture
def kept_libraries() -> Iterator[KeepsLibraries]:
    """Keep the libraries of a test's runs beyond pytester, which takes them away once more when it is over."""
    keeper = KeepsLibraries()
    yield keeper
    keeper.restore()


@pytest.fixture
def pytester(
    kept_libraries: KeepsLibraries, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Iterator[pytest.Pytester]:
    """pytest's own, with libraries kept from one run in this process to the next."""  # noqa: D403 - it is called so
    run, load = pytester.inline_run, pluggy.PluginManager.load_setuptools_entrypoints

    def keeping(*arguments: str, plugins: Sequence[object] = (), **options: Any) -> pytest.HookRecorder:
        try:
            return run(*arguments, plugins=[*plugins, kept_libraries], **options)
        finally:
            kept_libraries.restore()

    def load_from_plugins(manager: pluggy.PluginManager, group: str, name: str | None = None) -> int:
        """Look for entry points where there are any: for each `-p` pluggy reads the files of all distributions."""
        found = plugin_distributions(*sys.path)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(importlib.metadata, "distributions", lambda: found)
            return load(manager, group, name=name)

    monkeypatch.setattr(pytester, "inline_run", keeping)
    monkeypatch.setattr(pluggy.PluginManager, "load_setuptools_entrypoints", load_from_plugins)
    yield pytester
    kept_libraries.look()  # what the test itself has imported, pytester forgets too


def is_library(name: str) -> bool:
    """Whether a module belongs to Python, to what is installed, or to this project."""
    file = getattr(sys.modules[name], "__file__", None)
    return file is not None and file.startswith(LIBRARIES)


@functools.cache
def plugin_distributions(*_path: str) -> list[importlib.metadata.Distribution]:
    """Return the installed plugins of pytest; with another path others may be found."""
    return [
        each for each in importlib.metadata.distributions() if any(e.group == "pytest11" for e in each.entry_points)
    ]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect tests without collecting garbage: of six thousand items nothing is any, and looking costs a fifth of the time.

    What is there then stays to the end, and is not looked through again; and garbage is looked for one time in fifteen, of
    which a test makes little.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)
        if "hypothesis" in sys.modules:
            try_no_constants_of_ours()


def try_no_constants_of_ours() -> None:
    """Have Hypothesis read none of our modules for constants to try.

    It would parse each one that is loaded, seven hundred in a whole run; and what it tries, derandomized or not, would be another in each
    process, by what other tests have loaded.
    """
    from hypothesis.internal.conjecture import providers

    none = providers._local_constants
    assert providers._get_local_constants
    providers._get_local_constants = lambda: none


def goes_backwards(config: pytest.Config) -> bool:
    """Whether this process is one of every second worker, and is given one place to collect.

    Every worker imports all test files, and whoever comes first to one writes what its assertions are rewritten to into
    a file: from both ends each writes one half.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    return hasattr(config, "workerinput") and worker[-1] in "13579" and len(config.args) == 1


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Go through directories backwards, where that is asked for."""
    report = yield
    if isinstance(collector, pytest.Directory) and goes_backwards(collector.config):
        report.result.reverse()
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what was collected backwards in the order that all workers have it in."""
    if goes_backwards(config):
        items.sort(key=lambda item: item.path.parts)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout these tests belong to."""
    return REPOSITORY


def need(tool: str, found: object) -> None:
    """Skip a test that lacks a tool; fail instead where everything is required, as it is in CI."""
    if found:
        return
    if os.environ.get("OSIRIS_TESTS_REQUIRE_ALL"):
        pytest.fail(f"{tool} is missing, and OSIRIS_TESTS_REQUIRE_ALL is set")
    pytest.skip(f"{tool} is missing")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium, which the tests of the report open it with: without windows it does the same for a quarter of the work."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    need("Chromium", found)
    return str(found)


@pytest.fixture(scope="session")
def bubblewrap() -> None:
    """Bubblewrap works here, or the test cannot run."""
    from osiris_core.sandbox.isolation import IsolationError, choose

    try:
        choose("bubblewrap")
    except IsolationError:
        need("a working bubblewrap", found=False)


@pytest.fixture(scope="session")
def server(bubblewrap: None) -> Iterator[ServerAddress]:
    """One embedded server for all tests that ask for nothing else."""
    from osiris_core.sandbox.launch import ServerProcess

    with ServerProcess.start() as process:
        yield process.address


@pytest.fixture(scope="session", autouse=True)
def _one_engine_for_comparisons() -> Iterator[None]:
    """Compare all tables of these tests in one engine, as a comparison of two sessions compares all of its own."""
    from osiris_core.parity.kinds.tables import connections

    with connections.one_engine():
        yield


@contextmanager
def one_engine() -> Iterator[None]:
    """Let what borrows an engine share one, as in a warm worker: to open one takes longer than all else that a small test does.

    It has as many threads as any other. Workers that tests start, and all that opens one itself, open their own.
    """
    from osiris_core.drivers import engine

    with engine.connect() as engine._prepared:
        yield
    engine._prepared = None


@pytest.fixture
def outside() -> Iterator[int]:
    """A port of this machine that greets whoever reaches it: to a sandbox without the network it is not there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            while True:
                try:
                    found, _ = listener.accept()
                except OSError:
                    return
                with found:
                    found.sendall(b"hello")

        thread = threading.Thread(target=greet)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
