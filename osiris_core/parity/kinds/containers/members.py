"""What two containers hold, member by member: equal ones are only read, differing ones go to their comparer."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds import expansion as limits
from osiris_core.parity.kinds.expansion import NotExpandedError
from osiris_core.parity.kinds.protocol import FileComparison, FileFinding, FilePair, SetAside
from osiris_core.parity.values import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.kinds.expansion import Expansion

CONTAINER_METADATA: Final = "container-metadata"
METADATA_REASON: Final = "when, how and by what a container was made is none of what it holds"

KEPT_GAPS: Final = 20
"""Sentences about members that were not compared; of a container with more the others are counted."""

CompareFiles = Callable[[FilePair], FileComparison]
"""Compares what lies in two members, by whoever compares such files."""

Content = Callable[[], Iterator[bytes]]
"""Opens a member and yields what it holds, piece by piece. NotExpandedError where that cannot be had."""


_WITH_CONTENT: Final = frozenset({"file", "link", "directory", "special file"})
"""Kinds of members that may hold bytes: in a zip file a directory can, though it should not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member: `kind` is `file`, `directory`, `link` (its content is where it leads), `pipe` ...

    `name` is what it is paired by, and may hold bytes that are no text. `size_bytes` is what it takes in the container,
    `expanded_bytes` what it says to hold, where it says that.
    """

    name: str
    kind: str
    size_bytes: int
    content: Content
    mode: int = 0
    expanded_bytes: int | None = None

    @property
    def executable(self) -> bool:
        """Whether it is a file that somebody may run."""
        return bool(self.mode & 0o111) and self.kind == "file"

    @property
    def has_content(self) -> bool:
        """Whether it is of a kind that may hold bytes."""
        return self.kind in _WITH_CONTENT

    @property
    def rights(self) -> str:
        """Whose rights it lends: of the mode what makes more of a file than its content does."""
        words = [word for bit, word in ((0o4000, "setuid"), (0o2000, "setgid")) if self.mode & bit]
        return " and ".join(words) or "neither setuid nor setgid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What one container holds: its members, and what else in it is no trace of how it was made, by its place.

    `written` is asked after the members were read.
    """

    members: Sequence[Member]
    written: Callable[[], Iterator[tuple[str, str]]]


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
    more_gaps: int = 0

    @property
    def has_gaps(self) -> bool:
        """Whether something in both could not be compared."""
        return bool(self.gaps)

    def metadata(self, name: str, left: object, right: object) -> None:
        """Set a field of the container aside, where it differs; the first difference of each field is kept."""
        if left != right and all(each.path != name for each in self.set_aside):
            self.set_aside.append(
                SetAside(
                    rule=CONTAINER_METADATA,
                    reason=METADATA_REASON,
                    path=name,
                    left=printable(str(left)),
                    right=printable(str(right)),
                )
            )

    def differs(
        self,
        code: str,
        member: str,
        message: str,
        left: str = "",
        right: str = "",
        *,
        sizes_bytes: tuple[int | None, int | None] = (None, None),
    ) -> None:
        """Add a finding; `member` is empty for one about the container itself."""
        shown = printable(member)
        self.findings.append(
            FileFinding(
                code=code,
                path=shown,
                message=printable(message),
                left=printable(left),
                right=printable(right),
                members=(shown,) if shown else (),
                sizes_bytes=sizes_bytes,
            )
        )

    def gap(self, sentence: str) -> None:
        """Say that something was not compared; past the first few such sentences they are counted."""
        if len(self.gaps) < KEPT_GAPS:
            self.gaps.append(printable(sentence))
        else:
            self.more_gaps += 1

    def not_looked_into(self, error: NotExpandedError) -> None:
        """Say that the members were not compared, and why: the bytes differ, and nothing more is known."""
        self.gap(f"{self.pair.path} was not compared member by member: it {error}")
        self.differs("artifact-content", "", f"the bytes differ, and it was not looked into, because it {error}")

    def comparison(self) -> FileComparison:
        """Return all of it; bytes that differ and are explained by nothing are a finding."""
        if not (self.findings or self.set_aside or self.has_gaps):
            self.differs("artifact-content", "", "the containers differ, and nothing that they hold does")
        return FileComparison(
            findings=tuple(self.findings),
            findings_total=len(self.findings),
            set_aside=tuple(self.set_aside),
            not_compared=(*self.gaps, *self._counted_gaps()),
            idle_rules=tuple(sorted(self.idle)),
            compared_by=tuple(sorted(self.compared_by)),
        )

    def _counted_gaps(self) -> Iterator[str]:
        if self.more_gaps:
            yield f"{self.pair.path} holds more that was not compared: {counted(self.more_gaps, 'further gap')}"


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
            sizes = [each[name].expanded_bytes if name in each else None for each in (a, b)]
            message = f"only {parts.pair.labels[side]} has this member"
            parts.differs(code, name, message, *shown, sizes_bytes=(sizes[0], sizes[1]))
        else:
            _compare_member(parts, a[name], b[name], expansion)
    if [member.name for member in left] != [member.name for member in right] and a.keys() == b.keys():
        parts.metadata("order of members", *(_names(members) for members in (left, right)))


def compare_content(parts: Parts, name: str, left: Member, right: Member, expansion: Expansion) -> bool:
    """Compare what two members hold, add what is found, and return whether they hold the same bytes. `name` is empty for the only one."""
    place = printable(f"{parts.pair.path}/{left.name}")
    try:
        if same_pieces(counted_pieces(left, expansion), counted_pieces(right, expansion)):
            return True
        parts.opened += 1
        if parts.opened > limits.OPENED_MEMBERS or not expansion.may_open():
            sizes = left.expanded_bytes, right.expanded_bytes
            message = "the content differs (one of many members: not opened)"
            parts.differs("artifact-content", name, message, sizes_bytes=sizes)
            return False
        told = _compare_unpacked(parts, place, left, right, expansion.deeper())
    except NotExpandedError as error:
        parts.gap(f"{place} was not compared: it {error}")
        parts.differs("artifact-content", name, f"the bytes differ, and it was not looked into, because it {error}")
        return False
    shown = printable(name)
    parts.findings += [
        replace(each, path=_within(shown, each.path), members=(shown, *each.members) if shown else each.members)
        for each in told.findings
    ]
    parts.set_aside += [replace(each, path=_within(shown, each.path)) for each in told.set_aside]
    for gap in told.not_compared:
        parts.gap(gap)
    parts.idle.update(told.idle_rules)
    parts.compared_by.update(told.compared_by)
    return False


def _within(member: str, path: str) -> str:
    """Return the place of something in a member; `member` is empty for the only one."""
    return f"{member}:{path}" if member and path else member or path


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
    if left.has_content:
        compare_content(parts, left.name, left, right, expansion)


def _compare_unpacked(parts: Parts, place: str, left: Member, right: Member, expansion: Expansion) -> FileComparison:
    """Put two members that differ into files of our own, and hand these to whoever compares such files."""
    with tempfile.TemporaryDirectory(prefix="osiris-members-") as folder:
        paths = Path(folder) / "left", Path(folder) / "right"
        facts = [_unpacked(member, path, expansion) for path, member in zip(paths, (left, right), strict=True)]
        inner = FilePair(
            path=place,
            left=paths[0],
            right=paths[1],
            labels=parts.pair.labels,
            rules=parts.pair.rules,
            plan=parts.pair.plan,
            expansion=expansion,
        )
        told = parts.compare(inner)
    sizes, digests = (facts[0][0], facts[1][0]), (facts[0][1], facts[1][1])
    findings = tuple(
        found if found.members else replace(found, sizes_bytes=sizes, digests=digests) for found in told.findings
    )
    return replace(told, findings=findings)


def _unpacked(member: Member, path: Path, expansion: Expansion) -> tuple[int, str]:
    """Write what a member holds to a file of our own, and return its size and the beginning of its SHA-256."""
    digest, size_bytes = hashlib.sha256(), 0
    with path.open("xb") as out:
        for piece in counted_pieces(member, expansion):
            digest.update(piece)
            size_bytes += out.write(piece)
    return size_bytes, digest.hexdigest()[:12]


def counted_pieces(member: Member, expansion: Expansion) -> Iterator[bytes]:
    """Yield what a member holds, as far as may be taken out. NotExpandedError past a limit."""
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
