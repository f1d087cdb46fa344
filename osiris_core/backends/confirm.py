"""Whether the worker that says hello is the one that was sent, on the interpreter that was meant."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

from osiris_core.backends.interpreter import mapped_libpython
from osiris_core.backends.workspace import digest_file
from osiris_core.errors import InfrastructureError, WireError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from osiris_core.backends.protocol import Job


def confirm_hello(hello: Mapping[str, Any], job: Job, *, hosts_build: bool = True) -> None:
    """Compare what the worker says of itself with what was asked for.

    Where the target has an interpreter of its own (`hosts_build` false), its minor version has to be this host's.
    Raises `WireError` for another bundle or another request, and `InfrastructureError` for another
    interpreter: a relocated one can load the library of another build and start just as well.
    """
    confirm_worker(hello, bundle=job.bundle.sha256, request=job.request.digest, hosts_build=hosts_build)


def confirm_worker(hello: Mapping[str, Any], *, bundle: str, request: str, hosts_build: bool) -> None:
    """Compare what the worker says of itself with the digests of what was sent; errors as in `confirm_hello`."""
    if hello["bundle_digest"] != bundle:
        raise WireError("the worker runs another bundle than the one it was given")
    if hello["request_digest"] != request:
        raise WireError("the worker understood another request than the one it was given")
    environment = hello["environment"]
    here, there = f"{sys.version_info.major}.{sys.version_info.minor}", str(environment["python"])
    if there.rpartition(".")[0] != here:
        raise InfrastructureError(
            f"the target runs Python {there}, and this host {here}", hint="the minor versions have to be the same"
        )
    library, mapped = mapped_libpython(), environment.get("libpython")
    if not hosts_build:
        return
    if library is not None and mapped and _library_digest(library, library.stat().st_mtime_ns) != mapped["sha256"]:
        raise InfrastructureError(
            f"the target's Python {there} loaded {mapped['path']}, which is not this host's {library}",
            hint="another build of the same version may behave differently",
        )


@functools.lru_cache(maxsize=4)
def _library_digest(path: Path, mtime_ns: int) -> str:  # noqa: ARG001 - another time is another library
    """Return the digest of an interpreter's library, which is large and hardly ever changes."""
    return digest_file(path).sha256
