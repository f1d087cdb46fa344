"""What is said of a sandbox that outlives its run: until when it lives, and how to look into it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from osiris_core.backends.protocol import Patience, TargetFacts
    from osiris_core.backends.provider import Provider


def connect_lines(facts: TargetFacts, provider: Provider, session_id: str, patience: Patience) -> list[str]:
    """Return how to reach a kept sandbox: from a shell, and from Python. The key is never among it."""
    until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=patience.keep_s)
    url = provider.public_url
    variables = f"E2B_API_URL={url} E2B_SANDBOX_URL={url} " if url else ""
    return [
        f"sandbox {facts.sandbox_id} of session {session_id} is kept until {until:%H:%M:%S} UTC",
        f"  look into it:  osiris-parity exec --e2b={url or 'cloud'} {facts.sandbox_id} ls -l .osiris/run",
        f"  in Python:     {variables}E2B_API_KEY=... python",
        f'                 from e2b import Sandbox; Sandbox.connect("{facts.sandbox_id}").commands.run("ls -l")',
        f"  end it:        osiris-parity exec --e2b={url or 'cloud'} --kill {facts.sandbox_id}",
    ]


def needs_a_server_lines() -> list[str]:
    """Return what to do where the server would end with its only user."""
    return [
        "no sandbox is kept: they live in this process's own server, and end with it",
        "  to keep them, serve by hand (`osiris-parity sandbox`, then export what it prints) and name its address as provider",
    ]
