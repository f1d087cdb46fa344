"""Files that are made to hurt a reader: each is a sentence, soon, and never a wait."""

from __future__ import annotations

import os
import socket
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from osiris_core.errors import ManifestError
from osiris_core.manifest import patterns
from osiris_core.manifest.loader import load_manifest
from osiris_core.manifest.problems import Problems
from osiris_core.manifest.text import read_text
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


def load(project: Project, path: Path | None = None) -> str:
    """Return the only problem of a manifest that is what it is."""
    with pytest.raises(ManifestError) as caught:
        load_manifest(path or project.manifest, project_root=project.root, drivers=DRIVERS)
    (problem,) = caught.value.problems
    return str(problem).removeprefix("pipelines/x.osiris.yaml:")


def test_a_socket_is_no_manifest(project: Project, monkeypatch: pytest.MonkeyPatch):
    """A socket cannot be opened, and is named for what it is."""
    monkeypatch.chdir(project.manifest.parent)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(project.manifest.name)
        assert load(project) == "1:1: the manifest is a socket, not a regular file"


def test_a_device_is_no_manifest(project: Project):
    """A device is not even opened: that can have an effect."""
    problems = Problems("x")
    with pytest.raises(ManifestError, match="x:1:1: the manifest is a device, not a regular file"):
        read_text(Path("/dev/zero"), problems)


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("gone.yaml", "1:1: the manifest cannot be read: No such file or directory (it is a link to `gone.yaml`)"),
        ("x.osiris.yaml", "1:1: the manifest cannot be read: Too many levels of symbolic links (it is a link to `x.osiris.yaml`)"),
        ("../../away.yaml", "1:1: the manifest is outside the project root {root} (the root is where pyproject.toml is)"),
        ("/dev/zero", "1:1: the manifest is outside the project root {root} (the root is where pyproject.toml is)"),
    ],
)  # fmt: skip
def test_links_that_lead_nowhere(project: Project, target: str, problem: str):
    """A link to nothing, to itself, or out of the project is followed as far as is allowed."""
    project.manifest.symlink_to(target)
    assert load(project) == problem.format(root=project.root)


def test_a_link_inside_of_the_project_is_served(project: Project):
    """Where a manifest lies is where its link lies."""
    project.write("elsewhere/real.yaml", WHOLE)
    project.manifest.symlink_to("../elsewhere/real.yaml")
    loaded = load_manifest(project.manifest, project_root=project.root, drivers=DRIVERS)
    assert (loaded.relative, loaded.work_relative) == ("pipelines/x.osiris.yaml", "pipelines")


def test_a_file_that_may_not_be_read_is_said(project: Project, monkeypatch: pytest.MonkeyPatch):
    """What the system refuses is passed on in its words."""
    project.write("pipelines/x.osiris.yaml", WHOLE)

    def refuse(*given: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert load(project) == "1:1: the manifest cannot be read: Permission denied"


@pytest.mark.parametrize("change", ["grows", "is written again", "is cut"])
def test_a_file_that_changes_while_it_is_read_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch, change: str
):
    """Half of one manifest and half of the next is nobody's manifest."""
    path = project.write("pipelines/x.osiris.yaml", WHOLE)
    os.utime(path, ns=(1, 1))
    opened = os.open

    def opened_and_changed(*given: object) -> int:
        descriptor = opened(*given)
        monkeypatch.setattr(os, "fstat", fstat_before_change)
        return descriptor

    found = os.fstat

    def fstat_before_change(descriptor: int) -> os.stat_result:
        monkeypatch.setattr(os, "fstat", found)
        before = found(descriptor)
        path.write_text({"grows": WHOLE + "env: []\n", "is written again": WHOLE, "is cut": WHOLE[:20]}[change])
        return before

    monkeypatch.setattr(os, "open", opened_and_changed)
    assert load(project) == "1:1: the manifest changed while it was read"


def test_a_path_with_nul_is_a_sentence(project: Project):
    """No path holds U+0000; who asks for one is told."""
    with pytest.raises(ManifestError) as caught:
        load_manifest(project.root / "a\0b.osiris.yaml", project_root=project.root, drivers=DRIVERS)
    assert str(caught.value).endswith("a\\x00b.osiris.yaml:1:1: the manifest's path holds U+0000, which no path can")


def test_a_name_that_is_no_text_is_shown_on_one_line(project: Project):
    """A file's name may be any bytes; messages about it can be printed anywhere."""
    path = project.write(os.fsdecode(b"pipelines/a\xff\n.osiris.yaml"), WHOLE)
    problem = load(project, path)
    assert (
        problem
        == "pipelines/a\\udcff\\n.osiris.yaml:1:1: the manifest's path cannot be sent: it is not UTF-8 (rename it)"
    )
    assert problem.encode()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_are_refused(project: Project, encoding: str):
    """UTF-8 is what a manifest is written in."""
    found = project.problems(WHOLE.encode(encoding))
    assert found[0].startswith("1:1: byte 0xff at offset 0 is not UTF-8" if encoding in {"utf-16", "utf-32"} else "1:")
    assert all("not UTF-8" in each or "is not allowed here" in each for each in found)


def test_a_byte_order_mark_at_the_start_moves_nothing(project: Project):
    """Editors that write one show the same columns as those that do not."""
    assert project.load(b"\xef\xbb\xbf" + WHOLE.encode()).order == ("a",)
    assert project.problems(b"\xef\xbb\xbfx: 1\n" + WHOLE.encode())[0].startswith("1:1: unknown key `x`")


def test_windows_line_ends_change_nothing(project: Project):
    """The same manifest, with a carriage return before each line feed, has the same fingerprint."""
    text = HEAD + "steps:\n  - id: a\n    driver: query\n    config:\n      query: |\n        select 1\n        as x\n"
    assert project.load(text.replace("\n", "\r\n")).fingerprint == project.load(text).fingerprint


BIG = 2 << 20


@pytest.mark.parametrize(
    ("unit", "problem"),
    [
        ("[", "1:1001: the manifest is nested deeper than 64 levels"),
        ("{", "1:1001: the manifest is nested deeper than 64 levels"),
        ("- ", "1:129: the manifest is nested deeper than 64 levels"),
        (",", "1:1: this is not YAML: a value is expected here"),
        ("a", '1:1: the manifest must be a mapping (it begins with `osiris: "1"`)'),
        ("\n", '1:1: the manifest is empty (it begins with `osiris: "1"`)'),
        ("#", '1:1: the manifest is empty (it begins with `osiris: "1"`)'),
        ("\t", "1:1: a tab cannot indent (use spaces)"),
        ("%TAG !a! x\n", "1:1: a manifest has no tags (leave the %TAG line out)"),
        ("---\n", "2:1: a second document starts here (a file holds one manifest)"),
    ],
)  # fmt: skip
def test_two_mebibytes_of_one_thing(project: Project, unit: str, problem: str):
    """The biggest file there may be, made of what parsers choke on, is one sentence."""
    assert project.problems(unit * (BIG // len(unit))) == [problem]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("k: [" + "*b," * (BIG // 4), "1:5: the alias `*b` repeats nothing above it"),
        ("k: [" + "!a b," * (BIG // 6), "1:5: the tag `!a` is refused (a manifest has no tags; quotes make text)"),
        ("k: v\n" * (BIG // 5), "2:1: duplicate key `k` (it stands at line 1 already)"),
    ],
    ids=["aliases", "tags", "keys"],
)
def test_hundreds_of_thousands_of_problems_are_not_collected(project: Project, text: str, first: str):
    """Reading stops where nobody would read on; a thousand problems are shown, the others that were found are counted."""
    found = project.problems(text)
    assert (len(found), found[0]) == (1001, first)
    assert found[-1].endswith("9,000 more problems, from here on, are not shown (mend the others first)")


def test_all_patterns_of_a_manifest_share_one_bound(project: Project, monkeypatch: pytest.MonkeyPatch):
    """Ten thousand patterns cost what one may cost."""
    monkeypatch.setattr(patterns, "MAX_ENTRIES", 3)
    project.write("data/a.csv")
    found = project.problems(WHOLE + "inputs: ['../data/*', '../data/?.csv', '../data/a*', '../data/*v']\n")
    assert [each.partition(" look")[0] for each in found] == ["5:54: `../data/*v` would"]


def test_ten_thousand_steps_load(project: Project):
    """A generated manifest is served, its steps in order."""
    steps = "".join(f"  - {{id: s{each}, driver: query, needs: [s{each - 1}]}}\n" for each in range(1, 10_000))
    manifest = project.load(HEAD + "steps:\n  - {id: s0, driver: query}\n" + steps)
    assert manifest.order == tuple(f"s{each}" for each in range(10_000))


def test_a_thousand_needs_load(project: Project):
    """So is a step that needs a thousand others."""
    ids = [f"s{each}" for each in range(1000)]
    steps = "".join(f"  - {{id: {each}, driver: query}}\n" for each in ids)
    manifest = project.load(HEAD + f"steps:\n{steps}  - {{id: all, driver: query, needs: [{', '.join(ids)}]}}\n")
    assert manifest.steps[-1].needs == tuple(ids)
    assert manifest.order[-1] == "all"
