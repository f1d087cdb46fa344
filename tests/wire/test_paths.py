"""Which paths travel, and which trees."""

from __future__ import annotations

import pytest

from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.paths import check_relative, check_tree


@pytest.mark.parametrize("path", ["a", "a/b.txt", "žluť/東京.csv", "a b/-x", "...", "a" * 255, "/".join("a" * 64)])
def test_ordinary_paths_travel(path):
    """Relative NFC paths within the limits come back as they are."""
    assert check_relative(path) == path


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("", "empty"),
        ("/etc/passwd", "absolute"),
        ("../x", "'..'"),
        ("a/../b", "'..'"),
        ("a/./b", "'.'"),
        ("a//b", "empty part"),
        ("a/", "empty part"),
        ("a\\b", "backslash"),
        ("a\0b", "control"),
        ("a\nb", "control"),
        ("a\x7f", "control"),
        ("a\x85", "control"),
        ("e\u0301", "NFC"),
        ("\udcff", "UTF-8"),
        ("a" * 256, "255 bytes"),
        ("é" * 128, "255 bytes"),
        ("/".join(["a"] * 65), "64 levels"),
        ("/".join(["a" * 200] * 21), "4096 bytes"),
    ],
)
def test_other_paths_do_not_and_the_rule_is_named(path, rule):
    """Each broken rule is named in the error."""
    with pytest.raises(WireProtocolError, match=rule):
        check_relative(path)


@pytest.mark.parametrize(
    "paths",
    [
        ["a", "A"],
        ["a", "a"],
        ["x/A", "X/b"],
        ["a", "a/b"],
        ["a/b", "a"],
        ["a/b", "A"],
        ["straße", "STRASSE"],
        ["ﬁ", "FI"],
    ],
)
def test_paths_that_meet_on_another_file_system_are_refused(paths):
    """Equal but for case or form, twice the same, or a file that is also a directory."""
    with pytest.raises(WireProtocolError, match="cannot travel together"):
        check_tree(paths)


def test_paths_that_do_not_meet_travel_together():
    """Neighbours, shared directories and common beginnings are no collision."""
    check_tree(["a/b", "a/c", "ab", "a.b", "b/a"])
