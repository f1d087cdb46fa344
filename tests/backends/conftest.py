from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache directory that everything of the test uses."""
    directory = tmp_path / "cache"
    monkeypatch.setenv("OSIRIS_CACHE_DIR", str(directory))
    return directory


class Environment:
    """A made-up site directory in front of `sys.path`, to be filled with distributions."""

    def __init__(self, site: Path) -> None:
        self.site = site

    def install(
        self,
        name: str,
        version: str = "1.0",
        *,
        requires: tuple[str, ...] = (),
        files: dict[str, str] | None = None,
        record: bool = True,
        direct_url: str | None = None,
    ) -> None:
        """Install a distribution the way an installer leaves it behind."""
        info = self.site / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {each}" for each in requires]
        (info / "METADATA").write_text("\n".join(lines) + "\n")
        rows = [f"{info.name}/METADATA,,", f"{info.name}/RECORD,,"]
        for path, text in (files or {f"{name}.py": f"NAME = {name!r}\n"}).items():
            (self.site / path).parent.mkdir(parents=True, exist_ok=True)
            (self.site / path).write_text(text)
            rows.append(f"{path},,")
        if record:
            (info / "RECORD").write_text("\n".join(rows) + "\n")
        if direct_url is not None:
            (info / "direct_url.json").write_text(direct_url)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An empty site directory that imports and metadata look into first."""
    site = tmp_path / "env" / "lib" / "python3" / "site-packages"
    site.mkdir(parents=True)
    monkeypatch.syspath_prepend(str(site))
    return Environment(site)
