"""Which file a path means inside a sandbox.

The rules are envd's: empty is the home directory, `~` too, a relative path starts at the home (not at the working
directory), an absolute path is itself. In plain mode, where the sandbox is an ordinary directory of the host, the
sandbox's own places (home, temporary directories, interpreter view) live below a root.
"""

# The agent's start is part of every sandbox's: pathlib alone would make it a third longer.
# ruff: noqa: PTH118

from __future__ import annotations

import os.path

from .errors import RefusedError

HOMES = {"user": "/home/user", "root": "/root"}
OWN_PLACES = ("/home", "/root", "/tmp", "/var/tmp", "/opt/osiris")  # noqa: S108 - names inside the sandbox


class Paths:
    """Turns a client's path into a path the agent can open, and back; `root` is empty in a namespace."""

    def __init__(self, root: str = "") -> None:
        self._root = root

    def inside(self, path: str, user: str) -> str:
        """Return the absolute, lexically clean path that `path` names for `user` in the sandbox."""
        if "\0" in path:
            raise RefusedError("invalid_argument", "a path cannot contain a NUL character")
        home = HOMES[user]
        if path in {"", "~"}:
            return home
        if path.startswith("~/"):
            path = home + path[1:]
        elif path.startswith("~"):
            raise RefusedError("invalid_argument", f"cannot expand the home directory of another user in '{path}'")
        return "/" + os.path.normpath(os.path.join(home, path)).lstrip("/")

    def real(self, inside: str) -> str:
        """Return where the agent finds the sandbox's path `inside`."""
        return self._root + inside if self._root and _is_own(inside) else inside

    def shown(self, real: str) -> str:
        """Return the sandbox's name of a path that the agent sees."""
        if self._root and (real + "/").startswith(self._root + "/"):
            return real[len(self._root) :] or "/"
        return real


def _is_own(inside: str) -> bool:
    return any(inside == place or inside.startswith(place + "/") for place in OWN_PLACES)
