"""Fault plans for tests of programs that use E2B: put into force on the embedded server, and held to have struck."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from osiris_core.errors import UsageError
from osiris_core.sandbox.faults.reading import faults_to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.sandbox.faults.model import Fault

_ROUTE = "/osiris/faults"
_PATIENCE_S = 60.0


class Address(Protocol):
    """Where an embedded server answers: a `ServerAddress`, or anything with these two."""

    @property
    def url(self) -> str:
        """Its address, `http://127.0.0.1:port`."""
        ...

    @property
    def api_key(self) -> str:
        """Its key."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """What became of one fault: how often it could have struck, and how often it did."""

    fault: Fault
    occasions: int
    fired: int


class FaultsInForce:
    """A fault plan in force on one server; `hits` says what became of it so far."""

    def __init__(self, url: str, api_key: str, faults: tuple[Fault, ...]) -> None:
        self._url = url.rstrip("/") + _ROUTE
        self._api_key = api_key
        self.faults = faults

    def put(self, *faults: Fault) -> None:
        """Replace the plan; counts begin anew."""
        self.faults = faults
        self._call("PUT", json.dumps(faults_to_json(faults)).encode())

    def remove(self) -> None:
        """End the plan."""
        self._call("DELETE")

    def hits(self) -> tuple[Hits, ...]:
        """Return the count of each fault, in the order of the plan."""
        told = json.loads(self._call("GET"))["faults"]
        return tuple(
            Hits(fault=fault, occasions=each["occasions"], fired=each["fired"])
            for fault, each in zip(self.faults, told, strict=True)
        )

    def require_fired(self) -> None:
        """Raise AssertionError where a fault has never struck: such a test has tested nothing."""
        idle = [each for each in self.hits() if not each.fired]
        if idle:
            said = "; ".join(f"{each.fault.what} at {each.fault.at} ({each.occasions} occasions)" for each in idle)
            raise AssertionError(f"these faults never struck, so nothing was tested: {said}")

    def _call(self, method: str, data: bytes | None = None) -> bytes:
        request = urllib.request.Request(self._url, data, {"X-API-KEY": self._api_key}, method=method)  # noqa: S310 - http
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE_S) as response:  # noqa: S310 - as above
                answer: bytes = response.read()
                return answer
        except urllib.error.HTTPError as error:
            with error:
                raise UsageError(f"{self._url} answered {error.code}: {_message(error.read())}") from error
        except OSError as error:
            raise UsageError(
                f"no embedded sandbox server answers at {self._url}: {error}", hint="`osiris-parity sandbox` starts one"
            ) from error


@contextmanager
def fault_plan(*faults: Fault, server: Address | None = None) -> Iterator[FaultsInForce]:
    """Have `faults` in force while the block runs; afterwards each of them must have struck, or AssertionError is raised.

    `server` is an embedded server; without it, the one that E2B_API_URL and E2B_API_KEY name, as `osiris-parity sandbox`
    sets them. A server has one plan at a time: a second block replaces the plan of the first. UsageError where no embedded
    server answers. What the block itself raises is raised as it is.
    """
    url = server.url if server else os.environ.get("E2B_API_URL", "")
    key = server.api_key if server else os.environ.get("E2B_API_KEY", "")
    if not url:
        raise UsageError("no sandbox server is named", hint="give `server`, or set E2B_API_URL and E2B_API_KEY")
    plan = FaultsInForce(url, key, faults)
    plan.put(*faults)
    try:
        yield plan
        plan.require_fired()
    finally:
        plan.remove()


def _message(body: bytes) -> Any:
    try:
        return json.loads(body)["message"]
    except (ValueError, KeyError, TypeError):
        return body[:200].decode("utf-8", "replace")
