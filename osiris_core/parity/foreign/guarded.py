"""Compares files that hold secrets: what differs is shown, and the secrets are not."""

from __future__ import annotations

import dataclasses
import json
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.foreign.secrets import TEXT_BYTES
from osiris_core.parity.record import Finding, Layer
from osiris_core.parity.values import leaf_differences, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.parity.foreign.protocol import Reading
    from osiris_core.session.artifacts import ArtifactFile

_PLACES: Final = 20
"""Findings for the places of one document; more are rarely read."""
_ABSENT: Final = "(absent)"
_UNSHOWN: Final = "(not shown: it holds a secret)"


def set_apart(left: Reading, right: Reading, labels: tuple[str, str]) -> tuple[Reading, Reading, tuple[Finding, ...]]:
    """Return both readings without the artifacts that hold a secret on either side, and the differences of these."""
    paths = sorted(left.guarded.keys() | right.guarded.keys() | _told_there(left, right) | _told_there(right, left))
    findings = [finding for path in paths for finding in _compare(path, (left, right), labels)]
    return _without(left, paths), _without(right, paths), tuple(findings)


def _told_there(side: Reading, other: Reading) -> set[str]:
    """Return the artifacts of one side that hold what is a secret in clear on the other."""
    needles = other.secrets.needles()
    return {path for path, file in side.session.artifacts.items() if _holds(file, needles)} if needles else set()


def _holds(file: ArtifactFile, needles: tuple[bytes, ...]) -> bool:
    if file.size_bytes > TEXT_BYTES:
        return False
    try:
        data = file.absolute.read_bytes()
    except OSError:
        return False
    return any(needle in data for needle in needles)


def _without(reading: Reading, paths: list[str]) -> Reading:
    kept = {path: file for path, file in reading.session.artifacts.items() if path not in paths}
    return dataclasses.replace(reading, session=dataclasses.replace(reading.session, artifacts=kept), guarded={})


def _compare(path: str, sides: tuple[Reading, Reading], labels: tuple[str, str]) -> Iterator[Finding]:
    a, b = (side.guarded.get(path) or side.session.artifacts.get(path) for side in sides)
    if a is None or b is None:
        label = labels[0] if b is None else labels[1]
        code, message = "artifact-missing" if b is None else "artifact-extra", f"only {label} has this file"
        yield _finding(path, code, message, _ABSENT if a is None else _UNSHOWN, _ABSENT if b is None else _UNSHOWN)
    elif a.sha256 != b.sha256:
        documents = [_hidden(file, side) for file, side in zip((a, b), sides, strict=True)]
        if None in documents:
            yield _finding(path, "artifact-content", "the content differs", _UNSHOWN, _UNSHOWN)
        else:
            yield from _places(path, documents[0], documents[1], labels)


def _hidden(file: ArtifactFile, side: Reading) -> Any:
    """Return the document in a file with its secrets hidden, or None where it is no document."""
    if not file.path.endswith(".json"):
        return None
    try:
        return side.secrets.hidden(json.loads(file.absolute.read_bytes()))
    except (OSError, ValueError, RecursionError):
        return None


def _places(path: str, left: Any, right: Any, labels: tuple[str, str]) -> Iterator[Finding]:
    told = False
    for place, a, b in islice(leaf_differences(left, right), _PLACES):
        told = True
        message = f"{place or 'the document'} is {show(a)} on {labels[0]} and {show(b)} on {labels[1]}"
        yield _finding(f"{path}:{place}", "artifact-content", message, show(a), show(b))
    if not told:
        yield _finding(path, "artifact-content", "the content differs in a secret, or in its form", _UNSHOWN, _UNSHOWN)


def _finding(path: str, code: str, message: str, left: str, right: str) -> Finding:
    step = path.partition("/")[0] if "/" in path else None
    return Finding(layer=Layer.ARTIFACTS, step=step, code=code, path=path, message=message, left=left, right=right)
