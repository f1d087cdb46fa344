"""A difference as the page shows it, those of one signature as a bundle, and those that belong together as a group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from osiris_core.parity.record import Finding
    from osiris_core.parity.record import FindingGroup as Signature
    from osiris_core.report.diffs import Diff
    from osiris_core.report.dumps import Dump
    from osiris_core.report.images.gallery import Images
    from osiris_core.report.json_view import JsonPlace
    from osiris_core.report.table_view import TableView
    from osiris_core.report.words import Marked

_SHORT_GROUP: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """A finding as the page shows it; `finding` holds the words, the rest its visual form.

    `places` are all differences of the same file of JSON, this one among them, `findings` their number. `note` says what both values
    have that cannot be seen, `rest` where what is left out here can be found, `said_above` the address of the difference that has
    table and diff of the same file already. `images` are the pictures of both sides, where the file is one.
    """

    anchor: str
    finding: Finding
    left: tuple[Marked, ...]
    right: tuple[Marked, ...]
    note: str
    diff: Diff
    table: TableView | None
    dumps: tuple[Dump, ...]
    hidden_ranges: int
    places: tuple[JsonPlace, ...]
    hidden_places: int
    findings: int
    rest: tuple[str, ...]
    said_above: str
    images: Images | None = None

    @property
    def has_places(self) -> bool:
        """Whether it is shown as a table of places: where there are several; one is shown as two values."""
        return len(self.places) > 1

    @property
    def folds_lines(self) -> bool:
        """Whether its lines are folded behind a table that says the same."""
        return self.table is not None or self.has_places


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Findings of one signature: the first, the others that are shown, and how many there are of it in all.

    `is_open`: its first stands in sight, not behind its line.
    """

    first: FindingView
    others: tuple[FindingView, ...]
    total: int
    is_open: bool = False

    @property
    def hidden(self) -> int:
        """How many of it are not shown."""
        return self.total - self.first.findings - sum(each.findings for each in self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingGroup:
    """Findings that belong together: `key` is `cause`, `effect`, `waived` or `clue`; `unheld` the signatures that are only counted.

    `hint_from` is an effect with a hint, where no cause has one.
    """

    key: str
    title: str
    bundles: tuple[Bundle, ...]
    total: int
    unheld: tuple[Signature, ...] = ()
    hint_from: FindingView | None = None

    @property
    def findings(self) -> tuple[FindingView, ...]:
        """All that are shown, one after the other."""
        return tuple(each for bundle in self.bundles for each in (bundle.first, *bundle.others))

    def in_sight(self, bundle: Bundle) -> bool:
        """Whether a bundle stands in sight, not behind its line."""
        return bundle.is_open or self.short

    @property
    def hidden(self) -> int:
        """How many of the group are not shown."""
        return self.total - sum(each.findings for each in self.findings)

    @property
    def uncounted(self) -> int:
        """How many of the group are neither shown nor counted by their kind."""
        return self.hidden - sum(each.count for each in self.unheld)

    @property
    def short(self) -> bool:
        """Whether the group is too small to be worth folding away; clues always are folded."""
        return self.total <= _SHORT_GROUP and self.key != "clue"
