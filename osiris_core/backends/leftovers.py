"""What dead hosts left behind: their sandboxes, the scratch of their sessions, farms that nobody finishes.

Nothing of a living owner is touched, and nothing of which this machine cannot know whether its owner lives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.backends.farms import unfinished_farms
from osiris_core.errors import SessionError
from osiris_core.session import contract
from osiris_core.session.files import remove_tree
from osiris_core.session.handle import read_handle
from osiris_core.session.lock import OwnerLock
from osiris_core.session.owner import Owner

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.backends.owned import OwnedSandbox
    from osiris_core.backends.provider import Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """One thing that was found: `kind` is sandbox, scratch or farm; `gone` says that it was removed; `why` in a few words."""

    kind: str
    name: str
    of: str
    why: str
    gone: bool


def collect_sandboxes(provider: Provider, *, everyones: bool, dry_run: bool) -> list[Leftover]:
    """End the provider's sandboxes whose owner is dead, with `everyones` also those of owners on other machines.

    SandboxError where the provider cannot be asked, or one may still live.
    """
    import asyncio  # what a run here leaves behind is collected without it, or the SDK

    from e2b import E2B

    from osiris_core.backends.owned import kill_sandbox, list_sandboxes

    client = E2B(**provider.address)

    async def collect() -> list[Leftover]:
        found = []
        for each in await list_sandboxes(client):
            why, dead = _judge(each, everyones=everyones)
            gone = dead and not dry_run and await kill_sandbox(client, each.sandbox_id)
            found.append(Leftover(kind="sandbox", name=each.sandbox_id, of=each.session_id, why=why, gone=gone))
        return found

    return asyncio.run(collect())


def collect_scratch(root: Path, *, dry_run: bool = False, newest: int | None = None) -> list[Leftover]:
    """Remove what runs below `root` needed only while they lasted, where their owner is dead; records stay, for `resume`.

    With `newest` only so many sessions are looked at.
    """
    found = []
    sessions = sorted((root / ".osiris" / "runs").glob("*"))
    looked_at = sessions if newest is None else sessions[-newest:]
    for directory in [each for session in looked_at for each in sorted(session.glob("*"))]:
        if (directory / contract.SESSION_FILE).exists():
            continue
        host = directory / contract.HOST_DIRECTORY
        scratch = [host / name for name in contract.SCRATCH_DIRECTORIES if (host / name).exists()]
        if not scratch or _is_owned(host):
            continue
        for each in scratch:
            if not dry_run:
                remove_tree(each)
            name = each.relative_to(root).as_posix()
            why = "its owner is dead"
            found.append(Leftover(kind="scratch", name=name, of=directory.parent.name, why=why, gone=not each.exists()))
    return found


def collect_farms(*, dry_run: bool) -> list[Leftover]:
    """Remove farms whose builder died; a builder holds a lock on the directory that it fills."""
    found = []
    for each in unfinished_farms():
        if not dry_run:
            remove_tree(each)
        why = "its builder is dead"
        found.append(Leftover(kind="farm", name=str(each), of="", why=why, gone=not each.exists()))
    return found


def _judge(sandbox: OwnedSandbox, *, everyones: bool) -> tuple[str, bool]:
    """Return what is known of a sandbox's owner, and whether the sandbox may be ended."""
    if sandbox.owner is None:
        return "it does not say whose it is", everyones
    if sandbox.owner.is_elsewhere:
        return f"its owner is of {sandbox.owner.machine}", everyones
    alive = sandbox.owner.is_alive
    return (f"its owner lives (pid {sandbox.owner.pid})", False) if alive else ("its owner is dead", True)


def _is_owned(host: Path) -> bool:
    """Whether somebody is at work in a session: its host, its local worker, or whoever resumes it."""
    try:
        handle = read_handle(host)
        if handle.owner.is_alive:
            return True
        worker = handle.run.get("worker")
        if isinstance(worker, dict) and Owner.from_json(worker).is_alive:
            return True
        OwnerLock.take(host / contract.LOCK_FILE).release()
    except (SessionError, ValueError):  # it cannot be read, or is locked: whose it is is not known
        return True
    return False
