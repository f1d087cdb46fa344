"""Writes down what the executor sends: records and output to the spool, and from there to stdout; steps to the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osiris_core.wire import records
from osiris_core.wire.frames import session_tag
from osiris_core.worker.ledger import Ledger
from osiris_core.worker.live import LiveCopy
from osiris_core.worker.spool import Spool, SpoolError

if TYPE_CHECKING:
    from osiris_core.worker.masking import Masking
    from osiris_core.worker.staging import Assignment

OUTPUT_BYTES = 45_000
"""Most bytes of output in one record: as base64 they fit one line."""
_STRAY_TAIL_BYTES = 2000
_STDOUT = 1


class Recorder:
    """The receiver of the merged order (`merge.Receiver`); keeps all that the ending must know.

    Records come masked; output is masked here, by `masking`, where the run has secrets.
    """

    def __init__(self, assignment: Assignment, masking: Masking | None = None) -> None:
        request, placement = assignment.request, assignment.placement
        tag = session_tag(request.session_id)
        self._request = request
        self.spool = Spool(
            assignment.spool,
            tag=tag,
            epoch=placement.epoch,
            checkpoint_every=placement.checkpoint_every,
            segment_bytes=placement.segment_bytes,
        )
        self.live = LiveCopy(_STDOUT)
        self.ledger = Ledger(request=request)
        self.result: dict[str, Any] | None = None
        self.fault: SpoolError | None = None
        self.stray_bytes = 0
        self._stray_tail = b""
        self._masking = masking
        self._printing: str | None = None
        self._started_seq: int | None = None
        self._begun_seq = 0

    @property
    def stray_tail(self) -> str:
        """The last words that were printed outside every step."""
        return self._stray_tail.decode("utf-8", "replace").strip()

    def on_record(self, kind: str, payload: bytes) -> None:
        """Write a record of the executor's."""
        if self.fault is None:
            self.spool.payload(kind, payload)

    def on_control(self, verb: str, values: dict[str, Any]) -> None:
        """Follow the run and its steps, as far as the spool does: what was not written down has not happened."""
        if self.fault is not None:
            return
        match verb:
            case "start":
                self.spool.record(values["record"])
                self.ledger.started = values["monotonic_s"]
                self.start_run(values["record"]["ts"])
            case "begin":
                self._begun_seq = self.spool.tally.seq
                self.ledger.begin(values["step"])
                self.spool.record(values["record"])
            case "attempt":
                self.ledger.begin_attempt(values["step"], values["number"], values["monotonic_s"])
            case "attempted":
                self.ledger.end_attempt()
            case "done":
                self.end_output()
                self.spool.record(values["record"])
                self.spool.checkpoint()
                self.flush()
                if self.fault is None:
                    self.ledger.end(values["step"], values["state"], values["error"])
            case "result":
                self.result = values

    def on_output(self, step: str | None, data: bytes) -> None:
        """Write printed bytes as the step's, or count them as nobody's."""
        if step is None:
            self.stray_bytes += len(data)
            self._keep_stray(data if self._masking is None else self._masking.stray(data))
            return
        if self._masking is not None:
            self._printing, data = step, self._masking.output(data)
        self._print(step, data)

    def end_output(self) -> None:
        """Write what was held back of a step's output, as its end or that of the run has come."""
        if self._masking is None:
            return
        if self._printing is not None:
            self._print(self._printing, self._masking.end_of_output())
            self._printing = None
        self._keep_stray(self._masking.end_of_stray())

    def _keep_stray(self, data: bytes) -> None:
        self._stray_tail = (self._stray_tail + data)[-_STRAY_TAIL_BYTES:]

    def _print(self, step: str, data: bytes) -> None:
        if self.fault is not None:
            return
        for start in range(0, len(data), OUTPUT_BYTES):
            chunk = data[start : start + OUTPUT_BYTES]
            self.spool.record(records.stdio(ts=records.timestamp(), step=step, data=chunk))

    def start_run(self, ts: str | None = None) -> None:
        """Write `run_start`, once: behind `hello` with its time `ts`, or at the end of a run that never said hello.

        The time is the executor's, as that of all records of its steps: read late, a run must not start behind them.
        """
        if self._started_seq is not None:
            return
        self._started_seq = self.spool.tally.seq
        request = self._request
        data = {
            "pipeline_id": request.manifest["pipeline"]["id"],
            "manifest_fingerprint": request.manifest_fingerprint,
            "steps": len(request.order),
            "logical_now": request.logical_now,
            "seed": request.seed,
        }
        self.spool.record(records.event(ts=ts or records.timestamp(), step=None, name=records.RUN_START, data=data))

    def throttled(self, waited_ms: float | None) -> None:
        """Write that the run was held back for so long; None, that it was not."""
        if waited_ms is not None and self.fault is None:
            spool = self.spool
            step, offset = self.ledger.running, spool.tally.offset
            spool.record(records.throttled(ts=records.timestamp(), step=step, waited_ms=waited_ms, offset=offset))

    def flush(self) -> None:
        """Write the batch to the spool, then to stdout, and have the disk keep it when that is due.

        The first refusal of the disk is the `fault`; from then on nothing is written but the ending.
        """
        try:
            self.live.offer(self.spool.flush())
            self.spool.sync()
        except SpoolError as error:
            self.refused(error)

    def refused(self, error: SpoolError) -> None:
        """Note that the disk refused a batch: what was taken back with it has not happened either."""
        self.fault = self.fault or error
        if self._started_seq is not None and self._started_seq >= self.spool.written_seq:
            self._started_seq = None
        if self.ledger.running is not None and self._begun_seq >= self.spool.written_seq:
            self.ledger.running = None
