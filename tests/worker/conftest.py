"""A bundle with toy drivers, a way to run it, and a reader of spools that shares no code with the worker."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import py_compile
import struct
import subprocess
import sys
import textwrap
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import osiris_core
from osiris_core.wire.request import Placement, RunRequest

_PACKAGE = Path(osiris_core.__file__).parent
_MAIN = "from osiris_core.worker.main import main\n\nraise SystemExit(main())\n"
_LOADING = """
import importlib
class _Toy:
    def __init__(self, function):
        self.run = lambda *, step_id, config, inputs, ctx: function(config, inputs, ctx)
def load_target(target):
    module, _, function = target.partition(":")
    return _Toy(getattr(importlib.import_module(module), function))
"""
_TABLES = """
def as_table(value):
    return value
def describe_table(table):
    return {"rows": len(table), "schema": [], "ordered": "", "unordered": "", "columns": {}}
"""
_SPILL = """
def spilled(table, path, *, limit_bytes):
    return table
def give_back_memory():
    pass
"""


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    """A bundle as the backends build it, but with drivers named `module:function` and lists as tables."""
    directory = tmp_path_factory.mktemp("bundle")
    modules = {
        "__main__.py": _MAIN,
        "osiris_core/__init__.py": "",
        "osiris_core/drivers/__init__.py": "",
        "osiris_core/drivers/loading.py": _LOADING,
        "osiris_core/drivers/tables.py": _TABLES,
        "osiris_core/drivers/spill.py": _SPILL,
        "osiris_core/drivers/frames.py": (_PACKAGE / "drivers" / "frames.py").read_text(),
    }
    for room in ("wire", "worker"):
        modules |= {f"osiris_core/{room}/{each.name}": each.read_text() for each in (_PACKAGE / room).glob("*.py")}
    with zipfile.ZipFile(directory / "bundle.pyz", "w") as archive:
        for name, source in modules.items():
            archive.writestr(name, source)
            archive.writestr(f"{name}c", compiled(directory, name, source))
    return directory / "bundle.pyz"


def compiled(directory, name, source):
    """The module's `.pyc`, so that starting a worker compiles nothing."""
    (directory / "module.py").write_text(source)
    py_compile.compile(
        str(directory / "module.py"),
        cfile=str(directory / "module.pyc"),
        dfile=name,
        doraise=True,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    return (directory / "module.pyc").read_bytes()


@dataclass
class Run:
    """What a run left: every frame of the spool, checked by hand, and the records in them."""

    directory: Path
    exit_code: int
    stdout: bytes
    stderr: bytes
    spool: bytes
    lines: list = field(default_factory=list)
    payloads: list = field(default_factory=list)
    records: list = field(default_factory=list)

    def __post_init__(self):
        """Read the spool."""
        epoch_given = str(json.loads((self.directory / "placement.json").read_bytes())["epoch"]).encode()
        offset = 0
        parts = []
        for number, line in enumerate(self.spool.splitlines(keepends=True)):
            magic, _tag, epoch, seq, at, length, crc, payload = line[:-1].split(b" ", 7)
            assert (magic, epoch, int(seq), int(at)) == (b"\x1eOS1", epoch_given, number, offset)
            said = line.split(b" ", 1)[1][: -len(payload) - len(b" 01234567 \n")]
            assert (int(length), int(crc, 16)) == (len(payload), zlib.crc32(said + payload))
            assert len(line) <= 65536
            offset += len(line)
            self.lines.append(line)
            self.payloads.append(payload)
            record = json.loads(payload)
            if record["kind"] == "part":
                parts.append(record)
                if len(parts) < record["of"]:
                    continue
                record, parts = json.loads("".join(part["data"] for part in parts)), []
            self.records.append(record)

    @property
    def terminal(self):
        """The last record, which is the only terminal one."""
        assert [record["kind"] for record in self.records].count("terminal") == 1
        assert self.records[-1]["kind"] == "terminal"
        return self.records[-1]

    @property
    def hello(self):
        """The first record."""
        assert self.records[0]["kind"] == "hello"
        return self.records[0]

    def events(self, step=...):
        """Names of the events, of one step if asked."""
        return [r["name"] for r in self.records if r["kind"] == "event" and step in (..., r["step"])]

    def event(self, name, step=None):
        """The data of the only event of this name and step."""
        (found,) = [r["data"] for r in self.records if (r["kind"], r.get("name"), r["step"]) == ("event", name, step)]
        return found

    def printed(self, step):
        """The bytes that a step printed."""
        return b"".join(base64.b64decode(r["data"]) for r in self.records if r["kind"] == "stdio" and r["step"] == step)

    def logged(self, step):
        """The step's log lines."""
        return [
            f"{r['level']} {r['logger']} {r['message']}"
            for r in self.records
            if r["kind"] == "log" and r["step"] == step
        ]

    def of_kind(self, kind):
        """The records of a kind."""
        return [record for record in self.records if record["kind"] == kind]

    def state(self, step):
        """The step's state, reason and cause in the terminal record."""
        (found,) = [each for each in self.terminal["steps"] if each["id"] == step]
        return found["state"], found["reason"], found["cause"]

    def digest_before(self, count):
        """The running digest over the first `count` frames, computed from its definition."""
        digest = hashlib.sha256()
        for seq, payload in enumerate(self.payloads[:count]):
            digest.update(struct.pack(">QQ", seq, len(payload)) + payload)
        return digest.hexdigest()


class Server:
    """The bundle's `serve`, for tests that ask what a run records and not how it starts: a fork costs a sixth of a start."""

    def __init__(self, bundle, *engines):
        modules = [f"osiris_core.{name}" for name in ("worker.supervisor", "worker.executor", "wire.pack")]
        modules += engines
        self.process = subprocess.Popen(
            [sys.executable, "-s", "-P", str(bundle), "serve", *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
        )

    def run(self, directory):
        """Supervise the run in this directory to its end; return the exit code and what the supervisor said."""
        request = {"id": directory.parent.name, "run_dir": str(directory), "files": {}, "clean": [], "watch": []}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert self.process.stdout.read(answer["spool"] + 1).endswith(b"\n")
        return answer["exit"], answer["said"].encode()

    def close(self):
        """End the server."""
        self.process.communicate(timeout=200)


class Worker:
    """One run directory and project, and the supervisor process that runs it: its own, or one that a `Server` forks."""

    def __init__(self, root, bundle, server=None):
        self.bundle = bundle
        self.server = server
        self.run_directory = root / "run"
        self.project = root / "project"
        self.code = self.project / "code"
        for directory in (self.run_directory, self.code):
            directory.mkdir(parents=True)
        self.environment = dict(os.environ)
        self.process = None

    def prepare(self, source, steps, *, timeout_s=None, declared=None, on_failure="stop", **placement):
        """Write the drivers' module `toys` and the request.

        `steps` are (id, function, needs, config) tuples, with more keys of a step as a dict behind them; `declared`
        says what is special about a function as a driver (`frame`, `effects`).
        """
        (self.code / "toys.py").write_text("import os, sys\n" + textwrap.dedent(source))
        listed = [
            {"id": step[0], "driver": f"toys:{step[1]}", "needs": list(step[2]), "config": step[3], **dict(*step[4:])}
            for step in steps
        ]
        manifest = {"osiris": "1", "pipeline": {"id": "toy", "version": "1"}, "steps": listed, "on_failure": on_failure}
        plain = {"frame": "arrow", "effects": "artifacts"}
        self.request = RunRequest(
            session_id="20260102T030405Z-00000001",
            manifest=manifest,
            order=tuple(step["id"] for step in listed),
            logical_now="2026-01-02T03:04:05.000006Z",
            seed=7,
            timeout_s=timeout_s,
            manifest_fingerprint="f" * 64,
            drivers={
                f"toys:{step[1]}": {"target": f"toys:{step[1]}", **plain, **(declared or {}).get(step[1], {})}
                for step in steps
            },
        )
        values = {
            "target": "local",
            "bundle": str(self.bundle),
            "run_dir": str(self.run_directory),
            "project_dir": str(self.project),
            "work_dir": str(self.project),
            "sys_path": (str(self.code),),
            "variables": {},
            "artifacts_travel": False,
            "stdin_end_cancels": False,
            "cancel_grace_s": 60.0,
        }
        self.placement = Placement(**(values | placement))
        (self.run_directory / "request.json").write_bytes(self.request.to_bytes())
        (self.run_directory / "placement.json").write_bytes(self.placement.to_bytes())

    def start(self, *, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE):
        """Start the supervisor."""
        self.process = subprocess.Popen(
            [sys.executable, "-s", "-P", str(self.bundle), "run", str(self.run_directory)],
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=self.environment,
            cwd="/",
        )
        return self.process

    def wait_for_metrics(self, *names):
        """Read what the supervisor prints until the driver has recorded these; return their values, in this order.

        A worker that is silent for long, as on a loaded machine, prints heartbeats between its frames.
        """
        found = {}
        while not found.keys() >= set(names):
            line = self.process.stdout.readline()
            assert line, "the run ended before that"
            if line.startswith(b"\x1eOS1 "):
                record = json.loads(line.split(b" ", 7)[7])
                found |= {record["name"]: record["value"]} if record["kind"] == "metric" else {}
        return [found[name] for name in names]

    def finish(self, *, copy=None):
        """Wait for the supervisor and read what it left; `copy` is the spool where a host has freed some of it."""
        stdout, stderr = self.process.communicate(timeout=200)
        spool = bytes(self.spool_from(0)) if copy is None else copy
        return Run(self.run_directory, self.process.returncode, stdout or b"", stderr, spool)

    def spool_from(self, offset):
        """What the segments hold from a logical offset on, up to the first one that is not full."""
        found, size = bytearray(), self.placement.segment_bytes
        while True:
            index, start = divmod(offset + len(found), size)
            path = self.run_directory / "spool" / f"{index:08d}.os1"
            data = path.read_bytes()[start:] if path.exists() else b""
            found += data
            if start + len(data) < size:
                return found

    def run(self, source, *steps, told=None, **options):
        """Prepare, start and finish; a step given as a function's name has no needs and no config.

        `told` is written to stdin, which is then closed; without it stdin is /dev/null.
        """
        full = [
            (step, step, (), {}) if isinstance(step, str) else (*step, *((), {})[len(step) - 2 :]) for step in steps
        ]
        self.prepare(source, full, **options)
        if self.server is not None and told is None:
            exit_code, said = self.server.run(self.run_directory)
            return Run(self.run_directory, exit_code, b"", said, bytes(self.spool_from(0)))
        process = self.start(stdin=subprocess.DEVNULL if told is None else subprocess.PIPE)
        if told is not None:
            process.stdin.write(told)
            process.stdin.close()
            process.stdin = None
        return self.finish()


@pytest.fixture
def worker(tmp_path, bundle):
    """A fresh worker; its processes end with the test."""
    yield from _worker(tmp_path, bundle)


@pytest.fixture(scope="session")
def server_of_workers(bundle):
    """One process that forks all runs of the warm workers."""
    server = Server(bundle)
    yield server
    server.close()


@pytest.fixture
def warm_worker(tmp_path, bundle, server_of_workers):
    """A fresh worker whose `run` is forked and not started, where nothing is told to it."""
    yield from _worker(tmp_path, bundle, server_of_workers)


@pytest.fixture
def real_worker(tmp_path):
    """A worker with the bundle that ships: `toys` holds driver classes, and tables are Arrow's."""
    from osiris_core.backends.bundle import build_bundle

    yield from _worker(tmp_path, build_bundle().path)


@pytest.fixture(scope="module")
def server_of_real_workers():
    """One process that forks runs of the bundle that ships, with the engines that most of them need."""
    from osiris_core.backends.bundle import build_bundle

    server = Server(build_bundle().path, "duckdb", "pyarrow", "pandas")
    yield server
    server.close()


@pytest.fixture
def warm_real_worker(tmp_path, server_of_real_workers):
    """As `real_worker`, forked: to import pandas takes longer than all that a small run does."""
    from osiris_core.backends.bundle import build_bundle

    yield from _worker(tmp_path, build_bundle().path, server_of_real_workers)


def _worker(root, bundle, server=None):
    made = Worker(root, bundle, server)
    yield made
    if made.process is not None:
        made.process.kill()
        made.process.communicate()
