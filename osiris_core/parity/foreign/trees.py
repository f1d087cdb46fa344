"""A plain directory, or a file: artifacts without a session around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osiris_core.parity.foreign.protocol import Reading
from osiris_core.parity.record import Layer
from osiris_core.session.reader import Session
from osiris_core.session.trees import EMPTY, LINK, Tree, read_file, scan_tree

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
        return tree_reading(path, scan_tree(path), self.name)


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
