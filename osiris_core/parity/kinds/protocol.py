"""What a comparer of one kind of file is given, and what it has to say.

A comparer is asked about two files whose bytes are known to differ. It may find that they hold the same all the same,
under a named rule (then the verdict is EQUIVALENT), say where they differ, or say that it could not compare them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.parity.declared.plan import Plan
    from osiris_core.parity.kinds.expansion import Expansion
    from osiris_core.parity.record import ByteSample, TableDifference
    from osiris_core.rules.model import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePair:
    """Two files of one path (`<step>/<path>`) whose bytes differ; `labels` are the two sides' names.

    `rules` are the declared rules whose scope covers the file, in their order, and `plan` the same at work on values inside. `expansion` is there where the files came out
    of a container, and counts what may still come out of that.
    """

    path: str
    left: Path
    right: Path
    labels: tuple[str, str]
    rules: tuple[Rule, ...] = ()
    plan: Plan | None = None
    expansion: Expansion | None = None

    @property
    def names(self) -> tuple[str, str]:
        """How a diff names both files."""
        return f"{self.labels[0]}/{self.path}", f"{self.labels[1]}/{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFinding:
    """One difference inside a file: `path` is the place in it, empty for the whole; the rest is as in `record.Finding`.

    `members`, `sizes_bytes` and `digests` are filled in by who opens a container, for what its members hold.
    """

    message: str
    code: str = "artifact-content"
    path: str = ""
    left: str = ""
    right: str = ""
    diff: str = ""
    hint: str = ""
    table: TableDifference | None = None
    ranges: tuple[tuple[int, int], ...] = ()
    samples: tuple[ByteSample, ...] = ()
    kinds: tuple[str, str] = ("", "")
    members: tuple[str, ...] = ()
    sizes_bytes: tuple[int | None, int | None] = (None, None)
    digests: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """Something that differs and counts as equal, by the rule of this name and for this reason.

    `counted`: the rule has counted it itself, as those of a `plan` do.
    """

    rule: str
    reason: str
    path: str = ""
    left: str = ""
    right: str = ""
    counted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileComparison:
    """All that a comparer has to say of two files: equal under rules where there is neither a finding nor a gap.

    `not_compared` are sentences about what could not be looked at (too large, cut off, not what its name says). `idle_rules`
    are the ids of declared rules that cover what differs, and that such files do not know. `compared_by` names the installed comparers
    that decided, of the file or of what it holds; whoever asks a comparer fills it in.
    """

    findings: tuple[FileFinding, ...] = ()
    findings_total: int = 0  # where more were found than are kept; else their number
    set_aside: tuple[SetAside, ...] = ()
    not_compared: tuple[str, ...] = field(default=())
    idle_rules: tuple[str, ...] = ()
    compared_by: tuple[str, ...] = ()


@runtime_checkable
class FileComparer(Protocol):
    """Compares one kind of file. Comparers are asked in turn; the first that claims both files compares them."""

    @property
    def name(self) -> str:
        """How messages call this kind of file: `CSV`, `JSON`."""

    def claims(self, path: str, head: bytes) -> bool:
        """Whether a file of this path whose content begins with `head` (up to `HEAD_BYTES`) is of this kind."""

    def compare(self, pair: FilePair) -> FileComparison | None:
        """Compare two files; None where one turns out to be of another kind: the next comparer is asked then.

        OSError where a file cannot be read.
        """


HEAD_BYTES = 4096
"""How much of a file's beginning a comparer may look at before it claims it."""
