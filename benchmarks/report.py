"""What our report costs to make, to load and to search, beside pytest-html, Playwright's and Allure's reports on the same counts.

    python benchmarks/report.py [--manifests N] [--lines N] [--rounds N] [--only ours,pytest-html,playwright,allure]

Two shapes: a thousand manifests of which 20 fail, and one manifest with 100,000 log lines. All pages are opened in the same Chromium, from
files, in turn; numbers are medians of the rounds. `make` is processor time of our renderer, wall time of a peer's reporter without running
tests, and empty where the two cannot be told apart. `search` is the time from a word in the search field to its answer on the screen: over
the manifests in the first shape, over all lines in the second. `cpu` is what the page's process took of the processor for the number before
it, which says more on a machine that others use. `load / ours` compares that, round by round. A peer that cannot be had is named with the reason.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

import report_pages
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser

PEERS = ("ours", "pytest-html", "playwright", "allure")
SEARCHES = {
    "manifests": ("#search", "#shown", "manifest-77"),
    "lines": ("#line-search input", "#line-search [role=status], #line-search output", "carrier 3 arrived 17 seconds"),
}
"""Of our page: the field, where the answer is told, and what to look for."""

TYPE = """async ([field, told, word]) => {
  const input = document.querySelector(field);
  const answer = document.querySelector(told);
  const before = answer.textContent;
  const started = performance.now();
  input.value = word;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  while (answer.textContent === before || answer.textContent.startsWith("searching")) {
    await new Promise((resolve) => setTimeout(resolve));
    if (performance.now() - started > 60000) return null;
  }
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  return performance.now() - started;
}"""

PAINT = """() => new Promise((resolve) => {
  const done = (paint) => resolve([performance.getEntriesByType("navigation")[0].loadEventEnd, paint]);
  new PerformanceObserver((list) => {
    for (const first of list.getEntriesByName("first-contentful-paint")) done(first.startTime);
  }).observe({ type: "paint", buffered: true });
  setTimeout(done, 60_000, null);
})"""
"""Waits for what has been drawn, which on a busy machine is after the page has loaded."""


def measure(browser: Browser, page: Path, search: tuple[str, str, str] | None = None) -> dict[str, float | None]:
    """Open a page in a fresh window; return milliseconds to load, to paint and to search, DOM nodes and the script's heap in MiB."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        opened = context.new_page()
        session = context.new_cdp_session(opened)
        session.send("Performance.enable")
        opened.goto(page.as_uri(), timeout=300_000)
        load_ms, paint_ms = opened.evaluate(PAINT)
        session.send("HeapProfiler.collectGarbage")
        found = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
        search_ms = opened.evaluate(TYPE, list(search)) if search else None
        after = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    finally:
        context.close()
    return {
        "load_ms": load_ms,
        "paint_ms": paint_ms,
        "nodes": found["Nodes"],
        "heap_mib": found["JSHeapUsedSize"] / 2**20,
        "search_ms": search_ms,
        "load_cpu_s": found["ProcessTime"],
        "search_cpu_s": after["ProcessTime"] - found["ProcessTime"] if search else None,
    }


def rendered(place: Path, manifests: int, lines: int) -> tuple[report_pages.Made, float]:
    """Make our page in a process of its own, so that its peak of memory, in MiB, is the renderer's."""
    command = [sys.executable, __file__, "--render", str(place), "--manifests", str(manifests), "--lines", str(lines)]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return report_pages.Made(page=Path(told["page"]), seconds=told["seconds"]), told["peak_mib"]


def compare(browser: Browser, root: Path, given: argparse.Namespace, *, shape: str, manifests: int, lines: int) -> None:
    """Print one row a report for one shape."""
    print(f"\n{shape}")
    print(
        f"{'':>12} {'make s':>7} {'peak MiB':>9} {'file MB':>8} {'load s':>7} {'cpu s':>6} {'paint s':>8} {'nodes':>8} {'heap MiB':>9} {'search s':>9} {'cpu s':>6} {'load / ours':>12}"
    )
    made: dict[str, tuple[report_pages.Made, float | None]] = {}
    makers: dict[str, Callable[[], tuple[report_pages.Made, float | None]]] = {
        "ours": lambda: rendered(root, manifests, lines),
        "pytest-html": lambda: (report_pages.pytest_html(root, manifests, lines), None),
        "playwright": lambda: (report_pages.playwright(root, manifests, lines), None),
        "allure": lambda: (report_pages.allure(root, manifests, lines), None),
    }
    for name in given.only:
        try:
            made[name] = makers[name]()
        except report_pages.MissingPeerError as reason:
            print(f"{name:>12} missing: {reason}")
    rounds: dict[str, list[dict[str, float | None]]] = {name: [] for name in made}
    for _ in range(given.rounds):
        for name, (page, _peak) in made.items():
            search = SEARCHES["lines" if lines else "manifests"] if name == "ours" else None
            rounds[name].append(measure(browser, page.page, search))
    for name, (page, peak) in made.items():
        middle = {key: _median([each[key] for each in rounds[name]]) for key in rounds[name][0]}
        ratio = _median(
            [
                each["load_cpu_s"] / mine["load_cpu_s"]
                for each, mine in zip(rounds[name], rounds.get("ours", ()), strict=False)
            ]
        )
        print(
            f"{name:>12} {_shown(page.seconds, 7, 2)} {_shown(peak, 9, 0)} {page.page.stat().st_size / 1e6:8.2f}"
            f" {_shown(middle['load_ms'], 7, 2, 1e3)} {_shown(middle['load_cpu_s'], 6, 2)} {_shown(middle['paint_ms'], 8, 2, 1e3)} {middle['nodes']:8.0f}"
            f" {middle['heap_mib']:9.1f} {_shown(middle['search_ms'], 9, 2, 1e3)} {_shown(middle['search_cpu_s'], 6, 2)} {_shown(ratio, 12, 2)}",
            flush=True,
        )


def _median(values: list[float | None]) -> float | None:
    known = [each for each in values if each is not None]
    return statistics.median(known) if known else None


def _shown(value: float | None, width: int, digits: int, unit: float = 1.0) -> str:
    return f"{'-':>{width}}" if value is None else f"{value / unit:{width}.{digits}f}"


def main() -> int:
    """Print a table a shape."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--manifests", type=int, default=1_000)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(PEERS))
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    parser.add_argument("--render", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.render:
        page = report_pages.ours(given.render, given.manifests, given.lines)
        peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
        print(json.dumps({"page": str(page.page), "seconds": page.seconds, "peak_mib": peak_mib}))
        return 0
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as driver:
        root = Path(scratch)
        browser = driver.chromium.launch(executable_path=given.chromium, args=["--no-sandbox", "--disable-gpu"])
        peers = [f"pytest-html {version('pytest-html')}"]
        if {"playwright", "allure"} & set(given.only):
            try:
                report_pages.install(root)
                peers += [f"{name} {report_pages.version_of(root, name)}" for name in report_pages.PACKAGES]
            except report_pages.MissingPeerError as reason:
                print(f"Playwright and Allure are missing: {reason}")
                given.only = [name for name in given.only if name not in {"playwright", "allure"}]
        load = os.getloadavg()[0]
        print(
            f"Chromium {browser.version}, {', '.join(peers)}, {os.cpu_count()} CPUs, load {load:.0f}, rounds: {given.rounds}"
        )
        each = partial(compare, browser, root, given)
        few = f"{given.manifests:,} manifests, {report_pages.FAILING_OF_A_THOUSAND} of a thousand fail"
        each(shape=few, manifests=given.manifests, lines=0)
        each(shape=f"1 manifest, {given.lines:,} log lines", manifests=1, lines=given.lines)
        print(f"\nload at the end {os.getloadavg()[0]:.0f}")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
