"""Explanations are bounded, whatever is compared; nothing is said, and nothing loaded, for what is not ours."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from typing import TYPE_CHECKING

import pyarrow as pa

from pytest_osiris import plugin
from pytest_osiris.running import explaining, tables
from pytest_osiris.running.artifacts import Artifact, Artifacts

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def artifact(path: Path, data: bytes, name: str = "") -> Artifact:
    """Return an artifact with this content."""
    path.write_bytes(data)
    return Artifact(
        name=name or f"write/{path.name}",
        path=path,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def csv(rows: int, add: int) -> bytes:
    return b"a,b\n" + b"".join(b"%d,%d\n" % (row, row + add) for row in range(rows))


def test_tables_that_differ_everywhere_take_forty_lines_at_most(tmp_path: Path) -> None:
    """The count is of all cells, the cells are the first few."""
    left, right = (artifact(tmp_path / f"{add}.csv", csv(50_000, add)).table() for add in (0, 1))

    lines = explaining.explain(0, left, right)

    assert lines is not None
    assert lines[0] == "two tables are not the same: 50,000 rows of 2 columns and 50,000 rows of 2 columns"
    assert "50,000 cells in 50,000 rows differ, in b" in lines[1]
    assert lines[2] == "  row 1, b: 0 | 1"
    assert len(lines) <= 40


def test_many_files_and_long_texts_are_cut_with_their_number(tmp_path: Path) -> None:
    """Only the first few files are opened; `-vv` shows more; an invisible character is shown as one."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    left = Artifacts(artifact(tmp_path / "a" / f"{n:03}.txt", b"x" * (1000 + n) + b"\n") for n in range(200))
    right = Artifacts(artifact(tmp_path / "b" / f"{n:03}.txt", b"\x1b" * (1000 + n) + b"\n") for n in range(199))

    short, long = (explaining.explain(verbosity, left, right) or [] for verbosity in (0, 2))

    assert short[0] == "the artifacts of two runs are not the same: 199 files differ, 1 only left"
    assert short[1] == "only left: write/199.txt (1,200 bytes)"
    assert short[-1] == "... 172 more lines; -vv shows more"
    assert (len(short), len(long)) == (40, 211)
    assert max(map(len, long)) < 300
    assert "\x1b" not in "".join(long)
    assert "⟨ESC⟩" in "".join(long)


def test_large_files_are_told_apart_by_their_digests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are not opened: here they are gone."""
    monkeypatch.setattr(explaining, "_OPENED_BYTES", 10)
    pair = [artifact(tmp_path / name, data, "write/x.bin") for name, data in (("a", b"aaaaaa"), ("b", b"bbbbbb"))]
    for each in pair:
        each.path.unlink()

    assert explaining.explain(0, *pair) == [
        "write/x.bin and write/x.bin hold other bytes",
        "write/x.bin: 6 bytes, sha256 ed02457b5c41 | 6 bytes, sha256 4625fd63b0e9; too large to be opened here",
    ]


def test_the_same_table_in_another_container_is_named_as_such(tmp_path: Path) -> None:
    """Trees are equal by bytes; what the comparer would set aside is said."""
    import pyarrow.parquet as pq

    trees = []
    for codec in ("snappy", "gzip"):
        path = tmp_path / f"{codec}.parquet"
        pq.write_table(pa.table({"a": [1]}), path, compression=codec)
        trees.append(Artifacts([artifact(path, path.read_bytes(), "write/t.parquet")]))

    lines = explaining.explain(0, *trees)

    assert lines is not None
    assert lines[1].startswith("write/t.parquet: the same but for container-metadata: ")


def test_of_other_types_nothing_is_said(tmp_path: Path) -> None:
    """Also of tables, where neither was read from a run."""
    ours = artifact(tmp_path / "x.csv", b"a\n1\n")

    assert explaining.explain(0, 1, 2) is None
    assert explaining.explain(0, ours, "a\n1\n") is None
    assert explaining.explain(0, pa.table({"a": [1]}), pa.table({"a": [2]})) is None
    assert explaining.explain(0, ours.table(), 1) is None
    assert explaining.explain(0, ours.table(), pa.table({"a": [2]})) is not None
    assert not tables.is_given(ours.table().slice(0))


def test_nothing_is_loaded_for_other_types(pytestconfig: pytest.Config) -> None:
    """A process without a run loads no module of ours for a failed assertion."""
    program = (
        "import sys; from pytest_osiris import plugin; before = set(sys.modules)\n"
        "assert plugin.pytest_assertrepr_compare(None, '==', [1], [2]) is None\n"
        "class Table: __module__ = 'pyarrow.lib'\n"
        "assert plugin.pytest_assertrepr_compare(None, '==', Table(), Table()) is None\n"
        "assert set(sys.modules) == before, set(sys.modules) - before"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert plugin.pytest_assertrepr_compare(pytestconfig, "!=", Artifacts([]), Artifacts([])) is None
