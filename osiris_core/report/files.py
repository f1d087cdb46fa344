"""Writes reports: the page and, beside it, the records it was made from; and the Markdown summary."""

from __future__ import annotations

import errno
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from osiris_core.errors import UsageError
from osiris_core.parity.record_io import encode_records
from osiris_core.report.html import render_html
from osiris_core.report.markdown import LEAST_BYTES, LIMIT_BYTES, render_markdown
from osiris_core.report.units import size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osiris_core.parity.record import RecordSet
    from osiris_core.parity.since import Since

_GENERATOR: Final = b'<meta name="generator" content="pytest-osiris">'
_HEAD_BYTES: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFiles:
    """Where a report lies."""

    html: Path
    json: Path


def write_report(
    records: RecordSet, html_path: Path, *, roots: Sequence[Path] = (), since: Since | None = None
) -> ReportFiles:
    """Write the page to `html_path` and the records beside it, `.json` for `.html`; both are whole or not there.

    Below one of `roots`, project roots, lie the sessions that the records name; without them, or where they are gone, the page shows what the records hold.
    `since` is what changed since older records, which the page then tells of. Directories on the way are made. Raises `UsageError` where the place cannot be written.
    """
    files = _files(html_path)
    page = render_html(
        records, json_name=files.json.name, roots=roots, since=since, beside=files.html.absolute().parent
    )
    _write_pages({files.json: encode_records(records), files.html: page.encode()}, files.html)
    return files


def write_page(
    records: RecordSet, html_path: Path, *, roots: Sequence[Path] = (), since: Since | None = None
) -> ReportFiles:
    """Write the page alone, as `write_report` does: beside it lie the records that it is made from, and stay as they are."""
    files = _files(html_path)
    page = render_html(
        records, json_name=files.json.name, roots=roots, since=since, beside=files.html.absolute().parent
    )
    _write_pages({files.html: page.encode()}, files.html)
    return files


def is_report(path: Path) -> bool:
    """Whether a file is a page that was made here, and may be made again. False where it cannot be read."""
    try:
        with path.open("rb") as file:
            return _GENERATOR in file.read(_HEAD_BYTES)
    except OSError:
        return False


def _files(html: Path) -> ReportFiles:
    html = Path(html)
    if html.suffix == ".json" or not html.name:
        raise UsageError(f"{html} is no place for a page", hint="name an .html file; the .json is written beside it")
    return ReportFiles(html=html, json=html.with_suffix(".json"))


def _write_pages(contents: Mapping[Path, bytes], html: Path) -> None:
    try:
        html.parent.mkdir(parents=True, exist_ok=True)
        _replace_all(contents)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"the report cannot be written to {html}: {reason}", hint="give another path") from error


def write_records(records: RecordSet, path: Path) -> None:
    """Write the records alone, whole or not at all. Raises `UsageError` where the place cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace_all({path: encode_records(records)})
    except OSError as error:
        raise UsageError(f"the records cannot be written to {path}: {error.strerror or error}") from error


def write_summary(records: RecordSet, path: Path, *, report: Path | None = None, since: Since | None = None) -> None:
    """Write the Markdown summary to `path`, whole or not at all; it links to the `report` from where it lies itself.

    Directories on the way are made. Raises `UsageError` where the place cannot be written.
    """
    name = "" if report is None else Path(os.path.relpath(report, path.parent)).as_posix()
    text = render_markdown(records, report=name, link=quote(name), since=since)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace_all({path: text.encode("utf-8", "backslashreplace")})
    except OSError as error:
        raise UsageError(f"the summary cannot be written to {path}: {error.strerror or error}") from error


def append_summary(
    records: RecordSet, path: Path, *, report: str = "", link: str = "", since: Since | None = None
) -> None:
    """Append the Markdown summary to a file that others write too, within what GitHub takes of one step.

    Raises `UsageError` where there is no room, or the file cannot be written.
    """
    try:
        used = path.stat().st_size if path.exists() else 0
        if LIMIT_BYTES - used < LEAST_BYTES:
            raise UsageError(f"the summary {path} has no room left: GitHub takes {size(LIMIT_BYTES)} of a step")
        text = render_markdown(records, report=report, link=link, limit_bytes=LIMIT_BYTES - used - 1, since=since)
        with path.open("ab") as file:
            file.write(b"\n" * bool(used) + text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise UsageError(f"the summary cannot be written to {path}: {error.strerror or error}") from error


def _replace_all(contents: Mapping[Path, bytes]) -> None:
    """Put each content at its path in one step, after all of them are on disk: a reader sees old files or new ones."""
    for path in contents:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a directory", str(path))
    staged: dict[Path, Path] = {}
    try:
        for path, data in contents.items():
            descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            staged[path] = Path(name)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            staged[path].chmod(0o666 & ~_umask())
        for path, temporary in staged.items():
            temporary.replace(path)
    finally:
        for temporary in staged.values():
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    """Return the process's umask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
