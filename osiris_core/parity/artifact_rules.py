"""Holds one artifact, as it lies on disk, against what `expect` says of it; reads it once, in pieces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from osiris_core.parity.values import show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.manifest.model import ArtifactRule
    from osiris_core.session.artifacts import ArtifactFile

_CHUNK = 1 << 20


def broken_rules(file: ArtifactFile, rule: ArtifactRule) -> Iterator[str]:
    """Yield what does not hold, in words that follow `expected the artifact <path>`."""
    if rule.sha256 is not None and file.sha256 != rule.sha256:
        yield f"to have the SHA-256 {rule.sha256}, got {file.sha256}"
    if rule.size_bytes is not None and not rule.size_bytes.hold(file.size_bytes):
        yield f"to have {rule.size_bytes} bytes, got {file.size_bytes:,}"
    if rule.lines is None and not rule.contains:
        return
    try:
        content = _read(file, rule.contains)
    except OSError as error:
        yield f"to be looked at, but it cannot be read: {error.strerror or error}"
        return
    if rule.lines is not None and not rule.lines.hold(content.lines):
        yield f"to have {rule.lines} lines, got {content.lines:,}"
    for text in rule.contains:
        if text not in content.found:
            yield f"to contain {show(text)}, which is not in it"


@dataclass(slots=True)
class _Content:
    lines: int = 0
    found: set[str] = field(default_factory=set)


def _read(file: ArtifactFile, texts: tuple[str, ...]) -> _Content:
    """Count the lines of a file, and look for texts in it; what lies across two pieces is found as well."""
    content, last, tail = _Content(), b"\n", b""
    wanted = {text: text.encode() for text in texts}
    overlap = max((len(each) - 1 for each in wanted.values()), default=0)
    with file.absolute.open("rb") as source:
        while chunk := source.read(_CHUNK):
            content.lines += chunk.count(b"\n")
            last, window = chunk[-1:], tail + chunk
            content.found |= {text for text, data in wanted.items() if data in window}
            tail = window[len(window) - overlap :] if overlap else b""
    content.lines += last != b"\n"
    return content
