"""What the other target of a check left, for a backend that fetches only what differs from it."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from osiris_core.session.artifacts import ArtifactFile


class Counterpart:
    """Empty until the other target has ended and its session is closed; safe in threads."""

    def __init__(self) -> None:
        self._artifacts: Future[Mapping[str, ArtifactFile]] = Future()

    def settle(self, artifacts: Mapping[str, ArtifactFile]) -> None:
        """Say what the other target's session holds, by path; nothing where it came to none."""
        self._artifacts.set_result(artifacts)

    async def equals(self, records: Iterable[Mapping[str, Any]]) -> dict[str, Path] | None:
        """Return path -> file of the other target, where it has one equal to each of these records; else None.

        Equal is what has the same path, size, mode and SHA-256: the other side's read from its disk, this side's as the
        worker took it in the sandbox. Waits until the other target has ended.
        """
        import asyncio  # a check without a sandbox has a counterpart too, and does without it

        others = await asyncio.shield(asyncio.wrap_future(self._artifacts))
        found = {}
        for each in records:
            other = others.get(each["path"])
            if other is None or tuple(other.facts) != (each["size_bytes"], each["mode"], each["sha256"]):
                return None
            found[each["path"]] = other.absolute
        return found
