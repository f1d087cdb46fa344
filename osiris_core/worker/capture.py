"""Logging becomes records: the step's own logger from INFO on, everything else from WARNING on."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from osiris_core.wire import records
from osiris_core.worker.failure import as_text

if TYPE_CHECKING:
    from osiris_core.worker.messages import Channel

STEP_LOGGERS = "osiris"
"""A step's logger is `osiris.<step id>`."""


class LogCapture:
    """Installs the handlers, and puts them back where a driver removed them."""

    def __init__(self, channel: Channel) -> None:
        self.step: str | None = None
        self._own = _RecordHandler(self, channel, logging.INFO)
        self._others = _RecordHandler(self, channel, logging.WARNING)

    def begin(self, step: str | None) -> logging.Logger:
        """Attribute log lines to `step` from now on; return the step's logger."""
        self.step = step
        own, root = logging.getLogger(STEP_LOGGERS), logging.getLogger()
        own.setLevel(logging.INFO)
        own.propagate = False
        root.setLevel(min(root.level, logging.WARNING))
        for logger, handler in ((own, self._own), (root, self._others)):
            logger.disabled = False
            if handler not in logger.handlers:
                logger.addHandler(handler)
        logger = own.getChild(step) if step else own
        logger.disabled = False
        return logger


class _RecordHandler(logging.Handler):
    """Sends a log record as a record; in a forked child, where that is not possible, it prints it."""

    def __init__(self, capture: LogCapture, channel: Channel, level: int) -> None:
        super().__init__(level)
        self._capture = capture
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = _text(record)
        except Exception:  # noqa: BLE001 - bad arguments to a log call: logging's own answer goes to stderr
            self.handleError(record)
            return
        if not self._channel.is_open:
            sys.stderr.write(f"{record.levelname} {record.name} {message}\n")
            return
        self._channel.record(
            records.log(
                ts=records.timestamp(),
                step=self._capture.step,
                level=record.levelname,
                logger=record.name,
                message=message,
            )
        )


def _text(record: logging.LogRecord) -> str:
    """Return the message, and below it the error and the stack that were logged with it."""
    parts = [record.getMessage()]
    if record.exc_info and record.exc_info[1] is not None:
        parts.append(as_text(record.exc_info[1]))
    if record.stack_info:
        parts.append(record.stack_info)
    return "\n".join(parts)
