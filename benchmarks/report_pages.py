"""The pages that `benchmarks/report.py` opens: our report and those of peers, made for the same counts.

Peers that run on Node.js are made by what `npm install` puts into a directory that is thrown away; none of them needs a browser of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.parity.exhibit.model import Exhibit, Row, Standing, StepExhibit, Stream, StreamKind
from osiris_core.parity.record import (
    Compared,
    Comparison,
    Finding,
    Layer,
    ParityRecord,
    RecordSet,
    StepRun,
    TargetRun,
    Verdict,
)
from osiris_core.report.html import render_html

if TYPE_CHECKING:
    from pathlib import Path

FAILING_OF_A_THOUSAND = 20
PACKAGES = ("@playwright/test", "allure")
TARGETS = ("local", "e2b")
MOST_SECONDS = 600
"""What a reporter may take before it is ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A page and what it took to make it: `seconds` of the reporter alone, where that can be told from running the tests."""

    page: Path
    seconds: float | None


class MissingPeerError(Exception):
    """A peer that cannot be had here, with the reason."""


def line(number: int) -> str:
    """Return one line of a log."""
    return f"INFO flights row {number} of carrier {number % 17} arrived {number * 37 % 5_003} seconds late"


def fails(number: int) -> bool:
    """Whether the manifest or test of this number is one of those that fail."""
    return number % (1_000 // FAILING_OF_A_THOUSAND) == 1


def records_of(manifests: int) -> RecordSet:
    """Return a run of so many manifests of five steps; 20 of a thousand diverge."""
    return RecordSet(records=tuple(_record(number) for number in range(manifests)), created_at="2026-02-03T10:15:09Z")


def exhibit_of(lines: int) -> Exhibit:
    """Return the sessions of a manifest that logged so many lines, every thousandth another one on the right."""
    rows = []
    for number in range(1, lines + 1):
        left, changed = line(number), number % 1_000 == 0
        standing = Standing.CHANGED if changed else Standing.SAME
        rows.append(Row(standing, number, number, left, left + " too" if changed else left))
    stream = Stream(kind=StreamKind.LOG, rows=tuple(rows), totals=(lines, lines))
    step = StepExhibit(id="step-0", configs=("{}", "{}"), streams=(stream,), entries=())
    return Exhibit(targets=TARGETS, steps=(step,))


def ours(place: Path, manifests: int, lines: int) -> Made:
    """Render our report; with lines, the first manifest has them."""
    records, exhibit = records_of(manifests), exhibit_of(lines) if lines else Exhibit(targets=TARGETS)
    page = place / "ours.html"
    started = time.process_time()
    page.write_text(render_html(records, json_name="ours.json", read=lambda *_: exhibit), "utf-8")
    return Made(page=page, seconds=time.process_time() - started)


def pytest_html(place: Path, tests: int, lines: int) -> Made:
    """Have pytest-html report tests of the same counts."""
    (place / "test_bench.py").write_text(
        "import pytest\n"
        f"@pytest.mark.parametrize('number', range({tests}))\n"
        "def test_manifest(number):\n"
        f"    for each in range({lines}):\n"
        "        print(f'INFO flights row {each} of carrier {each % 17} arrived {each * 37 % 5003} seconds late')\n"
        f"    assert number % {1_000 // FAILING_OF_A_THOUSAND} != 1\n"
    )
    (place / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:osiris", "-p", "no:randomly", "test_bench.py"]
    _run([*command, "--html=pytest-html.html", "--self-contained-html"], place, allowed=(0, 1))
    return Made(page=place / "pytest-html.html", seconds=None)


def playwright(place: Path, tests: int, lines: int) -> Made:
    """Have Playwright's HTML reporter report tests of the same counts, out of a blob, so that only the report is timed.

    Its runner starts a new worker after each failure, which takes seconds where others use the machine: so a test of either kind is
    run, and what the runner wrote of them stands for all.
    """
    (place / "bench.spec.js").write_text(
        'const { test, expect } = require("@playwright/test");\n'
        f"for (let number = 0; number < {min(tests, 2)}; number += 1) test(`manifest ${{number}}`, async () => {{\n"
        f"  for (let each = 0; each < {lines}; each += 1) console.log(`INFO flights row ${{each}} of carrier ${{each % 17}} arrived ${{each * 37 % 5003}} seconds late`);\n"
        '  if (number) await test.info().attach("rows", { body: "AA, 2026-02-01, 1204", contentType: "text/plain" });\n'
        "  expect(number).not.toBe(1);\n"
        "});\n"
    )
    tool = ["node", "node_modules/@playwright/test/cli.js"]
    blobs = place / "blob-report"
    _run([*tool, "test", "--reporter=blob", "--workers=1", "bench.spec.js"], place, allowed=(0, 1))
    try:
        for blob in blobs.glob("*.zip"):
            _stand_for(blob, tests)
    except (KeyError, StopIteration, ValueError) as unknown:
        raise MissingPeerError(f"what its runner wrote has a form that is not known here ({unknown!r})") from unknown
    started = time.perf_counter()
    _run([*tool, "merge-reports", "--reporter=html", blobs.name], place)
    return Made(page=place / "playwright-report" / "index.html", seconds=time.perf_counter() - started)


def _stand_for(blob: Path, tests: int) -> None:
    """Let what Playwright wrote of a passing test, and of a failing one behind it, stand for so many tests."""
    with zipfile.ZipFile(blob) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    events = parts["report.jsonl"].decode().splitlines()
    at = next(place for place, event in enumerate(events) if json.loads(event)["method"] == "onProject")
    project = json.loads(events[at])
    (suite,) = project["params"]["project"]["suites"]
    kinds = suite["entries"]
    own = [[event for event in events[at + 1 :] if kind["testId"] in event] for kind in kinds]
    suite["entries"], told = [], []
    for number in range(tests):
        kind = int(fails(number))
        name = f"{kinds[kind]['testId']}{number:06d}"
        suite["entries"].append({**kinds[kind], "testId": name, "title": f"manifest {number}"})
        told += [event.replace(kinds[kind]["testId"], name) for event in own[kind]]
    around = [event for event in events[at + 1 :] if not any(kind["testId"] in event for kind in kinds)]
    whole = [*events[:at], json.dumps(project), *around[:1], *told, *around[1:]]
    parts["report.jsonl"] = "\n".join([*whole, ""]).encode()
    with zipfile.ZipFile(blob, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)


def allure(place: Path, tests: int, lines: int) -> Made:
    """Have Allure report results of the same counts in one file."""
    results = place / "allure-results"
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir()
    if lines:
        (results / "log-attachment.txt").write_text("".join(line(number) + "\n" for number in range(1, lines + 1)))
    for number in range(tests):
        result = {
            "uuid": f"{number:08d}",
            "historyId": str(number),
            "name": f"manifest {number}",
            "fullName": f"pipelines/manifest-{number}",
            "status": "failed" if fails(number) else "passed",
            "statusDetails": {"message": "rows in another order"} if fails(number) else {},
            "stage": "finished",
            "start": 1_770_000_000_000 + number,
            "stop": 1_770_000_000_900 + number,
            "steps": [{"name": f"step-{each}", "status": "passed", "start": 0, "stop": 90} for each in range(5)],
            "attachments": [{"name": "log", "source": "log-attachment.txt", "type": "text/plain"}] if lines else [],
        }
        (results / f"{number:08d}-result.json").write_text(json.dumps(result))
    tool = ["node", "node_modules/allure/cli.js", "awesome", "--single-file", "--output", "allure-report"]
    started = time.perf_counter()
    _run([*tool, "allure-results"], place)
    return Made(page=next((place / "allure-report").rglob("index.html")), seconds=time.perf_counter() - started)


def install(place: Path) -> None:
    """Put the peers that run on Node.js into a directory, without their browsers. Raises `MissingPeerError` with the reason."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise MissingPeerError("there is no npm on this machine")
    (place / "package.json").write_text("{}")
    _run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES], place)


def version_of(place: Path, package: str) -> str:
    """Return the version of an installed package of Node.js."""
    return json.loads((place / "node_modules" / package / "package.json").read_text())["version"]


def _run(command: list[str], place: Path, *, allowed: tuple[int, ...] = (0,)) -> None:
    """Run a command in a process group of its own, which ends with it, whatever happens. Raises `MissingPeerError` with the reason."""
    environment = {**os.environ, "PLAYWRIGHT_HTML_OPEN": "never", "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"}
    name = " ".join(command[:3])
    started = subprocess.Popen(
        command,
        cwd=place,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = started.communicate(timeout=MOST_SECONDS)
    except subprocess.TimeoutExpired as late:
        raise MissingPeerError(f"{name} did not end within {MOST_SECONDS} s") from late
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()
    if started.returncode not in allowed:
        last = " ".join(said.strip().splitlines()[-1:])
        raise MissingPeerError(f"{name} ended with {started.returncode}: {last[:200]}")


def _record(number: int) -> ParityRecord:
    diverges = fails(number)
    finding = Finding(
        layer=Layer.TABLES,
        step="step-3",
        code="table-row-order",
        path=f"step-3.df of {number}",
        message="rows in another order",
        left="AA, 2026-02-01, 1204",
        right="B6, 2026-02-01, 913",
        hint="the query has no `order by`",
    )
    verdict = Verdict.DIVERGENT if diverges else Verdict.IDENTICAL
    comparison = Comparison(
        verdict=verdict,
        findings=(finding,) if diverges else (),
        findings_total=int(diverges),
        first_diverging_step="step-3" if diverges else None,
        causes=("step-3",) if diverges else (),
        compared=Compared(events=(17, 17), metrics=(9, 9), log_lines=(12, 12), tables=(4, 4), artifacts=(1, 1)),
    )
    name = f"pipelines/area-{number % 23}/manifest-{number}.osiris.yaml"
    return ParityRecord(
        manifest=name,
        pipeline_id=f"manifest-{number}",
        passed=not diverges,
        headline="local and e2b part at step `step-3`: rows in another order."
        if diverges
        else "local and e2b did the same.",
        verdict=verdict,
        session_id=f"20260203T101500Z-{number:08x}",
        elapsed_ms=702.0,
        targets=tuple(_target(target, number) for target in TARGETS),
        comparison=comparison,
        reproduce=f"osiris-parity run {name} --target both",
    )


def _target(target: str, number: int) -> TargetRun:
    steps = tuple(
        StepRun(
            id=f"step-{each}",
            driver="duckdb.processor",
            needs=(f"step-{each - 1}",) if each else (),
            state="succeeded",
            rows=16,
            duration_ms=20.0 + each,
            started_ms=22.0 * each,
        )
        for each in range(5)
    )
    local = target == "local"
    return TargetRun(
        target=target,
        provider="host" if local else "embedded",
        isolation="none" if local else "bubblewrap",
        outcome="succeeded",
        session_directory=f".osiris/runs/20260203T101500Z-{number:08x}/{target}",
        steps=steps,
        environment={"python": "3.11.7", "timezone": "Europe/Prague" if local else "UTC", "cpus": 8 if local else 2},
        phases=(("prepare", 18.0), ("run", 412.0), ("collect", 6.0)),
        elapsed_ms=436.0,
        http_requests=0 if local else 7,
    )
