"""A namespace with a few things otherwise: whatever is shown or hidden in it, the host's disk stays as it is."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from osiris_core.triage.namespace import View
from osiris_core.triage.original import working_bubblewrap

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def host(bubblewrap: None) -> Iterator[Path]:
    """A directory with a file, a directory, and a link to that.

    It has few neighbours: beside a `tmp_path` are those of all tests, and each would be shown in its place by itself.
    """
    with TemporaryDirectory(prefix="osiris-host-", dir="/var/tmp") as place:
        root = Path(place)
        (root / "real" / "deep").mkdir(parents=True)
        (root / "real" / "deep" / "kept.txt").write_text("kept")
        (root / "link").symlink_to("real")
        (root / "shown.txt").write_text("shown")
        yield root


def tree(view: View, host: Path) -> set[str]:
    """Return the paths that a program finds below the directory."""
    bwrap = working_bubblewrap()
    assert bwrap is not None
    done = subprocess.run(
        [bwrap, *view.arguments(), "find", host, "-mindepth", "1", "-printf", "%P\\n"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


BEFORE = {"real", "real/deep", "real/deep/kept.txt", "link", "shown.txt"}


def on_disk(host: Path) -> set[str]:
    """Return the paths that are there."""
    return {path.relative_to(host).as_posix() for path in host.rglob("*")}


@pytest.mark.parametrize(
    ("place", "more"),
    [
        ("new.txt", {"new.txt"}),
        ("real/deep/new.txt", {"real/deep/new.txt"}),
        ("real/deep/er/new.txt", {"real/deep/er", "real/deep/er/new.txt"}),
        ("link/new.txt", {"real/new.txt"}),
        ("link/deep/new.txt", {"real/deep/new.txt"}),
    ],
)
def test_a_file_is_shown_where_there_is_none(host: Path, place: str, more: set[str]) -> None:
    """In a directory, in one that has to be made, behind a link; all else is seen as it is."""
    view = View(shown=[(host / "shown.txt", host / place)])

    assert tree(view, host) == BEFORE | more
    assert on_disk(host) == BEFORE


def test_a_hidden_directory_is_empty_but_for_what_is_shown_in_it(host: Path) -> None:
    """It is there, and so is what was named."""
    view = View(hidden={host / "real"}, shown=[(host / "shown.txt", host / "real" / "new.txt")])

    assert tree(view, host) == {"real", "real/new.txt", "link", "shown.txt"}
    assert on_disk(host) == BEFORE


def test_what_lies_at_a_place_is_shown_over(host: Path) -> None:
    """A file in place of another, an empty directory in place of a full one."""
    view = View(shown=[(None, host / "real" / "deep"), (host / "real" / "deep" / "kept.txt", host / "shown.txt")])

    assert tree(view, host) == {"real", "real/deep", "link", "shown.txt"}
    assert on_disk(host) == BEFORE
