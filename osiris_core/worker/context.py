"""What a driver is given as `ctx`."""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, SupportsFloat, SupportsIndex

from osiris_core.wire import records
from osiris_core.wire.secret import Secret
from osiris_core.worker.disclosure import secret_of

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.wire.request import RunRequest
    from osiris_core.wire.secrets import Secrets
    from osiris_core.worker.messages import Channel


class StepContext:
    """One step's way to log, measure, and be told what it must not find out by itself.

    `logger` (captured from INFO on), `output_dir` (the step's artifacts go there), `session_id`, `step_id`, `now`
    (the logical time, aware), `seed`, and `rng`, a generator of this step alone.
    """

    def __init__(
        self,
        *,
        request: RunRequest,
        step_id: str,
        output_dir: Path,
        logger: logging.Logger,
        channel: Channel,
        secrets: Secrets,
    ) -> None:
        self.session_id = request.session_id
        self.step_id = step_id
        self.output_dir = output_dir
        self.logger = logger
        self.now = datetime.fromisoformat(request.logical_now)
        self.seed = request.seed
        self.rng = random.Random(f"{request.seed}:{step_id}")  # noqa: S311 - repeatable on purpose
        self._channel = channel
        self._secrets = secrets
        self.has_recorded = False

    def log_metric(
        self,
        name: str,
        value: SupportsFloat | SupportsIndex,
        unit: str | None = None,
        volatile: bool = False,
        **tags: object,
    ) -> None:
        """Record a number. ValueError or TypeError when the name is empty or the value no finite number.

        A mapping given as `tags` is taken for the tags themselves, as Osiris' drivers give them.
        """
        _check_name(name, "metric")
        given = tags.pop("tags", {})
        tags = {**given, **tags} if isinstance(given, Mapping) else {"tags": given, **tags}
        self._record(
            records.metric(
                ts=records.timestamp(),
                step=self.step_id,
                name=name,
                value=_number(name, value),
                unit=unit,
                volatile=bool(volatile),
                tags={str(key): str(tag) for key, tag in tags.items()},
            )
        )

    def log_event(self, name: str, data: Mapping[str, Any] | None = None, /, **fields: Any) -> None:
        """Record an event; its fields may come as one mapping, as Osiris' drivers give them.

        ValueError for a name or field of the worker's own, TypeError for what JSON cannot say.
        """
        _check_name(name, "event")
        fields = {**(data or {}), **fields}
        if name in records.EVENT_NAMES:
            raise ValueError(f"the event name {name!r} belongs to the worker; choose another")
        taken = sorted(records.EVENT_KEYS & fields.keys())
        if taken:
            raise ValueError(f"the event field {taken[0]!r} belongs to the worker; choose another")
        self._record(records.event(ts=records.timestamp(), step=self.step_id, name=name, data=fields))

    def log(self, message: object, level: str = "info") -> None:
        """Log a line: the way of some of Osiris' drivers. ValueError for a level that is none."""
        number = logging.getLevelNamesMapping().get(level.upper())
        if number is None:
            raise ValueError(f"the log level {level!r} is none of debug, info, warning, error, critical")
        self.logger.log(number, "%s", message)

    def _record(self, record: Mapping[str, Any]) -> None:
        self._channel.record(record)
        self.has_recorded = True

    def secret(self, name: str) -> Secret:
        """Return a secret, whose `reveal()` returns the value. LookupError for one that the manifest does not declare."""
        return Secret(name, secret_of(self._secrets, name))


def _check_name(name: object, what: str) -> None:
    if not isinstance(name, str) or not name:
        raise ValueError(f"the name of a {what} is a non-empty text, not {name!r}")


def _number(name: str, value: SupportsFloat | SupportsIndex) -> int | float:
    """Return `value` as a plain number: numeric types of engines are taken by their value."""
    if isinstance(value, (bool, str, bytes)):
        raise TypeError(f"the metric {name!r} is a number, not {value!r}")
    if isinstance(value, SupportsIndex):
        return value.__index__()
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"the metric {name!r} is a finite number, not {number}")
    return number
