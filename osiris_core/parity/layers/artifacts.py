"""The artifact trees: which files are there, of which kind, mode and content; digests first, then by kind of file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.kinds.protocol import FilePair
from osiris_core.parity.kinds.registry import compare_files
from osiris_core.parity.record import Finding, Layer
from osiris_core.parity.rulebook import Place
from osiris_core.rules.model import RecordKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.parity.pair import Pair

EXPLAINED_FILES: Final = 100
"""Differing files that are opened to say where they differ; of the others the digests are enough."""


def compare_artifacts(pair: Pair) -> Iterator[Finding]:
    """Yield the findings of both artifact trees, by step and path."""
    left, right = pair.left.session.artifacts, pair.right.session.artifacts
    folders = {parent for tree in (left, right) for path in tree for parent in _parents(path)}
    explained = 0
    for path in sorted(left.keys() | right.keys(), key=lambda path: (pair.rank(step_of(path)), path)):
        a, b = left.get(path), right.get(path)
        if a is None or b is None:
            yield _one_sided(pair, path, a or b, missing=b is None, folder=path in folders)
            continue
        pair.rules.meet(Place(RecordKind.ARTIFACT, step_of(path), path))
        if a.mode != b.mode:
            message = f"mode {a.mode} on {pair.left.label}, {b.mode} on {pair.right.label}"
            hint = "only the mode differs: set it explicitly" if a.sha256 == b.sha256 else ""
            yield _finding(path, "artifact-mode", message, str(a.mode), str(b.mode), hint=hint)
        if a.sha256 != b.sha256 or a.size_bytes != b.size_bytes:
            yield from _content(pair, path, a, b, open_files=explained < EXPLAINED_FILES)
            explained += 1


def step_of(path: str) -> str:
    """Return the step that an artifact belongs to: the first part of its path."""
    return path.partition("/")[0]


def _parents(path: str) -> Iterator[str]:
    parts = path.split("/")
    for length in range(1, len(parts)):
        yield "/".join(parts[:length])


def _finding(path: str, code: str, message: str, left: str, right: str, *, diff: str = "", hint: str = "") -> Finding:
    return Finding(
        layer=Layer.ARTIFACTS,
        step=step_of(path),
        code=code,
        path=path,
        message=message,
        left=left,
        right=right,
        diff=diff,
        hint=hint,
    )


def _one_sided(pair: Pair, path: str, file: Any, *, missing: bool, folder: bool) -> Finding:
    here, there = (pair.left, pair.right) if missing else (pair.right, pair.left)
    size = f"file, {file.size_bytes:,} bytes"
    other = "directory" if folder else "(absent)"
    if folder:
        code, message = "artifact-type", f"a file on {here.label}, a directory on {there.label}"
    else:
        code = "artifact-missing" if missing else "artifact-extra"
        message = f"only {here.label} has this file"
    return _finding(path, code, message, size if missing else other, other if missing else size)


def _content(pair: Pair, path: str, left: Any, right: Any, *, open_files: bool) -> Iterator[Finding]:
    """Yield what the comparer of this kind of file says; that it holds the same under a rule is counted for the rule."""
    sizes = "" if left.size_bytes == right.size_bytes else f"; {left.size_bytes:,} and {right.size_bytes:,} bytes"
    forms = [f"{file.size_bytes:,} bytes, sha256 {file.sha256[:12]}" for file in (left, right)]
    if not open_files:
        message = f"the content differs (one of many files: not opened){sizes}"
        yield _finding(path, "artifact-content", message, *forms)
        return
    told = compare_files(
        FilePair(
            path=path,
            left=left.absolute,
            right=right.absolute,
            labels=(pair.left.label, pair.right.label),
            rules=pair.rules.covering(Place(RecordKind.ARTIFACT, step_of(path), path)),
            plan=pair.rules.plan(RecordKind.ARTIFACT, step_of(path), path),
        )
    )
    for each in told.set_aside:
        if each.counted:
            continue
        pair.rules.credit(each.rule, each.reason, f"{path}:{each.path}" if each.path else path, each.left, each.right)
    pair.not_compared.extend(gap for gap in told.not_compared if gap not in pair.not_compared)
    for found in told.findings:
        yield Finding(
            layer=Layer.ARTIFACTS,
            step=step_of(path),
            code=found.code,
            path=f"{path}:{found.path}" if found.path else path,
            message=found.message + sizes,
            left=found.left or forms[0],
            right=found.right or forms[1],
            diff=found.diff,
            hint=found.hint,
            table=found.table,
            ranges=found.ranges,
        )
