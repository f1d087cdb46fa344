"""Plants differences in real sessions, one at a time, and changes that mean nothing: what a comparer is tried with.

    for difference in DIFFERENCES:
        spot, directory = plant(difference, original, scratch / "copy", seed=1)
        result = compare(open_session(other), open_session(directory))
        assert not difference.missed(spot, result.findings)

Nothing here knows a comparer, or anything else of this project: places are drawn from a seed, what has to be found is
written beside each class, and a changed session is sealed again so that only comparing can find the change.

`model` says what a class is, `session_copy` is what one changes and `seal` closes it. Classes of difference, by where they are planted:
`events` (with `times`), `metrics`, `streams`, `tables`, `endings`; among artifacts `trees`, `delimited`, `documents`,
`columnar`, `containers`. `benign` has what means nothing. `values` and `leaves` are what they share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.testing.mutations.benign import BENIGN
from osiris_core.testing.mutations.columnar import COLUMNAR
from osiris_core.testing.mutations.containers import CONTAINERS
from osiris_core.testing.mutations.delimited import DELIMITED
from osiris_core.testing.mutations.documents import DOCUMENTS
from osiris_core.testing.mutations.endings import ENDINGS
from osiris_core.testing.mutations.events import EVENTS
from osiris_core.testing.mutations.metrics import METRICS
from osiris_core.testing.mutations.model import Benign, Difference, Spot
from osiris_core.testing.mutations.places import NoPlaceError, drawer
from osiris_core.testing.mutations.session_copy import SessionCopy
from osiris_core.testing.mutations.streams import STREAMS
from osiris_core.testing.mutations.tables import TABLES
from osiris_core.testing.mutations.trees import TREES

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "BENIGN",
    "DIFFERENCES",
    "Benign",
    "Difference",
    "NoPlaceError",
    "SessionCopy",
    "Spot",
    "plant",
    "plant_nothing",
]

DIFFERENCES: Final = (
    *ENDINGS,
    *EVENTS,
    *METRICS,
    *STREAMS,
    *TABLES,
    *TREES,
    *DELIMITED,
    *DOCUMENTS,
    *COLUMNAR,
    *CONTAINERS,
)
"""Every class of difference."""


def plant(difference: Difference, original: Path, directory: Path, *, seed: int) -> tuple[Spot, Path]:
    """Copy a session to `directory`, which must not be there, and plant one difference of a class.

    Returns what has to be found, and the sealed copy. NoPlaceError where the session has no place for the class.
    """
    copy = SessionCopy(original, directory)
    spot = difference.plant(copy, drawer(difference.name, seed))
    return spot, copy.close()


def plant_nothing(
    benign: Benign, originals: tuple[Path, Path], directory: Path, *, seed: int
) -> tuple[str, Path, Path]:
    """Copy both sessions of a pair below `directory`, and change what means nothing. Returns what it was, and the copies."""
    left, right = (SessionCopy(each, directory / name) for each, name in zip(originals, ("left", "right"), strict=True))
    what = benign.change(left, right, drawer(benign.name, seed))
    return what, left.close(), right.close()
