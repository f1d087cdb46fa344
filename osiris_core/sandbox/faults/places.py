"""Which place of a fault plan a request arrives at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from osiris_core.sandbox.faults.model import Place

_ID = "(?P<id>[^/]+)"
_CONTROL: tuple[tuple[str, re.Pattern[str], Place], ...] = (
    ("POST", re.compile(r"(?:/v2)?/sandboxes"), "create"),
    ("GET", re.compile(r"(?:/v2)?/sandboxes"), "list"),
    ("GET", re.compile(rf"(?:/v2)?/sandboxes/{_ID}"), "info"),
    ("DELETE", re.compile(rf"(?:/v2)?/sandboxes/{_ID}"), "kill"),
    ("POST", re.compile(rf"(?:/v2)?/sandboxes/{_ID}/timeout"), "renew"),
)
_SANDBOX: dict[tuple[str, str], Place] = {
    ("GET", "/health"): "health",
    ("GET", "/files"): "download",
    ("POST", "/files"): "upload",
    ("POST", "/process.Process/Start"): "start",
    ("POST", "/process.Process/Connect"): "connect",
    ("POST", "/process.Process/List"): "processes",
    ("POST", "/process.Process/SendInput"): "send_input",
    ("POST", "/process.Process/StreamInput"): "send_input",
    ("POST", "/process.Process/SendSignal"): "send_signal",
}
_OWN = "/osiris/"


def place_of(method: str, path: str, sandbox_id: str | None) -> tuple[Place | None, str | None]:
    """Return the place, `any` for one without a name of its own, None where no fault strikes; and the sandbox's id.

    `sandbox_id` is the one that the request's headers or host name, for the API inside of a sandbox.
    """
    if path.startswith(_OWN):
        return None, None
    if sandbox_id is not None or path == "/files":  # a signed address of a file names its sandbox in no header
        return _SANDBOX.get((method, path), "any"), sandbox_id
    for wanted, pattern, place in _CONTROL:
        if method == wanted and (found := pattern.fullmatch(path)):
            return place, found.groupdict().get("id")
    return "any", None
