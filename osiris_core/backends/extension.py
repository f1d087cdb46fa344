"""What it takes to bring a backend: a factory by the name that targets say, as `venv` of `venv:envs/old`.

A factory comes by the entry point group `osiris.backends`, by the pytest hook `pytest_osiris_backends`, or is given to
`Checker(backends={...})`. It is called once a target, before anything runs, and starts nothing yet: what a run needs is
started by `Backend.run`, or kept between runs and ended by `Backend.close`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.backends.protocol import Backend, Patience
    from osiris_core.backends.templates import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendRequest:
    """What a factory is given.

    `target` is the name as it was written (`venv:envs/old`): the backend's `target`, and that of its facts, has to be this.
    `argument` is what stands behind the colon, or empty; a path in it counts from `project_root`. It is shown wherever the
    target is, so it is no place for a secret. `patience` bounds every wait. `report` shows a line to people while something
    takes long.
    """

    target: str
    argument: str
    patience: Patience
    project_root: Path
    report: Report


class BackendFactory(Protocol):
    """Makes a backend. Raises `UsageError` for an argument that cannot be right, and `InfrastructureError` for what is not there now."""

    def __call__(self, request: BackendRequest, /) -> Backend:
        """Return the backend of one target."""
        ...


@runtime_checkable
class RunsHere(Protocol):
    """A backend whose worker runs on this machine, in a directory of it: one that a triage can run again in the same place."""

    def at(self, run_directory: Path) -> Backend:
        """Return one that is equal but for the directory that its runs lie in: a path is no difference then."""
        ...
