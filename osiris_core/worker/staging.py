"""What lies in a run directory, before and after the run."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osiris_core.wire.limits import ArtifactLimits
from osiris_core.wire.request import Placement, RunRequest
from osiris_core.wire.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Mapping


@value
class Assignment:
    """A run directory, and the request and placement found in it."""

    directory: Path
    request: RunRequest
    placement: Placement

    @property
    def outbox(self) -> Path:
        """Where steps leave files, one directory each."""
        return self.directory / "outbox"

    @property
    def limits(self) -> ArtifactLimits:
        """What may be left there."""
        return ArtifactLimits.from_json(self.placement.limits)

    @property
    def spill(self) -> Path:
        """Where tables are that wait in files."""
        return self.directory / "spill"

    @property
    def spool(self) -> Path:
        """The directory of the segments that receive every frame."""
        return self.directory / "spool"


def read_assignment(directory: Path) -> Assignment:
    """Read what is to be done. WireProtocolError or OSError when it cannot be read."""
    return Assignment(
        directory=directory,
        request=RunRequest.from_bytes((directory / "request.json").read_bytes()),
        placement=Placement.from_bytes((directory / "placement.json").read_bytes()),
    )


def settle(directory: Path) -> None:
    """Make the placement's paths absolute, once, before the steps may be given another home."""
    placement = directory / "placement.json"
    placement.write_bytes(_at_home(Placement.from_bytes(placement.read_bytes())).to_bytes())


def _at_home(placement: Placement) -> Placement:
    """Return the placement with absolute paths: `~/` stands for the home of whoever runs this worker."""
    return replace(
        placement,
        bundle=_expanded(placement.bundle),
        run_dir=_expanded(placement.run_dir),
        project_dir=_expanded(placement.project_dir),
        work_dir=_expanded(placement.work_dir),
        sys_path=tuple(_expanded(each) for each in placement.sys_path),
    )


def _expanded(path: str) -> str:
    return str(Path(path).expanduser())


def stage_workspace(assignment: Assignment, project: Path, work: Path) -> None:
    """Unpack the staged files, if there are any, and make the working directory that they imply."""
    pack = assignment.directory / "workspace.pack"
    if not pack.exists():
        return
    from osiris_core.wire.pack import PackLimits, unpack

    with pack.open("rb") as stream:
        unpack(stream, project, PackLimits(), keep_mtime=True)
    work.mkdir(parents=True, exist_ok=True)


def write_status(assignment: Assignment, status: Mapping[str, Any]) -> None:
    """Write `status.json` so that a reader sees it whole or not at all."""
    partial = assignment.directory / "status.json.partial"
    with partial.open("w", encoding="ascii") as out:
        json.dump(status, out, sort_keys=True)
        out.flush()
        os.fsync(out.fileno())
    partial.rename(assignment.directory / "status.json")
