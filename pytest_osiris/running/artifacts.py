"""`Artifact` and `Artifacts`: the files that the steps of a run left, by `<step>/<file>`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_osiris.keys import ArtifactContentError
from pytest_osiris.running.named import ByName

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file that a step left; `path` is where it lies on this host. Two are equal when their bytes are."""

    name: str = field(compare=False)
    path: Path = field(compare=False)
    size_bytes: int
    sha256: str

    def bytes(self) -> bytes:
        """Return the content."""
        return self.path.read_bytes()

    def text(self, encoding: str = "utf-8") -> str:
        """Return the content as text, with line ends as they are in the file; `ArtifactContentError` where it is none."""
        __tracebackhide__ = True
        try:
            return self.path.read_bytes().decode(encoding)
        except UnicodeDecodeError as error:
            raise ArtifactContentError(
                f"{self.name} is no text in {encoding}: its byte {error.start:,} is 0x{error.object[error.start]:02x}; "
                "read .bytes(), or name another encoding"
            ) from None

    def json(self) -> Any:
        """Return the content, decoded from JSON; `ArtifactContentError`, with line and column, where it is none."""
        __tracebackhide__ = True
        try:
            return json.loads(self.path.read_bytes())
        except UnicodeDecodeError as error:
            raise ArtifactContentError(f"{self.name} is no JSON: it is no text ({error.reason})") from None
        except json.JSONDecodeError as error:
            raise ArtifactContentError(
                f"{self.name}:{error.lineno}:{error.colno}: it is no JSON: {error.msg}"
            ) from None

    def table(self, **config: Any) -> pa.Table:
        """Return the content as a `pyarrow.Table`: of CSV, JSON lines, Parquet, Arrow, and of SQLite and DuckDB files.

        It is read as the extractor of its kind reads it in a pipeline, so its types and values are those that a step
        would be handed. `config` is what that driver takes beside the path: `columns={"n": "BIGINT"}`, `delimiter=";"`, and
        for a database `query="select * from orders"`. `ArtifactContentError` where it is no table, or not such a one.
        """
        __tracebackhide__ = True
        from pytest_osiris.running.tables import read_table

        return read_table(self.name, self.path, config)


class Artifacts(ByName[Artifact]):
    """The artifacts of a run by `<step>/<file>`, sorted. Two are equal when they have the same names with the same bytes."""

    __slots__ = ()

    def __init__(self, files: Iterable[Artifact]) -> None:
        super().__init__("artifact", {file.name: file for file in files})
