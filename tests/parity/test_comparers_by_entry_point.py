"""Comparers of other distributions: found by entry point when files differ, and never trusted further than they go."""

from __future__ import annotations

import io
import sys
import zipfile

import pytest

from osiris_core.parity.compare import compare
from osiris_core.parity.kinds.extensions import extensions
from osiris_core.parity.kinds.protocol import FilePair
from osiris_core.parity.kinds.registry import compare_files
from tests.parity.sessions import healthy

EXAMPLE = """
from osiris_core.parity.kinds.protocol import FileComparison, FileFinding, SetAside

class Rounds:
    name = "rounds"

    def claims(self, path, head):
        return path.endswith(".rounds")

    def compare(self, pair):
        left, right = (float(path.read_text()) for path in (pair.left, pair.right))
        if round(left) == round(right):
            return FileComparison(set_aside=(SetAside(rule="rounds", reason="decimals mean nothing here"),))
        return FileComparison(findings=(FileFinding(message="another whole number"),))

class Raises(Rounds):
    def compare(self, pair):
        raise RuntimeError("out of order")

class Silent(Rounds):
    def compare(self, pair):
        return FileComparison()

class Nameless(Rounds):
    def compare(self, pair):
        return FileComparison(set_aside=(SetAside(rule="", reason="because"),))

class Odd(Rounds):
    def compare(self, pair):
        return "equal"

class Loose(Rounds):
    def compare(self, pair):
        return FileComparison(findings=("they differ",))

class NoComparer:
    name = "nothing else"
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that puts a distribution with these entry points on the path."""
    site = tmp_path / "site"
    info = site / "rounds-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "rounds_of_ours.py").write_text(EXAMPLE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rounds\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(site)

    def installed(*points: str) -> None:
        (info / "entry_points.txt").write_text("\n".join(["[osiris.comparers]", *points]))
        extensions.cache_clear()

    yield installed
    extensions.cache_clear()
    sys.modules.pop("rounds_of_ours", None)


def compared(folder, name, left, right):
    for side, text in (("a", left), ("b", right)):
        (folder / side).mkdir(exist_ok=True)
        (folder / side / name).write_text(text)
    return compare_files(
        FilePair(path=name, left=folder / "a" / name, right=folder / "b" / name, labels=("local", "e2b"))
    )


def test_an_installed_comparer_decides_about_its_files(install, tmp_path):
    """It is asked before the built-in ones, and only about what it claims."""
    install("rounds = rounds_of_ours:Rounds")
    assert [each.rule for each in compared(tmp_path, "x.rounds", "1.1", "1.2").set_aside] == ["rounds"]
    assert [each.message for each in compared(tmp_path, "x.rounds", "1", "2").findings] == ["another whole number"]
    assert compared(tmp_path, "x.txt", "1.1", "1.2").set_aside == ()
    assert compared(tmp_path, "x.rounds", "1.1", "1.2").compared_by == ("rounds of rounds 1.0",)
    assert compared(tmp_path, "x.rounds", "1", "2").compared_by == ("rounds of rounds 1.0",)
    assert compared(tmp_path, "x.txt", "1.1", "1.2").compared_by == ()


def test_who_compared_stands_in_the_comparison(install, tmp_path):
    """Of a file, and of one inside of a container; a verdict that rests on somebody else's word says so."""
    install("rounds = rounds_of_ours:Rounds")
    sides = [healthy(target) for target in ("local", "e2b")]
    for side, number in zip(sides, ("1.1", "1.2"), strict=True):
        side.files["write/x.rounds"] = number.encode()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(zipfile.ZipInfo("in.rounds"), number)
        side.files["write/y.zip"] = packed.getvalue()

    found = compare(*(side.build(tmp_path) for side in sides))

    assert found.verdict == "EQUIVALENT"
    (use,) = found.comparers
    assert (use.comparer, use.files) == ("rounds of rounds 1.0", 2)
    assert set(use.examples) == {"write/x.rounds", "write/y.zip"}


def test_an_object_serves_as_well_as_a_class(install, tmp_path):
    """An entry point may name a comparer that has been made."""
    install("rounds = rounds_of_ours:MADE")
    (tmp_path / "site" / "rounds_of_ours.py").write_text(EXAMPLE + "\nMADE = Rounds()\n")
    assert compared(tmp_path, "x.rounds", "1.1", "1.2").set_aside


@pytest.mark.parametrize(
    ("point", "sentence"),
    [
        ("gone = rounds_of_nobody:X", "the comparer gone of rounds cannot be loaded: ModuleNotFoundError"),
        ("gone = rounds_of_ours:X", "the comparer gone of rounds cannot be loaded: AttributeError"),
        ("odd = rounds_of_ours:NoComparer", "cannot be loaded: TypeError: rounds_of_ours:NoComparer has not all of"),
        ("bad = rounds_of_ours:Raises", "x.rounds was not compared as bad of rounds 1.0: RuntimeError: out of order"),
        ("mute = rounds_of_ours:Silent", "x.rounds was not compared as mute of rounds 1.0: it names no difference"),
        ("sly = rounds_of_ours:Nameless", "x.rounds was not compared as sly of rounds 1.0: it names no difference"),
        ("odd = rounds_of_ours:Odd", "x.rounds was not compared as odd of rounds 1.0: it names no difference"),
        ("odd = rounds_of_ours:Loose", "x.rounds was not compared as odd of rounds 1.0: it names no difference"),
    ],
)
def test_a_broken_comparer_is_told_and_the_next_one_compares(point, sentence, install, tmp_path):
    """Neither a crash nor a silent skip: the sentence keeps the verdict from green, and the file is compared as text."""
    install(point)
    result = compared(tmp_path, "x.rounds", "1.1", "1.2")
    assert sentence in " ".join(result.not_compared)
    assert [each.message for each in result.findings] == ["other text in 1 line, from line 1 on"]


def test_nothing_is_looked_up_before_files_differ():
    """The entry points are read by the first comparison of two files."""
    extensions.cache_clear()
    import osiris_core.parity.layers.artifacts  # noqa: F401 - that it imports nothing is what is tested

    assert extensions.cache_info().currsize == 0
