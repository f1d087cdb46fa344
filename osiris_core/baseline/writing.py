"""Writes a baseline's directory: whole or not at all, and never with a secret in it."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from osiris_core.baseline.document import HOME
from osiris_core.baseline.places import recover, set_aside
from osiris_core.baseline.reading import own_files
from osiris_core.errors import BaselineError
from osiris_core.session.files import remove_tree, tree_files
from osiris_core.wire.masking import token

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from osiris_core.wire.masking import MaskTable

_ATTRIBUTES: Final = b"# Baselines are compared byte by byte: git must not change how lines end.\n* -text\n"
_NOT_IGNORED: Final = b"# Baselines are committed, whatever the project ignores elsewhere (*.csv, *.log).\n!*\n"
NOTES: Final = frozenset({".gitattributes", ".gitignore"})
"""Files of ours beside the baselines."""


def write_baseline(directory: Path, files: Mapping[str, bytes], *, place: str, secrets: MaskTable | None) -> None:
    """Write the files of a baseline, in place of one that is there; `place` is how messages call the directory.

    BaselineError for a secret in them, for what does not belong to the baseline that is there, and for what the disk refuses.
    """
    require_no_secret(files, secrets)
    recover(directory)
    if directory.exists():
        strangers = sorted({path for path, _ in tree_files(directory)} - own_files(directory))
        if strangers:
            raise BaselineError(f"{place}/{strangers[0]} does not belong to a baseline", hint="move it somewhere else")
    with _refused(place):
        _make_home(directory)
        unfinished = directory.with_name(f".{directory.name}.{os.getpid()}")
        remove_tree(unfinished)
        try:
            for path, data in files.items():
                target = unfinished / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
            _replace(directory, unfinished)
        finally:
            remove_tree(unfinished)


def remove_baseline(directory: Path) -> None:
    """Remove a baseline: the files that it may have, and the directories that are empty then; anything else stays.

    OSError where the system refuses.
    """
    for path in own_files(directory):
        (directory / path).unlink(missing_ok=True)
    for nested, _, _ in os.walk(directory, topdown=False):
        with suppress(OSError):  # not empty: it holds what is not a baseline's
            os.rmdir(nested)  # noqa: PTH106 - a path as text


def require_no_secret(files: Mapping[str, bytes], secrets: MaskTable | None) -> None:
    """Raise BaselineError where a secret stands in what would be written.

    A session's records are masked already, and its artifacts were looked through. This is the last look, and it also finds values that are too
    short to be masked inside of other text: a file in version control is read by many, and for long.
    """
    if secrets is None:
        return
    for path, data in files.items():
        found = secrets.names_in(data) | {name for text, name in secrets.whole.items() if _stands_in(text, data, name)}
        if found:
            raise BaselineError(
                f"no baseline is written: the secret {', '.join(sorted(found))} stands in its {path}, or a text that is equal to it",
                hint="keep it out of what the pipeline leaves, or give it a longer value where the tests run",
            )


def _stands_in(text: str, data: bytes, name: str) -> bool:
    return text.encode() in data.replace(token(name).encode(), b"")


def _make_home(directory: Path) -> None:
    """Make the directory around a baseline; the first in it says that git must not touch it."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    home = next((each for each in directory.parents if each.name == HOME), None)
    if home is None:
        return
    for name, data in zip(sorted(NOTES), (_ATTRIBUTES, _NOT_IGNORED), strict=True):
        if not (home / name).exists():
            unfinished = home / f"{name}.{os.getpid()}"
            unfinished.write_bytes(data)
            unfinished.replace(home / name)


def _replace(directory: Path, unfinished: Path) -> None:
    """Put a directory in the place of another; what was there is back if that fails."""
    aside = set_aside(directory)
    remove_tree(aside)
    if directory.exists():
        directory.rename(aside)
    try:
        unfinished.rename(directory)
    except OSError:
        recover(directory)
        raise
    remove_tree(aside)


@contextmanager
def _refused(place: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BaselineError(f"the baseline {place} cannot be written: {error.strerror}: {error.filename}") from error
