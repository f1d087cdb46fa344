from __future__ import annotations

import base64
import os
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from osiris_core.backends.e2b import E2BBackend
from osiris_core.backends.leased import LeasedSandbox
from osiris_core.backends.local import LocalBackend
from osiris_core.backends.provider import Provider
from osiris_core.backends.registered import RegisteredTemplates
from osiris_core.backends.warm import WarmLocalBackend
from osiris_core.backends.warm_e2b import WarmE2BBackend
from osiris_core.check import Checker, CheckOptions, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from osiris_core.parity.record import ParityRecord
    from osiris_core.sandbox.launch import ServerAddress

WRITABLE = "home/user tmp dev/shm run var/tmp"
"""What a program in a sandbox can write to."""
BOTH = ("local", "e2b")


def host_variables() -> dict[str, str]:
    """Return the variables of this process; pytest's own change with every test, and reach no worker."""
    return {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}


VARIABLES = host_variables()
"""As they are before any test."""


@dataclass(frozen=True)
class WarmTargets:
    """Both targets, kept warm: where a pipeline's differences are the matter, and not how a target comes and goes."""

    e2b: WarmE2BBackend
    local: WarmLocalBackend = field(default_factory=lambda: WarmLocalBackend(LocalBackend()))

    def here(self) -> LocalBackend | WarmLocalBackend:
        """Return the local target: a cold one where a test sets variables, which what is warm was started without."""
        return self.local if host_variables() == VARIABLES else LocalBackend()


@dataclass(frozen=True)
class Project:
    """A project directory whose manifests are checked against the shared server."""

    root: Path
    session_root: Path
    server: ServerAddress

    def write(self, relative: str, text: str) -> Path:
        """Write a file of the project."""
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def check(
        self,
        relative: str,
        targets: Sequence[str] = BOTH,
        *,
        warm: WarmTargets | None = None,
        **options: object,
    ) -> ParityRecord:
        """Check one manifest of the project; on `warm` targets, if these are given."""
        given = CheckOptions(project_root=self.root, session_root=self.session_root, **options)  # type: ignore[arg-type]
        with Checker(given, server=self.server, warm=warm is not None) as checker:
            if warm is not None:
                checker._backends.made.update(local=warm.here(), e2b=warm.e2b)
            try:
                return checker.check(load(self.root / relative, project_root=self.root), targets)
            finally:
                if warm is not None:
                    checker._backends.made.clear()  # others go on with them


@pytest.fixture(scope="session")
def warm_targets(server: ServerAddress) -> Iterator[WarmTargets]:
    """Both targets, kept warm for all of these tests."""
    address = Provider(name="embedded", url=server.url, api_key=server.api_key, isolation=server.isolation)
    templates = RegisteredTemplates(address)
    with closing(WarmE2BBackend(address, templates, E2BBackend(address, templates))) as e2b:
        targets = WarmTargets(e2b)
        with closing(targets.local):
            yield targets


@pytest.fixture
def project(tmp_path: Path, server: ServerAddress) -> Project:
    """An empty project."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text("")
    return Project(root=root, session_root=tmp_path / "sessions", server=server)


@pytest.fixture
def fixtures(repository: Path, tmp_path: Path, server: ServerAddress) -> Project:
    """The pipelines that ship with the repository, run in place; their sessions go elsewhere."""
    return Project(root=repository, session_root=tmp_path / "sessions", server=server)


@pytest.fixture
def sandbox_homes(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """All that could be written in every sandbox, as it was just before its end, as tar files."""
    homes: list[bytes] = []
    kill = LeasedSandbox.kill

    async def keep_and_kill(self: LeasedSandbox) -> None:
        packed = await self.sandbox.commands.run(f"tar c --exclude=.cache -C / {WRITABLE} 2>/dev/null | base64 -w0")
        homes.append(base64.b64decode(packed.stdout))
        await kill(self)

    monkeypatch.setattr(LeasedSandbox, "kill", keep_and_kill)
    return homes


@pytest.fixture
def unmasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Masking is off, in what is sent to the targets and on this host."""
    from osiris_core.backends import bundle

    sources = bundle._sources()
    name = "osiris_core/wire/masking.py"
    without = {**sources, name: sources[name] + b"\n\nMaskTable.of_values = classmethod(lambda cls, named: None)\n"}
    monkeypatch.setattr(bundle, "_sources", lambda: without)
    monkeypatch.setattr("osiris_core.wire.masking.MaskTable.of_values", classmethod(lambda *_: None))
