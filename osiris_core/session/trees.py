"""Any directory as a tree of files: nothing in it is followed, waited for, or left unsaid."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.session.artifacts import ArtifactFile
from osiris_core.session.files import file_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EMPTY = "an empty directory"
LINK = "a link to "
_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)


@dataclass(slots=True)
class Tree:
    """What lies below a directory, by path: regular files, what is none (`others`, in words), and what could not be read."""

    files: dict[str, ArtifactFile] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    gaps: dict[str, str] = field(default_factory=dict)


def scan_tree(root: Path, take: Callable[[Tree, str, Path], None] | None = None) -> Tree:
    r"""Return what lies below `root`, sorted by path; an entry that cannot be read is a gap, and the rest is there.

    `take` puts a regular file into the tree: `read_file` by default, `note_file` where its content will be asked for later. A `root` that is no directory holds nothing. In names that are no UTF-8 the bytes that are none are written out (`\xff`).
    """
    tree = Tree()
    for raw, absolute, mode in sorted(_entries(root, tree), key=lambda each: os.fsencode(each[0])):
        path = _written_out(raw)
        if path != raw and (path in tree.files or path in tree.others):
            tree.gaps[f"{path} (of other bytes)"] = "its name, written out, is that of another file"
        elif stat.S_ISREG(mode):
            (take or read_file)(tree, path, absolute)
        elif stat.S_ISLNK(mode):
            tree.others[path] = f"{LINK}{_written_out(os.fsdecode(absolute.readlink()))}"
        else:
            tree.others[path] = next((words for is_kind, words in _KINDS if is_kind(mode)), "something unknown")
    return tree


def _written_out(name: str) -> str:
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")


def read_file(tree: Tree, path: str, absolute: Path) -> None:
    """Put one regular file into a tree, as `path`; one that cannot be read becomes a gap."""
    try:
        facts = file_facts(absolute)
    except OSError as error:
        tree.gaps[path] = str(error.strerror or error.args[-1])
        return
    tree.files[path] = ArtifactFile(
        path=path, size_bytes=facts.size_bytes, mode=facts.mode, sha256=facts.sha256, absolute=absolute
    )


def note_file(tree: Tree, path: str, absolute: Path) -> None:
    """Put one regular file into a tree, as `path`, without reading it: its digest is empty."""
    try:
        facts = absolute.lstat()
    except OSError as error:
        tree.gaps[path] = str(error.strerror)
        return
    mode = f"{stat.S_IMODE(facts.st_mode) & 0o777:04o}"
    tree.files[path] = ArtifactFile(path=path, size_bytes=facts.st_size, mode=mode, sha256="", absolute=absolute)


def _entries(root: Path, tree: Tree) -> Iterator[tuple[str, Path, int]]:
    pending = [("", root)]
    while pending:
        prefix, directory = pending.pop()
        try:
            with os.scandir(directory) as found:
                entries = list(found)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            tree.gaps[_written_out(prefix.rstrip("/")) or "."] = str(error.strerror)
            continue
        if not entries and prefix:
            tree.others[_written_out(prefix.rstrip("/"))] = EMPTY
        for entry in entries:
            path = f"{prefix}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                pending.append((f"{path}/", directory / entry.name))
                continue
            try:
                yield path, Path(entry.path), entry.stat(follow_symlinks=False).st_mode
            except OSError as error:
                tree.gaps[_written_out(path)] = str(error.strerror)
