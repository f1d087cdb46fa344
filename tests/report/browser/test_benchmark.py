from __future__ import annotations

import sys

import pytest


@pytest.fixture
def benchmark(request, monkeypatch):
    """The command that measures reports, as a module."""
    monkeypatch.syspath_prepend(request.config.rootpath / "benchmarks")
    import report
    import report_pages

    yield report, report_pages
    del sys.modules["report"], sys.modules["report_pages"]


def test_the_benchmark_measures_what_it_says(benchmark, browser, tmp_path):
    """A small version: its pages load, hold what they are made for, and answer a search."""
    report, pages = benchmark
    made = pages.ours(tmp_path, 2, 1_500)
    assert made.page.read_text("utf-8").count('class="manifest mark-') == 2
    for shape in ("manifests", "lines"):
        field, told, _ = report.SEARCHES[shape]
        found = report.measure(browser, made.page, (field, told, "carrier 3" if shape == "lines" else "manifest-1"))
        assert min(found["load_ms"], found["paint_ms"], found["nodes"], found["heap_mib"], found["search_ms"]) > 0
