"""Which templates a provider has, as far as this machine knows, and who here is building one right now.

    <cache>/templates/<address>/<name>.json    the template was seen ready; what it was built from
    <cache>/templates/<address>/<name>.lock    held by the one who asks for it or builds it

`<address>` is a digest of URL and key: another account has other templates. The key itself is written nowhere.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from osiris_core.backends.cache import CACHE_VARIABLE, cache_directory, shared_directory
from osiris_core.errors import InfrastructureError, SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from osiris_core.backends.protocol import Cancellation
    from osiris_core.backends.provider import Provider


class KnownTemplates:
    """The memory of one provider's templates, shared by all processes of this user."""

    def __init__(self, provider: Provider) -> None:
        identity = json.dumps([provider.url, provider.api_key]).encode()
        self._directory = cache_directory() / "templates" / hashlib.sha256(identity).hexdigest()[:16]

    def recall(self, name: str) -> Mapping[str, Any] | None:
        """Return what was remembered of a template, or None; what cannot be read was not remembered."""
        try:
            said = json.loads(self._file(name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return said if isinstance(said, dict) else None

    def remember(self, name: str, facts: Mapping[str, Any]) -> None:
        """Remember a template, whole or not at all; raises `InfrastructureError` where the cache cannot be written."""
        shared_directory(self._directory)
        unfinished = self._file(name).with_suffix(f".{os.getpid()}")
        with self._writing():
            unfinished.write_text(json.dumps(dict(facts)), encoding="utf-8")
            unfinished.replace(self._file(name))

    def forget(self, name: str) -> bool:
        """Drop a template; False when it was not remembered."""
        try:
            self._file(name).unlink()
        except FileNotFoundError:
            return False
        return True

    @contextlib.contextmanager
    def alone(self, name: str, cancellation: Cancellation, *, poll_s: float) -> Iterator[None]:
        """Hold the lock of a template: one thread of one process at a time; raises `SandboxError` when stopped."""
        shared_directory(self._directory)
        with self._writing():
            descriptor = os.open(self._file(name).with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while not _taken(descriptor):
                if cancellation.wait(poll_s):
                    raise SandboxError(f"the run was stopped while another one built the template {name}")
            yield
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InfrastructureError(
                f"what is known of templates cannot be written to {self._directory}: {error.strerror}",
                hint=f"name another cache in {CACHE_VARIABLE}",
            ) from error

    def _file(self, name: str) -> Path:
        return self._directory / f"{name}.json"


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
