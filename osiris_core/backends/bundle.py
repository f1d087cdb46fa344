"""The worker's code as one file, addressed by the digest of its sources: both targets run exactly this.

A zip that Python starts directly (`python bundle.pyz run ...`), holding `osiris_core/wire`, `worker` and
`drivers`, whole rooms: what the host alone uses of `drivers` is 20 KB of 330, and a list of it would be one more thing to keep
true. Beside every module lies its compiled form, so that a start compiles nothing.
"""

from __future__ import annotations

import hashlib
import os
import py_compile
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from osiris_core.backends.cache import cache_directory

PACKAGES = ("wire", "worker", "drivers")
_MAIN = "from osiris_core.worker.main import main\n\nraise SystemExit(main())\n"
_INIT = '"""The part of pytest-osiris that runs inside a target."""\n'
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold: the file depends on its content only


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The bundle's file: `digest` is over its sources and names it, `sha256` is over the file itself."""

    path: Path
    digest: str
    sha256: str


def build_bundle() -> Bundle:
    """Return the bundle for this interpreter, built if the cache lacks it."""
    sources = _sources()
    digest = _digest(sources)
    path = cache_directory() / "bundles" / f"{digest[:32]}.pyz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, sources)
    return Bundle(path=path, digest=digest, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def _sources() -> dict[str, bytes]:
    """Return every module that ships, by its path inside the zip."""
    package = Path(__file__).resolve().parent.parent
    found = {"__main__.py": _MAIN.encode(), "osiris_core/__init__.py": _INIT.encode()}
    for name in PACKAGES:
        for source in sorted((package / name).rglob("*.py")):
            found[f"osiris_core/{source.relative_to(package).as_posix()}"] = source.read_bytes()
    return found


def _digest(sources: dict[str, bytes]) -> str:
    digest = hashlib.sha256(sys.implementation.cache_tag.encode() if sys.implementation.cache_tag else b"")
    for name in sorted(sources):
        digest.update(f"{name}\0{len(sources[name])}\0".encode())
        digest.update(sources[name])
    return digest.hexdigest()


def _write(path: Path, sources: dict[str, bytes]) -> None:
    """Write the zip beside its place and rename it: a reader sees it whole or not at all."""
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        partial = Path(scratch) / path.name
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
            for name in sorted(sources):
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), sources[name])
                archive.writestr(zipfile.ZipInfo(f"{name}c", _EPOCH), _compiled(Path(scratch), name, sources[name]))
        partial.chmod(0o644)
        os.replace(partial, path)  # noqa: PTH105 - the atomic form, named as such


def _compiled(scratch: Path, name: str, source: bytes) -> bytes:
    """Return the `.pyc` of a module; unchecked, because the digest already says which source it is."""
    plain, compiled = scratch / "module.py", scratch / "module.pyc"
    plain.write_bytes(source)
    py_compile.compile(
        str(plain),
        cfile=str(compiled),
        dfile=name,
        doraise=True,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    return compiled.read_bytes()
