"""What one example came to: run it on the targets, compare, and say whether that is a find.

The truth is an ordinary, cold check: everything is found in what `Checker` says. A warm pair of targets is only a
faster way to look, and what it shows is run again cold before anybody hears of it.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from osiris_core.check import Checker, load
from osiris_core.errors import ManifestError
from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Self

    from osiris_core.check import CheckOptions
    from osiris_core.fuzz.example import Example
    from osiris_core.parity.record import ParityRecord
    from osiris_core.sandbox.launch import ServerAddress

Kind = tuple[str, str]
"""What sort of find an example is: the verdict, and the driver of the step where the targets part."""
REFUSED: Final = "REFUSED"
"""A generated manifest that the loader refuses: a mistake of the generator, or of the loader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One example and its record; `kind` is None where nothing was found.

    Two finds of the same kind have the same verdict, and part at a step of the same driver.
    """

    example: Example
    record: ParityRecord
    kind: Kind | None = None


class Pair(Protocol):
    """The targets that examples are tried on."""

    def try_out(self, example: Example) -> Trial:
        """Run one example and judge it."""
        ...


class Targets:
    """Tries examples by a `Checker`, each in a project directory of its own below `root`, removed when it passed."""

    def __init__(
        self,
        root: Path,
        targets: Sequence[str],
        options: CheckOptions,
        *,
        server: ServerAddress | None = None,
        warm: bool = False,
    ) -> None:
        self._root = root
        self._targets = tuple(targets)
        self._options = replace(options, session_root=root)
        self._checker = Checker(self._options, server=server, warm=warm)
        self._tried = 0

    def __enter__(self) -> Self:
        """Return self; nothing is started yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop what was started, and remove what examples left."""
        self.close()

    def close(self) -> None:
        """Stop what was started; closing twice is harmless."""
        self._checker.close()
        shutil.rmtree(self._root, ignore_errors=True)

    def try_out(self, example: Example) -> Trial:
        """Run one example on all targets and judge it."""
        self._tried += 1
        project = self._root / f"example-{self._tried}"
        project.mkdir(parents=True)
        (project / "pyproject.toml").touch()
        try:
            manifest = load(example.write(project), project_root=project)
            record = self._checker.check(manifest, self._targets)
        except ManifestError as error:
            record = _refused(error)
        finally:
            shutil.rmtree(project)
            shutil.rmtree(self._root / ".osiris", ignore_errors=True)
        return Trial(example=example, record=record, kind=kind_of(record))


def kind_of(record: ParityRecord) -> Kind | None:
    """Return what kind of find a record is: its verdict, and the driver of the step where the targets part."""
    if not record.pipeline_id:
        return (REFUSED, "")
    if record.verdict is None or record.verdict.passes:  # None: one target alone, where nothing is compared
        return None
    if record.verdict is Verdict.INFRA:
        return (record.verdict.value, "")
    drivers = {step.id: step.driver for run in record.targets for step in run.steps}
    return (record.verdict.value, drivers.get(record.first_diverging_step or "", ""))


def _refused(error: ManifestError) -> ParityRecord:
    from osiris_core.surface import refused_record

    return refused_record("example.osiris.yaml", error, reproduce="")
