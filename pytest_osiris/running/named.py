"""A mapping of a run's parts by their names, that helps whoever asks for one that is not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from osiris_core.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

Part_co = TypeVar("Part_co", covariant=True)
_SHOWN_NAMES = 5


class NoSuchNameError(KeyError):
    """Raised when a run is asked for a part that it does not have; its text is a sentence."""

    def __str__(self) -> str:
        """Return the sentence, where a `KeyError` would return it in quotes."""
        return str(self.args[0])


class ByName(Mapping[str, Part_co]):
    """Parts by name, in their order; `kind` is what a part is called: `step`, `artifact`."""

    __slots__ = ("_kind", "_parts")

    def __init__(self, kind: str, parts: Mapping[str, Part_co]) -> None:
        self._kind = kind
        self._parts = dict(parts)

    def __getitem__(self, name: str) -> Part_co:
        """Return the part of this name; `NoSuchNameError`, which says the nearest, where there is none."""
        __tracebackhide__ = True
        try:
            return self._parts[name]
        except KeyError:
            raise NoSuchNameError(f"there is no {self._kind} {name!r}; {self._advice(name)}") from None

    def __contains__(self, name: object) -> bool:
        """Whether there is a part of this name."""
        return name in self._parts

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._parts)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._parts)

    def __eq__(self, other: object) -> bool:
        """Compare by names and parts, whatever their order; with any mapping."""
        if isinstance(other, ByName):
            return self._parts == other._parts
        return self._parts == other if isinstance(other, Mapping) else NotImplemented

    __hash__ = None  # type: ignore[assignment] # as any mapping

    def __repr__(self) -> str:
        """Return the first few names."""
        names = [repr(name) for name in list(self._parts)[:_SHOWN_NAMES]]
        more = [f"... {len(self) - _SHOWN_NAMES:,} more"] if len(self) > _SHOWN_NAMES else []
        return f"<{len(self):,} {self._kind}s: {', '.join([*names, *more])}>" if self else f"<no {self._kind}s>"

    def _advice(self, name: str) -> str:
        if not self._parts:
            return "the run has none"
        names = list(self._parts)
        more = f" and {len(names) - _SHOWN_NAMES:,} more" if len(names) > _SHOWN_NAMES else ""
        return nearest(str(name), names) or f"there are {', '.join(names[:_SHOWN_NAMES])}{more}"
