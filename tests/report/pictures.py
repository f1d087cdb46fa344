"""Pictures of a few pixels, made by hand, and a session's directory that holds them where a record looks for them."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from typing import TYPE_CHECKING

from osiris_core.parity.record import Comparison, Finding, Layer, Verdict
from tests.report.samples import e2b_run, local_run, record

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.parity.record import ParityRecord

Pixel = tuple[int, int, int, int]
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40">{}</svg>'


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(rows: list[list[Pixel]], *between: bytes, size: tuple[int, int] | None = None) -> bytes:
    """Return a PNG of these pixels, with chunks before its data; its header may say another `size`."""
    width, height = size or (len(rows[0]), len(rows))
    lines = b"".join(b"\0" + b"".join(map(bytes, row)) for row in rows)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + header + b"".join(between) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    )


def plain(colour: Pixel, width: int = 60, height: int = 40) -> bytes:
    """Return a PNG of one colour."""
    return png([[colour] * width] * height)


def finding(path: str, left: bytes | None, right: bytes | None, **members) -> Finding:
    """Return the difference that a comparison has at an artifact, as far as pictures need it."""
    files = left, right
    code = "artifact-missing" if right is None else "artifact-extra" if left is None else "artifact-content"
    given = {
        "sizes_bytes": tuple(None if each is None else len(each) for each in files),
        "digests": tuple("" if each is None else hashlib.sha256(each).hexdigest()[:12] for each in files),
        "message": "the first differing byte is at offset 41",
    }
    return Finding(layer=Layer.ARTIFACTS, step="write-delays", code=code, path=path, **{**given, **members})


def put(
    root: Path, files: dict[str, tuple[bytes | None, bytes | None]], waived: dict[str, str] | None = None
) -> ParityRecord:
    """Write both sides' artifacts below a project's root, and return a record that found them to differ."""
    for run, side in ((local_run(), 0), (e2b_run(), 1)):
        directory = root / run.session_directory
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "manifest.json").write_text(json.dumps({"secrets_in_artifacts": waived or {}}))
        for path, both in files.items():
            data = both[side]
            if data is not None:
                place = directory / "artifacts" / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(data)
    return found(*(finding(path, *both) for path, both in files.items()))


def found(*findings: Finding) -> ParityRecord:
    """Return a record of a check that found these."""
    comparison = Comparison(
        verdict=Verdict.DIVERGENT,
        findings=findings,
        findings_total=len(findings),
        first_diverging_step="write-delays",
        causes=("write-delays",),
    )
    return record("charts", Verdict.DIVERGENT, passed=False, comparison=comparison)
