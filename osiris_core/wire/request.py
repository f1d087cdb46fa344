"""What is asked of a worker: the same `RunRequest` on every target, and a `Placement` for one of them."""

from __future__ import annotations

import json
from typing import Any, Self, TypeVar, cast

from osiris_core.wire.canon import canonical_json, sha256_hex
from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.limits import ArtifactLimits
from osiris_core.wire.values import as_dict, field, names_of, value

PROTOCOL = 1
"""Version of requests, frames and records; a worker refuses others."""
MAX_SEED = 2**32
SEGMENT_BYTES = 16 << 20
"""The spool lies in files of this size, so that those that were acknowledged can be freed."""
SPOOL_CAP_BYTES = 1 << 30
"""So much of the spool may wait to be acknowledged; then the worker waits."""
SPILL_BYTES = 1 << 30
"""A table of this size is handed on in memory where nothing else is said."""

_Message = TypeVar("_Message", "RunRequest", "Placement")


@value
class RunRequest:
    """Everything that decides a run and is equal on all targets.

    `manifest` is the canonical manifest and `manifest_fingerprint` its fingerprint; `order` the step ids in order of execution; `logical_now` the time that
    steps are told (ISO 8601, UTC, microseconds, `Z`); `0 <= seed < 2**32`; `timeout_s` of the whole run, or None. `drivers` says, for every driver that a
    step names, its class (`target`, as `module:Class`), the `frame` that it is handed, its `effects`, and, if
    there are any, its `secret_variables`: names of secrets that it reads from variables of its process.
    """

    protocol: int = PROTOCOL
    session_id: str
    manifest: dict[str, Any]
    order: tuple[str, ...]
    logical_now: str
    seed: int
    timeout_s: float | None = None
    manifest_fingerprint: str = ""
    drivers: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse another protocol and a seed out of range."""
        if self.protocol != PROTOCOL:
            raise WireProtocolError(f"the request speaks protocol {self.protocol!r}, this worker speaks {PROTOCOL}")
        if not 0 <= self.seed < MAX_SEED:
            raise WireProtocolError(f"the seed {self.seed!r} is not a number from 0 to 2**32 - 1")

    def to_bytes(self) -> bytes:
        """Return the request as canonical JSON."""
        return canonical_json(as_dict(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote. WireProtocolError when it is something else."""
        return cast("Self", _read(RunRequest, data))

    @property
    def digest(self) -> str:
        """The SHA-256 of `to_bytes()`, as hex: `hello` repeats it, so that the host knows what was understood."""
        return sha256_hex(self.to_bytes())


@value
class Placement:
    """Where and how one target runs a request; paths are absolute in the target, or below `~/`, its user's home.

    `work_dir` is the manifest's directory and the steps' working directory; `sys_path` holds the code directories;
    `variables` are set for the steps, `keep_variables` are spared from removal. With
    `artifacts_travel` small ones are sent in the record stream or in packs; `limits` are those of all of them
    (`ArtifactLimits`). `stdin_end_cancels` says what the end of stdin means; `cancel_grace_s` is the time between
    SIGTERM and SIGKILL; with `expects_secrets` the first line of stdin is `Secrets`, and must come within
    `secrets_patience_s`; a checkpoint is written every `checkpoint_every` records; a table of more than `spill_bytes`
    waits in a file for the step that needs it.

    `epoch` counts the workers that were started for the session, from 0. The spool lies in files of `segment_bytes`;
    with `spool_cap_bytes` of it not acknowledged the worker waits. A heartbeat is printed every `heartbeat_s`.
    `memory_mb` is what the target allows, or None where nothing is known.
    """

    target: str
    bundle: str
    run_dir: str
    project_dir: str
    work_dir: str
    sys_path: tuple[str, ...] = ()
    variables: dict[str, str]
    keep_variables: tuple[str, ...] = ()
    artifacts_travel: bool
    limits: dict[str, int] = field(default_factory=lambda: ArtifactLimits().to_json())
    stdin_end_cancels: bool
    cancel_grace_s: float = 5.0
    checkpoint_every: int = 1000
    expects_secrets: bool = False
    secrets_patience_s: float = 30.0
    spill_bytes: int = SPILL_BYTES
    epoch: int = 0
    segment_bytes: int = SEGMENT_BYTES
    spool_cap_bytes: int = SPOOL_CAP_BYTES
    heartbeat_s: float = 5.0
    memory_mb: int | None = None

    def __post_init__(self) -> None:
        """Refuse a cap that a host which acknowledges whole segments could never lift."""
        if self.spool_cap_bytes < 2 * self.segment_bytes:
            raise WireProtocolError(
                f"the spool's cap of {self.spool_cap_bytes} bytes is less than two segments of {self.segment_bytes}"
            )

    def to_bytes(self) -> bytes:
        """Return the placement as canonical JSON."""
        return canonical_json(as_dict(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote. WireProtocolError when it is something else."""
        return cast("Self", _read(Placement, data))


def _read(kind: type[_Message], data: bytes) -> _Message:
    """Build a message from JSON, with tuples where JSON has lists; exactly the known keys."""
    try:
        values = json.loads(data)
    except ValueError as error:
        raise WireProtocolError(f"a {kind.__name__} is not JSON: {error}") from error
    known = names_of(kind)
    if not isinstance(values, dict) or values.keys() != known.keys():
        raise WireProtocolError(f"a {kind.__name__} has exactly the keys {', '.join(sorted(known))}")
    try:
        for name, stated in known.items():
            if stated.startswith("tuple"):
                values[name] = tuple(values[name])
        return kind(**values)
    except TypeError as error:
        raise WireProtocolError(f"a {kind.__name__} has a value of the wrong type: {error}") from error
