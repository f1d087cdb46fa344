"""What a comparer of one kind of file has to say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Where two files differ: a sentence, both values there, a unified diff or nothing, a hint or nothing."""

    message: str
    left: str = ""
    right: str = ""
    diff: str = ""
    hint: str = ""
