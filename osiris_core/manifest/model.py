"""What a manifest says, as values: nothing here reads a file or checks anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from osiris_core.errors import ManifestProblem
    from osiris_core.manifest.nodes import MappingNode
    from osiris_core.manifest.shapes import DriverShape
    from osiris_core.rules.model import Rule

ParityText = Literal["normalized", "exact"]
"""How log and error text is compared."""
Network = Literal["none", "full"]
"""What a sandbox can reach: nothing but itself, or everything."""
OnFailure = Literal["stop", "continue"]
"""What a failed step means for the steps that do not need it."""
FORMAT = "1"
"""The only value of the key `osiris` that this version reads."""
STEP_ID_RULE = "[A-Za-z][A-Za-z0-9_-]{0,62}"
"""Ids of steps and pipelines, as a regular expression for the whole id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """What the pipeline is called."""

    id: str
    version: str = "0.1.0"
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A regular file that the run may read: its absolute path, and its POSIX path from the project root."""

    path: Path
    relative: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """An environment variable that steps see: with a fixed value, or (None) with the one that the host has."""

    name: str
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """How big the sandbox is; the local target takes the machine as it is. Defaults are E2B's own."""

    cpus: int = 2
    memory_mb: int = 512
    disk_mb: int = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step; `line` is the line of its id in the manifest, counted from 1.

    `tables` names the tables of the steps it needs where they are not `df_<id>`, as in what Osiris compiled. `timeout_s` bounds each attempt at it; `retries` is how often it is tried again after a failure without effect.
    """

    id: str
    driver: str
    needs: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    timeout_s: float | None = None
    retries: int = 0
    tables: Mapping[str, str] = field(default_factory=dict)
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What a step refers to as `reference`: fields with their places in the file `location`, variables not yet replaced.

    The fields are not shown by `repr`: a password may be among them.
    """

    reference: str
    location: str
    fields: MappingNode = field(repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a number must be: at least one and at most the other, or exactly both; None is no limit."""

    least: float | None
    most: float | None

    @classmethod
    def exactly(cls, value: float) -> Limits:
        """Return the limits that one value fits into."""
        return cls(value, value)

    def hold(self, value: float) -> bool:
        """Whether a number fits."""
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def __str__(self) -> str:
        """Return `16`, `at least 16`, `at most 16`, or `16 to 20`."""
        if self.least == self.most:
            return f"{self.least:,}"
        if self.least is None or self.most is None:
            return f"at least {self.least:,}" if self.most is None else f"at most {self.most:,}"
        return f"{self.least:,} to {self.most:,}"

    def to_json(self) -> float | dict[str, float | None] | None:
        """Return it as a manifest says it."""
        if self.least == self.most:
            return self.least
        return {name: value for name, value in (("min", self.least), ("max", self.most)) if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactRule:
    """What must be true of one artifact: that it is there, and more where more is said; or that it is `absent`.

    `sha256` is 64 lower-case hex digits; `lines` counts line ends, and a last line without one; `contains` are texts
    that must be in it, in UTF-8.
    """

    absent: bool = False
    sha256: str | None = None
    size_bytes: Limits | None = None
    lines: Limits | None = None
    contains: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as a manifest says it."""
        said: dict[str, Any] = {"absent": True} if self.absent else {}
        if self.sha256 is not None:
            said["sha256"] = self.sha256
        for name, limits in (("size_bytes", self.size_bytes), ("lines", self.lines)):
            if limits is not None:
                said[name] = limits.to_json()
        return {**said, "contains": list(self.contains)} if self.contains else said


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What must be true of every run: `rows` by step, `metrics` by step and name, `artifacts` by `<step>/<file>`."""

    outcome: str = "succeeded"
    failed_step: str | None = None
    rows: Mapping[str, Limits] = field(default_factory=dict)
    metrics: Mapping[str, Mapping[str, Limits]] = field(default_factory=dict)
    artifacts: Mapping[str, ArtifactRule] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A pytest mark with its arguments."""

    name: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One run among several of a manifest: its id, and values of parameters."""

    id: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collecting:
    """How pytest collects a manifest: once, or once for each case."""

    marks: tuple[Mark, ...] = ()
    cases: tuple[Case, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One manifest, checked and complete.

    `path` and `project_root` are absolute, without symbolic links in their directories. `code` holds directories
    as POSIX paths from the root, in the order of `sys.path`. `template` overrides the sandbox template that the closure names. `timeout_s` bounds
    the whole run. `params` are the values that this reading of the file had for `${params.x}`, of which `params_given` came
    from outside of it and `params_unused` are referred to nowhere. `secrets` are names; `secrets_in_artifacts` says why which artifacts may hold one, by patterns; `connections_file` is a POSIX path from the root, and `connections` are those of
    it that a step refers to: values are found when a run begins. `work_directory` is where relative paths start, if not at the manifest; `compiled` says that Osiris made it; `notes` say what
    was left out of a compiled manifest, and why. `drivers` holds the declaration of every driver that a step names. `normalizers` are the rules that it declares. `order` is the order
    of execution. `canonical` is the JSON form that a worker is given; `fingerprint` is the SHA-256, as hex, of the
    part of it that decides a run: not `expect`, `parity`, or the pipeline's description. `text_sha256` is that of the whole text that
    was read, by which one notices that the file says something else by now; empty for a manifest that no file holds.
    """

    path: Path
    project_root: Path
    pipeline: Pipeline
    inputs: tuple[InputFile, ...] = ()
    code: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    env: tuple[Variable, ...] = ()
    resources: Resources = field(default_factory=Resources)
    network: Network = "none"
    template: str | None = None
    timeout_s: float | None = None
    on_failure: OnFailure = "stop"
    params: Mapping[str, Any] = field(default_factory=dict)
    params_given: tuple[str, ...] = ()
    params_unused: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    secrets_in_artifacts: Mapping[str, str] = field(default_factory=dict)
    connections_file: str | None = None
    connections: tuple[Connection, ...] = ()
    steps: tuple[Step, ...]
    drivers: Mapping[str, DriverShape] = field(default_factory=dict)
    expect: Expectation = field(default_factory=Expectation)
    parity_text: ParityText = "normalized"
    normalizers: tuple[Rule, ...] = ()
    require: str = ""
    pytest: Collecting = field(default_factory=Collecting)
    order: tuple[str, ...]
    work_directory: Path | None = None
    compiled: bool = False
    notes: tuple[ManifestProblem, ...] = ()
    canonical: dict[str, Any] = field(default_factory=dict)
    fingerprint: str = ""
    text_sha256: str = ""

    @property
    def relative(self) -> str:
        """The manifest's POSIX path from the project root."""
        return self.path.relative_to(self.project_root).as_posix()

    @property
    def location(self) -> str:
        """How messages name this manifest: its path from the project root."""
        return self.relative

    @property
    def directory(self) -> Path:
        """The directory that relative paths start from: the steps' working directory."""
        return self.work_directory or self.path.parent

    @property
    def work_relative(self) -> str:
        """That directory as seen from the project root; `.` for the root itself."""
        return self.directory.relative_to(self.project_root).as_posix()
