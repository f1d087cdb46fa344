"""The handle of a session: what finds its run again when its owner has died, wherever the run is.

It is written before anything is asked for, and again with every fact that becomes known. It holds no secret: who resumes
a session brings the provider's key along.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from osiris_core.errors import SessionError
from osiris_core.session import contract
from osiris_core.session.files import write_atomically
from osiris_core.session.json_files import read_object
from osiris_core.session.owner import Owner
from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.frames import session_tag
from osiris_core.wire.request import RunRequest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """A session of one target, its owner, and what its backend wants to be remembered (`run`)."""

    session_id: str
    target: str
    request_digest: str
    owner: Owner
    run: dict[str, Any] = field(default_factory=dict)

    @property
    def epoch(self) -> int:
        """Which of the workers that were started for the session is believed: counted from 0."""
        return int(self.run.get("epoch", 0))

    def write(self, host: Path) -> None:
        """Write it to the host's directory of the session. SessionError where the disk refuses."""
        value = {
            "contract": contract.CONTRACT_VERSION,
            "session": self.session_id,
            "target": self.target,
            "tag": session_tag(self.session_id),
            "request_digest": self.request_digest,
            "owner": self.owner.to_json(),
            "run": self.run,
        }
        write_atomically(host / contract.HANDLE_FILE, json.dumps(value, indent=2).encode("ascii") + b"\n")


def begin(
    host: Path, target: str, request: RunRequest, *, epoch: int = 0, run: Mapping[str, Any] | None = None
) -> Handle:
    """Write the handle of a run that begins, or take over the one of an owner that died; its request stands beside it.

    `epoch` is that of the worker of a run that begins, and `run` what else is to be remembered of it; a run that was
    begun goes on with its own.

    SessionError for a directory that was begun with another request.
    """
    digest = request.digest
    handle = Handle(
        session_id=request.session_id,
        target=target,
        request_digest=digest,
        owner=Owner.this_process(),
        run={"epoch": epoch, **(run or {})},
    )
    if (host / contract.HANDLE_FILE).exists():
        begun = read_handle(host)
        if begun.request_digest != digest:
            raise SessionError(f"{host.parent} was begun with another request", hint="use a new session id")
        handle = replace(begun, owner=handle.owner)
    else:
        write_atomically(host / contract.REQUEST_FILE, request.to_bytes())
    handle.write(host)
    return handle


def read_handle(host: Path) -> Handle:
    """Read the handle in the host's directory of a session. SessionError where there is none, or something else."""
    path = host / contract.HANDLE_FILE
    value = read_object(path)
    try:
        return Handle(
            session_id=str(value["session"]),
            target=str(value["target"]),
            request_digest=str(value["request_digest"]),
            owner=Owner.from_json(value["owner"]),
            run=dict(value.get("run") or {}),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SessionError(f"{path} is no handle of this version: {error}") from error


def read_request(host: Path) -> RunRequest:
    """Read the request that a session was begun with. SessionError where it is missing, or another one."""
    path = host / contract.REQUEST_FILE
    try:
        request = RunRequest.from_bytes(path.read_bytes())
    except OSError as error:
        raise SessionError(f"{path} cannot be read: {error.strerror}") from error
    except WireProtocolError as error:
        raise SessionError(f"{path}: {error}") from error
    if request.digest != read_handle(host).request_digest:
        raise SessionError(f"{path} is not the request that the handle names")
    return request
