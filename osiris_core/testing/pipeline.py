"""A project with one pipeline around the driver: steps that give its tables before it, real files and real code."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from osiris_core.drivers.catalog import DriverCatalog
from osiris_core.manifest.loader import load_manifest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from osiris_core.drivers.protocol import DriverSpec
    from osiris_core.manifest.model import Manifest
    from osiris_core.testing.subject import Subject

STEP: Final = "under-test"
_MODULE: Final = "conformance_source"
_SOURCE: Final = '''"""Gives the table of an Arrow file."""

import pyarrow as pa


def table(inputs, ctx, *, path):
    with pa.ipc.open_file(path) as reader:
        return reader.read_all()
'''


def write_pipeline(subject: Subject, project: Path) -> None:
    """Write everything of the project but the manifest: files, the tables of the steps before, code."""
    import pyarrow as pa

    (project / "pyproject.toml").write_text("")
    subject.make_files(project)
    (project / "given").mkdir()
    for name, table in subject.given.items():
        with pa.ipc.new_file(project / "given" / f"{name}.arrow", table.schema) as writer:
            writer.write_table(table)
    code = project / "code"
    code.mkdir()
    (code / f"{_MODULE}.py").write_text(_SOURCE)
    for number, each in enumerate(subject.code):
        shutil.copytree(each, project / f"code{number}", ignore=shutil.ignore_patterns("__pycache__", ".*"))


def load_pipeline(subject: Subject, project: Path, *, config: Mapping[str, Any]) -> Manifest:
    """Load the pipeline's manifest with this config of the driver. Raises `ManifestError` where it is refused."""
    given = {name: f"given/{name}.arrow" for name in subject.given}
    sources = [
        {"id": name, "driver": "python.callable", "config": {"function": f"{_MODULE}:table", "kwargs": {"path": path}}}
        for name, path in given.items()
    ]
    step = {"id": STEP, "driver": subject.spec.name, "needs": list(given), "config": dict(config)}
    manifest = {
        "osiris": "1",
        "pipeline": {"id": "conformance"},
        "inputs": [*subject.files, *subject.made_paths(), *given.values()],
        "code": ["code", *(f"code{number}" for number in range(len(subject.code)))],
        "steps": [*sources, step],
    }
    path = project / "conformance.osiris.yaml"
    path.write_text(json.dumps(manifest), encoding="utf-8")
    return load_manifest(path, project_root=project, drivers=_WithOne(subject.spec))


@dataclass(frozen=True, slots=True)
class _WithOne:
    """The known drivers, and the one under test as it declares itself here."""

    spec: DriverSpec

    def names(self) -> Collection[str]:
        """Return all names."""
        return [self.spec.name, *DriverCatalog().names()]

    def find(self, name: str, code: Sequence[Path]) -> DriverSpec | None:
        """Return the driver under test by its own declaration, others as the catalog has them."""
        return self.spec if name == self.spec.name else DriverCatalog().find(name, code)
