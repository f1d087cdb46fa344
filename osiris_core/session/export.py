"""Turns verified records into the files that a session shows: events, metrics, logs and printed bytes.

Everything is written beside its place as it comes, so memory does not grow with it, and put in place at the end.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from osiris_core.errors import WireError
from osiris_core.session import contract
from osiris_core.session.digest import ContentDigest
from osiris_core.session.files import make_directory, open_private, refused, remove_tree
from osiris_core.session.lines import encode_line
from osiris_core.session.records import Event, Log, Metric, Stdio
from osiris_core.wire.records import EVENT_KEYS, STEP_COMPLETE, STEP_FAILED, STEP_SKIPPED, STEP_START

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import Self

    from osiris_core.session.records import Record

_BUFFER_BYTES = 1 << 18
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
    """Writes below `staging`; `publish` moves what is there into the session's directory.

    Records of no step that only a step's log could hold go to the file `stray`.
    """

    def __init__(self, staging: Path, *, session_id: str, steps: Sequence[str], stray: Path) -> None:
        self._staging = staging
        self._session_id = session_id
        self._steps = frozenset(steps)
        self._stray = stray
        self._open: dict[str, tuple[str | None, BinaryIO]] = {}  # one file a suffix: steps run one after the other
        self.written = Written()

    def __enter__(self) -> Self:
        """Make the staging directory anew, with the two files that every session has."""
        remove_tree(self._staging)
        make_directory(self._staging / contract.LOGS_DIRECTORY)
        with refused(self._staging, "cannot be written"):
            self._events = _appending(self._staging / contract.EVENTS_FILE)
            self._metrics = _appending(self._staging / contract.METRICS_FILE)
        return self

    def __exit__(self, *_exc: object) -> None:
        """Close every file; a second time is harmless."""
        with refused(self._staging, "cannot be written"), ExitStack() as stack:
            for out in (self._events, self._metrics, *(out for _, out in self._open.values())):
                stack.callback(out.close)

    def take_all(self, records: Iterable[Record]) -> None:
        """Write records. WireError for one that no session may hold, SessionError when the disk is full."""
        with refused(self._staging, "cannot be written"):
            for record in records:
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
        self._events.write(encode_line(line))
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
        self._metrics.write(encode_line(line))
        self.written.metrics += 1
        self.written.content.metric(line)

    def _log(self, record: Log) -> None:
        self._check_step(record.step)
        text = f"{record.level} {record.logger} {record.message}"
        if "\n" in text:
            raise WireError(f"a log line of step {record.step!r} has more than one line")
        line = text.encode("utf-8", "backslashreplace") + b"\n"
        self._stream(contract.LOG_SUFFIX, record.step).write(line)
        if record.step is None:
            self.written.strays += 1
            self.written.stray_bytes += len(line)
        else:
            self.written.log_lines[record.step] += 1
            self.written.content.logged(record.step, line)

    def _printed(self, record: Stdio) -> None:
        self._check_step(record.step)
        if record.data:
            self._stream(contract.PRINTED_SUFFIX, record.step).write(record.data)
            self.written.printed_bytes[record.step] += len(record.data)
            self.written.content.printed(record.step, record.data)

    def _check_step(self, step: str | None) -> None:
        if step is not None and step not in self._steps:
            raise WireError(f"a record names the step {step!r}, which the request does not have")

    def _stream(self, suffix: str, step: str | None) -> BinaryIO:
        """Return the open file of a step's stream; the one of the step before is closed."""
        known = self._open.get(suffix)
        if known is not None:
            if known[0] == step:
                return known[1]
            known[1].close()
        path = self._stray if step is None else self._staging / contract.LOGS_DIRECTORY / f"{step}{suffix}"
        self._open[suffix] = (step, _appending(path))
        return self._open[suffix][1]


def _appending(path: Path) -> BinaryIO:
    return os.fdopen(open_private(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), "ab", _BUFFER_BYTES)
