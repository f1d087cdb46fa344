"""Draws the place of a change."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

_Place = TypeVar("_Place")


class NoPlaceError(Exception):
    """The session has nothing that a class of change could be planted in."""


def drawer(name: str, seed: int) -> Random:
    """Return the randomness of one planting: the same name and seed always give the same change."""
    return Random(f"{name}/{seed}")  # noqa: S311 - places, no secrets


def pick(rng: Random, places: Iterable[_Place], what: str) -> _Place:
    """Return one of the places. NoPlaceError, saying what is lacking, where there is none."""
    found = list(places)
    if not found:
        raise NoPlaceError(f"there is no {what} in this session")
    return rng.choice(found)
