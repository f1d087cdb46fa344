"""How a worker of this machine is started where it is to find itself somewhere else: in another environment, behind another root."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Imitation:
    """A local run that is not quite the ordinary one.

    `run_directory` is where its files lie on this machine, and `told_directory` what the worker calls it. `environment` are all
    variables that it starts with. `prefix` is a command that becomes the `python` behind it. `placement` has the members of the
    placement that are others than in an ordinary run. With `hosts_build` the interpreter has to be this process's own build.
    """

    run_directory: Path
    told_directory: str
    environment: Mapping[str, str]
    python: str
    prefix: tuple[str, ...] = ()
    placement: Mapping[str, Any] = field(default_factory=dict)
    hosts_build: bool = True

    def command(self, bundle: Path) -> list[str | Path]:
        """Return the command of the worker, for a bundle."""
        return [*self.prefix, self.python, "-s", "-P", bundle, "run", self.told_directory]
