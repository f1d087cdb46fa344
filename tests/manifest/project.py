"""A project to write manifests into, and drivers for them to name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.errors import ManifestError
from osiris_core.manifest.loader import load_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.manifest.model import Manifest

HEAD = 'osiris: "1"\npipeline: {id: p}\n'
STEPS = "steps:\n  - {id: a, driver: read, config: {path: x.csv}}\n"
WHOLE = HEAD + STEPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option as drivers declare it."""

    type: str = "string"
    required: bool = False
    choices: tuple[str, ...] = ()
    visible: bool = False
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """A driver as far as a manifest knows it."""

    kind: str = "processor"
    target: str = "toys:Toy"
    requirements: tuple[str, ...] = ()
    options: dict[str, Option] = field(default_factory=dict)
    open_options: bool = False
    frame: str = "arrow"
    effects: str = "artifacts"
    secret_variables: tuple[str, ...] = ()


class Drivers(dict[str, Driver]):
    """Drivers by name, as a manifest looks them up."""

    def names(self) -> list[str]:
        """Return all of them."""
        return list(self)

    def find(self, name: str, code: object) -> Driver | None:
        """Return one of them."""
        return self.get(name)


DRIVERS = Drivers(
    {
        "read": Driver(
            kind="extractor",
            options={
                "path": Option(required=True),
                "header": Option(type="boolean"),
                "rows": Option(type="integer"),
                "nulls": Option(type="strings"),
                "quoting": Option(choices=("minimal", "all")),
                "columns": Option(type="any"),
            },
        ),
        "query": Driver(options={"query": Option()}),
        "call": Driver(kind="callable", options={"kwargs": Option(type="mapping")}),
    }
)


@dataclass(frozen=True, slots=True)
class Project:
    """A project in a directory of its own; manifests are written to `pipelines/x.osiris.yaml`."""

    root: Path

    @property
    def manifest(self) -> Path:
        """Where manifests are written."""
        return self.root / "pipelines" / "x.osiris.yaml"

    def write(self, relative: str, data: str | bytes = "") -> Path:
        """Write a file below the root."""
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def load(self, data: str | bytes, **given: Any) -> Manifest:
        """Load a manifest with this content."""
        self.manifest.write_bytes(data if isinstance(data, bytes) else data.encode())
        return load_manifest(self.manifest, project_root=self.root, drivers=DRIVERS, **given)

    def problems(self, data: str | bytes, **given: Any) -> list[str]:
        """Return what is wrong with a manifest of this content, as `line:column: message (hint)`."""
        with pytest.raises(ManifestError) as caught:
            self.load(data, **given)
        return [str(each).removeprefix("pipelines/x.osiris.yaml:") for each in caught.value.problems]
