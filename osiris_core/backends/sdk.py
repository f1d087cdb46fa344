"""Which versions of the E2B SDK this project was made for."""

from __future__ import annotations

from importlib import metadata

from osiris_core.errors import UsageError

SUPPORTED = ">=2.63,<2.64"
"""Narrow on purpose: the embedded server is built on service stubs from a private part of the SDK."""


def require_supported_sdk() -> None:
    """Raise `UsageError` where the installed SDK is missing or outside of `SUPPORTED`."""
    from packaging.specifiers import SpecifierSet

    try:
        version = metadata.version("e2b")
    except metadata.PackageNotFoundError:
        raise UsageError("the e2b SDK is not installed", hint=f"pip install 'e2b{SUPPORTED}'") from None
    if version not in SpecifierSet(SUPPORTED):
        raise UsageError(
            f"the installed e2b SDK is {version}, and pytest-osiris needs {SUPPORTED}",
            hint=f"pip install 'e2b{SUPPORTED}'",
        )
