"""A plain directory, or a file: artifacts without a session around them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from osiris_core.parity.foreign.protocol import Reading
from osiris_core.parity.kinds.binary import same_content
from osiris_core.parity.record import Layer
from osiris_core.session.model import Session
from osiris_core.session.trees import EMPTY, LINK, Tree, note_file, read_file, scan_tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from osiris_core.session.artifacts import ArtifactFile

ONLY_FILE = "file"
"""How the one file of a side is called when two files of other names are compared: with the ending of its name."""


class FileLayout:
    """One file."""

    name = "a file"

    def recognises(self, path: Path) -> bool:
        """Whatever exists and is no directory; that it can be read is seen when it is."""
        return not path.is_dir()

    def read(self, path: Path) -> Reading:
        """Read it as a tree of one file, which has the same name on both sides."""
        tree = Tree()
        read_file(tree, f"{ONLY_FILE}{path.suffix}", path.resolve())
        return tree_reading(path, tree, self.name)


class TreeLayout:
    """Any directory."""

    name = "a plain directory"

    def recognises(self, path: Path) -> bool:
        """Take what no other layout took."""
        return path.is_dir()

    def read(self, path: Path) -> Reading:
        """Read the tree below it."""
        return tree_reading(path, scan_tree(path, note_file), self.name)


def with_digests(left: Reading, right: Reading) -> tuple[Reading, Reading]:
    """Return two trees whose files have digests, but for those that hold the same bytes: comparing is quicker than that."""
    sides = (dict(left.session.artifacts), dict(right.session.artifacts))
    gaps: tuple[list[str], list[str]] = ([], [])
    for path in sorted(sides[0].keys() | sides[1].keys()):
        files = [side[path] for side in sides if path in side]
        if any(file.sha256 for file in files) or _are_the_same(files):
            continue
        for side, gap in zip(sides, gaps, strict=True):
            if path in side:
                _digest(side, path, gap)
    return _settled(left, sides[0], gaps[0]), _settled(right, sides[1], gaps[1])


def _are_the_same(files: list[ArtifactFile]) -> bool:
    try:
        return (
            len(files) > 1 and files[0].size_bytes == files[1].size_bytes and same_content(*(f.absolute for f in files))
        )
    except OSError:
        return False


def _digest(side: dict[str, ArtifactFile], path: str, gap: list[str]) -> None:
    tree = Tree()
    read_file(tree, path, side.pop(path).absolute)
    side.update(tree.files)
    gap += [f"{name} was not compared: {why}" for name, why in tree.gaps.items()]


def _settled(reading: Reading, files: dict[str, ArtifactFile], gaps: list[str]) -> Reading:
    return dataclasses.replace(
        reading,
        session=dataclasses.replace(reading.session, artifacts=files),
        not_compared=(*reading.not_compared, *gaps),
    )


def tree_reading(path: Path, tree: Tree, layout: str) -> Reading:
    """Return a tree as a side; pipes, sockets, devices and what cannot be read have no content to compare."""
    dumb = {name: what for name, what in tree.others.items() if what != EMPTY and not what.startswith(LINK)}
    gaps = {**{name: f"it is {what}" for name, what in dumb.items()}, **tree.gaps}
    return Reading(
        layout=layout,
        session=bare_session(path, path.name or str(path.resolve()), tree.files),
        not_compared=tuple(f"{name} was not compared: {why}" for name, why in gaps.items()),
        others=tree.others,
        layers=(Layer.ARTIFACTS,),
        loose_paths=True,
    )


def bare_session(directory: Path, target: str, artifacts: Mapping[str, ArtifactFile], **known: Any) -> Session:
    """Return a session that has artifacts, and of the rest only what is `known`."""
    empty: dict[str, Any] = {
        "session_id": "",
        "outcome": "",
        "failed_step": None,
        "error": None,
        "steps": (),
        "events": (),
        "metrics": (),
        "logs": {},
        "printed": {},
        "manifest": {},
        "facts": {},
        "target_facts": {},
        "hello": {},
    }
    return Session(directory=directory, target=target, artifacts=artifacts, **{**empty, **known})
