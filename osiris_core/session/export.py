"""Turns verified records into the files that a session shows: events, metrics, logs and printed bytes.

Everything is written beside its place as it comes, so memory does not grow with it, and put in place at the end.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from osiris_core.errors import WireError
from osiris_core.session import contract
from osiris_core.session.digest import ContentDigest
from osiris_core.session.files import make_directory, refused, remove_tree
from osiris_core.session.lines import encode_line
from osiris_core.session.records import Event, Log, Metric, Stdio
from osiris_core.wire.records import EVENT_KEYS, STEP_COMPLETE, STEP_FAILED, STEP_SKIPPED, STEP_START

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Self

    from osiris_core.session.records import Record

_STEP_EVENTS = frozenset({STEP_START, STEP_COMPLETE, STEP_FAILED, STEP_SKIPPED})


@dataclass(slots=True, kw_only=True)
class Written:
    """What the files hold, and the last word on each step."""

    events: int = 0
    metrics: int = 0
    strays: int = 0
    stray_bytes: int = 0
    log_lines: Counter[str] = field(default_factory=Counter)
    printed_bytes: Counter[str] = field(default_factory=Counter)
    content: ContentDigest = field(default_factory=ContentDigest)
    last_events: dict[str, Event] = field(default_factory=dict)


class Export:
    """Writes below `staging`; `publish` moves what is there into the session's directory."""

    def __init__(self, staging: Path, *, session_id: str, steps: Sequence[str], stray: Path) -> None:
        self._staging = staging
        self._session_id = session_id
        self._steps = frozenset(steps)
        self._stray = stray
        self._open: dict[str, tuple[Path, BinaryIO]] = {}  # one file a suffix: steps run one after the other
        self.written = Written()

    def __enter__(self) -> Self:
        """Make the staging directory anew, with the two files that every session has."""
        remove_tree(self._staging)
        make_directory(self._staging / contract.LOGS_DIRECTORY)
        for name in (contract.EVENTS_FILE, contract.METRICS_FILE):
            self._file(name, self._staging / name)
        return self

    def __exit__(self, *_exc: object) -> None:
        """Close every file."""
        while self._open:
            path, out = self._open.popitem()[1]
            with refused(path, "cannot be written"):
                out.close()

    def take(self, record: Record) -> None:
        """Write one record. WireError for one that no session may hold, SessionError when the disk is full."""
        match record:
            case Event():
                self._event(record)
            case Metric():
                self._metric(record)
            case Log():
                self._log(record)
            case Stdio():
                self._printed(record)

    def publish(self, directory: Path) -> None:
        """Put everything in its place; `logs/` is there only when it is not empty."""
        self.__exit__()
        logs = directory / contract.LOGS_DIRECTORY
        remove_tree(logs)
        with refused(directory, "cannot be filled"):
            for name in (contract.EVENTS_FILE, contract.METRICS_FILE):
                (self._staging / name).replace(directory / name)
            if any((self._staging / contract.LOGS_DIRECTORY).iterdir()):
                (self._staging / contract.LOGS_DIRECTORY).rename(logs)

    def _event(self, record: Event) -> None:
        self._check_step(record.step)
        if taken := EVENT_KEYS & record.data.keys():
            raise WireError(f"the event {record.name!r} has data under reserved names: {', '.join(sorted(taken))}")
        line = {
            "ts": record.ts,
            "session": self._session_id,
            "event": record.name,
            "step": record.step,
            **record.data,
        }
        self._write(contract.EVENTS_FILE, self._staging / contract.EVENTS_FILE, encode_line(line))
        self.written.events += 1
        self.written.content.event(line)
        if record.step is not None and record.name in _STEP_EVENTS:
            self.written.last_events[record.step] = record

    def _metric(self, record: Metric) -> None:
        self._check_step(record.step)
        line: dict[str, Any] = {
            "ts": record.ts,
            "session": self._session_id,
            "step": record.step,
            "metric": record.name,
            "value": record.value,
            "unit": record.unit,
            "volatile": record.volatile,
            "tags": record.tags,
        }
        self._write(contract.METRICS_FILE, self._staging / contract.METRICS_FILE, encode_line(line))
        self.written.metrics += 1
        self.written.content.metric(line)

    def _log(self, record: Log) -> None:
        text = f"{record.level} {record.logger} {record.message}"
        if "\n" in text:
            raise WireError(f"a log line of step {record.step!r} has more than one line")
        line = text.encode("utf-8", "backslashreplace") + b"\n"
        self._check_step(record.step)
        if record.step is None:
            self._write(contract.STRAY_FILE, self._stray, line)
            self.written.strays += 1
            self.written.stray_bytes += len(line)
            return
        self._write(contract.LOG_SUFFIX, self._log_path(record.step, contract.LOG_SUFFIX), line)
        self.written.log_lines[record.step] += 1
        self.written.content.logged(record.step, line)

    def _printed(self, record: Stdio) -> None:
        self._check_step(record.step)
        if not record.data:
            return
        self._write(contract.PRINTED_SUFFIX, self._log_path(record.step, contract.PRINTED_SUFFIX), record.data)
        self.written.printed_bytes[record.step] += len(record.data)
        self.written.content.printed(record.step, record.data)

    def _check_step(self, step: str | None) -> None:
        if step is not None and step not in self._steps:
            raise WireError(f"a record names the step {step!r}, which the request does not have")

    def _log_path(self, step: str, suffix: str) -> Path:
        return self._staging / contract.LOGS_DIRECTORY / f"{step}{suffix}"

    def _write(self, slot: str, path: Path, data: bytes) -> None:
        with refused(path, "cannot be written"):
            self._file(slot, path).write(data)

    def _file(self, slot: str, path: Path) -> BinaryIO:
        """Return the open file of a slot, which holds one at a time."""
        known = self._open.get(slot)
        if known is not None and known[0] == path:
            return known[1]
        if known is not None:
            known[1].close()
        with refused(path, "cannot be written"):
            out = path.open("ab")
            path.chmod(0o600)
        self._open[slot] = (path, out)
        return out
