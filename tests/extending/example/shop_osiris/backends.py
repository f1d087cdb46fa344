"""The target `nice:N`: this machine, but for others' processes, which come first."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from osiris_core.backends.imitation import Imitation
from osiris_core.backends.local import LocalBackend, host_variables
from osiris_core.backends.protocol import TargetFacts
from osiris_core.errors import UsageError

if TYPE_CHECKING:
    from osiris_core.backends.extension import BackendRequest
    from osiris_core.backends.protocol import Cancellation, Job
    from osiris_core.session.writer import SessionWriter


def nice(request: BackendRequest) -> NiceBackend:
    """Make the backend of one target."""
    if not request.argument.isdigit() or int(request.argument) > 19:
        raise UsageError(f"{request.argument!r} is no niceness", hint="write a number from 0 to 19, as in nice:5")
    return NiceBackend(request)


class NiceBackend:
    """Runs the worker as the local target does, behind the command `nice`."""

    def __init__(self, request: BackendRequest) -> None:
        self.target = request.target
        self._request = request

    def facts(self) -> TargetFacts:
        """Say where it runs."""
        return TargetFacts(target=self.target, provider="nice", isolation="none", network="host")

    def run(self, job: Job, session: SessionWriter, facts: TargetFacts, cancellation: Cancellation) -> None:
        """Run the worker to its end."""
        directory = session.host_directory / "run"
        nicely = Imitation(
            run_directory=directory,
            told_directory=str(directory),
            environment=host_variables(job),
            python=sys.executable,
            prefix=("nice", "-n", self._request.argument),
            placement={"target": self.target},
        )
        LocalBackend(patience=self._request.patience, imitation=nicely).run(job, session, facts, cancellation)

    def close(self) -> None:
        """Hold nothing between runs."""
