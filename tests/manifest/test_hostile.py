"""Files that are made to hurt a reader: each is a sentence, soon, and never a wait."""

from __future__ import annotations

import os
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from osiris_core.errors import ManifestError
from osiris_core.manifest.loader import load_manifest
from tests.manifest.project import DRIVERS, HEAD, WHOLE

if TYPE_CHECKING:
    from tests.manifest.project import Project


def bomb(levels: int, width: int) -> str:
    """Return nested aliases that stand for `width ** levels` values."""
    lines = [f"a0: &a0 [{', '.join(['x'] * width)}]"]
    lines += [f"a{each}: &a{each} [{', '.join([f'*a{each - 1}'] * width)}]" for each in range(1, levels)]
    return "\n".join(lines) + "\n"


def test_an_alias_bomb_is_counted_and_not_built(project: Project):
    """A billion values by aliases are refused where the count is passed."""
    assert project.problems(bomb(9, 10)) == ["6:15: the manifest has more than 250,000 values, aliases followed"]


def test_empty_lists_count_too(project: Project):
    """What holds nothing still costs something each time it is repeated."""
    text = f"a: &a [{', '.join(['[]'] * 1000)}]\nb: [{', '.join(['*a'] * 300)}]\n"
    (problem,) = project.problems(text)
    assert problem.endswith("the manifest has more than 250,000 values, aliases followed")


def test_a_small_bomb_is_only_wrong_keys(project: Project):
    """The count follows aliases, and stops nobody below the bound."""
    found = project.problems(bomb(4, 10))
    assert [each for each in found if "aliases" in each] == []


def test_long_text_is_counted_with_its_aliases(project: Project):
    """A hundred kilobytes of text, repeated a thousand times, are refused."""
    text = f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 1000)}]\n"
    assert project.problems(text) == ["2:165: the manifest has more than 4,194,304 characters, aliases followed"]


@pytest.mark.parametrize(
    ("unit", "place"),
    [("[", "1:1001"), ("[\n", "65:1"), ("{a: ", "1:257"), ("- ", "1:129"), ("? ", "1:129")],
    ids=["[", "[ in lines", "{", "-", "?"],
)
def test_depth_is_bounded(project: Project, unit: str, place: str):
    """Nesting ends where the bound is passed, or, for brackets on one line, where the parser looks no further."""
    assert project.problems(unit * 100_000) == [f"{place}: the manifest is nested deeper than 64 levels"]


def test_depth_below_the_bound_is_served(project: Project):
    """A config may nest; 64 levels, those of the manifest itself included."""
    inner = "[" * 59 + "]" * 59
    text = HEAD + f"steps: [{{id: a, driver: call, config: {{kwargs: {{v: {inner}}}}}}}]\n"
    assert project.load(text).order == ("a",)
    assert project.problems(text.replace(inner, f"[{inner}]"))[0].endswith("nested deeper than 64 levels")


def test_a_big_file_is_refused_unread(project: Project):
    """Two mebibytes are enough for anything but data."""
    assert project.problems(b"#" * (2 * 1024 * 1024 + 1)) == [
        "1:1: the manifest is bigger than 2,097,152 bytes (put data into files of its own, and name them in `inputs`)"
    ]


def test_memory_is_bounded(project: Project):
    """A bomb costs a few megabytes before it is refused."""
    text = bomb(9, 10)
    tracemalloc.start()
    try:
        project.problems(text)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"a: \xff\n", "1:4: byte 0xff at offset 3 is not UTF-8 (save the file as UTF-8)"),
        ("é: 1\r\né: é".encode() + b"\xc3", "2:5: byte 0xc3 at offset 13 is not UTF-8 (save the file as UTF-8)"),
        (b"\xef\xbb\xbfa\xff", "1:2: byte 0xff at offset 4 is not UTF-8 (save the file as UTF-8)"),
        (b"\xff\xfea\x00", "1:1: byte 0xff at offset 0 is not UTF-8 (save the file as UTF-8)"),
        (b"a: b\nc: \x00d\n", '2:4: character U+0000 is not allowed here (in double quotes, write it as "\\u0000")'),
        (b"a: \x1b[31m\n", '1:4: character U+001B is not allowed here (in double quotes, write it as "\\u001B")'),
        ("a: x\u2028y".encode(), '1:5: character U+2028 is not allowed here (in double quotes, write it as "\\u2028")'),
        ("a\ufeff: x".encode(), '1:2: character U+FEFF is not allowed here (in double quotes, write it as "\\uFEFF")'),
    ],
)
def test_bytes_that_are_no_text(project: Project, data: bytes, problem: str):
    """What no editor shows is said at its place, with its number."""
    assert project.problems(data) == [problem]


def test_a_binary_file_is_one_sentence_a_line(project: Project):
    """Ten thousand zero bytes are one problem."""
    assert len(project.problems(b"\x00" * 10_000)) == 1


def test_a_named_pipe_does_not_block(project: Project):
    """A pipe that nobody writes to is refused at once."""
    os.mkfifo(project.manifest)
    with pytest.raises(ManifestError, match=":1:1: the manifest is a named pipe, not a regular file"):
        load_manifest(project.manifest, project_root=project.root, drivers=DRIVERS)


def test_a_directory_is_no_manifest(project: Project):
    """A directory with a manifest's name is a sentence."""
    project.manifest.mkdir()
    with pytest.raises(ManifestError, match="1:1: the manifest is a directory, not a regular file"):
        load_manifest(project.manifest, project_root=project.root, drivers=DRIVERS)


def test_a_missing_manifest_is_said(project: Project):
    """So is nothing at all."""
    with pytest.raises(ManifestError, match="1:1: the manifest cannot be read: No such file or directory"):
        load_manifest(project.manifest, project_root=project.root, drivers=DRIVERS)


@pytest.mark.parametrize("name", ["\\UFFFFFFFF", "\\U00110000"])
def test_what_the_parser_trips_over_is_the_texts_fault(project: Project, name: str):
    """An escape that is no character is a problem, not an exception of the parser."""
    (problem,) = project.problems(f'{WHOLE}"{name}": 1\n')
    assert "this is not YAML" in problem


def test_many_unknown_names_do_not_cost_their_product(project: Project):
    """Looking for the nearest name stops when it gets expensive; every unknown name is still reported."""
    steps = "".join(f"  - {{id: step{each}, driver: query, needs: [stepp{each}]}}\n" for each in range(900))
    found = project.problems(HEAD + "steps:\n" + steps)
    assert len(found) == 900
    assert found[0] == "4:40: unknown step `stepp0` in `needs` (did you mean `step0`?)"
    assert found[-1] == "903:42: unknown step `stepp899` in `needs`"
