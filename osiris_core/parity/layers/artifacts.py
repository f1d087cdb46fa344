"""The artifact trees: which files are there, of which kind, mode and content; digests first, then by kind of file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from osiris_core.parity.hints import MODE_ONLY, other_directory
from osiris_core.parity.layers.artifact_contents import compare_contents, step_of
from osiris_core.parity.record import Finding, Layer
from osiris_core.parity.rulebook import Place
from osiris_core.parity.tree_others import ABSENT, odd_places
from osiris_core.parity.tree_pairs import Match, paired
from osiris_core.parity.values import printable
from osiris_core.rules.model import RecordKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.parity.layers.artifact_contents import Opened
    from osiris_core.parity.pair import Pair
    from osiris_core.parity.tree_pairs import FilesOfOne
    from osiris_core.session.artifacts import ArtifactFile

PERMISSION_BITS: Final = "permission-bits"
PERMISSION_REASON: Final = (
    "which umask a directory was made under is not known, so of the mode only the executable bits count"
)
_EXECUTABLE: Final = 0o111


def compare_artifacts(pair: Pair) -> Iterator[Finding]:
    """Yield the findings of both artifact trees, by step and path."""
    odd = {path: told for path, *told in odd_places(pair.left, pair.right)}
    left, right = (
        {path: file for path, file in side.session.artifacts.items() if path not in odd}
        for side in (pair.left, pair.right)
    )
    files = paired(left, right)
    files.sort(key=lambda each: (pair.rank(step_of(each.path)), each.path))
    contents = compare_contents(pair, [each for each in files if _has_other_content(each)])
    for path, (code, *words) in odd.items():
        yield _odd(pair, path, code, *words)
    for each in files:
        yield from _compare(pair, each, contents)
    if contents.unopened:
        pair.not_compared.append(
            f"{contents.unopened:,} differing files were not opened, because there are so many or so large ones: "
            "they differ by digest"
        )


def _has_other_content(each: FilesOfOne) -> bool:
    a, b = each.left, each.right
    return a is not None and b is not None and (a.sha256 != b.sha256 or a.size_bytes != b.size_bytes)


def _compare(pair: Pair, each: FilesOfOne, contents: Opened) -> Iterator[Finding]:
    a, b = each.left, each.right
    if a is None or b is None:
        yield _one_sided(pair, each)
        return
    if pair.rules.rules:
        pair.rules.meet(Place(RecordKind.ARTIFACT, step_of(each.path), each.path))
    if each.match is not Match.PATH:
        yield _other_name(pair, each, a, b)
    yield from _mode(pair, each.path, a, b)
    yield from contents.findings.pop(each.path, ())


def _odd(pair: Pair, path: str, code: str, left: str, right: str) -> Finding:
    if ABSENT in {left, right}:
        message = (
            f"only {(pair.right if left == ABSENT else pair.left).label} has this: {right if left == ABSENT else left}"
        )
    else:
        message = f"{left} on {pair.left.label}, {right} on {pair.right.label}"
    return _finding(path, code, message, left, right)


def _one_sided(pair: Pair, each: FilesOfOne) -> Finding:
    here, code = (pair.left, "artifact-missing") if each.right is None else (pair.right, "artifact-extra")
    file = each.left or each.right
    size = f"file, {file.size_bytes:,} bytes" if file else ""
    shown = (size, ABSENT) if each.right is None else (ABSENT, size)
    sizes, digests = _facts(each)
    found = _finding(each.path, code, f"only {here.label} has this file", *shown)
    return replace(found, sizes_bytes=sizes, digests=digests)


def _facts(each: FilesOfOne) -> tuple[tuple[int | None, int | None], tuple[str, str]]:
    a, b = each.left, each.right
    sizes = a.size_bytes if a else None, b.size_bytes if b else None
    return sizes, (a.sha256[:12] if a else "", b.sha256[:12] if b else "")


def _other_name(pair: Pair, each: FilesOfOne, left: ArtifactFile, right: ArtifactFile) -> Finding:
    """Tell that two files belong together that are not called the same."""
    names = [_spelled(file.path) if each.match is Match.UNICODE else printable(file.path) for file in (left, right)]
    message = f"called {names[0]} on {pair.left.label} and {names[1]} on {pair.right.label}: {each.match.value}"
    code = "artifact-renamed" if each.match is Match.CONTENT else "artifact-name-form"
    steps = step_of(left.path), step_of(right.path)
    of_steps = all(step in pair.order for step in steps)  # in a plain directory a first name is nobody's
    hint = other_directory(*steps, pair.right.label) if of_steps else ""
    return _finding(each.path, code, message, *names, hint=hint)


def _mode(pair: Pair, path: str, left: ArtifactFile, right: ArtifactFile) -> Iterator[Finding]:
    """Compare permissions: all bits of what two workers wrote, for they set the umask; else the executable ones."""
    if left.mode == right.mode:
        return
    workers = all(side.session.hello.get("nonce") for side in (pair.left, pair.right))
    if workers or (int(left.mode, 8) ^ int(right.mode, 8)) & _EXECUTABLE:
        message = f"mode {left.mode} on {pair.left.label}, {right.mode} on {pair.right.label}"
        hint = MODE_ONLY if left.sha256 == right.sha256 else ""
        yield _finding(path, "artifact-mode", message, left.mode, right.mode, hint=hint)
    else:
        pair.rules.credit(PERMISSION_BITS, PERMISSION_REASON, path, left.mode, right.mode)


def _finding(path: str, code: str, message: str, left: str, right: str, *, hint: str = "") -> Finding:
    return Finding(
        layer=Layer.ARTIFACTS,
        step=step_of(path),
        code=code,
        path=path,
        message=message,
        left=left,
        right=right,
        hint=hint,
    )


def _spelled(path: str) -> str:
    """Return a path with everything but plain letters spelled out, so that forms can be told apart."""
    return path.encode("ascii", "backslashreplace").decode("ascii")
