"""The driver under test, with an example of its use, and the calls of it that several checks look at."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from osiris_core.testing import samples
from osiris_core.testing.trial import Call, attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from osiris_core.drivers.protocol import DriverSpec
    from osiris_core.testing.trial import Outcome


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A driver's declaration and an example: `config`, `tables` by step id, other `files` by path from the manifest.

    With `make_input`, the driver reads files: each `input_path` of `config` is made from the only table, and no
    step comes before.
    """

    spec: DriverSpec
    config: Mapping[str, Any]
    tables: Mapping[str, pa.Table]
    make_input: Callable[[pa.Table, Path], None] | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    code: Sequence[Path] = ()
    large_rows: int = 50_000
    _outcomes: dict[str, Outcome] = field(default_factory=dict, repr=False)

    @property
    def plain(self) -> Outcome:
        """The example as it is."""
        return self._once("plain", self.call)

    @property
    def again(self) -> Outcome:
        """The example once more."""
        return self._once("again", self.call)

    @property
    def in_many_scripts(self) -> Outcome:
        """The example with texts and a name of many scripts."""
        return self._once("in_many_scripts", lambda: self.call(change=samples.in_many_scripts))

    @property
    def large(self) -> Outcome:
        """The example with many rows, in many chunks."""
        return self._once("large", lambda: self.call(change=lambda table: samples.in_chunks(self.enlarged(table))))

    def enlarged(self, table: pa.Table) -> pa.Table:
        """Return many rows of a table, in one chunk."""
        return samples.repeated(table, self.large_rows)

    @property
    def given(self) -> Mapping[str, pa.Table]:
        """The tables of the steps before; none where the driver reads files."""
        return {} if self.make_input else self.tables

    @property
    def depends_on_tables(self) -> bool:
        """Whether anything of the example can be changed: a table of a step before, or a file made from one."""
        return bool(self.tables)

    def call(
        self,
        *,
        config: Mapping[str, Any] | None = None,
        change: Callable[[pa.Table], pa.Table] | None = None,
        nothing: bool = False,
    ) -> Outcome:
        """Call the driver with another config, with changed tables, or with steps that handed on `nothing`."""
        tables = {name: change(table) if change else table for name, table in self.tables.items()}
        used = dict(self.config if config is None else config)
        given: dict[str, pa.Table | None] = {} if self.make_input else dict(tables)
        return attempt(
            Call(
                spec=self.spec,
                config=used,
                tables=dict.fromkeys(given) if nothing else given,
                make_files=lambda work: replace(self, tables=tables).make_files(work),
                code=self.code,
            )
        )

    def make_files(self, work: Path) -> None:
        """Make all files of the example below `work`, the manifest's directory."""
        for relative, content in self.files.items():
            place = work / relative
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        if self.make_input is None:
            return
        (table,) = self.tables.values()
        for relative in self.made_paths():
            place = work / relative
            place.parent.mkdir(parents=True, exist_ok=True)
            self.make_input(table, place)

    def made_paths(self) -> list[str]:
        """Return the paths of the files that are made from a table: those in `config` that are not in `files`."""
        paths = [name for name, option in self.spec.options.items() if option.type == "input_path"]
        named = [str(self.config[name]) for name in paths if self.config.get(name) is not None]
        return [each for each in named if each not in self.files] if self.make_input else []

    def _once(self, name: str, make: Callable[[], Outcome]) -> Outcome:
        if name not in self._outcomes:
            self._outcomes[name] = make()
        return self._outcomes[name]
