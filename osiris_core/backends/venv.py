"""The target `venv:PATH`: this machine, with the interpreter and the distributions of another virtual environment.

Everything but these is as on the target `local`, so that `local,venv:PATH` compares two sets of versions.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osiris_core.backends.imitation import Imitation
from osiris_core.backends.local import LocalBackend, host_variables
from osiris_core.backends.protocol import TargetFacts
from osiris_core.errors import UsageError
from osiris_core.session import contract

if TYPE_CHECKING:
    from osiris_core.backends.extension import BackendRequest
    from osiris_core.backends.protocol import Cancellation, Job, Patience
    from osiris_core.session.writer import SessionWriter

_ASKED: Final = "import json, sys; print(json.dumps([sys.implementation.name, sys.version_info[:3], sys.prefix]))"


def venv_backend(request: BackendRequest) -> VenvBackend:
    """Return the backend of a virtual environment. Raises `UsageError` where the argument does not lead to one that can be used."""
    if not request.argument:
        hint = "write its path, as in venv:envs/old; a relative one counts from the project's root"
        raise UsageError("the target `venv` needs a virtual environment", hint=hint)
    home = Path(os.path.abspath(request.project_root / request.argument))  # noqa: PTH100 - a link stays what it is called
    _require_usable(home, request)
    return VenvBackend(target=request.target, home=home, patience=request.patience)


@dataclass(frozen=True, slots=True, kw_only=True)
class VenvBackend:
    """Runs the worker as the local target does; a run's files lie in its session, or in the `run_directory` that is given."""

    target: str
    home: Path
    patience: Patience
    run_directory: Path | None = None

    def facts(self) -> TargetFacts:
        """Return an empty record: the host provides, nothing isolates."""
        return TargetFacts(target=self.target, provider="host", isolation="none", network="host")

    def run(self, job: Job, session: SessionWriter, facts: TargetFacts, cancellation: Cancellation) -> None:
        """Run the worker to its end, in the manifest's own directory."""
        directory = self.run_directory or session.host_directory / contract.RUN_DIRECTORY
        as_there = Imitation(
            run_directory=directory,
            told_directory=str(directory),
            environment=_activated(host_variables(job), self.home),
            python=str(self.home / "bin" / "python"),
            hosts_build=False,
            placement={"target": self.target},
        )
        LocalBackend(patience=self.patience, imitation=as_there).run(job, session, facts, cancellation)

    def at(self, run_directory: Path) -> VenvBackend:
        """Return one that is equal, but for where its runs lie."""
        return VenvBackend(target=self.target, home=self.home, patience=self.patience, run_directory=run_directory)

    def close(self) -> None:
        """Hold nothing between runs."""


def _activated(variables: dict[str, str], home: Path) -> dict[str, str]:
    """Return variables as they are once the environment is active, as its `activate` does it, and that of this process is not."""
    own = str(Path(sys.prefix) / "bin")
    path = [each for each in variables.get("PATH", os.defpath).split(os.pathsep) if each != own]
    active = {"VIRTUAL_ENV": str(home)} if "VIRTUAL_ENV" in variables else {}
    lasting = {name: value for name, value in variables.items() if name != "PYTHONHOME"}
    return {**lasting, **active, "PATH": os.pathsep.join([str(home / "bin"), *path])}


def _require_usable(home: Path, request: BackendRequest) -> None:
    """Ask the environment's interpreter who it is; raise `UsageError` where it is not one that can run this worker."""
    python, what = home / "bin" / "python", f"the target `{request.target}`"
    if not python.exists():
        lacks = "does not exist" if not home.exists() else "has no bin/python"
        raise UsageError(f"{what} is no virtual environment: {home} {lacks}", hint=f"python -m venv {home}")
    try:
        asked = subprocess.run(  # noqa: S603 - the interpreter that the user names
            [python, "-I", "-c", _ASKED],
            capture_output=True,
            check=True,
            timeout=request.patience.command_s,
            cwd=request.project_root,
        )
        implementation, version, prefix = json.loads(asked.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        raise UsageError(f"{what} has an interpreter that does not run: {error}", hint="make it anew") from error
    there, here = ".".join(map(str, version)), f"{sys.version_info.major}.{sys.version_info.minor}"
    if (implementation, version[:2]) != (sys.implementation.name, list(sys.version_info[:2])):
        hint = f"make it with python{here} -m venv {home}"
        raise UsageError(
            f"{what} has {implementation} {there}, and this process {sys.implementation.name} {here}", hint=hint
        )
    if not Path(prefix).samefile(home):
        raise UsageError(f"{what} has an interpreter of another environment: {prefix}", hint="make it anew")
