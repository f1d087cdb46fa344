"""What two containers hold, member by member: equal ones are only read, differing ones go to their comparer."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.expansion import NotExpandedError
from osiris_core.parity.kinds.protocol import FileComparison, FileFinding, FilePair, SetAside
from osiris_core.parity.values import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.kinds.expansion import Expansion

CONTAINER_METADATA: Final = "container-metadata"
METADATA_REASON: Final = "when, how and by what a container was made is none of what it holds"

OPENED_MEMBERS: Final = 50
"""Differing members that are opened; of the others it is only said that they differ."""

CompareFiles = Callable[[FilePair], FileComparison]
"""Compares what lies in two members, by whoever compares such files."""

Content = Callable[[], Iterator[bytes]]
"""Opens a member and yields what it holds, piece by piece. NotExpandedError where that cannot be had."""


_WITH_CONTENT: Final = frozenset({"file", "link", "directory", "special file"})
"""Kinds of members that may hold bytes: in a zip file a directory can, though it should not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member: `kind` is `file`, `directory`, `link` (its content is where it leads), `pipe` ...; `size_bytes` what it takes in the container."""

    name: str
    kind: str
    size_bytes: int
    content: Content
    mode: int = 0

    @property
    def executable(self) -> bool:
        """Whether it is a file that somebody may run."""
        return bool(self.mode & 0o111) and self.kind == "file"

    @property
    def rights(self) -> str:
        """Whose rights it lends: of the mode what makes more of a file than its content does."""
        words = [word for bit, word in ((0o4000, "setuid"), (0o2000, "setgid")) if self.mode & bit]
        return " and ".join(words) or "neither setuid nor setgid"


@dataclass(slots=True)
class Parts:
    """What has been found out about two containers so far."""

    pair: FilePair
    compare: CompareFiles
    findings: list[FileFinding] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    idle: set[str] = field(default_factory=set)
    compared_by: set[str] = field(default_factory=set)
    opened: int = 0

    def metadata(self, name: str, left: object, right: object) -> None:
        """Set a field of the container aside, where it differs; the first difference of each field is kept."""
        if left != right and all(each.path != name for each in self.set_aside):
            self.set_aside.append(
                SetAside(rule=CONTAINER_METADATA, reason=METADATA_REASON, path=name, left=str(left), right=str(right))
            )

    def differs(self, code: str, path: str, message: str, left: str = "", right: str = "") -> None:
        """Add a finding."""
        self.findings.append(FileFinding(code=code, path=path, message=message, left=left, right=right))

    def not_looked_into(self, error: NotExpandedError) -> None:
        """Say that the members were not compared, and why: the bytes differ, and nothing more is known."""
        self.gaps.append(f"{self.pair.path} was not compared member by member: it {error}")
        self.differs("artifact-content", "", f"the bytes differ, and it was not looked into, because it {error}")

    def comparison(self) -> FileComparison:
        """Return all of it; bytes that differ and are explained by nothing are a finding."""
        if not (self.findings or self.set_aside or self.gaps):
            self.differs("artifact-content", "", "the containers differ, and nothing that they hold does")
        return FileComparison(
            findings=tuple(self.findings),
            findings_total=len(self.findings),
            set_aside=tuple(self.set_aside),
            not_compared=tuple(self.gaps),
            idle_rules=tuple(sorted(self.idle)),
            compared_by=tuple(sorted(self.compared_by)),
        )


def compare_members(parts: Parts, left: Sequence[Member], right: Sequence[Member], expansion: Expansion) -> None:
    """Add what is to be said of all members of two containers."""
    for members, label in zip((left, right), parts.pair.labels, strict=True):
        for name in _doubled(members):
            parts.differs("container-doubled-member", name, f"more than one member has this name on {label}")
    a, b = ({member.name: member for member in members} for members in (left, right))
    for name in sorted(a.keys() | b.keys()):
        if name not in a or name not in b:
            code, side = ("artifact-missing", 0) if name in a else ("artifact-extra", 1)
            shown = [each[name].kind if name in each else "(absent)" for each in (a, b)]
            parts.differs(code, name, f"only {parts.pair.labels[side]} has this member", *shown)
        else:
            _compare_member(parts, a[name], b[name], expansion)
    if [member.name for member in left] != [member.name for member in right] and a.keys() == b.keys():
        parts.metadata("order of members", *(_names(members) for members in (left, right)))


def compare_content(parts: Parts, name: str, left: Member, right: Member, expansion: Expansion) -> bool:
    """Compare what two members hold, add what is found, and return whether they hold the same bytes. `name` is empty for the only one."""
    place = f"{parts.pair.path}/{left.name}"
    try:
        if same_pieces(_counted(left, expansion), _counted(right, expansion)):
            return True
        parts.opened += 1
        if parts.opened > OPENED_MEMBERS:
            parts.differs("artifact-content", name, "the content differs (one of many members: not opened)")
            return False
        told = _compare_unpacked(parts, place, left, right, expansion.deeper())
    except NotExpandedError as error:
        parts.gaps.append(f"{place} was not compared: it {error}")
        parts.differs("artifact-content", name, f"the bytes differ, and it was not looked into, because it {error}")
        return False
    inside = f"{name}:" if name else ""
    parts.findings += [replace(each, path=f"{inside}{each.path}".rstrip(":")) for each in told.findings]
    parts.set_aside += [replace(each, path=f"{inside}{each.path}".rstrip(":")) for each in told.set_aside]
    parts.gaps += told.not_compared
    parts.idle.update(told.idle_rules)
    parts.compared_by.update(told.compared_by)
    return False


def same_pieces(left: Iterator[bytes], right: Iterator[bytes]) -> bool:
    """Whether two sequences of pieces are the same bytes, however they are cut."""
    a = b = b""
    while True:
        a, b = a or next(left, b""), b or next(right, b"")
        length = min(len(a), len(b))
        if not length:
            return not a and not b
        if a[:length] != b[:length]:
            return False
        a, b = a[length:], b[length:]


def _compare_member(parts: Parts, left: Member, right: Member, expansion: Expansion) -> None:
    if left.kind != right.kind:
        message = f"a {left.kind} on {parts.pair.labels[0]}, a {right.kind} on {parts.pair.labels[1]}"
        parts.differs("artifact-type", left.name, message, left.kind, right.kind)
        return
    if left.executable != right.executable:
        words = ["executable" if each.executable else "not executable" for each in (left, right)]
        message = f"{words[0]} on {parts.pair.labels[0]}, {words[1]} on {parts.pair.labels[1]}"
        parts.differs("artifact-mode", left.name, message, *words)
    if left.rights != right.rights:
        message = f"{left.rights} on {parts.pair.labels[0]}, {right.rights} on {parts.pair.labels[1]}"
        parts.differs("artifact-mode", left.name, message, left.rights, right.rights)
    if left.kind in _WITH_CONTENT:
        compare_content(parts, left.name, left, right, expansion)


def _compare_unpacked(parts: Parts, place: str, left: Member, right: Member, expansion: Expansion) -> FileComparison:
    """Put two members that differ into files of our own, and hand these to whoever compares such files."""
    with tempfile.TemporaryDirectory(prefix="osiris-members-") as folder:
        paths = Path(folder) / "left", Path(folder) / "right"
        for path, member in zip(paths, (left, right), strict=True):
            with path.open("wb") as out:
                out.writelines(_counted(member, expansion))
        inner = FilePair(
            path=place,
            left=paths[0],
            right=paths[1],
            labels=parts.pair.labels,
            rules=parts.pair.rules,
            plan=parts.pair.plan,
            expansion=expansion,
        )
        return parts.compare(inner)


def _counted(member: Member, expansion: Expansion) -> Iterator[bytes]:
    expanded = 0
    for piece in member.content():
        expanded += len(piece)
        expansion.take(len(piece), expanded=expanded, compressed=member.size_bytes)
        yield piece


def _doubled(members: Sequence[Member]) -> list[str]:
    seen: set[str] = set()
    return sorted({member.name for member in members if member.name in seen or seen.add(member.name)})  # type: ignore[func-returns-value]


def _names(members: Sequence[Member]) -> str:
    shown = ", ".join(member.name for member in members[:3])
    return f"{shown} ..., {counted(len(members), 'member')}" if len(members) > 3 else shown  # noqa: PLR2004 - as many as are shown
