"""What is wrong with a run of Osiris by itself: on one side only it is a difference, on both it is never green."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.foreign.osiris.files import step_of_file, strings_of
from osiris_core.parity.foreign.osiris.names import STEP_FIELD
from osiris_core.parity.foreign.osiris.paths import EVENTS, NESTED
from osiris_core.parity.foreign.protocol import Mark
from osiris_core.parity.foreign.secrets import is_secret_name
from osiris_core.parity.record import Layer
from osiris_core.parity.values import counted
from osiris_core.wire.records import STEP_FAILED, STEP_START

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osiris_core.parity.foreign.osiris.files import RunFiles

_MACHINE: Final = re.compile(r"(?:/Users|/home|/root|/private|/var/folders)/|[A-Za-z]:\\\\?")
_MASK: Final = re.compile(r"\*{3,}")
_SHOWN_IDS: Final = 3


def session_marks(lines: Sequence[dict[str, Any]]) -> Iterator[Mark]:
    """Yield a mark where one file of events has the ids of two sessions."""
    ids = Counter(str(line["session"]) for line in lines)
    if len(ids) > 1:
        named = ", ".join(f"{name} ({counted(count, 'line')})" for name, count in ids.most_common(_SHOWN_IDS))
        yield Mark(
            layer=Layer.EVENTS,
            code="session-mixed",
            path=EVENTS,
            message=f"{len(ids)} session ids in one file: {named}",
            hint="lines of another run's session were written into this one's file",
        )


def nested_marks(files: RunFiles) -> Iterator[Mark]:
    """Yield a mark where a run holds another run's session."""
    if files.nested:
        yield Mark(
            layer=Layer.ARTIFACTS,
            code="session-nested",
            path=NESTED,
            message=f"the run holds another session, of {counted(len(files.nested), 'file')}",
            hint="`osiris run` ran inside of the sandbox, and its session was brought back as an artifact",
        )


def secret_marks(files: RunFiles) -> Iterator[Mark]:
    """Yield a mark for every secret in clear; its place is named, its value never."""
    for path, leaks in files.leaks.items():
        for leak in leaks:
            where = f", first in line {leak.line}" if leak.line else ""
            yield Mark(
                layer=Layer.ARTIFACTS,
                code="secret-in-clear",
                path=f"{path}:{leak.what}",
                message=f"a secret stands in clear in {path}{where}",
                step=step_of_file(path),
                hint="change that secret: whoever has the run's directory has it",
                hidden=True,
            )


def masking_marks(lines: Sequence[dict[str, Any]]) -> Iterator[Mark]:
    """Yield a mark for every field that is no secret, and whose value was masked all the same."""
    seen = set()
    for line in lines:
        name = str(line.get("event", line.get("metric")))
        for path, text in strings_of(
            {key: value for key, value in line.items() if key not in {"ts", "event", "metric"}}
        ):
            place = f"{name}.{path}"
            if _MASK.search(text) and not is_secret_name(path) and place not in seen:
                seen.add(place)
                yield Mark(
                    layer=Layer.EVENTS,
                    code="over-masked",
                    path=place,
                    message="a value that is no secret is masked, and cannot be compared",
                    step=line.get(STEP_FIELD),
                )


def path_marks(configs: dict[str, Any]) -> Iterator[Mark]:
    """Yield a mark for every path in a config (`<step>/<file>` -> its value) that only one machine has."""
    for file, config in configs.items():
        for path, text in strings_of(config):
            if _MACHINE.match(text):
                yield Mark(
                    layer=Layer.ARTIFACTS,
                    code="absolute-path",
                    path=f"{file}:{path}",
                    message=f"{text} is a path of one machine",
                    step=file.partition("/")[0],
                    hint="write the path as seen from the project",
                )


def order_marks(events: Sequence[dict[str, Any]]) -> Iterator[Mark]:
    """Yield a mark for every step that began after another one had failed."""
    failed, seen = None, set()
    for event in events:
        step = event["step"]
        if event["event"] == STEP_FAILED:
            failed = failed or step
        elif event["event"] == STEP_START and failed not in {None, step} and step not in seen:
            seen.add(step)
            yield Mark(
                layer=Layer.STEPS,
                code="step-after-failure",
                path=STEP_START,
                message=f"{step} began although {failed} had failed",
                step=step,
                hint="what it wrote or sent is there, although the run failed",
            )
