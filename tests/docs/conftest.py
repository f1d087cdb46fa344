from __future__ import annotations

import contextlib
import importlib.util
import io
import shlex
import sys
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.check import Checker
from osiris_core.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

    from osiris_core.options import CheckOptions
    from osiris_core.sandbox.launch import ServerAddress

INSTALLING = ("python3 -m venv .venv", ". .venv/bin/activate", "pip install pytest-osiris")
"""What a page has its reader type and is typed by CI alone (`.ci/run`): here everything is installed."""
STATUS = "echo $?"
TRIAGED = ("DIVERGENT ", "NONDETERMINISTIC ")


def script(path: Path) -> ModuleType:
    """Import a file that belongs to no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def following(repository: Path) -> ModuleType:
    """`.ci/follow.py`, which knows how a page says what to do."""
    return script(repository / ".ci" / "follow.py")


class Reader:
    """Does in this process what a page says, in an empty directory: the deeds of `.ci/follow.py`, without its shell."""

    def __init__(self, pytester: pytest.Pytester, following: ModuleType) -> None:
        self._pytester = pytester
        self._following = following
        self._status = 0

    def follow(self, text: str) -> list[str]:
        """Do it, and return the commands that were typed; raises `PageError` where one does not come out as the page shows.

        What is triaged is run a dozen times, which CI does once: here its files are written, and it is not typed.
        """
        typed = []
        triaged = False
        for deed in self._following.deeds(text):
            if not isinstance(deed, self._following.Typed):
                self._following.write(deed, self._pytester.path)
                continue
            triaged = any(line.startswith(TRIAGED) for line in deed.shown) or (triaged and deed.command == STATUS)
            if not triaged and deed.command not in INSTALLING:
                self._type(deed)
                typed.append(deed.command)
        return typed

    def _type(self, deed: Any) -> None:
        program, *arguments = shlex.split(deed.command)
        if program == "pytest":
            result = self._pytester.runpytest_inprocess("-p", "osiris", *arguments)
            printed, self._status = "\n".join([*result.outlines, *result.errlines]), int(result.ret)
        elif program == "osiris-parity":
            printed = self._run(arguments)
        elif deed.command == STATUS:
            printed = f"{self._status}\n"
        else:
            raise self._following.PageError(f"line {deed.line}: nobody here knows how to type `{deed.command}`")
        if self._status and not deed.may_fail and program != "echo":
            raise self._following.PageError(f"line {deed.line}: `{deed.command}` ended with {self._status}:\n{printed}")
        self._following.require_shown(deed, printed)

    def _run(self, arguments: list[str]) -> str:
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
            try:
                self._status = main(arguments)
            except SystemExit as ended:
                self._status = int(ended.code or 0)
        return out.getvalue()


@pytest.fixture
def reader(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, following: ModuleType, warm: WarmCheckers
) -> Reader:
    """Somebody who follows a page, on a machine whose targets are warm."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # other plugins would be imported anew by each run
    for variable in ("CI", "BUILD_NUMBER"):  # in CI pytest repeats failures in full
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("pytest_osiris.checking.checks.Checker", warm)
    return Reader(pytester, following)


class WarmCheckers:
    """Makes checkers whose targets are kept warm, and keeps them for the next run with the same options.

    Each run is real, and has processes, directories and a verification of its own (`backends/warm.py`).
    """

    def __init__(self, server: ServerAddress, stack: contextlib.ExitStack) -> None:
        self._server = server
        self._stack = stack
        self._made: list[tuple[CheckOptions, Checker]] = []

    def __call__(self, options: CheckOptions, **_: object) -> Any:
        """Be the class."""
        for known, checker in self._made:
            if known == options:
                return _Lent(checker)
        checker = self._stack.enter_context(Checker(options, server=self._server, warm=True))
        self._made.append((options, checker))
        return _Lent(checker)


class _Lent:
    """A checker that is closed by its owner."""

    def __init__(self, checker: Checker) -> None:
        self.check = checker.check
        self.start = checker.start

    def close(self) -> None:
        """Leave it open."""


@pytest.fixture
def warm(server: ServerAddress) -> Iterator[WarmCheckers]:
    """Warm targets, for as long as a test lasts."""
    with contextlib.ExitStack() as stack:
        yield WarmCheckers(server, stack)
