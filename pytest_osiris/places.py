"""Where a run writes its files: a place that cannot be written, or that two of them share, is refused before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from osiris_core.errors import UsageError
from osiris_core.surface import require_report_place, require_summary_file
from pytest_osiris.keys import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_osiris.settings import Settings

_OTHERS: Final = {
    "xmlpath": "--junitxml",
    "htmlpath": "--html",
    "report_log": "--report-log",
    "json_report_file": "--json-report-file",
}
"""Options of pytest and of its best known plugins that name a file to be written, by the name of their value."""


def require_places(config: pytest.Config) -> None:
    """Raise `pytest.UsageError` for the first place that a report or a summary of ours cannot have."""
    settings, option = config.stash[SETTINGS], "--osiris-report"
    try:
        if settings.report is not None:
            require_report_place(settings.report)
        option = "--osiris-summary"
        if settings.summary is not None:
            require_summary_file(settings.summary)
    except UsageError as error:
        raise pytest.UsageError(f"{option}: {error}") from None
    taken: dict[Path, str] = {}
    for option, path in _written(config, settings):
        if path in taken:
            raise pytest.UsageError(
                f"{taken[path]} and {option} both write {path}, and one of the two would be lost: give them different names"
            )
        taken[path] = option


def _written(config: pytest.Config, settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yield every file that this run is going to write, with the option that asks for it."""
    if settings.report is not None:
        yield "--osiris-report", settings.report.resolve()
        yield "--osiris-report (its data)", settings.report.with_suffix(".json").resolve()
    if settings.summary is not None:
        yield "--osiris-summary", settings.summary.resolve()
    for name, option in _OTHERS.items():
        given = config.getoption(name, None)
        if isinstance(given, str) and given:
            yield option, (config.invocation_params.dir / given).resolve()
