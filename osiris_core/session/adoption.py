"""Makes the artifacts of a run visible: every file is held against its record first, then one rename shows all."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

from osiris_core.errors import SessionError, WireError
from osiris_core.session.files import file_facts, make_directory, refused, remove_tree
from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.paths import check_relative

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from osiris_core.session.files import FileFacts

_NAMED = 3


def verify_tree(source: Path, records: Sequence[dict[str, Any]], *, ignored: AbstractSet[str]) -> None:
    """Hold the files below `source` against their records: all there, none besides, same size, mode and bytes.

    `ignored` are paths that may be there without a record, directories with all they hold. WireError says what is wrong
    with which file.
    """
    recorded = {record["path"] for record in records}
    holding = {above for path in recorded for above in _above(path)}
    found = tree_paths(source, ignored - holding)
    extra = {path for path in found - recorded if not ignored.isdisjoint(_above(path))}
    verify_files(found - extra, lambda path: _facts(source, path), records)


def verify_files(
    found: AbstractSet[str],
    facts: Callable[[str], FileFacts],
    records: Sequence[dict[str, Any]],
) -> None:
    """Hold files against their records: `found` must all have one, and each is as `facts` tells.

    WireError says what is wrong with which file.
    """
    recorded = {record["path"] for record in records}
    if missing := recorded - found:
        raise WireError(f"artifacts with a record are missing: {_named(missing)}")
    if extra := found - recorded:
        raise WireError(f"files that no record names are among the artifacts: {_named(extra)}")
    for record in records:
        path, is_now = record["path"], facts(record["path"])
        for name, now, recorded_value in (
            ("size in bytes", is_now.size_bytes, record["size_bytes"]),
            ("digest", is_now.sha256, record["sha256"]),
            ("mode", is_now.mode, record["mode"]),
        ):
            if now != recorded_value:
                raise WireError(
                    f"the artifact {path} is not the one recorded: its {name} is {now}, not {recorded_value}"
                )


def adopt_tree(source: Path, records: Sequence[dict[str, Any]], *, staging: Path, destination: Path) -> None:
    """Move verified files from `source` to `destination`, which appears whole or not at all.

    All three lie on one file system. Nothing appears where there is no record. SessionError names a path that the
    disk refused, or says that `destination` is there already.
    """
    _refuse_second(destination)
    if not records:
        return
    remove_tree(staging)
    make_directory(staging)
    for record in records:
        move_into(staging, source, record)
    show_tree(staging, destination=destination)


def show_tree(tree: Path, *, destination: Path) -> None:
    """Have a verified tree appear at `destination`, by one rename. SessionError as from `adopt_tree`."""
    _refuse_second(destination)
    with refused(destination, "cannot be moved into place"):
        tree.rename(destination)


def _refuse_second(destination: Path) -> None:
    if destination.exists():
        raise SessionError(f"{destination} is there already: a session adopts its artifacts once")


def move_into(staging: Path, source: Path, record: Mapping[str, Any]) -> None:
    """Move one verified file; one that has another name somewhere is copied, so that nobody else's file is changed."""
    target, origin = staging / record["path"], source / record["path"]
    make_directory(target.parent)
    with refused(target, "cannot be moved into place"):
        if origin.lstat().st_nlink > 1:
            shutil.copyfile(origin, target, follow_symlinks=False)
        else:
            origin.rename(target)
        os.chmod(target, int(record["mode"], 8), follow_symlinks=False)  # noqa: PTH101 - Path.chmod follows links


def tree_paths(source: Path, ignored: AbstractSet[str]) -> set[str]:
    """Return the paths of everything below `source` but directories and what is `ignored`; no link is followed."""
    found, pending = set(), [""]
    with refused(source, "cannot be read"):
        while pending:
            prefix = pending.pop()
            try:
                entries = list(os.scandir(source / prefix))
            except FileNotFoundError:
                continue
            for entry in entries:
                path = f"{prefix}{entry.name}"
                if path in ignored:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    pending.append(f"{path}/")
                else:
                    found.add(path)
    return found


def _above(path: str) -> list[str]:
    """Return the directories that a path lies in."""
    return [path[:index] for index, char in enumerate(path) if char == "/"]


def _facts(source: Path, path: str) -> FileFacts:
    try:
        return file_facts(source / check_relative(path))
    except WireProtocolError as error:
        raise WireError(str(error)) from error
    except OSError as error:
        raise WireError(f"the artifact {path} cannot be read: {error.strerror or error.args[-1]}") from error


def _named(paths: Iterable[str]) -> str:
    named = sorted(paths)
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return ", ".join(named[:_NAMED]) + more
