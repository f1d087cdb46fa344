"""Which relative paths may travel between worker and host, wherever they are unpacked."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from osiris_core.wire.errors import WireProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_PART_BYTES = 255
MAX_PATH_BYTES = 4096
MAX_DEPTH = 64
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")  # Unicode's category Cc


def broken_rule(path: str) -> str | None:
    """Return the rule that `path` breaks, as a few words, or None when it may travel."""
    parts = path.split("/")
    try:
        size_bytes = len(path.encode("utf-8"))
    except UnicodeEncodeError:
        return "it is not UTF-8"
    rules = (
        (not path, "it is empty"),
        (path.startswith("/"), "it is absolute"),
        ("\\" in path, "it has a backslash"),
        (_CONTROL.search(path) is not None, "it has a control character"),
        ("" in parts, "it has an empty part"),
        ("." in parts or ".." in parts, "it has a '.' or '..' part"),
        (not unicodedata.is_normalized("NFC", path), "it is not in Unicode form NFC"),
        (size_bytes > MAX_PATH_BYTES, f"it is longer than {MAX_PATH_BYTES} bytes"),
        (
            size_bytes > MAX_PART_BYTES and any(len(part.encode()) > MAX_PART_BYTES for part in parts),
            f"a part is longer than {MAX_PART_BYTES} bytes",
        ),
        (len(parts) > MAX_DEPTH, f"it is deeper than {MAX_DEPTH} levels"),
    )
    return next((words for broken, words in rules if broken), None)


def check_relative(path: str) -> str:
    """Return `path` when it may travel. WireProtocolError names the rule that it breaks."""
    rule = broken_rule(path)
    if rule is not None:
        raise WireProtocolError(f"the path {path[:200]!r} cannot travel: {rule}")
    return path


class TreeNames:
    """The paths of one tree, of which no two may meet where case or Unicode form is ignored.

    A file that is also the directory of another path is such a meeting.
    """

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._directories: dict[str, str] = {}

    def add(self, path: str) -> str:
        """Take in one file's path and return it. WireProtocolError names a broken rule or both paths that meet."""
        check_relative(path)
        directories = [path[:index] for index, char in enumerate(path) if char == "/"]
        for directory in directories:
            folded = _fold(directory)
            self._refuse(directory, self._files.get(folded))
            if self._directories.get(folded, directory) != directory:
                self._refuse(directory, self._directories[folded])
        folded = _fold(path)
        self._refuse(path, self._files.get(folded, self._directories.get(folded)))
        self._files[folded] = path
        self._directories.update((_fold(directory), directory) for directory in directories)
        return path

    def _refuse(self, path: str, other: str | None) -> None:
        if other is not None:
            raise WireProtocolError(
                f"the paths {other!r} and {path!r} cannot travel together: they meet where case or form is ignored"
            )


def check_tree(paths: Iterable[str]) -> None:
    """Check all paths of one tree. WireProtocolError as from `TreeNames.add`."""
    names = TreeNames()
    for path in paths:
        names.add(path)


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
