"""`serve`: one process that has imported the engines, and starts every request in fresh processes of its own.

For many short runs most of the time goes into starting Python and importing engines. This process imports them once,
never uses them (a fork must not find threads at work), and forks: a supervisor for each request, which forks the
executor instead of starting one. From there on it is the same code as in a run of its own.

A request is one line of JSON on stdin; the answer on stdout is one line of JSON, then the spool's frames, which hold the
artifacts too where these travel. One request is served after the other; the end of stdin ends the server.

    request   {"id", "run_dir", "files": {name: base64}, "clean": [directory], "watch": [directory]}
    answer    {"id", "exit", "said", "left": [path], "spool": bytes}

`clean` is removed after the run with the run directory; whatever else is then new or different below `watch` is
`left`: an example that leaves something has spoiled the place for the next one.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import importlib
import json
import os
import shutil
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osiris_core.worker.environment import executor_environment
from osiris_core.worker.forking import fork_executor, remember_descriptors
from osiris_core.worker.processes import adopt_orphans, kill_descendants
from osiris_core.worker.snapshot import digest_early

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_CHUNK_BYTES = 1 << 16
_SAID_BYTES = 2000
_STDIN, _STDOUT = 0, 1

Seen = dict[str, tuple[int, int, int]]


def serve(modules: Sequence[str]) -> int:
    """Import `modules`, where they are installed, and serve until stdin ends."""
    environment = executor_environment(os.environ, keep=(), variables={})
    if environment != dict(os.environ):  # PYTHONHASHSEED and its like are read when an interpreter starts
        os.execve(sys.executable, [sys.executable, "-s", "-P", sys.argv[0], "serve", *modules], environment)  # noqa: S606 - this very program
    for module in modules:
        with contextlib.suppress(ImportError):  # a step that needs it says so when it runs
            importlib.import_module(module)
    digest_early(sys.argv[0])
    if "duckdb" in sys.modules:
        from osiris_core.drivers.engine import prepare_engine

        prepare_engine()
    adopt_orphans()
    gc.collect()
    gc.freeze()  # what is here stays: a collection in a fork would copy every page of it
    remember_descriptors()
    before: Seen | None = None
    for line in _lines():
        request = json.loads(line)
        if before is None:
            before = _seen(request["watch"])
        _write(_served(request, before))
    return 0


def _served(request: Mapping[str, Any], before: Seen) -> list[bytes]:
    """Run one request; return the answer in pieces."""
    directory = Path(request["run_dir"]).expanduser()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in request["files"].items():
        (directory / name).write_bytes(base64.b64decode(content))
    status = _run(directory)
    kill_descendants()
    spool = b"".join(each.read_bytes() for each in sorted(directory.glob("spool/*")))
    said = (directory / "supervisor.err").read_bytes()[-_SAID_BYTES:].decode("utf-8", "replace").strip()
    for each in request["clean"]:
        shutil.rmtree(Path(each).expanduser(), ignore_errors=True)
    after = _seen(request["watch"])
    left = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    head = {"id": request["id"], "exit": status, "said": said, "left": left[:10], "spool": len(spool)}
    return [json.dumps(head).encode("ascii"), b"\n", spool, b"\n"]


def _run(directory: Path) -> int:
    """Supervise one run in a process of its own; return its exit code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the threads that imports start hold no lock: nothing here was ever used
        pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    try:
        os.setsid()
        _redirect(directory / "supervisor.err")
        from osiris_core.worker.running import run

        code = run(directory, start=fork_executor)
        sys.stderr.flush()
        os._exit(code)
    finally:
        os._exit(70)


def _redirect(errors: Path) -> None:
    """Give a supervisor nothing to read, nobody to write to, and a file for its last words."""
    nothing = os.open(os.devnull, os.O_RDWR)
    said = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for descriptor, target in ((nothing, 0), (nothing, 1), (said, 2)):
        os.dup2(descriptor, target)
    os.close(nothing)
    os.close(said)


def _seen(directories: Iterable[str]) -> Seen:
    """Return size, time and inode of everything below the directories."""
    found: Seen = {}
    for each in directories:
        for place, _, files in os.walk(Path(each).expanduser()):
            for path in (place, *(os.path.join(place, name) for name in files)):  # noqa: PTH118 - thousands of times
                with contextlib.suppress(OSError):  # it has just gone
                    facts = os.lstat(path)
                    is_directory = path is place
                    found[path] = (
                        (0, 0, facts.st_ino) if is_directory else (facts.st_size, facts.st_mtime_ns, facts.st_ino)
                    )
    return found


def _lines() -> Iterator[bytes]:
    """Yield the lines of stdin, read past Python's own buffers, which a child would inherit."""
    held = b""
    while data := os.read(_STDIN, _CHUNK_BYTES):
        *lines, held = (held + data).split(b"\n")
        yield from lines


def _write(pieces: Iterable[bytes]) -> None:
    left = memoryview(b"".join(pieces))
    while left:
        left = left[os.write(_STDOUT, left) :]
