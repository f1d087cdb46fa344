"""The files of a record that differ, as a tree: what was added, removed or changed where, and how many beside them are equal.

A file that holds others, as an archive does, is a folder of its members, to any depth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from osiris_core.parity.record import Layer
from osiris_core.report.units import plural, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osiris_core.parity.record import Finding, TargetRun

LEAST_FILES: Final = 2
"""A tree of one file says nothing that its difference does not say."""
MOST_FILES: Final = 200
OPEN_MEMBERS: Final = 12
"""An archive in which more differ begins folded."""
_DEEPEST: Final = 12

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
    """A directory, with `counts` of what is below it, or a file, with what became of it and the address of its difference.

    `below` is what a directory or an archive holds, `is_open` whether that is in sight.
    """

    name: str
    depth: int
    sign: str = ""
    change: str = ""
    counts: str = ""
    sizes: tuple[str, str] = ("", "")
    digests: tuple[str, str] = ("", "")
    anchor: str = ""
    below: tuple[TreeRow, ...] = ()
    is_open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """The tree of one record: `differing` files, of which with their members some may be `hidden`, and `equal` ones, which are only counted.

    `is_overview`: there are no steps to tell where it begins, so it stands in front.
    """

    rows: tuple[TreeRow, ...]
    differing: int
    equal: int
    hidden: int
    is_overview: bool


@dataclass(slots=True)
class _File:
    findings: list[Finding] = field(default_factory=list)
    anchor: str = ""


@dataclass(slots=True)
class _Node:
    """A directory, or a file where it has `file`; an archive has both that and nodes below it."""

    file: _File | None = None
    below: dict[tuple[str, bool], _Node] = field(default_factory=dict)

    def files(self) -> int:
        """How many files lie in it, archives counted as one each."""
        return sum(each.files() if each.file is None else 1 for each in self.below.values())


_Key = tuple[str, tuple[str, ...]]
"""An artifact's path, and the names of the members that lead to a file in it."""


def artifact_tree(
    findings: Sequence[tuple[Finding, str]], runs: Sequence[TargetRun], names: tuple[str, str], artifacts: int
) -> Tree | None:
    """Return the tree of findings and their anchors, the latter empty where the page does not show one; None for a single file.

    `artifacts` is how many files the left side has.
    """
    known = [{path for step in run.steps for path in step.artifacts} for run in runs[:2]]
    everything = set[str]().union(*known)
    files: dict[_Key, _File] = {}
    for finding, anchor in findings:
        if finding.layer is Layer.ARTIFACTS:
            file = files.setdefault((artifact_of(finding, everything), finding.members), _File())
            file.findings.append(finding)
            file.anchor = file.anchor or anchor
    if len(files) < LEAST_FILES:
        return None
    differing = {path for path, _ in files}
    equal = everything - differing
    shown = sorted(files)[:MOST_FILES]
    only_right = {
        path for (path, _), file in files.items() if any(each.code == "artifact-extra" for each in file.findings)
    }
    only_right -= {path for path, members in files if members}
    root, rows = _Node(), _Rows(names, differing, equal)
    for key in shown:
        _add(root, *key, files[key])
    return Tree(
        rows=tuple(rows.below(root, 0, "")),
        differing=len(differing),
        equal=len(equal) if everything else max(0, artifacts - len(differing - only_right)),
        hidden=len(files) - len(shown),
        is_overview=not any(run.steps for run in runs),
    )


def artifact_of(finding: Finding, files: set[str]) -> str:
    """Return the artifact that a finding is about: what stands in front of its members, or of a place in it."""
    at = finding.path.find(f":{':'.join(finding.members)}") if finding.members else -1
    return finding.path[:at] if at > 0 else file_of(finding.path, files)


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


def _add(root: _Node, path: str, members: tuple[str, ...], file: _File) -> None:
    """Put a file at its place: directories, the artifact, and for each member the directories in its name and itself."""
    chain = [
        (part, is_last)
        for name in (path, *members)
        for *folders, last in [name.split("/")]
        for part, is_last in (*((each, False) for each in folders), (last, True))
    ]
    if len(chain) > _DEEPEST + 1:
        rest = "".join(f"{name}{':' if is_file else '/'}" for name, is_file in chain[_DEEPEST:])[:-1]
        chain[_DEEPEST:] = [(rest, True)]
    node = root
    for name, is_file in chain:
        node = node.below.setdefault((name, is_file), _Node())
        if is_file and node.file is None:
            node.file = _File()
    node.file = file


@dataclass(frozen=True, slots=True)
class _Rows:
    """Makes rows of nodes; `names` are those of both targets, and equal files are counted by their paths."""

    names: tuple[str, str]
    differing: set[str]
    equal: set[str]

    def below(self, node: _Node, depth: int, path: str | None) -> Iterator[TreeRow]:
        """Yield what a node holds; `path` is that of the directory, and None within an archive."""
        for (name, _), each in node.below.items():
            if each.file is None:
                yield self._folder(name, each, depth, None if path is None else f"{path}{name}/")
            else:
                yield self._file(name, each, each.file, depth)

    def _folder(self, name: str, node: _Node, depth: int, path: str | None) -> TreeRow:
        differing, same = node.files(), 0
        if path is not None:
            differing = sum(each.startswith(path) for each in self.differing)
            same = sum(each.startswith(path) for each in self.equal)
        counts = _differ(differing) + (f", {same:,} equal" if same else "")
        below = tuple(self.below(node, depth + 1, path))
        return TreeRow(name=f"{name}/", depth=depth, counts=counts, below=below)

    def _file(self, name: str, node: _Node, file: _File, depth: int) -> TreeRow:
        below = tuple(self.below(node, depth + 1, None))
        inside = f"{_differ(node.files())} inside" if below else ""
        if not file.findings:
            return TreeRow(
                name=name,
                depth=depth,
                sign=_CONTENT[0],
                counts=inside,
                below=below,
                is_open=node.files() <= OPEN_MEMBERS,
            )
        signs = [_SIGNS.get(each.code, _CONTENT) for each in file.findings]
        words = dict.fromkeys(
            word.format(left=self.names[0], right=self.names[1], modes=f"{each.left} and {each.right}")
            if "{" in word
            else word
            for (_, word), each in zip(signs, file.findings, strict=True)
        )
        with_facts = next((each for each in file.findings if any(each.digests)), file.findings[0])
        sizes = tuple("" if each is None else size(each) for each in with_facts.sizes_bytes)
        inner = plural(len(file.findings), "difference") if len(file.findings) > 1 else ""
        return TreeRow(
            name=name,
            depth=depth,
            sign=signs[0][0],
            change=", ".join(words),
            counts=", ".join(filter(None, (inner, inside))),
            sizes=(sizes[0], sizes[1]),
            digests=with_facts.digests,
            anchor=file.anchor,
            below=below,
            is_open=node.files() <= OPEN_MEMBERS,
        )


def _differ(number: int) -> str:
    return f"{number:,} {'differs' if number == 1 else 'differ'}"
