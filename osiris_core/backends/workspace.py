"""What a manifest declares, as one pack: its inputs and its code, mirrored below the project root."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from osiris_core.backends.protocol import FileDigest
from osiris_core.errors import InfrastructureError
from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.pack import PackEntry, write_pack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from osiris_core.manifest.model import Manifest

_CHUNK = 1 << 20
_NOT_CODE = {"__pycache__", ".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".osiris", ".env"}


def digest_inputs(manifest: Manifest) -> dict[str, FileDigest]:
    """Return size and SHA-256 of every declared file, inputs and code, by path relative to the project root."""
    return {relative: digest_file(path) for relative, path in declared_files(manifest)}


def changed_inputs(manifest: Manifest, before: Mapping[str, FileDigest]) -> tuple[str, ...]:
    """Return the declared files that are no longer what they were, sorted."""
    now = {relative: digest_file(path) for relative, path in declared_files(manifest) if path.is_file()}
    return tuple(sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name)))


def write_workspace(manifest: Manifest, digests: Mapping[str, FileDigest], out: BinaryIO) -> None:
    """Write the pack; modes and modification times travel with the files.

    Raises `InfrastructureError` where a file is no longer the one whose digest was taken: the two targets
    would not have been given the same input.
    """
    entries = [
        PackEntry(path=relative, source=path, mode=path.stat().st_mode & 0o777, mtime_ns=path.stat().st_mtime_ns)
        for relative, path in declared_files(manifest)
    ]
    try:
        write_pack(out, entries)
    except WireProtocolError as error:
        raise InfrastructureError(f"the declared files cannot be sent: {error}") from error
    changed = changed_inputs(manifest, digests)
    if changed:
        raise InfrastructureError(f"{changed[0]} changed while the run was being prepared", hint="run it again")


def declared_files(manifest: Manifest) -> Iterator[tuple[str, Path]]:
    """Yield (path relative to the root, path) of every declared file once, inputs first."""
    seen: set[str] = {manifest.connections_file} if manifest.connections_file else set()  # it is never sent
    for item in manifest.inputs:
        if item.relative not in seen:
            seen.add(item.relative)
            yield item.relative, item.path
    for directory in manifest.code:
        base = manifest.project_root / directory
        for path in sorted(base.rglob("*")):
            relative = path.relative_to(manifest.project_root)
            if path.is_file() and not _NOT_CODE & set(relative.parts) and relative.as_posix() not in seen:
                if not path.resolve().is_relative_to(manifest.project_root.resolve()):
                    raise InfrastructureError(f"{relative} is a link that leaves the project", hint="copy the file")
                seen.add(relative.as_posix())
                yield relative.as_posix(), path


def digest_file(path: Path) -> FileDigest:
    """Return size and SHA-256 of a file, read in pieces."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return FileDigest(size_bytes=size, sha256=digest.hexdigest())
