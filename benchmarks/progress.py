"""What it costs a session to have somebody looking on: records taken with an observer, and without, in turn.

Half of the records are metrics by which a driver counts rows, which is the dearest that a record can be to whoever looks on.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.progress.checks import CheckWatch
from osiris_core.session.writer import SessionWriter
from osiris_core.wire import records
from osiris_core.wire.frames import encode_frame, session_tag
from osiris_core.wire.request import RunRequest

if TYPE_CHECKING:
    from osiris_core.progress.model import Progress

SESSION = "20261124T120000Z-0a1b2c3d"
CHUNK_BYTES = 1 << 16
MANIFEST = {"pipeline": {"id": "flights"}, "steps": [{"id": "read", "driver": "d", "needs": [], "config": {}}]}
REQUEST = RunRequest(
    session_id=SESSION,
    manifest=MANIFEST,
    order=("read",),
    logical_now="2026-11-24T11:59:59.000000Z",
    seed=7,
    manifest_fingerprint="f" * 64,
)


def spool(count: int) -> bytes:
    """Return the frames of so many records."""
    lines: list[bytes] = []
    size = 0
    for seq in range(count):
        ts = records.timestamp()
        record = (
            records.metric(
                ts=ts, step="read", name="rows_read", value=seq, unit="rows", volatile=False, tags={"file": "a.csv"}
            )
            if seq % 2
            else records.log(ts=ts, step="read", level="INFO", logger="osiris.read", message=f"read row {seq} of many")
        )
        payload = json.dumps(record).encode()
        lines.append(encode_frame(tag=session_tag(SESSION), epoch=0, seq=seq, offset=size, payload=payload))
        size += len(lines[-1])
    return b"".join(lines)


def taken(data: bytes, told: list[Progress] | None) -> float:
    """Return the seconds of processor time that a session takes for all of it; `told` is where an observer keeps what it is told."""
    with tempfile.TemporaryDirectory() as root:
        writer = SessionWriter.open(
            root=Path(root), session_id=SESSION, target="local", request=REQUEST, manifest_json=MANIFEST
        )
        if told is not None:
            watch = CheckWatch(told.append, check=SESSION, name="flights", manifest="f", steps=1).target("local")
            if watch is not None:
                writer.show(watch)
        started = time.process_time()
        for at in range(0, len(data), CHUNK_BYTES):
            writer.feed(data[at : at + CHUNK_BYTES])
        elapsed = time.process_time() - started
        writer.release()
        return elapsed


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    data = spool(given.records)
    alone, watched, told = [], [], []
    for number in range(given.rounds):
        seen: list[Progress] = []
        for with_observer in (False, True) if number % 2 else (True, False):
            (watched if with_observer else alone).append(taken(data, seen if with_observer else None))
        told.append(len(seen))
    ratios = sorted(each / other for each, other in zip(watched, alone, strict=True))
    print(f"{given.records} records, {len(data) >> 20} MiB, rounds: {given.rounds}, processor time")
    print(f"alone      {statistics.median(alone):.3f} s, {given.records / statistics.median(alone):,.0f} a second")
    print(f"looked on  {statistics.median(watched):.3f} s, told {statistics.median(told):.0f} times")
    print(f"ratio      {statistics.median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})")


if __name__ == "__main__":
    main()
