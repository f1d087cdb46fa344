"""A find as a directory that can be committed: the manifest, its files, and a test that fails as long as it is true."""

from __future__ import annotations

import hashlib
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.fuzz.hunt import Find

_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9]+")
_TEST: Final = '''\
"""Found by `osiris-parity fuzz`: {headline}"""

import pytest


@pytest.mark.osiris("{manifest}", target="both")
def test_{name}(osiris_parity):
    """Both targets do the same."""
    verdict = osiris_parity.verdict
    assert verdict is not None, osiris_parity.headline
    assert verdict.passes, f"{{verdict}}: {{osiris_parity.headline}}"
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproducer:
    """Where a find was written to; `commands` repeat it, the test first, each from anywhere."""

    directory: Path
    manifest: Path
    test: Path

    @property
    def commands(self) -> tuple[str, str]:
        """The test, and the check without a test."""
        return shlex.join(["pytest", str(self.test)]), shlex.join(["osiris-parity", "run", str(self.manifest)])


def write_reproducer(find: Find, parent: Path) -> Reproducer:
    """Write a find into a directory of its own below `parent`, named by what it is; one from before is replaced."""
    example = find.trial.example
    name = _name(find)
    directory = parent / name
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "pyproject.toml").write_text("[tool.pytest.ini_options]\n", encoding="utf-8")
    manifest = example.write(directory, name=f"{name}.osiris.yaml")
    test = directory / f"test_{name}.py"
    headline = " ".join(find.trial.record.headline.split()).replace("\\", "\\\\").replace('"', "'")
    test.write_text(
        _TEST.format(headline=headline.encode("ascii", "backslashreplace").decode(), manifest=manifest.name, name=name),
        encoding="utf-8",
    )
    return Reproducer(directory=directory, manifest=manifest, test=test)


def _name(find: Find) -> str:
    verdict, driver = find.trial.kind or ("", "")
    words = _NOT_IN_NAMES.sub("_", f"{verdict} {driver}".lower()).strip("_")
    return f"{words}_{hashlib.sha256(find.trial.example.key.encode()).hexdigest()[:8]}"
