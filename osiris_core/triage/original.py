"""What of a sandbox's environment this machine can imitate, and what it lacks for the rest."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Final

from osiris_core.backends.interpreter import current_interpreter
from osiris_core.backends.workspace import declared_files
from osiris_core.errors import InfrastructureError
from osiris_core.parity.triage import environment as factor
from osiris_core.sandbox import profile
from osiris_core.sandbox.isolation import IsolationError, choose
from osiris_core.triage.imitation import NAMESPACED, Original, cpus_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from osiris_core.backends.protocol import Job
    from osiris_core.session.reader import Session

MOST_FILES: Final = 2_000
"""So many declared files are shown one by one; a namespace with more of them takes long to make."""


def original_of(job: Job, sessions: Sequence[Session], scratch: Path) -> tuple[Original, dict[str, str]]:
    """Return what is imitated, and why some of its factors cannot be."""
    local, remote = sessions
    bwrap = working_bubblewrap()
    impossible: dict[str, str] = {}
    if bwrap is None:
        impossible |= dict.fromkeys(NAMESPACED, "it takes bubblewrap, which does not work here")
    farm = None
    if job.manifest.template is not None:
        impossible[factor.DISTRIBUTIONS] = "the manifest names a template of its own"
    elif bwrap is not None:
        from osiris_core.backends.closure import resolve_closure  # few checks come to this
        from osiris_core.backends.farm import build_farm

        try:
            farm = build_farm(resolve_closure(job.requirements), current_interpreter())
        except InfrastructureError as error:
            impossible[factor.DISTRIBUTIONS] = str(error)
    if not (remote.hello.get("roots") or {}).get("output"):
        impossible |= dict.fromkeys(NAMESPACED, "the worker did not say where its things lay")
    files = sum(1 for _ in declared_files(job.manifest))
    if files > MOST_FILES:
        impossible[factor.FILES] = f"{files:,} declared files are more than {MOST_FILES:,}"
    facts = [each.hello.get("environment") or {} for each in sessions]
    if cpus_of(facts[0]) < cpus_of(facts[1]):
        impossible[factor.CPUS] = f"this machine has {cpus_of(facts[0])}, the sandbox {cpus_of(facts[1])}"
    known = _known_variables(remote)
    for name in facts[1].get("variables") or ():
        if name not in known:
            impossible[f"{factor.VARIABLE}{name}"] = "its value there is not known here"
    original = Original(
        job=job, local=local, remote=remote, bwrap=bwrap, farm=farm, known_variables=known, scratch=scratch
    )
    return original, impossible


@cache
def working_bubblewrap() -> str | None:
    """Return a bubblewrap that makes namespaces on this machine, or None."""
    if sys.platform != "linux":
        return None
    try:
        return choose("bubblewrap").bwrap
    except IsolationError:
        return None


def _known_variables(remote: Session) -> Mapping[str, str]:
    """Return what variables are set to in the sandbox: what every sandbox has, and what ours has besides."""
    facts = remote.target_facts
    known = {
        "E2B_SANDBOX": "true",
        "E2B_SANDBOX_ID": str(facts.get("sandbox_id", "")),
        "E2B_TEMPLATE_ID": str(facts.get("template", "")),
    }
    if facts.get("provider") == "embedded" and facts.get("isolation") == "bubblewrap":
        known["PATH"] = f"{profile.VIEW}/bin:{profile.LOGIN_PATH}"
    return known
