"""What a manifest declares travels whole, as it was when its digest was taken, and nothing else does."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.backends.protocol import FileDigest
from osiris_core.backends.workspace import changed_inputs, digest_inputs, write_workspace
from osiris_core.errors import InfrastructureError
from osiris_core.wire.pack import PackLimits, unpack

if TYPE_CHECKING:
    from pathlib import Path

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, appendix B.1


@pytest.fixture
def manifest(tmp_path: Path) -> Any:
    """A project with one input, one module, and files that nobody declared."""
    root = tmp_path / "project"
    (root / "code" / "__pycache__").mkdir(parents=True)
    (root / "data.txt").write_text("abc")
    (root / "data.txt").chmod(0o640)
    (root / "code" / "tool.py").write_text("abc")
    (root / "code" / "__pycache__" / "tool.cpython-311.pyc").write_text("compiled")
    (root / "undeclared.txt").write_text("stays here")
    (root / "code" / ".env").write_text("PASSWORD=x")
    (root / "code" / "connections.yaml").write_text("connections: {}")
    given = SimpleNamespace(path=root / "data.txt", relative="data.txt")
    return SimpleNamespace(project_root=root, inputs=(given,), code=("code",), connections_file="code/connections.yaml")


def test_declared_files_are_digested(manifest: Any) -> None:
    """Inputs and code, by size and SHA-256; compiled modules, undeclared files and places of secrets are not among them."""
    expected = FileDigest(size_bytes=3, sha256=ABC)

    assert digest_inputs(manifest) == {"data.txt": expected, "code/tool.py": expected}


def test_files_arrive_with_mode_and_time(manifest: Any, tmp_path: Path) -> None:
    """What is unpacked has the bytes, the permission bits and the modification time of the host's file."""
    out = io.BytesIO()
    write_workspace(manifest, digest_inputs(manifest), out)
    out.seek(0)

    unpack(out, tmp_path / "there", PackLimits(), keep_mtime=True)

    here, there = manifest.project_root / "data.txt", tmp_path / "there" / "data.txt"
    assert there.read_text() == "abc"
    assert there.stat().st_mode == here.stat().st_mode
    assert there.stat().st_mtime_ns == here.stat().st_mtime_ns
    assert sorted(path.name for path in (tmp_path / "there").rglob("*")) == ["code", "data.txt", "tool.py"]


@pytest.mark.parametrize("change", ["edit", "remove", "add"])
def test_a_change_is_noticed(manifest: Any, change: str) -> None:
    """An edited, a removed and an added file are each named."""
    before = digest_inputs(manifest)
    assert changed_inputs(manifest, before) == ()
    if change == "edit":
        (manifest.project_root / "data.txt").write_text("abd")
        named = "data.txt"
    elif change == "remove":
        (manifest.project_root / "code" / "tool.py").unlink()
        named = "code/tool.py"
    else:
        (manifest.project_root / "code" / "new.py").write_text("")
        named = "code/new.py"

    assert changed_inputs(manifest, before) == (named,)


def test_a_file_that_changed_is_not_sent(manifest: Any) -> None:
    """The sandbox is never given another input than the one whose digest was taken."""
    before = digest_inputs(manifest)
    (manifest.project_root / "data.txt").write_text("abd")

    with pytest.raises(InfrastructureError, match=r"data\.txt changed while the run was being prepared"):
        write_workspace(manifest, before, io.BytesIO())


def test_a_link_out_of_the_project_is_refused(manifest: Any, tmp_path: Path) -> None:
    """Code is what lies in the project: a link to a file of the host is no way to send it."""
    (tmp_path / "secret").write_text("secret")
    (manifest.project_root / "code" / "link.py").symlink_to(tmp_path / "secret")

    with pytest.raises(InfrastructureError, match=r"code/link\.py is a link that leaves the project"):
        digest_inputs(manifest)
