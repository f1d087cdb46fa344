"""`Example`: a manifest and all the files that it needs, as one value."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from osiris_core.fuzz.yaml_text import yaml_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MANIFEST: Final = "example.osiris.yaml"
_SHOWN: Final = 4000


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Example:
    """`document` is the manifest as JSON values, `files` the bytes of every file by its path beside the manifest.

    `planted` names the mistake of an example that is wrong on purpose, and is empty otherwise; `data` are the files
    among `files` that hold tables.
    """

    document: Mapping[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)
    data: tuple[str, ...] = ()
    planted: str = ""

    def __repr__(self) -> str:
        """Return the manifest, not all of a long one: files can be long, and whoever tests with examples is shown them."""
        shown = self.text if len(self.text) <= _SHOWN else f"{self.text[:_SHOWN]}..."
        return f"<Example with {len(self.files)} files:\n{shown}>"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """Show Hypothesis the same: it prints the fields of a dataclass otherwise, and warns where they are long."""
        printer.text(repr(self))

    @property
    def text(self) -> str:
        """The manifest as YAML."""
        return yaml_text(self.document)

    @property
    def key(self) -> str:
        """A digest of all that the example says."""
        digest = hashlib.sha256(self.text.encode())
        for path in sorted(self.files):
            digest.update(f"\0{path}\0{len(self.files[path])}\0".encode())
            digest.update(self.files[path])
        return digest.hexdigest()

    @property
    def steps(self) -> int:
        """How many steps it has."""
        return len(self.document["steps"])

    @property
    def rows(self) -> int:
        """The rows of its largest source: records of a data file behind its first, or values in a column of a step's kwargs."""
        tables = [
            len(column["values"])
            for step in self.document["steps"]
            for column in (step.get("config", {}).get("kwargs") or {}).get("columns", [])
        ]
        texts = (self.files[path].decode("utf-8", "replace") for path in self.data)
        return max([*tables, *(_records(text) - 1 for text in texts)], default=0)

    def write(self, directory: Path, *, name: str = MANIFEST) -> Path:
        """Write manifest and files below `directory`; return the manifest's path."""
        for path, content in self.files.items():
            place = directory / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        manifest = directory / name
        manifest.write_text(self.text, encoding="utf-8")
        return manifest


def _records(text: str) -> int:
    """Return how many records a text with quoted fields has."""
    return sum(1 for _ in csv.reader(text.splitlines(keepends=True)))
