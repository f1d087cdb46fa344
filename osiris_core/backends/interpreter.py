"""Which interpreter runs here, in the terms in which a sandbox must be given the same one."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """The base interpreter below any virtual environment.

    `libpython_dir` is where the mapped libpython lies when that is outside of `prefix`; else None. The prefix
    has to appear at the same path inside a sandbox: its shared library is found by an absolute path, and
    another libpython of the same minor version would start just as well and be another interpreter.
    """

    executable: Path
    prefix: Path
    libpython_dir: Path | None


def current_interpreter() -> Interpreter:
    """Return the interpreter that runs this process."""
    base = getattr(sys, "_base_executable", None) or sys.executable
    prefix = Path(sys.base_prefix).resolve()
    library = mapped_libpython()
    outside = library is not None and not library.is_relative_to(prefix)
    return Interpreter(
        executable=Path(os.path.realpath(base)),
        prefix=prefix,
        libpython_dir=library.parent if library is not None and outside else None,
    )


def mapped_libpython() -> Path | None:
    """Return the libpython that the kernel mapped into this process, or None for a static build."""
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return None
    for line in maps.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        path = line.rpartition(" ")[2]
        if "/libpython" in path and ".so" in path:
            return Path(path)
    return None
