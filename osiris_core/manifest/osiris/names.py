"""The names that Osiris gives: of the tables that a step is handed, and ids that ours cannot be."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from osiris_core.manifest.model import STEP_ID_RULE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_HEAD: Final = 8
"""Hex digits of a SHA-256 that tell two ids of one name apart, in Osiris too."""
_KEPT: Final = 50  # characters of an id that is too long or not the only one of its name
_ID = re.compile(STEP_ID_RULE)
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]")
_NOT_IN_NAMES = re.compile(r"[^0-9A-Za-z_]")


def table_keys(needs: Iterable[str]) -> dict[str, str]:
    """Return how Osiris calls the tables that one step is given, by the ids of the steps they come from.

    It is `df_` and the id, with `_` for what SQL does not have in names and in front of a digit; where two would be the
    same, each has the beginning of its id's SHA-256 behind it.
    """
    names = {each: _NOT_IN_NAMES.sub("_", each) for each in needs}
    names = {each: f"_{name}" if name[:1].isdigit() else name for each, name in names.items()}
    taken = list(names.values())
    return {
        each: f"df_{name}" if taken.count(name) == 1 else f"df_{name}_{_digest(each)}" for each, name in names.items()
    }


def as_id(text: str) -> str:
    """Return a text as an id of ours: with `_` for what these do not have, and a letter at the beginning."""
    if _ID.fullmatch(text):
        return text
    made = _NOT_IN_IDS.sub("_", text)
    made = made if made[:1].isalpha() else f"s_{made}"
    return made if _ID.fullmatch(made) else f"{made[:_KEPT]}_{_digest(text)}"


def as_ids(texts: Collection[str]) -> dict[str, str]:
    """Return each text as an id; two that would become one are told apart by their digest."""
    made = {each: as_id(each) for each in texts}
    taken = list(made.values())
    return {
        each: name if name == each or taken.count(name) == 1 else f"{name[:_KEPT]}_{_digest(each)}"
        for each, name in made.items()
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_HEAD]
