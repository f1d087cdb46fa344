"""What a driver must leave alone, looked at before and after a call: files, global state, threads and processes."""

from __future__ import annotations

import contextlib
import decimal
import locale
import logging
import os
import random
import signal
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_JOIN_S: Final = 0.1
"""How long a thread that is ending anyway is waited for."""
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
_Stamp = tuple[int, int, int]


@dataclass(kw_only=True)
class Watched:
    """What was found after a call: paths written (as `<place>/<path>`), names of what changed or is still there."""

    written: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The directories of one call, below a fresh one: only `output` is the driver's to write in."""

    work: Path
    home: Path
    temporary: Path
    output: Path

    @classmethod
    def below(cls, directory: Path) -> Places:
        """Make them."""
        made = {name: directory / name for name in ("work", "home", "temporary", "output")}
        for each in made.values():
            each.mkdir()
        return cls(**made)

    def stamps(self) -> dict[str, _Stamp]:
        """Return size, time of change and mode of every file and directory that is watched."""
        found = {}
        for top in (self.work, self.home, self.temporary):
            for each in sorted(top.rglob("*")):
                facts = each.lstat()
                stamp = (0, 0, facts.st_mode) if each.is_dir() else (facts.st_size, facts.st_mtime_ns, facts.st_mode)
                found[f"{top.name}/{each.relative_to(top).as_posix()}"] = stamp
        return found


@contextlib.contextmanager
def watching(places: Places) -> Iterator[Watched]:
    """Enter `places` (working directory, HOME, TMPDIR), and say afterwards what was not left as it was.

    Global state is put back, whatever happened; threads and processes are left to themselves. Not for use in two
    threads at once: a process has one working directory.
    """
    watched = Watched()
    outside = _State.now()
    try:
        os.chdir(places.work)
        os.environ.update(HOME=str(places.home), TMPDIR=str(places.temporary))
        tempfile.tempdir = None
        stamps, before = places.stamps(), _State.now()
        threads, children = set(threading.enumerate()), _children()
        yield watched
        watched.left = (*_threads_left(threads), *_processes_left(children))
        watched.changed = before.differences(_State.now())
        after = places.stamps()
        watched.written = tuple(sorted(path for path in stamps | after if stamps.get(path) != after.get(path)))
    finally:
        outside.restore()
        tempfile.tempdir = None


@dataclass(frozen=True, slots=True)
class _State:
    """The global state of this process, by name; `decimal_context` is what that context was, to be put back."""

    values: dict[str, Any]
    decimal_context: decimal.Context

    @classmethod
    def now(cls) -> _State:
        numpy = sys.modules.get("numpy.random")
        os.umask(umask := os.umask(0o022))
        return cls(
            values={
                "the working directory": Path.cwd(),
                "the environment": dict(os.environ),
                "the umask": umask,
                "the locale": locale.setlocale(locale.LC_ALL),
                "the time zone": time.tzname,
                "the state of random": random.getstate(),
                "the state of numpy.random": None if numpy is None else _numpy_state(numpy),
                "sys.path": list(sys.path),
                "the signal handlers": [signal.getsignal(each) for each in _SIGNALS],
                "the root logger": (logging.getLogger().level, list(logging.getLogger().handlers)),
                "the standard streams": (sys.stdin, sys.stdout, sys.stderr),
                "the decimal context": repr(decimal.getcontext()),
            },
            decimal_context=decimal.getcontext().copy(),
        )

    def differences(self, other: _State) -> tuple[str, ...]:
        """Return the names of what differs; a module that was imported in between has changed nothing."""
        pairs = ((name, value, other.values[name]) for name, value in self.values.items())
        return tuple(name for name, value, now in pairs if value is not None and value != now)

    def restore(self) -> None:
        """Put back what others would trip over."""
        os.chdir(self.values["the working directory"])
        environment = self.values["the environment"]
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
        os.umask(self.values["the umask"])
        if locale.setlocale(locale.LC_ALL) != self.values["the locale"]:
            locale.setlocale(locale.LC_ALL, self.values["the locale"])
        time.tzset()
        random.setstate(self.values["the state of random"])
        if self.values["the state of numpy.random"] is not None:
            name, keys, *rest = self.values["the state of numpy.random"]
            numpy = sys.modules["numpy"]
            numpy.random.set_state((name, numpy.frombuffer(keys, numpy.uint32), *rest))
        decimal.setcontext(self.decimal_context)
        sys.path[:] = self.values["sys.path"]
        sys.stdin, sys.stdout, sys.stderr = self.values["the standard streams"]
        root = logging.getLogger()
        level, root.handlers[:] = self.values["the root logger"]
        root.setLevel(level)
        if threading.current_thread() is threading.main_thread():
            for number, handler in zip(_SIGNALS, self.values["the signal handlers"], strict=True):
                if signal.getsignal(number) is not handler and handler is not None:
                    signal.signal(number, handler)


def _numpy_state(numpy_random: Any) -> tuple[Any, ...]:
    name, keys, *rest = numpy_random.get_state()
    return (name, keys.tobytes(), *rest)


def _threads_left(before: set[threading.Thread]) -> Iterator[str]:
    for each in set(threading.enumerate()) - before:
        each.join(_JOIN_S)
        if each.is_alive():
            yield f"the thread {each.name!r}"


def _processes_left(before: set[int]) -> Iterator[str]:
    for pid in sorted(_children() - before):
        yield f"the process {pid} ({_command(pid)})"


def _children() -> set[int]:
    """Return the process ids of this process's children; empty where the system does not list them."""
    found: set[int] = set()
    for listed in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):  # a thread that has just ended
            found.update(int(pid) for pid in listed.read_text().split())
    return found


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "ended"
