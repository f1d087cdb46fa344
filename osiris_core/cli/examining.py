"""What `osiris-parity doctor` looks at: one function an examination, each says what is there and what to do about it."""

from __future__ import annotations

import datetime as dt
import os
import resource
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osiris_core.errors import OsirisError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

GOOD: Final = "good"
NOTE: Final = "note"
BAD: Final = "bad"
UNREACHABLE: Final = "unreachable"
"""A target cannot be started or reached: nothing that this host's own settings would mend for certain."""

_LEAST_FREE_BYTES: Final = 1 << 30
_LEAST_INODES: Final = 10_000
_LEAST_DESCRIPTORS: Final = 1024
_MOST_OFFSET_S: Final = 30.0
_OLDEST, _FIRST_UNKNOWN = (3, 11), (3, 15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one examination found: its name, GOOD, NOTE, BAD or UNREACHABLE, a sentence, and what to do."""

    name: str
    state: str
    says: str
    do: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is examined: where sessions lie, which provider beside the embedded one (None for none), its isolation."""

    root: Path
    provider: str | None
    isolation: str


def examine(patient: Patient) -> Iterator[Finding]:
    """Yield the findings, each as soon as it is known; an examination that fails by itself is a finding, too."""
    for name, examination in EXAMINATIONS:
        try:
            found = examination(patient)
        except (OsirisError, OSError) as error:
            found = [Finding(name=name, state=BAD, says=str(error))]
        yield from found


def interpreter(_patient: Patient) -> Sequence[Finding]:
    """Look at the Python that runs both targets."""
    version = sys.version_info[:2]
    says = f"{sys.implementation.name} {'.'.join(map(str, sys.version_info[:3]))} at {sys.executable}"
    good = sys.implementation.name == "cpython" and _OLDEST <= version < _FIRST_UNKNOWN
    do = "" if good else "use CPython 3.11 to 3.14"
    return [Finding(name="interpreter", state=GOOD if good else BAD, says=says, do=do)]


def sdk(_patient: Patient) -> Sequence[Finding]:
    """Look at the E2B SDK."""
    from osiris_core.backends.sdk import require_supported_sdk

    require_supported_sdk()
    return [Finding(name="sdk", state=GOOD, says=f"e2b {metadata.version('e2b')}")]


def isolation(patient: Patient) -> Sequence[Finding]:
    """Try whether a namespace can be made."""
    from osiris_core.sandbox.isolation import IsolationError, choose

    try:
        chosen = choose(patient.isolation)
    except IsolationError as error:
        do = "`--isolation=plain` is weaker, and works without"
        return [Finding(name="bubblewrap", state=UNREACHABLE, says=str(error), do=do)]
    says = f"bubblewrap {chosen.bwrap_version} at {chosen.bwrap}" if chosen.bwrap else "plain: nothing isolates"
    return [Finding(name="bubblewrap", state=GOOD, says=says)]


def server(patient: Patient) -> Sequence[Finding]:
    """Start the embedded server, make a sandbox, run `true` in it, and end both."""
    from e2b import E2B
    from e2b.exceptions import SandboxException

    from osiris_core.sandbox.launch import SandboxServerError, ServerProcess

    started = time.monotonic()
    try:
        with ServerProcess.start(isolation=patient.isolation) as process:
            address = process.address
            client = E2B(api_key=address.api_key, api_url=address.url, sandbox_url=address.url)
            sandbox = client.Sandbox.create()
            sandbox.commands.run("true")
            sandbox.kill()
    except (SandboxServerError, SandboxException) as error:
        do = "`osiris-parity sandbox` says more"
        return [Finding(name="server", state=UNREACHABLE, says=f"the embedded server does not serve: {error}", do=do)]
    elapsed_ms = (time.monotonic() - started) * 1000
    return [
        Finding(name="server", state=GOOD, says=f"started, made a sandbox, ran `true`, ended it: {elapsed_ms:.0f} ms")
    ]


def provider(patient: Patient) -> Sequence[Finding]:
    """Ask the provider for its sandboxes, with the key; compare its clock with this one."""
    from osiris_core.backends.provider import KEY_VARIABLE, remote_provider, validate_provider

    if patient.provider is None:
        says = f"none is asked for: neither --e2b nor {KEY_VARIABLE} is given"
        return [Finding(name="provider", state=NOTE, says=says)]
    import httpx

    validate_provider(patient.provider)
    asked = remote_provider(patient.provider)
    url = asked.url or "https://api.e2b.app"
    try:
        answer = httpx.get(f"{url}/v2/sandboxes", headers={"X-API-KEY": asked.api_key}, timeout=10.0)
    except httpx.HTTPError as error:
        says = f"{asked.public_url or url} cannot be reached: {type(error).__name__}"
        return [Finding(name="provider", state=UNREACHABLE, says=says, do="look at network, proxy and address")]
    if answer.status_code in {401, 403}:
        says = f"{asked.public_url or url} refuses the key ({answer.status_code})"
        return [Finding(name="provider", state=UNREACHABLE, says=says, do=f"set {KEY_VARIABLE} to a valid key")]
    if answer.is_error:
        says = f"{asked.public_url or url} answers {answer.status_code}"
        return [Finding(name="provider", state=UNREACHABLE, says=says, do="it may be out of order: try again later")]
    reached = Finding(name="provider", state=GOOD, says=f"{asked.public_url or url} is there, and takes the key")
    return [reached, clock_offset(answer.headers.get("date"), dt.datetime.now(dt.UTC))]


def clock_offset(date: str | None, now: dt.datetime) -> Finding:
    """Say how far this host's clock is from the one of a provider, which wrote `date` into its answer."""
    try:
        offset_s = (now - parsedate_to_datetime(date or "")).total_seconds()
    except ValueError:
        return Finding(name="clock offset", state=NOTE, says="the provider does not say what time it is")
    if abs(offset_s) <= _MOST_OFFSET_S:
        return Finding(name="clock offset", state=GOOD, says=f"{offset_s:+.0f} s from the provider's")
    says = f"this host's clock is {offset_s:+.0f} s from the provider's: times in records differ, order and deadlines do not"
    return Finding(name="clock offset", state=BAD, says=says, do="let the system set its clock (NTP)")


def clock(_patient: Patient) -> Sequence[Finding]:
    """Look at the monotonic clock, which deadlines go by."""
    says = (
        f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}, monotonic to {time.get_clock_info('monotonic').resolution:g} s"
    )
    return [Finding(name="clock", state=GOOD, says=says)]


def disk(patient: Patient) -> Sequence[Finding]:
    """Look for room where sessions and temporary files lie."""
    return [_room(f"disk ({what})", path) for what, path in (("sessions", patient.root), ("temporary", _temporary()))]


def descriptors(_patient: Patient) -> Sequence[Finding]:
    """Look at how many files may be open: a sandbox takes a few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= _LEAST_DESCRIPTORS or soft == resource.RLIM_INFINITY:
        return [Finding(name="descriptors", state=GOOD, says=f"{soft} may be open")]
    do = f"ulimit -n {_LEAST_DESCRIPTORS}" + ("" if hard >= _LEAST_DESCRIPTORS else f" (the hard limit is {hard})")
    return [Finding(name="descriptors", state=BAD, says=f"only {soft} may be open", do=do)]


def processors(_patient: Patient) -> Sequence[Finding]:
    """Look at processors, and at what spreads tests over them."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        says, do = f"{count} processors; pytest-xdist {metadata.version('pytest-xdist')} is here: pytest -n auto", ""
    except metadata.PackageNotFoundError:
        says, do = (
            f"{count} processors; pytest-xdist is not installed: tests run one after the other",
            "pip install pytest-xdist",
        )
    return [Finding(name="processors", state=NOTE if do else GOOD, says=says, do=do)]


def _room(name: str, path: Path) -> Finding:
    place = next(each for each in (path, *path.parents) if each.exists())
    free, inodes = shutil.disk_usage(place).free, os.statvfs(place)
    if not os.access(place, os.W_OK | os.X_OK):
        return Finding(name=name, state=BAD, says=f"{place} cannot be written", do="choose another directory")
    if free < _LEAST_FREE_BYTES:
        return Finding(name=name, state=BAD, says=f"{place} has only {free >> 20} MiB left", do="make room")
    if inodes.f_files and inodes.f_favail < _LEAST_INODES:
        return Finding(name=name, state=BAD, says=f"{place} takes only {inodes.f_favail} more files", do="make room")
    return Finding(name=name, state=GOOD, says=f"{free >> 30} GiB free at {place}")


def _temporary() -> Path:
    return Path(tempfile.gettempdir())


EXAMINATIONS: tuple[tuple[str, Callable[[Patient], Sequence[Finding]]], ...] = (
    ("interpreter", interpreter),
    ("sdk", sdk),
    ("bubblewrap", isolation),
    ("server", server),
    ("provider", provider),
    ("clock", clock),
    ("disk", disk),
    ("descriptors", descriptors),
    ("processors", processors),
)
