"""Sandboxes of ours at a provider: what their metadata says of them, and how they are found and ended by it.

Death can come between the provider's making of a sandbox and the host's writing down of its name. What a sandbox itself
says of its session and its owner is then all there is.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from osiris_core.backends.leased import as_sandbox_error
from osiris_core.session.owner import Owner

if TYPE_CHECKING:
    from collections.abc import Mapping

SESSION: Final = "osiris_session"
TARGET: Final = "osiris_target"
OWNER: Final = "osiris_owner"
CREATED: Final = "osiris_created"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedSandbox:
    """One sandbox of ours that lives; `owner` is None where it does not say whose it is."""

    sandbox_id: str
    session_id: str
    created: str
    owner: Owner | None


def metadata_of(session_id: str, target: str) -> dict[str, str]:
    """Return what a sandbox is told to say of itself, for a run of this process that begins now."""
    return {
        SESSION: session_id,
        TARGET: target,
        OWNER: Owner.this_process().to_text(),
        CREATED: dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


async def list_sandboxes(client: Any, *, session_id: str | None = None) -> list[OwnedSandbox]:
    """Return our living sandboxes, or those of one session. SandboxError where the provider cannot be asked."""
    from e2b import SandboxQuery

    query = None if session_id is None else SandboxQuery(metadata={SESSION: session_id})
    found: list[OwnedSandbox] = []
    with as_sandbox_error("the provider could not be asked for its sandboxes"):
        pages = client.AsyncSandbox.list(query=query)
        while pages.has_next:
            found += [_owned(each.sandbox_id, each.metadata) for each in await pages.next_items() if each.metadata]
    return [each for each in found if each.session_id]


async def kill_sandbox(client: Any, sandbox_id: str) -> bool:
    """End a sandbox; False when it was gone already. SandboxError where nobody confirms it."""
    with as_sandbox_error(f"sandbox {sandbox_id} may still be alive"):
        return bool(await client.AsyncSandbox.kill(sandbox_id))


async def kill_session(client: Any, session_id: str) -> int:
    """End every sandbox of a session, and return how many there were. SandboxError where one may still be alive."""
    found = await list_sandboxes(client, session_id=session_id)
    return sum([await kill_sandbox(client, each.sandbox_id) for each in found])


def _owned(sandbox_id: str, metadata: Mapping[str, str]) -> OwnedSandbox:
    return OwnedSandbox(
        sandbox_id=sandbox_id,
        session_id=metadata.get(SESSION, ""),
        created=metadata.get(CREATED, ""),
        owner=Owner.from_text(metadata.get(OWNER, "")),
    )
