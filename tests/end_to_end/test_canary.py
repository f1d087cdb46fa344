"""The harness writes no value of a secret anywhere: not into files of a run, its reports, or what a process shows."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import logging
import re
import secrets
import tarfile
import zipfile
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from osiris_core.preparation import prepare
from osiris_core.report.files import write_report
from osiris_core.surface import record_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from osiris_core.parity.record import ParityRecord
    from osiris_core.report.files import ReportFiles

    from conftest import Project

MANIFEST = """
osiris: "1"
pipeline: {{id: canary}}
code: [code]
secrets: [TOKEN, LINES, FROM_FILE]
connections: osiris_connections.yaml
steps:
  - id: look
    driver: looking:Look
    config: {{act: {act}, connection: "@db", digest: {digest}, url: "https://u:${{secret:TOKEN}}@h", lines: ["${{secret:LINES}}"]}}
"""
CONNECTIONS = """
connections:
  db:
    main: {{default: true, password: "${{DB_PASSWORD}}", nested: [{{key: {literal}}}]}}
"""
EMBEDDED = re.compile(rb'<script type="application/octet-stream"[^>]*>([^<]+)</script>')
"""What a page carries compressed: the lines of both sessions."""
CODE = """
import hashlib, json, os, subprocess, sys
from pathlib import Path

class Look:
    frame = "arrow"
    requirements = ()
    open_options = True

    def run(self, *, step_id, config, inputs, ctx):
        connection = config["resolved_connection"]
        values = [config["url"].split(":", 2)[2].split("@")[0], *config["lines"], ctx.secret("FROM_FILE").reveal(),
                  connection["password"], connection["nested"][0]["key"]]
        told = hashlib.sha256(json.dumps(values).encode()).hexdigest()
        if told != config["digest"] or "connection" in config:
            raise RuntimeError("not the values that were meant")
        child = act(config["act"], values, ctx)
        files, processes = look_at_files(values, ctx.output_dir.parents[1]), look_at_processes(values)
        if child is not None:
            child.communicate()
        ctx.log_event("looked", files=files > 3, processes=processes > 2)

def act(what, values, ctx):
    if what == "write":
        ctx.logger.info("a slip: %s", values[0].encode().hex())
        (ctx.output_dir / "x.json").write_text(json.dumps(values))
    if what == "home":
        Path("~/.osiris").expanduser().mkdir(exist_ok=True)
        Path("~/.osiris/slip").expanduser().write_text(values[0])
        Path("/tmp/slip").write_text(values[0])
    if what == "fail":
        raise ValueError("for a reason that has nothing to do with it")
    if what == "process":
        return waiting(values[0])
    if what == "environment":
        return waiting(env={**os.environ, "X": values[0]})

def waiting(*arguments, **options):
    command = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()", *arguments]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
    child.stdout.readline()  # until then the kernel may show neither its arguments nor its environment
    return child

def search(data, values, place):
    for value in values:
        if any(line.encode() in data for line in value.split("\\n")):
            raise RuntimeError(f"a secret is in {place}")

def look_at_files(values, run_directory):
    count = 0
    for path in run_directory.rglob("*"):
        if path.is_file() and not path.is_relative_to(run_directory / "outbox" / "look"):
            try:
                data = path.read_bytes()
            except FileNotFoundError:  # a segment of the spool that has come, and is freed
                continue
            search(data, values, f"the file {path.name}")
            count += 1
    return count

def look_at_processes(values):
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                data = (process / name).read_bytes()
            except OSError:
                continue
            search(data, values, f"the {name} of a process")
            count += 1
    return count
"""


@pytest.fixture
def values() -> dict[str, str]:
    """A fresh secret of each kind; one is of several lines, with what JSON and shells escape."""
    made = {name: secrets.token_hex(20) for name in ("TOKEN", "FROM_FILE", "DB_PASSWORD", "literal")}
    return {**made, "LINES": f"\"{secrets.token_hex(20)}é\n\\{secrets.token_hex(20)}$'"}


@pytest.fixture
def canary(project: Project, values: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose secrets are the canaries: in the environment, in a file of variables, in a file of connections."""
    for name in ("TOKEN", "LINES", "DB_PASSWORD"):
        monkeypatch.setenv(name, values[name])
    project.write(".env", f"FROM_FILE={values['FROM_FILE']}\n")
    project.write("osiris_connections.yaml", CONNECTIONS.format(literal=values["literal"]))
    project.write("code/looking.py", CODE)
    return project


def check(
    project: Project, values: Mapping[str, str], act: str, targets: Sequence[str] = ("local", "e2b")
) -> ParityRecord:
    told = [values[name] for name in ("TOKEN", "LINES", "FROM_FILE", "DB_PASSWORD", "literal")]
    digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    project.write("canary.osiris.yaml", MANIFEST.format(act=act, digest=digest))
    return project.check("canary.osiris.yaml", targets, env_file=project.root / ".env")


def forms(value: str) -> Iterator[bytes]:
    """Yield a text as files may hold it: as it is, escaped, quoted, in hex, in base64 at every shift."""
    for text in value.split("\n"):
        data = text.encode()
        yield from (data, json.dumps(text)[1:-1].encode(), quote(text).encode(), data.hex().encode())
        for shift in range(3):
            yield base64.b64encode(b"\0" * shift + data)[4:-4]


def leaks(files: Mapping[str, bytes], values: Mapping[str, str]) -> set[str]:
    """Return the names of the files that hold a value, in any form; compressed files and what pages carry are opened."""
    found = set()
    for name, data in files.items():
        pieces = [data]
        if zipfile.is_zipfile(io.BytesIO(data)):
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                pieces += [packed.read(each) for each in packed.namelist()]
        pieces += [gzip.decompress(base64.b64decode(each)) for each in EMBEDDED.findall(data)]
        if any(form in piece for piece in pieces for value in values.values() for form in forms(value)):
            found.add(name)
    return found


def write_page(project: Project, record: ParityRecord) -> ReportFiles:
    return write_report(
        record_set([record]), project.session_root / "reports" / "parity.html", roots=(project.session_root,)
    )


def files_below(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def files_of_home(packed: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        members = [each for each in archive.getmembers() if each.isfile()]
        return {each.name: archive.extractfile(each).read() for each in members}  # type: ignore[union-attr]


@pytest.mark.parametrize("act", ["nothing", "fail"])
def test_no_value_is_written_anywhere(
    canary: Project,
    values: dict[str, str],
    sandbox_homes: list[bytes],
    caplog: pytest.LogCaptureFixture,
    act: str,
) -> None:
    """Both sessions, the sandbox's home, report and data, every log line of ours and the SDK's, every process seen: none."""
    caplog.set_level(logging.DEBUG)

    record = check(canary, values, act)

    assert record.verdict == "IDENTICAL", record.targets
    assert record.passed == (act == "nothing"), record.headline
    report = write_page(canary, record)
    written = files_below(canary.session_root)
    assert EMBEDDED.search(report.html.read_bytes())
    assert {f"reports/{report.html.name}", "reports/parity.json"} <= written.keys()
    assert {name.rpartition("/")[2] for name in written} >= {"session.json", "manifest.json", "events.jsonl"}
    assert leaks(written, values) == set()
    (home,) = (files_of_home(each) for each in sandbox_homes)
    names = {".osiris/run/request.json", ".osiris/run/placement.json", "work/code/looking.py"}
    assert {f"home/user/{each}" for each in names} <= home.keys()
    assert not {name for name in home if name.endswith((".env", "osiris_connections.yaml"))}
    assert leaks(home, values) == set()
    assert {each.name.partition(".")[0] for each in caplog.records} >= {"httpx", "pyqwest"}
    assert leaks({"log": caplog.text.encode()}, values) == set()


@pytest.mark.usefixtures("unmasked")
def test_the_scan_finds_what_a_step_writes_down(canary: Project, values: dict[str, str]) -> None:
    """A scan that finds nothing is worth something only if it can find: with masking off, it is found on both sides."""
    record = check(canary, values, "write")

    page = write_page(canary, record).html
    found = leaks(files_below(canary.session_root), values)

    assert f"reports/{page.name}" in found
    assert not leaks({"page": EMBEDDED.sub(b"", page.read_bytes())}, values)  # it is in the compressed lines alone
    for target in ("local", "e2b"):
        names = {name.rpartition("/")[2] for name in found if f"/{target}/" in name}
        assert {"x.json", "look.log"} <= names


def test_the_scan_of_a_sandbox_finds_too(canary: Project, values: dict[str, str], sandbox_homes: list[bytes]) -> None:
    """A file beside the artifacts is seen in the sandbox's home."""
    check(canary, values, "home", ["e2b"])

    assert leaks(files_of_home(sandbox_homes[0]), values) == {"home/user/.osiris/slip", "tmp/slip"}


@pytest.mark.parametrize(("act", "place"), [("process", "cmdline"), ("environment", "environ")])
def test_the_look_at_processes_finds_too(canary: Project, values: dict[str, str], act: str, place: str) -> None:
    """A secret on a command line, or in the environment of a child, is seen on both targets."""
    record = check(canary, values, act)

    assert not record.passed
    assert all(f"a secret is in the {place} of a process" in str(run.error) for run in record.targets), record.targets


def test_a_worker_that_cannot_be_told_is_the_news(
    canary: Project, values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that does not start is reported as such, and the line that it did not read is shown by nobody."""
    monkeypatch.setattr("osiris_core.backends.sandbox_run.command_of", lambda *_: "exec /nowhere/python")

    record = check(canary, values, "nothing", ["e2b"])

    assert "the worker did not start in the sandbox" in record.headline + str(record.targets[0].error)
    assert "/nowhere/python" in record.headline + str(record.targets[0].error)
    assert leaks({**files_below(canary.session_root), "record": repr(record).encode()}, values) == set()


def test_what_prints_a_job_prints_no_value(canary: Project, values: dict[str, str]) -> None:
    """Neither `repr`, as tracebacks and `--showlocals` use it, nor the request has one."""
    from osiris_core.check import load

    canary.write("canary.osiris.yaml", MANIFEST.format(act="nothing", digest="x"))
    manifest = load(canary.root / "canary.osiris.yaml", project_root=canary.root)
    job = prepare(manifest, session_id="s", logical_now="2026-01-01T00:00:00.000000Z", env_file=canary.root / ".env")

    assert job.secrets.values["TOKEN"] == values["TOKEN"]
    assert leaks({"repr": repr(job).encode(), "request": job.request.to_bytes()}, values) == set()
