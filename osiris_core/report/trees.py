"""The files of a record that differ, as a tree: what was added, removed or changed where, and how many beside them are equal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.parity.record import Layer
from osiris_core.report.units import plural, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from osiris_core.parity.record import Finding, TargetRun

LEAST_FILES: Final = 2
"""A tree of one file says nothing that its difference does not say."""
MOST_FILES: Final = 200
_DEEPEST: Final = 8

_SIGNS: Final = {
    "artifact-missing": ("\N{MINUS SIGN}", "only on {left}"),
    "artifact-extra": ("+", "only on {right}"),
    "artifact-renamed": ("→", "another name"),
    "artifact-name-form": ("→", "another form of the name"),
    "artifact-mode": ("≠", "mode {modes}"),
    "artifact-type": ("≠", "another kind of file"),
}
_CONTENT: Final = ("≠", "content")


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeRow:
    """A directory, with `counts` of what is below it, or a file, with what became of it and the address of its difference."""

    name: str
    depth: int
    sign: str = ""
    change: str = ""
    counts: str = ""
    sizes: tuple[str, str] = ("", "")
    digests: tuple[str, str] = ("", "")
    anchor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """The tree of one record: `differing` files of which some may be `hidden`, and `equal` ones, which are only counted.

    `is_overview`: there are no steps to tell where it begins, so it stands in front.
    """

    rows: tuple[TreeRow, ...]
    differing: int
    equal: int
    hidden: int
    is_overview: bool


@dataclass(slots=True)
class _File:
    path: str
    findings: list[Finding]
    anchor: str


def artifact_tree(
    findings: Sequence[tuple[Finding, str]], runs: Sequence[TargetRun], names: tuple[str, str], artifacts: int
) -> Tree | None:
    """Return the tree of findings and their anchors, the latter empty where the page does not show one; None for a single file.

    `artifacts` is how many files the left side has.
    """
    known = [{path for step in run.steps for path in step.artifacts} for run in runs[:2]]
    everything = set[str]().union(*known)
    files: dict[str, _File] = {}
    for finding, anchor in findings:
        if finding.layer is Layer.ARTIFACTS:
            path = file_of(finding.path, everything)
            file = files.setdefault(path, _File(path, [], anchor))
            file.findings.append(finding)
            file.anchor = file.anchor or anchor
    if len(files) < LEAST_FILES:
        return None
    equal = everything - files.keys()
    shown = dict(sorted(files.items())[:MOST_FILES])
    rows = tuple(_rows(shown, files, equal, names))
    on_left = sum(all(each.code != "artifact-extra" for each in file.findings) for file in files.values())
    return Tree(
        rows=rows,
        differing=len(files),
        equal=len(equal) if everything else max(0, artifacts - on_left),
        hidden=len(files) - len(shown),
        is_overview=not any(run.steps for run in runs),
    )


def file_of(path: str, files: set[str]) -> str:
    """Return the file that a place is in: what comes before a colon, unless files are called so."""
    if path in files:
        return path
    at = path.find(":")
    while at >= 0:
        if path[:at] in files:
            return path[:at]
        at = path.find(":", at + 1)
    return path.partition(":")[0]


def _rows(
    shown: Mapping[str, _File], files: Mapping[str, _File], equal: set[str], names: tuple[str, str]
) -> Iterator[TreeRow]:
    told: tuple[str, ...] = ()
    for path, file in shown.items():
        *folders, name = path.split("/")
        deep = tuple(folders[:_DEEPEST])
        kept = next((n for n, (a, b) in enumerate(zip(told, deep, strict=False)) if a != b), min(len(told), len(deep)))
        for depth in range(kept, len(deep)):
            yield _folder(deep[: depth + 1], files, equal)
        told = deep
        yield _file("/".join((*folders[_DEEPEST:], name)), len(deep), file, names)


def _folder(parts: tuple[str, ...], files: Mapping[str, _File], equal: set[str]) -> TreeRow:
    below = "/".join(parts) + "/"
    differing = sum(path.startswith(below) for path in files)
    same = sum(path.startswith(below) for path in equal)
    verb = "differs" if differing == 1 else "differ"
    counts = f"{differing:,} {verb}" + (f", {same:,} equal" if same else "")
    return TreeRow(name=f"{parts[-1]}/", depth=len(parts) - 1, counts=counts)


def _file(name: str, depth: int, file: _File, names: tuple[str, str]) -> TreeRow:
    first = file.findings[0]
    signs = [_SIGNS.get(each.code, _CONTENT) for each in file.findings]
    words = dict.fromkeys(
        word.format(left=names[0], right=names[1], modes=f"{each.left} and {each.right}") if "{" in word else word
        for (_, word), each in zip(signs, file.findings, strict=True)
    )
    with_facts = next((each for each in file.findings if any(each.digests)), first)
    sizes = tuple("" if each is None else size(each) for each in with_facts.sizes_bytes)
    inner = plural(len(file.findings), "difference") if len(file.findings) > 1 else ""
    return TreeRow(
        name=name,
        depth=depth,
        sign=signs[0][0],
        change=", ".join(words),
        counts=inner,
        sizes=(sizes[0], sizes[1]),
        digests=with_facts.digests,
        anchor=file.anchor,
    )
