"""Files and directories that a manifest names: inside the project root, of the right kind, and there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from osiris_core.errors import ManifestError
from osiris_core.manifest import patterns
from osiris_core.manifest.loader import load_manifest
from tests.manifest.project import DRIVERS, WHOLE

if TYPE_CHECKING:
    from tests.manifest.project import Project


@pytest.fixture
def project(project: Project) -> Project:
    """A project with data beside its manifests, and a secret outside of it."""
    for each in ("data/a.csv", "data/b.csv", "data/deep/c.csv", "data/deep/er/d.csv", "data/.hidden.csv", "lib/m.py"):
        project.write(each)
    project.write("data/.git/x.csv")
    project.write("../secret/key.csv")
    return project


def inputs(project: Project, *written: str) -> list[str]:
    """Return the paths from the root of what `inputs` names."""
    return [each.relative for each in project.load(WHOLE + f"inputs: {list(written)}\n").inputs]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("../data/a.csv", ["data/a.csv"]),
        (".././data//a.csv", ["data/a.csv"]),
        ("../data/?.csv", ["data/a.csv", "data/b.csv"]),
        ("../data/[!a].csv", ["data/b.csv"]),
        ("../*/*.csv", ["data/a.csv", "data/b.csv"]),
        ("../data/**/*.csv", ["data/a.csv", "data/b.csv", "data/deep/c.csv", "data/deep/er/d.csv"]),
        ("../data/deep/**", ["data/deep/c.csv", "data/deep/er/d.csv"]),
        ("../data/**/**/**/d.csv", ["data/deep/er/d.csv"]),
        ("../data/.hid*", ["data/.hidden.csv"]),
    ],
)
def test_paths_and_patterns_find_files(project: Project, written: str, found: list[str]):
    """A pattern matches inside one part of a path, `**` any number of directories; neither shows hidden files."""
    assert inputs(project, written) == found


def test_a_file_named_twice_is_one_input(project: Project):
    """Overlapping patterns are no mistake."""
    assert inputs(project, "../data/*.csv", "../data/a.csv") == ["data/a.csv", "data/b.csv"]


def test_wildcards_in_the_manifests_own_directory_are_names(project: Project):
    """Where the manifest lies is not a pattern."""
    project.write("odd [ab]/x.csv")
    path = project.write("odd [ab]/x.osiris.yaml", WHOLE + "inputs: ['*.csv']\n")
    manifest = load_manifest(path, project_root=project.root, drivers=DRIVERS)
    assert [each.relative for each in manifest.inputs] == ["odd [ab]/x.csv"]


def test_a_link_inside_the_root_is_an_input_at_its_own_place(project: Project):
    """Steps open the link's path, so that is where the file goes."""
    (project.root / "data" / "link.csv").symlink_to("a.csv")
    assert inputs(project, "../data/link.csv") == ["data/link.csv"]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("../data/aa.csv", "`../data/aa.csv` does not exist (did you mean `a.csv`?)"),
        ("../date/a.csv", "`../date/a.csv` does not exist"),
        ("../data", "`../data` is a directory, not a regular file"),
        ("..", "`..` is a directory, not a regular file"),
        ("../data/a.csv/x", "`../data/a.csv/x` cannot be reached: Not a directory"),
        ("../data/*.tsv", "`../data/*.tsv` matches no file (paths start at the manifest's directory)"),
        ("../nothing/**", "`../nothing/**` matches no file (paths start at the manifest's directory)"),
        ("../data/*", "`../data/*` matches `data/deep`, which is a directory, not a regular file"),
        ("/etc/passwd", "`/etc/passwd` is absolute (write it relative to the manifest's directory)"),
        (
            "../../secret/key.csv",
            "`../../secret/key.csv` is outside the project root (only what is below the root can be sent)",
        ),
        ("../../secret/*", "`../../secret/*` is outside the project root (only what is below the root can be sent)"),
        (
            "../data/../data/a.csv",
            "`../data/../data/a.csv` goes back up after a name (write `..` at the beginning only)",
        ),
        ("*/../../../secret/*", "`*/../../../secret/*` goes back up after a name (write `..` at the beginning only)"),
        ("", "a path is empty"),
        ("..\\\\data\\\\a.csv", "`..\\data\\a.csv` cannot be sent: it has a backslash"),
        ("a\\0b", "`a\\x00b` cannot be sent: it has a control character"),
        ("e\\u0301.csv", "`e\u0301.csv` cannot be sent: it is not in Unicode form NFC"),
        ("x" * 300, "`" + "x" * 59 + "…` cannot be sent: a part is longer than 255 bytes"),
        ("../data/[", "`../data/[` matches no file (paths start at the manifest's directory)"),
    ],
)
def test_inputs_that_cannot_be_sent(project: Project, written: str, problem: str):
    """Each path that names no regular file inside the root is a problem at its place."""
    assert project.problems(WHOLE + f'inputs: ["{written}"]\n') == [f"5:10: {problem}"]


def test_every_bad_match_is_said(project: Project):
    """A pattern is as good as all of its matches."""
    (project.root / "data" / "out.csv").symlink_to(project.root.parent / "secret" / "key.csv")
    (project.root / "data" / "gone.csv").symlink_to("nowhere")
    os.mkfifo(project.root / "data" / "pipe.csv")
    assert project.problems(WHOLE + "inputs: ['../data/*.csv']\n") == [
        "5:10: `../data/*.csv` matches `data/gone.csv`, which does not exist",
        "5:10: `../data/*.csv` matches `data/out.csv`, which is a link that leads outside the project root",
        "5:10: `../data/*.csv` matches `data/pipe.csv`, which is a named pipe, not a regular file",
    ]


def test_a_directory_link_does_not_lead_outside(project: Project):
    """A link halfway is followed, and where it leads is seen."""
    (project.root / "data" / "way").symlink_to(project.root.parent / "secret", target_is_directory=True)
    assert project.problems(WHOLE + "inputs: [../data/way/key.csv]\ncode: [../data/way]\n") == [
        "5:10: `../data/way/key.csv` is a link that leads outside the project root",
        "6:8: `../data/way` is a link that leads outside the project root",
    ]


def test_links_in_a_circle_end(project: Project):
    """A link to its own directory is not walked by `**`, and a link to itself is a sentence."""
    (project.root / "data" / "deep" / "up").symlink_to("..", target_is_directory=True)
    (project.root / "data" / "self.csv").symlink_to("self.csv")
    assert inputs(project, "../data/**/c.csv") == ["data/deep/c.csv"]
    assert project.problems(WHOLE + "inputs: [../data/self.csv]\n") == [
        "5:10: `../data/self.csv` cannot be reached: Too many levels of symbolic links"
    ]


def test_a_file_name_that_is_no_text_is_said(project: Project):
    """A match whose name is not UTF-8 cannot travel."""
    (project.root / "data" / os.fsdecode(b"\xff.csv")).write_text("x")
    assert project.problems(WHOLE + "inputs: ['../data/*.csv']\n") == [
        "5:10: `../data/*.csv` matches `data/\\udcff.csv`, which cannot be sent: it is not UTF-8"
    ]


def test_names_that_meet_where_case_is_ignored_are_said(project: Project):
    """Two inputs that one file system would take for one file cannot travel together."""
    project.write("data/A.csv")
    (problem,) = project.problems(WHOLE + "inputs: ['../data/[aA].csv']\n")
    assert problem.startswith("5:9: the paths 'data/A.csv' and 'data/a.csv' cannot travel together")


def test_a_search_has_an_end(project: Project, monkeypatch: pytest.MonkeyPatch):
    """A pattern over more files than anyone declares is a problem, not a wait."""
    monkeypatch.setattr(patterns, "MAX_ENTRIES", 3)
    (problem,) = project.problems(WHOLE + "inputs: ['../data/**/*.csv']\n")
    assert problem.startswith("5:10: `../data/**/*.csv` would look at more than")


def test_a_directory_that_cannot_be_listed_is_said(project: Project, monkeypatch: pytest.MonkeyPatch):
    """What the system refuses to list is a problem of the pattern that asks for it."""

    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(patterns.os, "scandir", refuse)
    assert project.problems(WHOLE + "inputs: ['../data/*.csv']\n") == [
        "5:10: `../data/*.csv` cannot be searched: Permission denied"
    ]


def test_a_manifest_whose_path_cannot_travel_is_refused(project: Project):
    """A target mirrors the manifest's directory, so its name must be one that travels."""
    path = project.write("back\\slash/x.osiris.yaml", WHOLE)
    with pytest.raises(ManifestError, match="the manifest's path cannot be sent: it has a backslash"):
        load_manifest(path, project_root=project.root, drivers=DRIVERS)


@pytest.mark.parametrize(
    ("written", "found"), [("[../lib]", ("lib",)), ("[../lib, .]", ("lib", "pipelines")), ("[..]", (".",))]
)
def test_code_is_directories_in_their_order(project: Project, written: str, found: tuple[str, ...]):
    """Code directories are seen from the root, in the order of `sys.path`."""
    assert project.load(WHOLE + f"code: {written}\n").code == found


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("../lib/m.py", "`../lib/m.py` is a regular file, not a directory"),
        ("../lab", "`../lab` does not exist (did you mean `lib`?)"),
        ("../*", "`../*` does not exist"),
        ("../..", "`../..` is outside the project root (only what is below the root can be sent)"),
        ("/", "`/` is absolute (write it relative to the manifest's directory)"),
    ],
)
def test_code_that_cannot_be_sent(project: Project, written: str, problem: str):
    """Each entry of `code` is a directory inside the root."""
    assert project.problems(WHOLE + f'code: ["{written}"]\n') == [f"5:8: {problem}"]


def test_a_manifest_outside_the_root_is_refused(project: Project):
    """A target could not be shown it at its place; nor one that a link brings in."""
    outside = project.write("../secret/x.osiris.yaml", WHOLE)
    with pytest.raises(ManifestError, match=r":1:1: the manifest is outside the project root"):
        load_manifest(outside, project_root=project.root, drivers=DRIVERS)
    project.manifest.symlink_to(outside)
    with pytest.raises(ManifestError, match=r":1:1: the manifest is outside the project root"):
        load_manifest(project.manifest, project_root=project.root, drivers=DRIVERS)


def test_a_linked_directory_is_seen_as_what_it_is(project: Project):
    """`..` starts where the system thinks the manifest is."""
    project.write("data/deep/x.osiris.yaml", WHOLE + "inputs: [../a.csv]\n")
    (project.root / "short").symlink_to("data/deep", target_is_directory=True)
    manifest = load_manifest(project.root / "short" / "x.osiris.yaml", project_root=project.root, drivers=DRIVERS)
    assert (manifest.location, manifest.inputs[0].relative) == ("data/deep/x.osiris.yaml", "data/a.csv")
