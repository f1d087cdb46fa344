"""Masks what comes into the supervisor, before anything else there sees it: what is not here cannot be in the spool.

Both streams are masked as streams. Records are screened in the pieces that they are read in, because looking at each
by itself costs more; only what the screen suspects is decoded. Output is masked step by step before it is cut into records.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from osiris_core.wire.canon import canonical_json
from osiris_core.wire.masked_records import RecordMask
from osiris_core.wire.masking import MaskTable, StreamMask
from osiris_core.worker.messages import CONTROL_VERBS, MessageReader

if TYPE_CHECKING:
    from osiris_core.wire.leaks import Leaks
    from osiris_core.wire.secrets import Secrets
    from osiris_core.worker.staging import Assignment


def leaks_of(assignment: Assignment, secrets: Secrets) -> Leaks | None:
    """Return what looks for the secrets of a run in the files that its steps leave; None where it has none."""
    table = MaskTable.of(secrets)
    return None if table is None else _leaks(assignment, table)


def _leaks(assignment: Assignment, table: MaskTable) -> Leaks:
    from osiris_core.wire.leaks import Leaks  # and with it every format that is looked into

    return Leaks(table=table, waived=tuple(assignment.request.manifest.get("secrets_in_artifacts", ())))


class MaskedMessages(MessageReader):
    """Cuts bytes into messages, and masks them."""

    __slots__ = ("_mask", "_suspect", "_tail")

    def __init__(self, mask: RecordMask) -> None:
        super().__init__()
        self._mask = mask
        self._tail = b""
        self._suspect = False

    def feed(self, data: bytes) -> list[tuple[str, bytes]]:
        """Take the next bytes; return the messages that are complete by now, masked."""
        seen = self._tail + data
        self._suspect = self._suspect or self._mask.suspects(seen)
        self._tail = seen[len(seen) - self._mask.longest + 1 :] if len(seen) >= self._mask.longest else seen
        messages = super().feed(data)
        if not self._suspect:
            return messages
        if messages:  # the unfinished rest is looked at by itself: it is all that can still be unseen
            self._suspect = self._mask.suspects(data[data.rfind(b"\n") + 1 :])
        return [(verb, self._masked(verb, payload)) for verb, payload in messages]

    def _masked(self, verb: str, payload: bytes) -> bytes:
        if verb not in CONTROL_VERBS:
            return self._mask.payload(payload)
        if not self._mask.suspects(payload):
            return payload
        values: dict[str, Any] = json.loads(payload)
        if "record" in values:
            values["record"] = self._mask.record(values["record"])
        if "error" in values:
            values["error"] = self._mask.error(values["error"])
        return canonical_json(values)


class Masking:
    """All that a supervisor needs to mask a run."""

    def __init__(self, table: MaskTable, leaks: Leaks) -> None:
        self.leaks = leaks
        self._records = RecordMask(table)
        self._output = StreamMask(table)
        self._stray = StreamMask(table)

    @classmethod
    def of(cls, assignment: Assignment, secrets: Secrets) -> Masking | None:
        """Return what masks a run with these secrets; None where it has none."""
        table = MaskTable.of(secrets)
        return None if table is None else cls(table, _leaks(assignment, table))

    def messages(self) -> MessageReader:
        """Return a reader of the executor's messages that masks them."""
        return MaskedMessages(self._records)

    def output(self, data: bytes) -> bytes:
        """Take the next bytes that a step printed; return what is certain by now."""
        return self._output.feed(data)

    def end_of_output(self) -> bytes:
        """Return the rest of what the step printed: the next byte begins another stream."""
        return self._output.finish()

    def stray(self, data: bytes) -> bytes:
        """Take the next bytes that were printed outside of steps; return what is certain by now."""
        return self._stray.feed(data)

    def end_of_stray(self) -> bytes:
        """Return the rest of these."""
        return self._stray.finish()
