"""Who serves the E2B API: this machine's embedded server, E2B's cloud, or a self-hosted address."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from osiris_core.backends.sdk import require_supported_sdk
from osiris_core.errors import UsageError

KEY_VARIABLE = "E2B_API_KEY"
DOMAIN_VARIABLE = "E2B_DOMAIN"
_POINTING_VARIABLES = ("E2B_API_URL", "E2B_SANDBOX_URL", "E2B_DEBUG")
_CLOUD_DOMAINS = ("e2b.app", "e2b.dev", "e2b.pro")  # E2B's own, as the SDK lists them


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

    @property
    def public_url(self) -> str | None:
        """Its address, without a name and a password in front of the host."""
        return None if self.url is None else public_address(self.url)


def remote_provider(name: str) -> Provider:
    """Return E2B's cloud or a self-hosted server, with the key of the environment."""
    key = os.environ.get(KEY_VARIABLE, "")
    if name == "cloud":
        return Provider(name=name, api_key=key, isolation="microvm")
    return Provider(name=public_address(name), url=name.rstrip("/"), api_key=key, isolation="unknown")


def public_address(name: str) -> str:
    """Return a provider's name or address without a user and a password in front of the host."""
    scheme, separator, rest = name.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"


def validate_provider(provider: str) -> None:
    """Raise `UsageError` for a provider that is none, that lacks its key, or where the SDK is missing."""
    require_supported_sdk()
    if provider == "embedded":
        return
    if provider != "cloud" and not provider.startswith(("http://", "https://")):
        raise UsageError(
            f"unknown E2B provider {public_address(provider)!r}",
            hint="embedded, cloud, or an address like http://host:port",
        )
    if not os.environ.get(KEY_VARIABLE):
        place = "E2B's cloud" if provider == "cloud" else public_address(provider)
        raise UsageError(f"{place} needs a key, and {KEY_VARIABLE} is not set", hint=f"export {KEY_VARIABLE}=...")
    if provider == "cloud":
        _require_the_cloud()


def _require_the_cloud() -> None:
    """Raise `UsageError` where variables point the SDK elsewhere: nothing else is ever called the cloud."""
    pointing = [name for name in _POINTING_VARIABLES if os.environ.get(name)]
    if os.environ.get(DOMAIN_VARIABLE, _CLOUD_DOMAINS[0]) not in _CLOUD_DOMAINS:
        pointing.append(DOMAIN_VARIABLE)
    if pointing:
        raise UsageError(
            f"{' and '.join(pointing)} points the SDK elsewhere, so that `cloud` would not be E2B's cloud",
            hint="unset it, or give the address instead of `cloud`",
        )
