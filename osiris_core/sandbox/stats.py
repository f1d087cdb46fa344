"""Counters that let a test say how many requests a run took."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class Stats:
    """Requests answered so far, and commands killed for their memory; reading them is not counted."""

    requests: int = 0
    by_sandbox: Counter[str] = field(default_factory=Counter)
    by_route: Counter[str] = field(default_factory=Counter)
    memory_kills: Counter[str] = field(default_factory=Counter)

    def count(self, *, route: str, sandbox_id: str | None) -> None:
        """Count one request; `route` is `METHOD path`, sandbox ids in it replaced."""
        self.requests += 1
        self.by_route[route] += 1
        if sandbox_id:
            self.by_sandbox[sandbox_id] += 1

    def as_json(self) -> dict[str, Any]:
        """Return the counters as a JSON object."""
        return {
            "requests": self.requests,
            "by_sandbox": dict(self.by_sandbox),
            "by_route": dict(self.by_route),
            "memory_kills": dict(self.memory_kills),
        }
