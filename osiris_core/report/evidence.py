"""What a verdict rests on: where the sessions lie, how their records came, what was accepted for how long, the commands that show it again."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from osiris_core.parity.exhibit.places import session_place
from osiris_core.report.attempts import attempts_of
from osiris_core.report.units import duration, plural, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from osiris_core.parity.record import ParityRecord, TargetRun, Transport, WaiverUse
    from osiris_core.report.attempts import Attempts

_FILES: Final = ("session.json", "target.json", "manifest.json", "events.jsonl", "metrics.jsonl", "logs", "artifacts")
_MOST_RETRIES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLink:
    """A file or directory of a session, and where it is seen from the page."""

    name: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriage:
    """How a target's records came: what of them was verified, what happened on the way, and requests that were made again.

    `doubtful` says that what came is not what the worker stated.
    """

    verified: str
    doubtful: bool
    events: tuple[str, ...]
    retries: tuple[str, ...]
    retries_left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command and what it shows."""

    what: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverRow:
    """A waiver with how long it holds in words; `late` where it accepts nothing any more."""

    use: WaiverUse
    remaining: str
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a record rests on; `files` and `carriage` are by target, None where a target has no record of its transport."""

    files: tuple[tuple[FileLink, ...], ...]
    carriage: tuple[Carriage | None, ...]
    commands: tuple[Command, ...]
    waivers: tuple[WaiverRow, ...]
    attempts: Attempts | None

    @property
    def further_commands(self) -> tuple[Command, ...]:
        """All commands, where there are more than the one that stands below the headline."""
        return self.commands if len(self.commands) > 1 else ()

    @property
    def tells_carriage(self) -> bool:
        """Whether any target has a record of how its records came."""
        return any(each is not None for each in self.carriage)


def evidence_of(record: ParityRecord, roots: Sequence[Path], beside: Path | None) -> Evidence:
    """Return the evidence of a record; links lead from the directory `beside`, where the page lies, to sessions below one of `roots`."""
    return Evidence(
        files=tuple(tuple(_links(run, roots, beside)) for run in record.targets),
        carriage=tuple(_carriage(run.transport) if run.transport else None for run in record.targets),
        commands=tuple(_commands(record)),
        waivers=waiver_rows(record.comparison.waivers if record.comparison else ()),
        attempts=attempts_of(record, roots),
    )


def waiver_rows(waivers: Sequence[WaiverUse]) -> tuple[WaiverRow, ...]:
    """Return waivers with what needs somebody first: those that are out of date, then those that soon will be."""
    rows = [WaiverRow(use=use, remaining=_remaining(use.days_left), late=_is_late(use)) for use in waivers]
    return tuple(sorted(rows, key=lambda row: (not row.late, _days(row.use), row.use.name)))


def _is_late(use: WaiverUse) -> bool:
    return use.days_left is not None and use.days_left < 0


def _days(use: WaiverUse) -> float:
    return float("inf") if use.days_left is None else use.days_left


def _remaining(days_left: int | None) -> str:
    if days_left is None:
        return ""
    if days_left < 0:
        return f"expired {plural(-days_left, 'day')} before the check"
    return "its last day" if days_left == 0 else f"{plural(days_left, 'day')} left"


def _links(run: TargetRun, roots: Sequence[Path], beside: Path | None) -> Iterator[FileLink]:
    """Yield the files that are there. A place that is no plain one below a root has none: nobody is led out of the project."""
    directory, _ = session_place(run.session_directory, roots) if beside and run.session_directory else (None, "")
    if directory is None or beside is None:
        return
    for name in _FILES:
        path = directory / name
        if path.exists():
            way = os.path.relpath(path, beside)
            yield FileLink(name=name, href=quote(os.fsencode(way if way.startswith("..") else f"./{way}")))


def _carriage(transport: Transport) -> Carriage:
    doubts = [
        what
        for what, holds in (("records", transport.verified), ("artifacts", transport.artifacts_verified))
        if holds is False
    ]
    verified = [
        f"{what} by the worker's own digest"
        for what, holds in (
            (plural(transport.records, "record"), transport.verified),
            ("artifacts", transport.artifacts_verified),
        )
        if holds
    ]
    said = (
        f"verified: {' and '.join(verified)}" if verified else f"{plural(transport.records, 'record')}, none verified"
    )
    return Carriage(
        verified=f"not what the worker stated: {' and '.join(doubts)}" if doubts else said,
        doubtful=bool(doubts),
        events=tuple(_events(transport)),
        retries=tuple(
            f"{each.what}: {each.cause}, again after {duration(each.waited_ms)}"
            for each in transport.retries[:_MOST_RETRIES]
        ),
        retries_left_out=max(0, len(transport.retries) - _MOST_RETRIES),
    )


def _events(transport: Transport) -> Iterator[str]:
    """Yield what happened on the way and was made good."""
    said = (
        (transport.reconnects, plural(transport.reconnects, "reconnect")),
        (transport.stalls, f"{plural(transport.stalls, 'line')} given up after a stall"),
        (transport.gaps, f"{plural(transport.gaps, 'gap')} noticed"),
        (
            transport.fills,
            f"{plural(transport.fills, 'range')} read again from the spool ({size(transport.filled_bytes)})",
        ),
        (transport.duplicates, f"{plural(transport.duplicates, 'duplicate')} dropped"),
        (transport.damaged, f"{plural(transport.damaged, 'damaged line')} read again"),
        (transport.fenced, f"{plural(transport.fenced, 'line')} of an older worker refused"),
        (transport.strays, f"{plural(transport.strays, 'piece')} of output that belongs to no step"),
        (transport.throttled_ms, f"the worker waited {duration(transport.throttled_ms)} for this machine"),
    )
    yield from (words for happened, words in said if happened)


def _commands(record: ParityRecord) -> Iterator[Command]:
    """Yield the commands that show a record again, the whole first."""
    if record.reproduce:
        yield Command(what="run this check again", text=record.reproduce)
    if record.triage and record.triage.command:
        what = "with the one thing that makes the difference" if record.triage.factors else "and look for its cause"
        yield Command(what=f"show the divergence again, {what}", text=record.triage.command)
    places = [run.session_directory for run in record.targets if run.session_directory]
    if record.comparison is not None and len(places) == 2:  # noqa: PLR2004 - a diff has two sides
        text = f"osiris-parity diff {' '.join(map(shlex.quote, places))}"
        yield Command(what="compare these two sessions again, without running anything", text=text)
    if record.line > 0 and record.targets and not record.case:
        text = f"osiris-parity explain {shlex.quote(record.manifest)}"
        yield Command(what="see what a run would do, step by step", text=text)
    if record.baseline and record.baseline.update:
        yield Command(what="accept what is new as the baseline", text=record.baseline.update)
