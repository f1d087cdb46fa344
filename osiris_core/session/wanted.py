"""What of a run's artifacts has to be fetched, because it did not come with the records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A file of the worker's run directory that holds artifacts and will not change any more.

    `number` counts them in the order of the journal; `members` are the records of the artifacts in it.
    """

    number: int
    path: str
    size_bytes: int
    sha256: str
    is_pack: bool
    members: tuple[Mapping[str, Any], ...]
