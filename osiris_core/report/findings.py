"""The differences of a record as the page shows them: the step where the targets part first, effects and clues behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.report.diffs import diff_lines, marked_pair
from osiris_core.report.text import LINE_FEED_MARK, first_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.record import Comparison, Finding
    from osiris_core.report.diffs import DiffLine, Marked

SHOWN_IN_A_GROUP = 50
_SHORT_GROUP = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """A finding as the page shows it; `finding` holds the words, the rest its visual form."""

    anchor: str
    finding: Finding
    left: tuple[Marked, ...]
    right: tuple[Marked, ...]
    diff: tuple[DiffLine, ...]
    hidden_lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingGroup:
    """Findings that belong together: `key` is `cause`, `effect`, `waived` or `clue`; `hidden` counts those left out."""

    key: str
    title: str
    findings: tuple[FindingView, ...]
    total: int

    @property
    def hidden(self) -> int:
        """How many of the group are not shown."""
        return self.total - len(self.findings)

    @property
    def short(self) -> bool:
        """Whether the group is too small to be worth folding away; clues always are folded."""
        return self.total <= _SHORT_GROUP and self.key != "clue"


def grouped(comparison: Comparison, anchor: str) -> tuple[FindingGroup, ...]:
    """Return the findings as groups: those of the steps that differ by themselves, their effects, clues, accepted ones."""
    first = comparison.first_diverging_step
    begins = comparison.causes or (first,)
    deciding = [finding for finding in comparison.findings if not finding.locates and not finding.waived_by]
    waived = [finding for finding in comparison.findings if finding.waived_by]
    clues = [finding for finding in comparison.findings if finding.locates]
    causes = [finding for finding in deciding if first is None or finding.step in begins]
    effects = [finding for finding in deciding if first is not None and finding.step not in begins]
    also = f", and in {', '.join(comparison.causes[1:])}" if len(comparison.causes) > 1 else ""
    title = f"What differs in step {first}, where the targets part{also}" if first else "What differs"
    groups = (
        _group("cause", title, causes, anchor),
        _group("effect", "What differs elsewhere, probably as an effect", effects, anchor),
        _group("waived", "What differs and was accepted for now", waived, anchor),
        _group("clue", "Clues: differences that decide nothing, and help to find the place", clues, anchor),
    )
    return tuple(group for group in groups if group.total)


def _group(key: str, title: str, findings: Sequence[Finding], anchor: str) -> FindingGroup:
    shown = tuple(
        _view(finding, f"{anchor}-{key}-{number}") for number, finding in enumerate(findings[:SHOWN_IN_A_GROUP], 1)
    )
    return FindingGroup(key=key, title=title, findings=shown, total=len(findings))


def _view(finding: Finding, anchor: str) -> FindingView:
    left, right = marked_pair(_value(finding.left), _value(finding.right))
    lines, hidden_lines = diff_lines(finding.diff)
    return FindingView(anchor=anchor, finding=finding, left=left, right=right, diff=lines, hidden_lines=hidden_lines)


def _value(text: str) -> str:
    """Return a value with its surplus lines counted and its last line feed, if any, as a mark."""
    lines, hidden = first_lines(text)
    end = f"\n… ({hidden:,} more lines)" if hidden else ""
    return "\n".join(lines) + (LINE_FEED_MARK if text.endswith("\n") else "") + end
