"""What a check needs to know beside the manifest, and which of it cannot work."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.choices import FETCHING, ISOLATIONS, KEEPING, REQUIREMENTS, TRIAGES
from osiris_core.errors import UsageError
from osiris_core.targets import parse_target, parse_targets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from osiris_core.backends.catalog import BackendCatalog
    from osiris_core.backends.protocol import Patience
    from osiris_core.manifest.model import Manifest
    from osiris_core.parity.triage.reruns import TriageBudget
    from osiris_core.parity.waived import Waivers
    from osiris_core.rules.model import Rule
    from osiris_core.wire.limits import ArtifactLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """The options of one check.

    `provider` is `embedded`, `cloud`, or the address of a self-hosted server. `now` fixes the logical time
    (ISO 8601, UTC). `session_root` is the directory that holds `.osiris/`, by default the project root. `env_file` holds
    variables that secrets and connections have their values from, where the host's own do not say them. Tables of more than
    `spill_bytes` wait in files for the steps that need them; None for what suits a target's memory. At most `max_sandboxes`
    live at once, and `create_rate` are made in a second, for all processes with this session root; None for no limit.
    `keep_sandbox` is `no`, `on-failure` or `always`: whether a sandbox outlives its run, to be looked at. `artifact_limits` bound
    what a run may leave, by default those of `ArtifactLimits`. `fetch` is `all`, or `differing`: with both targets, artifacts
    whose digest in the sandbox is that of this machine's are not brought back. With `strict` a rule that is out of date
    fails the check, and `require` is the weakest verdict that passes: `EQUIVALENT`, `IDENTICAL`, or nothing for any that does. `triage` is `off`, `divergent` or `always`: which checks are run again to find out where a divergence comes
    from, within `triage_budget`; `repeat` is how often each target is run again and held against itself, whatever the verdict.
    """

    project_root: Path
    provider: str = "embedded"
    isolation: str = "bubblewrap"
    now: str | None = None
    session_root: Path | None = None
    patience: Patience | None = None
    env_file: Path | None = None
    spill_bytes: int | None = None
    max_sandboxes: int | None = None
    create_rate: float | None = None
    keep_sandbox: str = "no"
    artifact_limits: ArtifactLimits | None = None
    fetch: str = "all"
    strict: bool = False
    require: str = ""
    triage: str = "off"
    repeat: int = 0
    triage_budget: TriageBudget | None = None

    @property
    def root(self) -> Path:
        """The directory that holds `.osiris/`."""
        return self.session_root or self.project_root


def validate_options(options: CheckOptions, targets: Sequence[str], catalog: BackendCatalog | None = None) -> None:
    """Raise `UsageError` where options cannot work, without starting anything.

    `catalog` has the backends that targets may name; without it these are the built-in ones and those of installed distributions.
    """
    if sys.platform == "win32":
        raise UsageError("Windows is not supported", hint="use Linux, WSL or a container")
    validate_targets(targets, catalog)
    for what, chosen, known in (
        ("isolation", options.isolation, ISOLATIONS),
        ("fetch", options.fetch, FETCHING),
        ("keep-sandbox", options.keep_sandbox, KEEPING),
        ("triage", options.triage, TRIAGES),
        ("require", options.require or REQUIREMENTS[0], REQUIREMENTS),
    ):
        if chosen not in known:
            raise UsageError(f"unknown {what} {chosen!r}", hint=" or ".join(known))
    _validate_numbers(options)
    if options.now is not None:
        parse_now(options.now)
    accepted_differences(options, "")
    if options.env_file is not None:
        from osiris_core.secrets.environment import host_environment

        host_environment(options.env_file)
    if "e2b" in targets:
        from osiris_core.backends.provider import validate_provider

        validate_provider(options.provider)


def validate_targets(targets: Sequence[str], catalog: BackendCatalog | None = None) -> None:
    """Raise `UsageError` for what is no list of targets of `catalog`; none is made."""
    from osiris_core.backends.catalog import BackendCatalog

    known = catalog or BackendCatalog()
    for each in parse_targets(",".join(targets)):
        asked = parse_target(each)
        known.require(asked.backend, asked.argument)


def _validate_numbers(options: CheckOptions) -> None:
    for name, limit in (("max-sandboxes", options.max_sandboxes), ("create-rate", options.create_rate)):
        if limit is not None and limit <= 0:
            raise UsageError(f"{name} {limit} leaves no sandbox to be made", hint="give a number above 0, or none")
    if options.repeat < 0:
        raise UsageError(f"repeat {options.repeat} is no number of runs", hint="give 0 or more")


def accepted_differences(options: CheckOptions, manifest: str) -> Waivers:
    """Return the project's waivers for a manifest, as of today. Raises `UsageError` for a file that is not understood."""
    from osiris_core.parity.waived import Waivers
    from osiris_core.rules import waivers

    today = dt.datetime.now(dt.UTC).date()
    accepted = waivers.read_waivers(options.project_root / waivers.FILE, today)
    return Waivers(accepted, manifest=manifest, today=today)


def declared_rules(manifest: Manifest, nearer: Sequence[Rule] = ()) -> tuple[Rule, ...]:
    """Return the rules of one check, the nearest first: those given, the manifest's, then the project's.

    Of two with one id the nearer one holds. Raises `UsageError` where the project's are not understood.
    """
    from osiris_core.project import read_settings

    found: dict[str, Rule] = {}
    for each in (*nearer, *manifest.normalizers, *read_settings(manifest.project_root).normalizers):
        found.setdefault(each.id, each)
    return tuple(found.values())


def parse_now(text: str) -> str:
    """Return a time of ISO 8601 in UTC, as records write it; without a zone it is UTC. Raises `UsageError`."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no time", hint="give ISO 8601, for example 2026-01-31T12:00:00Z") from None
    return iso(moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC))


def iso(moment: dt.datetime) -> str:
    """Return a time as records write it."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
