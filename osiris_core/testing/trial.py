"""One call of a driver, as a step of a run would make it, in a place where all that it does is seen."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import logging
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from osiris_core.drivers.loading import load_target
from osiris_core.drivers.tables import as_table
from osiris_core.testing.watch import Places, watching
from osiris_core.wire.canon import canonical_json
from osiris_core.wire.limits import ArtifactLimits
from osiris_core.wire.names import TABLE, table_key
from osiris_core.wire.paths import TreeNames
from osiris_core.wire.request import RunRequest
from osiris_core.wire.secrets import Secrets
from osiris_core.worker.context import StepContext
from osiris_core.worker.outbox import FoundFile, Scan, SkippedFile
from osiris_core.worker.outputs import Output, Outputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from osiris_core.drivers.protocol import DriverSpec
    from osiris_core.worker.messages import Channel

STEP: Final = "output"
"""The step's id: its directory is `Places.output`."""
_SHOWN_CHARS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a driver is called with: `tables` by step id, None for one that handed on nothing, and what makes files."""

    spec: DriverSpec
    config: Mapping[str, Any]
    tables: Mapping[str, pa.Table | None]
    make_files: Callable[[Path], None]
    code: Sequence[Path] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a call came to.

    `asked` are the options whose value was asked for, `artifacts` the bytes by path, `records` what the driver said
    through `ctx`; `written`, `changed` and `left` are as in `Watched`, `inputs_changed` names inputs.
    """

    error: BaseException | None = None
    returned: Any = None
    table: pa.Table | None = None
    artifacts: Mapping[str, bytes] = field(default_factory=dict)
    skipped_artifacts: tuple[str, ...] = ()
    records: tuple[Mapping[str, Any], ...] = ()
    asked: frozenset[str] = frozenset()
    inputs_changed: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def failure(self) -> str:
        """The error in a few words, empty without one."""
        if self.error is None:
            return ""
        text = f"{type(self.error).__name__}: {self.error}".partition("\n")[0]
        return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"

    def metrics(self) -> list[tuple[str, float, str | None]]:
        """Return name, value and unit of every metric that is compared by its value."""
        found = [each for each in self.records if each["kind"] == "metric" and not each.get("volatile")]
        return [(each["name"], each["value"], each.get("unit")) for each in found]

    def events(self) -> list[tuple[str, Any]]:
        """Return name and data of every event."""
        return [(each["name"], each["data"]) for each in self.records if each["kind"] == "event"]


def attempt(call: Call) -> Outcome:
    """Call a driver in a fresh, watched place. Whatever it raises is part of the outcome."""
    directory = Path(tempfile.mkdtemp(prefix="osiris-conformance-"))
    try:
        return _attempt(call, Places.below(directory))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _attempt(call: Call, places: Places) -> Outcome:
    call.make_files(places.work)
    listener = _Listener()
    config = _Asked(copy.deepcopy(dict(call.config)))
    inputs = _inputs(call)
    before = _state_of(inputs, config)
    returned, error = None, None
    with importable(call.code), watching(places) as watched:
        try:
            driver = load_target(call.spec.target)
            returned = driver.run(step_id=STEP, config=config, inputs=inputs, ctx=listener.context(places.output))
        except KeyboardInterrupt:
            raise
        except BaseException as raised:  # noqa: BLE001 - whatever a driver raises is its failure, SystemExit too
            error = raised
    asked = frozenset(config.asked)
    after = _state_of(inputs, config)
    return Outcome(
        error=error,
        returned=returned,
        **_table_of(returned),
        **_artifacts_of(places),
        records=tuple(listener.records),
        asked=asked,
        inputs_changed=tuple(sorted(name for name in before | after if before.get(name) != after.get(name))),
        written=watched.written,
        changed=watched.changed,
        left=watched.left,
    )


class _Asked(dict[str, Any]):
    """A step's config that remembers which options were asked for by name."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value, as a dict does."""
        self.asked.add(name)
        return super().get(name, default)

    def pop(self, name: str, *default: Any) -> Any:
        """Take the value out, as a dict does."""
        self.asked.add(name)
        return super().pop(name, *default)

    def __contains__(self, name: object) -> bool:
        if isinstance(name, str):
            self.asked.add(name)
        return super().__contains__(name)


class _Listener:
    """Stands where the worker's channel does, and keeps what is said."""

    def __init__(self) -> None:
        self.records: list[Mapping[str, Any]] = []

    def record(self, record: Mapping[str, Any]) -> None:
        """Keep a record. ValueError or TypeError for values that are not JSON, as on the way to the host."""
        canonical_json(record)
        self.records.append(copy.deepcopy(dict(record)))

    def context(self, output: Path) -> StepContext:
        """Return the worker's own `ctx`, listening here."""
        request = RunRequest(
            session_id="20260131T120000Z-00000000",
            manifest={},
            order=(STEP,),
            logical_now="2026-01-31T12:00:00.000000Z",
            seed=7,
        )
        logger = logging.Logger(f"osiris.{STEP}", logging.INFO)  # noqa: LOG001 - not to be found by other code
        logger.addHandler(logging.NullHandler())
        channel = cast("Channel", self)
        return StepContext(
            request=request, step_id=STEP, output_dir=output, logger=logger, channel=channel, secrets=Secrets()
        )


@contextlib.contextmanager
def importable(code: Sequence[Path]) -> Iterator[None]:
    """Have `code` on `sys.path`, as a step has its manifest's."""
    before = list(sys.path)
    sys.path[:0] = [str(each) for each in code]
    try:
        yield
    finally:
        sys.path[:] = before


def _inputs(call: Call) -> dict[str, Any]:
    """Return the tables as the worker hands them to a driver, in the frame that it declares."""
    outputs = Outputs()
    for name, table in call.tables.items():
        outputs.keep(name, Output(table=table))
    return outputs.inputs({name: table_key(name) for name in call.tables}, call.spec.frame)


def _state_of(inputs: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the inputs hold, as bytes, and the config."""
    tables = {name: value for name, value in inputs.items() if name.startswith(f"{TABLE}_")}
    found = {name: None if value is None else stored(as_table(value)) for name, value in tables.items()}
    return {**found, "config": canonical_json(dict(config))}


def stored(table: pa.Table) -> bytes:
    """Return the digest of a table's bytes: equal for equal values in equal chunks."""
    import pyarrow as pa

    buffer = pa.BufferOutputStream()
    with pa.ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table)
    return hashlib.blake2b(buffer.getvalue()).digest()


def _table_of(returned: Any) -> dict[str, Any]:
    """Return the table of what a driver returned, if it is one."""
    if not isinstance(returned, dict) or returned.get(TABLE) is None:
        return {}
    try:
        return {"table": as_table(returned[TABLE])}
    except (TypeError, ValueError):
        return {}


def _artifacts_of(places: Places) -> dict[str, Any]:
    """Return the files that a host would fetch, and why it would leave out others."""
    scan = Scan(limits=ArtifactLimits(), names=TreeNames())
    found = list(scan.step(places.output.parent, STEP))
    files = [each.path for each in found if isinstance(each, FoundFile)]
    skipped = [
        f"{each.path.removeprefix(f'{STEP}/')}: {each.reason}" for each in found if isinstance(each, SkippedFile)
    ]
    read = {path.removeprefix(f"{STEP}/"): (places.output.parent / path).read_bytes() for path in files}
    return {"artifacts": read, "skipped_artifacts": tuple(skipped)}
