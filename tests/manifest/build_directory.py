"""A project of Osiris with one build directory, as its compiler lays it out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from osiris_core.drivers.catalog import DriverCatalog
from osiris_core.errors import ManifestError
from osiris_core.manifest.loader import load_manifest
from tests.manifest.project import Driver

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from osiris_core.manifest.model import Manifest

BUILD = "build/pipelines/dev/movies/abc1234-abc1234def"
READ = {
    "component": "filesystem.csv_extractor",
    "mode": "extract",
    "path": "data/movies.csv",
    "delimiter": ",",
    "encoding": "utf-8",
    "header": True,
    "skip_rows": 0,
    "parse_dates": False,
    "chunk_size": 10000,
    "skip_blank_lines": True,
    "compression": "infer",
}
WRITE = {
    "component": "filesystem.csv_writer",
    "mode": "write",
    "path": "output/movies.csv",
    "delimiter": ",",
    "header": True,
    "encoding": "utf-8",
    "newline": "lf",
    "quoting": "minimal",
    "chunk_size": 1000,
    "create_dirs": True,
}


def query(text: str) -> dict[str, Any]:
    """Return the config that is compiled for a query."""
    return {"component": "duckdb.processor", "mode": "transform", "query": text}


class Drivers(DriverCatalog):
    """The real drivers, and Osiris' own classes as they are found where their distribution is installed."""

    def find(self, name: str, code: Sequence[Path]) -> Any:
        """Return a class that declares nothing, as theirs do."""
        if name.startswith("osiris.drivers."):
            return Driver(kind="processor", target=name, open_options=True, frame="pandas")
        return super().find(name, code)


@dataclass(frozen=True, slots=True)
class OsirisProject:
    """A directory that `osiris` is run in."""

    root: Path

    @property
    def build(self) -> Path:
        """The build directory."""
        return self.root / BUILD

    def write(self, relative: str, text: str) -> None:
        """Write a file below the root."""
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def compile(
        self, configs: dict[str, dict[str, Any]], needs: dict[str, list[str]] | None = None, rest: str = ""
    ) -> None:
        """Write what the compiler would for these steps; without `needs` nothing is said about them."""
        steps = ""
        for index, (step, config) in enumerate(configs.items()):
            name = json.dumps(f"cfg/{index}.json")
            steps += f"- cfg_path: {name}\n  component: {config['component']}\n  driver: {config['component']}\n"
            steps += f"  id: {json.dumps(step)}\n" + (
                f"  needs: {json.dumps(needs[step])}\n" if needs is not None else ""
            )
            self.write(f"{BUILD}/cfg/{index}.json", json.dumps(config, sort_keys=True, separators=(",", ":")))
        head = (
            "---\nmeta:\n  manifest_hash: abc1234def\n  oml_version: 0.1.0\n  run_id: ${run_id}\nname: Movies\npipeline:\n"
            "  fingerprints:\n    manifest_fp: sha256:00\n    profile: dev\n  id: movies\n  version: 0.1.0\n"
        )
        self.write(f"{BUILD}/manifest.yaml", f"{head}{rest}steps:\n{steps}...\n")

    def load(self, **given: Any) -> Manifest:
        """Load the build directory."""
        return load_manifest(self.build, project_root=self.root, drivers=Drivers(self.root), **given)

    def problems(self) -> list[str]:
        """Return what is wrong with it."""
        try:
            self.load()
        except ManifestError as error:
            return [str(each).removeprefix(f"{BUILD}/") for each in error.problems]
        return []
