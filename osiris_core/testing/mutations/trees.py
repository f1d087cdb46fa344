"""Differences in the tree of artifacts, and in the bytes of files in which every byte means something."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Final

from osiris_core.testing.mutations.model import Difference, Spot
from osiris_core.testing.mutations.places import pick
from osiris_core.testing.mutations.values import other_form

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from osiris_core.testing.mutations.session_copy import SessionCopy

    Change = Callable[[bytes, Random], bytes]

CONTENT: Final = "artifact-content"
"""The code of whoever sees only that two files differ; who reads their kind may say more."""

PLAIN: Final = (".bin", ".txt", ".sh")
"""Names of files that no comparer may read otherwise than byte by byte, or line by line."""


def spot(path: str, what: str) -> Spot:
    """Return the spot of a change in an artifact."""
    return Spot(step=path.partition("/")[0], what=f"{path}: {what}", path=path)


def rename(copy: SessionCopy, path: str, other: str) -> None:
    """Give an artifact another path."""
    source = copy.artifact(path)
    data, mode = source.read_bytes(), source.stat().st_mode & 0o777
    copy.remove(f"artifacts/{path}")
    copy.write(f"artifacts/{other}", data, mode=mode)


def remove(copy: SessionCopy, rng: Random) -> Spot:
    """Remove a file."""
    path = pick(rng, copy.artifacts(), "artifact")
    copy.remove(f"artifacts/{path}")
    return spot(path, "removed")


def add(copy: SessionCopy, rng: Random) -> Spot:
    """Add a file."""
    step = pick(rng, copy.artifacts(), "artifact").partition("/")[0]
    path = f"{step}/{rng.choice(('new.txt', 'deep/new.csv', '.hidden', 'new.parquet'))}"
    copy.write(f"artifacts/{path}", rng.choice((b"", b"new\n")))
    return spot(path, "added")


def rename_one(copy: SessionCopy, rng: Random) -> Spot:
    """Rename a file."""
    path = pick(rng, copy.artifacts(), "artifact")
    head, _, name = path.rpartition("/")
    rename(copy, path, f"{head}/{rng.choice((f'x{name}', f'{name}.old', name.upper()))}")
    return spot(path, "renamed")


def rename_by_form(copy: SessionCopy, rng: Random) -> Spot:
    """Rename a file so that its name looks the same."""
    path = pick(rng, [path for path in copy.artifacts() if other_form(path) != path], "name with an accent")
    rename(copy, path, other_form(path))
    return spot(path, "renamed by its unicode form")


def move_to_directory(copy: SessionCopy, rng: Random) -> Spot:
    """Put a file into a directory."""
    path = pick(rng, copy.artifacts(), "artifact")
    head, _, name = path.rpartition("/")
    rename(copy, path, f"{head}/moved/{name}")
    return spot(path, "moved into a directory")


def become_directory(copy: SessionCopy, rng: Random) -> Spot:
    """Let a directory of its name stand where a file was."""
    path = pick(rng, copy.artifacts(), "artifact")
    rename(copy, path, f"{path}/inner")
    return spot(path, "became a directory")


def exchange(copy: SessionCopy, rng: Random) -> Spot:
    """Exchange what two files hold."""
    plain = copy.artifacts(*PLAIN)
    pairs = [
        (a, b) for a in plain for b in plain if a < b and copy.read(f"artifacts/{a}") != copy.read(f"artifacts/{b}")
    ]
    a, b = pick(rng, pairs, "pair of files")
    x, y = copy.read(f"artifacts/{a}"), copy.read(f"artifacts/{b}")
    copy.write(f"artifacts/{a}", y)
    copy.write(f"artifacts/{b}", x)
    return spot(a, f"exchanged with {b}")


def mode(copy: SessionCopy, rng: Random) -> Spot:
    """Make a file a program, or no program any more."""
    path = pick(rng, copy.artifacts(), "artifact")
    bits = copy.artifact(path).stat().st_mode & 0o777
    copy.write(f"artifacts/{path}", copy.read(f"artifacts/{path}"), mode=bits ^ 0o111)
    return spot(path, f"mode {bits:04o} became {bits ^ 0o111:04o}")


def change(copy: SessionCopy, rng: Random, how: Change, suffixes: tuple[str, ...] = PLAIN) -> Spot:
    """Change the bytes of a file; its size and times may well stay the same."""
    found = [path for path in copy.artifacts(*suffixes) if how(data := copy.read(f"artifacts/{path}"), rng) != data]
    path = pick(rng, found, "file to change so")
    before = copy.artifact(path).stat()
    copy.write(f"artifacts/{path}", how(copy.read(f"artifacts/{path}"), rng))
    os.utime(copy.artifact(path), ns=(before.st_atime_ns, before.st_mtime_ns))
    return spot(path, "other bytes")


def flip(data: bytes, place: int, rng: Random) -> bytes:
    """Flip one bit of one byte."""
    return data[:place] + bytes([data[place] ^ (1 << rng.randrange(7))]) + data[place + 1 :]


_HOW: Final[dict[str, Change]] = {
    "first byte flipped": lambda data, rng: flip(data, 0, rng),
    "middle byte flipped": lambda data, rng: flip(data, len(data) // 2, rng),
    "last byte flipped": lambda data, rng: flip(data, len(data) - 1, rng),
    "file cut by a byte": lambda data, _: data[:-1],
    "file cut in half": lambda data, _: data[: len(data) // 2],
    "file with a byte more": lambda data, rng: data + rng.choice((b"\0", b"\n", b" ")),
    "file emptied": lambda _data, _rng: b"",
    "file with a byte order mark": lambda data, _: b"\xef\xbb\xbf" + data,
    "file with other line ends": lambda data, _: data.replace(b"\n", b"\r\n"),
    "two bytes exchanged": lambda data, _: data[:1] + data[2:3] + data[1:2] + data[3:],
}
_LAYER: Final = "artifacts"
_CONTENT: Final = (CONTENT,)
_RENAMED: Final = ("artifact-renamed", "artifact-name-form", "artifact-missing")
"""Two files of one content, or two empty ones, are paired with none: each is lost and found then."""

TREES: Final = (
    Difference(name="file removed", layer=_LAYER, codes=("artifact-missing",), plant=remove),
    Difference(name="file added", layer=_LAYER, codes=("artifact-extra",), plant=add),
    Difference(name="file renamed", layer=_LAYER, codes=_RENAMED, plant=rename_one),
    Difference(name="file renamed by unicode form", layer=_LAYER, codes=("artifact-name-form",), plant=rename_by_form),
    Difference(name="file moved into a directory", layer=_LAYER, codes=_RENAMED, plant=move_to_directory),
    Difference(name="file became a directory", layer=_LAYER, codes=("artifact-type",), plant=become_directory),
    Difference(name="files exchanged", layer=_LAYER, codes=_CONTENT, plant=exchange),
    Difference(name="mode changed", layer=_LAYER, codes=("artifact-mode",), plant=mode),
    *(
        Difference(name=name, layer=_LAYER, codes=_CONTENT, plant=partial(change, how=how))
        for name, how in _HOW.items()
    ),
)
