"""Two artifact trees: other names, types and modes are differences of their own, and what was not opened is counted."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from osiris_core.parity.compare import compare
from osiris_core.parity.layers import artifact_contents
from osiris_core.parity.layers.artifacts import compare_artifacts
from osiris_core.parity.record import Layer, Verdict
from tests.parity.sessions import healthy, pair

if TYPE_CHECKING:
    from tests.parity.sessions import Draft

COMPOSED, DECOMPOSED = "report/caf\u00e9.txt", "report/cafe\u0301.txt"


def both(left=None, right=None, each=None):
    """Return a healthy pair of drafts with more files: on the left, on the right, on both."""
    drafts = healthy("local"), healthy("e2b")
    for draft, files in zip(drafts, (left, right), strict=True):
        draft.files.update({**(each or {}), **(files or {})})
    return drafts


def artifacts(result):
    """Return code, step, path and both sides of each finding about the trees."""
    return [(f.code, f.step, f.path, f.left, f.right) for f in result.findings if f.layer is Layer.ARTIFACTS]


NAMES = {
    "another Unicode form": (
        COMPOSED, DECOMPOSED, "artifact-name-form", "report/caf\\xe9.txt", "report/cafe\\u0301.txt", "Unicode's composed form",
    ),
    "another case": ("report/A.txt", "report/a.txt", "artifact-name-form", "report/A.txt", "report/a.txt", "small letters"),
    "another name": ("report/a.txt", "report/b.txt", "artifact-renamed", "report/a.txt", "report/b.txt", "the same content"),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_file_under_another_name_is_one_finding(name, tmp_path):
    """It is paired and told as such, not as one file lost and another one found."""
    left, right, code, shown, other, words = NAMES[name]
    result = compare(*pair(tmp_path, *both({left: b"x"}, {right: b"x"})))
    assert result.verdict is Verdict.DIVERGENT
    assert artifacts(result) == [(code, "report", left, shown, other)]
    assert words in next(f.message for f in result.findings if f.code == code)


def test_a_file_under_another_form_of_its_name_is_compared_too(tmp_path):
    """That its content differs as well is a second finding, under its name on the left."""
    result = compare(*pair(tmp_path, *both({COMPOSED: b"x\n"}, {DECOMPOSED: b"y\n"})))
    assert [found[:3] for found in artifacts(result)] == [
        ("artifact-name-form", "report", COMPOSED),
        ("artifact-content", "report", COMPOSED),
    ]


def test_a_file_in_another_steps_directory_is_told_with_a_hint(tmp_path):
    """The step that wrote it is the one of the left side."""
    result = compare(*pair(tmp_path, *both({"write/late.csv": b"x\n"}, {"report/late.csv": b"x\n"})))
    (found,) = [f for f in result.findings if f.code == "artifact-renamed"]
    assert (found.step, found.path, found.right) == ("write", "write/late.csv", "report/late.csv")
    assert found.hint == "step write wrote into the directory of step report on e2b: write below ctx.output_dir"


AMBIGUOUS = {
    "two files of one content": ({"report/a": b"x", "report/b": b"x"}, {"report/c": b"x"}),
    "empty files": ({"report/a": b""}, {"report/b": b""}),
    "two forms of one name on a side": ({"report/Ab": b"1", "report/aB": b"2"}, {"report/ab": b"3"}),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_what_could_be_several_files_is_paired_with_none(name, tmp_path):
    """A guess is no finding: these are lost on one side and found on the other."""
    result = compare(*pair(tmp_path, *both(*AMBIGUOUS[name])))
    assert {found[0] for found in artifacts(result)} == {"artifact-missing", "artifact-extra"}
    assert len(artifacts(result)) == sum(map(len, AMBIGUOUS[name]))


def skip(draft: Draft, path: str, reason: str) -> None:
    """Let a step have left something that could not be an artifact."""
    event = {**draft.event("artifact_created", "report"), "event": "artifact_skipped", "path": path, "reason": reason}
    draft.events.insert(draft.events.index(draft.event("step_complete", "report")), event)


def empty_directory(draft: Draft, path: str) -> None:
    event = {**draft.event("artifact_created", "report"), "path": path}
    draft.events.insert(draft.events.index(draft.event("step_complete", "report")), event)


def test_a_link_on_one_side_is_a_difference(tmp_path):
    """A file there and a link here are of two types; a link and nothing is something missing."""
    left, right = both({"report/x": b"x"})
    skip(right, "report/x", "it is a link")
    skip(left, "report/y", "it is a pipe")
    result = compare(*pair(tmp_path, left, right))
    assert artifacts(result) == [
        ("artifact-type", "report", "report/x", "a file", "a link"),
        ("artifact-missing", "report", "report/y", "a pipe", "(absent)"),
    ]


def test_a_link_on_both_sides_is_not_compared(tmp_path):
    """Its content is unknown, so nothing green follows."""
    left, right = both()
    for draft in (left, right):
        skip(draft, "report/x", "it is a link")
    result = compare(*pair(tmp_path, left, right))
    assert (result.verdict, artifacts(result)) == (Verdict.INCONCLUSIVE, [])


def test_a_file_that_one_side_could_not_bring_back_is_told(tmp_path):
    """What was unstable there is no other type, and no file that is missing."""
    left, right = both({"report/x": b"x"})
    skip(right, "report/x", "unstable: it changed while it was read")
    result = compare(*pair(tmp_path, left, right))
    assert artifacts(result) == [
        ("artifact-skipped", "report", "report/x", "a file", "unstable: it changed while it was read")
    ]


def test_an_empty_directory_on_one_side_is_a_difference(tmp_path):
    """A file in its place is another type; files in it are told by themselves."""
    left, right = both({"report/kind": b"x"}, {"report/full/x": b"x"})
    for path in ("report/none/", "report/full/"):
        empty_directory(left, path)
    empty_directory(right, "report/kind/")
    found = artifacts(compare(*pair(tmp_path, left, right)))
    assert found == [
        ("artifact-type", "report", "report/kind", "a file", "an empty directory"),
        ("artifact-missing", "report", "report/none", "an empty directory", "(absent)"),
        ("artifact-extra", "report", "report/full/x", "(absent)", "file, 1 bytes"),
    ]


@pytest.mark.parametrize(
    ("left", "right", "decides"), [("0644", "0600", False), ("0644", "0744", True), ("0755", "0555", False)]
)
@pytest.mark.parametrize("workers", [True, False], ids=["two workers", "two directories"])
def test_every_bit_of_a_workers_mode_decides_and_the_executable_ones_of_any(left, right, decides, workers, tmp_path):
    """Workers set the umask; where it is not known, other bits are set aside by name."""
    drafts = both()
    for draft, mode in zip(drafts, (left, right), strict=True):
        draft.modes["report/blob.bin"] = mode
        if not workers:
            draft.hello = {"nonce": ""}
    result = compare(*pair(tmp_path, *drafts))
    uses = [(use.rule, use.decided) for use in result.rules]
    if workers or decides:
        assert (artifacts(result), uses) == ([("artifact-mode", "report", "report/blob.bin", left, right)], [])
    else:
        assert (artifacts(result), uses) == ([], [("permission-bits", 1)])


def many(count):
    """Return files that differ, and files that differ in their container alone, the larger ones first by name."""
    left = {f"report/{n:03}.txt": b"a" * (count - n) + b"\n" for n in range(count)}
    return left, {path: data.replace(b"a", b"b") for path, data in left.items()}


def test_once_enough_files_differ_the_others_are_not_opened_and_counted(tmp_path, monkeypatch):
    """Small ones are opened first; one that is not opened stays different, and their number is told."""
    monkeypatch.setattr(artifact_contents, "EXPLAINED_FILES", 2)
    result = compare(*pair(tmp_path, *both(*many(5))))
    opened = [f.path for f in result.findings if "not opened" not in f.message]
    assert opened == ["report/003.txt", "report/004.txt"]
    assert len(artifacts(result)) == 5
    assert result.not_compared == (
        "3 differing files were not opened, because there are so many or so large ones: they differ by digest",
    )


def test_files_that_turn_out_to_be_the_same_do_not_use_up_what_is_explained(tmp_path, monkeypatch):
    """A hundred containers with other times are decided, and the one file that differs is found."""
    monkeypatch.setattr(artifact_contents, "EXPLAINED_FILES", 1)
    sides = [{f"report/{n}.gz": gzip.compress(b"same", mtime=moment) for n in range(9)} for moment in (1, 2)]
    assert compare(*pair(tmp_path / "same", *both(*sides))).verdict is Verdict.EQUIVALENT
    sides[1]["report/zz.txt"] = b"y" * 99
    sides[0]["report/zz.txt"] = b"x" * 99
    result = compare(*pair(tmp_path / "other", *both(*sides)))
    assert [found[:3] for found in artifacts(result)] == [("artifact-content", "report", "report/zz.txt")]


@pytest.mark.parametrize(("name", "limit"), [("DECIDED_FILES", 1), ("OPENED_BYTES", 30)])
def test_there_are_limits_to_what_is_opened(name, limit, tmp_path, monkeypatch):
    """A file beyond them is different until somebody has looked."""
    monkeypatch.setattr(artifact_contents, name, limit)
    sides = [{f"report/{n}.gz": gzip.compress(b"same", mtime=moment) for n in range(2)} for moment in (1, 2)]
    result = compare(*pair(tmp_path, *both(*sides)))
    assert result.verdict is Verdict.DIVERGENT
    assert result.not_compared[0].startswith("1 differing files were not opened")


def test_the_layer_can_be_asked_for_the_pair_again(tmp_path):
    """It keeps nothing: a second walk finds the same."""
    from osiris_core.parity.compare import pair_of

    sessions = pair(tmp_path, *both({"report/a": b"1\n"}, {"report/a": b"2\n"}))
    again = [[f.path for f in compare_artifacts(pair_of(*sessions))] for _ in range(2)]
    assert again == [["report/a"], ["report/a"]]
