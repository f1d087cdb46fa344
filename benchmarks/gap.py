"""Times the filling of a gap: ranges of a spool in a sandbox of the embedded server, verified and journalled by the host.

    python benchmarks/gap.py [--mb N] [--rounds N]

For comparison the same bytes are read as one file by the SDK's own `files.read`, which verifies and keeps nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from e2b import E2B

from osiris_core.backends.following import Following
from osiris_core.backends.protocol import Patience, TargetFacts
from osiris_core.backends.sandbox_home import RUN_DIRECTORY
from osiris_core.backends.spool_ranges import SpoolRanges
from osiris_core.sandbox.launch import ServerProcess
from osiris_core.session.writer import SessionWriter
from osiris_core.wire import records
from osiris_core.wire.canon import canonical_json
from osiris_core.wire.frames import encode_frame, session_tag
from osiris_core.wire.request import SEGMENT_BYTES, RunRequest

SESSION = "20260101T000000Z-0a1b2c3d"
MANIFEST = {"pipeline": {"id": "gap"}, "steps": []}
REQUEST = RunRequest(session_id=SESSION, manifest=MANIFEST, order=(), logical_now="2026-01-01T00:00:00.000000Z", seed=1)


def spool_of(size_bytes: int) -> bytes:
    """Return frames of log records, at least `size_bytes` of them."""
    record = records.log(ts="2026-01-01T00:00:00.000000Z", step=None, level="INFO", logger="gap", message="x" * 120)
    payload, tag, out = canonical_json(record), session_tag(SESSION), bytearray()
    seq = 0
    while len(out) < size_bytes:
        out += encode_frame(tag=tag, epoch=0, seq=seq, offset=len(out), payload=payload)
        seq += 1
    return bytes(out)


class SpoolOnly:
    """A worker of which only the spool is asked for."""

    def __init__(self, ranges: SpoolRanges) -> None:
        self.spool = ranges.read


async def measured(client: E2B, data: bytes, rounds: int, *, by_command: bool) -> tuple[list[float], list[float]]:
    """Return the seconds that each filling and each plain reading took."""
    facts = TargetFacts(target="e2b", provider="embedded", isolation="")
    sandbox = await client.AsyncSandbox.create()
    try:
        for start in range(0, len(data), SEGMENT_BYTES):
            path = RUN_DIRECTORY / "spool" / f"{start // SEGMENT_BYTES:08d}.os1"
            await sandbox.files.write(str(path), data[start : start + SEGMENT_BYTES])
        await sandbox.files.write("whole", data)
        fills, reads = [], []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as root:
                session = SessionWriter.open(
                    root=Path(root), session_id=SESSION, target="e2b", request=REQUEST, manifest_json=MANIFEST
                )
                ranges = SpoolRanges(sandbox, RUN_DIRECTORY / "spool", facts, Patience(), segment_bytes=SEGMENT_BYTES)
                ranges.by_command = by_command
                following = Following(SpoolOnly(ranges), None, session, facts, Patience(), heard=lambda: None)  # type: ignore[arg-type]
                began = time.monotonic()
                await following.fill()
                fills.append(time.monotonic() - began)
                if session.next_offset != len(data):
                    raise SystemExit(f"{session.next_offset} of {len(data)} bytes came")
                session.release()
                await ranges.close()
            began = time.monotonic()
            await sandbox.files.read("whole", format="bytes")
            reads.append(time.monotonic() - began)
        return fills, reads
    finally:
        await sandbox.kill()


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mb", type=int, default=10, help="size of the gap")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    data = spool_of(options.mb * 1_000_000)
    with ServerProcess.start() as process:
        address = process.address
        client = E2B(api_key=address.api_key, api_url=address.url, sandbox_url=address.url)
        for by_command in (False, True):
            fills, reads = asyncio.run(measured(client, data, options.rounds, by_command=by_command))
            fill, read = statistics.median(fills), statistics.median(reads)
            way = "commands" if by_command else "ranges"
            print(f"{options.mb} MB by {way}: {fill:.2f} s; files.read {read:.2f} s; ratio {fill / read:.1f}")


if __name__ == "__main__":
    main()
