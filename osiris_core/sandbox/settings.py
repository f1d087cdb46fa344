"""How a server serves, and what is tried before anything heavy is imported: its address, and whether it can be had."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from osiris_core.sandbox.faults.model import Fault

HOST = "127.0.0.1"
BACKLOG = 2048
CONCURRENT_BUILDS = 20
"""As on E2B's smaller plans."""
EXIT_RETENTION_S = 30.0
"""How long the exit of a command is remembered (envd's terminatedRetentionTTL)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The server's time constants, in seconds."""

    exit_retention_s: float = EXIT_RETENTION_S
    memory_poll_s: float = 0.25
    ready_timeout_s: float = 20.0
    build_s: float = 0.0
    """How long a build of a template takes at least; in the cloud it takes minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to serve; `host` must be a loopback address, `port` 0 takes a free one, `bwrap` None looks for one."""

    host: str = HOST
    port: int = 0
    isolation: str = "bubblewrap"
    bwrap: str | None = None
    timing: Timing = field(default_factory=Timing)
    concurrent_builds: int = CONCURRENT_BUILDS
    network_allowed: bool = False
    faults: tuple[Fault, ...] = ()


class SettingsError(Exception):
    """Raised when the server cannot serve as asked; one sentence."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket on a loopback address; raises SettingsError."""
    try:
        if not ipaddress.ip_address(host).is_loopback:
            raise SettingsError(
                f"this server runs commands for whoever reaches it, so it listens on loopback only, not on {host}"
            )
    except ValueError as error:
        raise SettingsError(f"the host must be a loopback address such as {HOST}, not '{host}'") from error
    # The protocol is named because asyncio turns Nagle's algorithm off only where it sees TCP; with it an answer takes 40 ms.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(BACKLOG)  # here already, so that the address can be announced before the server has begun to answer
    except OSError as error:
        sock.close()
        raise SettingsError(f"port {port} on {host} cannot be used: {error.strerror}; choose another or 0") from error
    return sock
