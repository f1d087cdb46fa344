"""What a sandbox is told: where things lie below its user's home, and the command that becomes the worker."""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from osiris_core.wire.request import SPILL_BYTES, Placement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.backends.bundle import Bundle
    from osiris_core.backends.protocol import Job, Patience
    from osiris_core.backends.templates import ChosenTemplate

PROJECT = PurePosixPath("work")
STATE = PurePosixPath(".osiris")
RUN_DIRECTORY = STATE / "run"
"""Paths below the sandbox user's home: the files API joins them to it, a shell knows it as `$HOME`."""


def bundle_path(bundle: Bundle) -> PurePosixPath:
    """Return where a bundle lies in a sandbox, below the home."""
    return STATE / f"{bundle.digest[:32]}.pyz"


def command_of(job: Job, template: ChosenTemplate) -> str:
    """Return the one command of a run: make the working directory, then become the supervisor."""
    work = shlex.quote(str(PROJECT / job.manifest.work_relative))
    return f'cd "$HOME" && mkdir -p {work} || exit\n' + _becoming(template, job.bundle, f"run {RUN_DIRECTORY}")


def is_worker(words: Sequence[str]) -> bool:
    """Whether a process with these words is the worker of a run."""
    return f" run {RUN_DIRECTORY}" in " ".join(words)


def serving_command(bundle: Bundle, template: ChosenTemplate, modules: Sequence[str]) -> str:
    """Return the one command of a warm sandbox: become the server that has imported these modules."""
    return 'cd "$HOME" || exit\n' + _becoming(template, bundle, f"serve {' '.join(modules)}")


def _becoming(template: ChosenTemplate, bundle: Bundle, arguments: str) -> str:
    """Return the lines by which a shell becomes the worker, on the first Python of the template that is there."""
    pythons = " ".join(f'"{each}"' for each in template.pythons)
    start = f'exec "$python" -s -P {bundle_path(bundle)} {arguments}'
    return (
        f'for python in {pythons}; do command -v "$python" > /dev/null && {start}; done\n'
        f'echo "the template has no Python; looked for" {pythons} >&2; exit 127'
    )


def at_home(path: PurePosixPath) -> str:
    """Return a path as a placement says it: the worker knows where its home is."""
    return f"~/{path}"


def sandbox_placement(job: Job, patience: Patience) -> Placement:
    """Return where and how a sandbox runs the job."""
    manifest = job.manifest
    fixed = {each.name: each.value for each in manifest.env if each.value is not None}
    return Placement(
        target="e2b",
        bundle=at_home(bundle_path(job.bundle)),
        run_dir=at_home(RUN_DIRECTORY),
        project_dir=at_home(PROJECT),
        work_dir=at_home(PROJECT / manifest.work_relative),
        sys_path=tuple(at_home(PROJECT / each) for each in manifest.code),
        variables={**job.host_variables, **fixed},
        keep_variables=tuple(each.name for each in manifest.env),
        artifacts_travel=True,
        limits=job.limits.to_json(),
        stdin_end_cancels=False,
        cancel_grace_s=patience.driver_stop_s,
        expects_secrets=bool(job.secrets),
        spill_bytes=_spill_bytes(job),
        heartbeat_s=patience.heartbeat_s,
        memory_mb=manifest.resources.memory_mb,
    )


def _spill_bytes(job: Job) -> int:
    """Return how large a table may be that stands in memory: a quarter of what the sandbox has."""
    suggested = (job.manifest.resources.memory_mb << 20) // 4
    return min(SPILL_BYTES, suggested) if job.spill_bytes is None else job.spill_bytes
