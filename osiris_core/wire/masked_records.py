"""Which parts of a record are masked: what a driver can have put there, and never what makes it a record.

A secret may be a word that the harness uses itself (`local`, the id of a step): were it masked in a kind, a state or a
digest, nobody could read the records any more. So every kind names what is masked in it. Bytes that a step printed are
masked before they are cut into records, and artifacts are not rewritten but looked through.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from osiris_core.wire.canon import canonical_json
from osiris_core.wire.records import EVENT_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osiris_core.wire.masking import MaskTable

_FROM_THE_MANIFEST: Final = frozenset(
    "driver needs key from_step reason cause failed_step pipeline_id manifest_fingerprint steps logical_now seed attempt".split()  # noqa: SIM905 - words
)
"""Members of the worker's own events that say what the request says, or one of a few words."""
_OF_HELLO: Final = ("roots", "environment")
_TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "metric": ("name", "unit", "tags"),
    "log": ("logger", "message"),
    "terminal": ("error",),
}


class RecordMask:
    """Masks records and the payloads that they travel as."""

    def __init__(self, table: MaskTable) -> None:
        self.table = table
        escaped = {json.dumps(text)[1:-1].encode("ascii") for text in _texts_of(table)}
        weak = {json.dumps(each).encode("ascii") for each in table.whole}
        self._screen = (*sorted(escaped, key=len, reverse=True), *sorted(weak))
        self.longest = max(map(len, self._screen), default=0)

    def suspects(self, data: bytes) -> bool:
        """Say whether JSON, or a piece of it, may hold a secret: where it does, it says so; where it does not, seldom."""
        return any(each in data for each in self._screen)

    def payload(self, payload: bytes) -> bytes:
        """Return a record's payload, masked; the very same object where there is nothing to mask."""
        if not self.suspects(payload):
            return payload
        record = json.loads(payload)
        masked = self.record(record)
        return payload if masked is record else canonical_json(masked)

    def record(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record, masked; the very same object where there is nothing to mask."""
        kind = record.get("kind")
        if kind == "event":
            return self._event(record)
        if kind == "hello":
            return self._members(record, _OF_HELLO, whole=False)
        return self._members(record, _TEXTS.get(str(kind), ()))

    def error(self, error: dict[str, Any] | None) -> dict[str, Any] | None:
        """Return an error as records have it, masked."""
        return error if error is None else self.table.value(error)

    def _event(self, record: dict[str, Any]) -> dict[str, Any]:
        """Mask the data of an event: of the worker's own the values of what a driver can have decided, of others all."""
        if record["name"] not in EVENT_NAMES:
            masked = self._members(record, ("name", "data"))
            return masked if masked is record or isinstance(masked["data"], dict) else {**masked, "data": {}}
        data = self._members(record["data"], [name for name in record["data"] if name not in _FROM_THE_MANIFEST])
        return record if data is record["data"] else {**record, "data": data}

    def _members(self, record: dict[str, Any], names: Any, *, whole: bool = True) -> dict[str, Any]:
        masking = self.table.value if whole else self.table.value_inside
        changed = {}
        for name in names:
            value = record.get(name)
            masked = masking(value)
            if masked is not value:
                changed[name] = masked
        return {**record, **changed} if changed else record


def _texts_of(table: MaskTable) -> set[str]:
    """Return the forms that can stand in a JSON text."""
    found = set()
    for each in table.needles:
        try:
            found.add(each.data.decode("utf-8", "surrogatepass"))
        except UnicodeDecodeError:
            continue  # bytes that are no text: they can only be printed
    return found
