"""Who serves the E2B API: this machine's embedded server, E2B's cloud, or a self-hosted address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An address and the name that headers and reports show for it.

    `url` is None for E2B's cloud, where the SDK knows the address. `isolation` is what stands between a
    sandbox and its host: `bubblewrap`, `plain`, `microvm`, or `unknown`.
    """

    name: str
    api_key: str
    isolation: str
    url: str | None = None

    @property
    def address(self) -> dict[str, Any]:
        """Return the parameters that bind the SDK to this provider, without touching the environment."""
        bound = {"api_key": self.api_key}
        return bound if self.url is None else bound | {"api_url": self.url, "sandbox_url": self.url}
