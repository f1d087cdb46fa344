"""The facts of `hello`: which process runs, on which request, in which world. Made by the executor, whose world counts."""

from __future__ import annotations

import functools
import hashlib
import locale
import os
import pwd
import re
import resource
import site
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osiris_core.wire.request import PROTOCOL

if TYPE_CHECKING:
    from osiris_core.worker.staging import Assignment

_LIMITS = {
    "address_space_bytes": resource.RLIMIT_AS,
    "cpu_s": resource.RLIMIT_CPU,
    "file_size_bytes": resource.RLIMIT_FSIZE,
    "open_files": resource.RLIMIT_NOFILE,
    "processes": resource.RLIMIT_NPROC,
    "stack_bytes": resource.RLIMIT_STACK,
}
_DISTRIBUTION = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+)(-.*)?\.(dist|egg)-info")


def hello_facts(assignment: Assignment, *, supervisor_pid: int) -> dict[str, Any]:
    """Return what `hello` says; the environment variables by name only."""
    request, placement = assignment.request, assignment.placement
    return {
        "protocol": PROTOCOL,
        "session": request.session_id,
        "epoch": placement.epoch,
        "nonce": os.urandom(16).hex(),
        "request_digest": request.digest,
        "bundle_digest": _file_digest(placement.bundle),
        "boot_id": _read("/proc/sys/kernel/random/boot_id"),
        "pid_namespace": _inode("/proc/self/ns/pid"),
        "pid": os.getpid(),
        "supervisor_pid": supervisor_pid,
        "roots": {
            "project": placement.project_dir,
            "work": placement.work_dir,
            "output": str(assignment.outbox),
            "temporary": tempfile.gettempdir(),
            "home": str(Path.home()),
            "prefix": sys.prefix,
            "site": [path for path in site.getsitepackages() if Path(path).is_dir()],
            "bundle": placement.bundle,
        },
        "environment": _environment(),
    }


def _environment() -> dict[str, Any]:
    system, uid = os.uname(), os.getuid()
    return {
        "python": "{}.{}.{}".format(*sys.version_info[:3]),
        "implementation": sys.implementation.name,
        "executable": sys.executable,
        "libpython": _libpython(),
        "platform": f"{system.sysname} {system.release}",
        "machine": system.machine,
        "timezone": _timezone(),
        "locale": locale.setlocale(locale.LC_CTYPE),
        "encoding": locale.getencoding(),
        "cpus": os.cpu_count(),
        "affinity_cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "user": _user(uid),
        "uid": uid,
        "home": str(Path.home()),
        "cwd": str(Path.cwd()),
        "hostname": system.nodename,
        "umask": _umask(),
        "variables": sorted(os.environ),
        "distributions": _distributions(),
        "memory_total_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "limits": {name: _limit(number) for name, number in _LIMITS.items()},
    }


def _distributions() -> dict[str, str]:
    """Return name -> version of what can be imported, read off the names of the metadata directories."""
    found: dict[str, str] = {}
    for directory in sys.path:
        try:
            names = sorted(entry.name for entry in os.scandir(directory))
        except OSError:
            continue  # a zip, or a directory that does not exist
        for name in names:
            match = _DISTRIBUTION.fullmatch(name)
            if match:
                found.setdefault(re.sub(r"[-_.]+", "-", match["name"]).lower(), match["version"])
    return dict(sorted(found.items()))


def _libpython() -> dict[str, str] | None:
    """Return path and digest of the shared interpreter library really mapped, None when there is none."""
    maps = _read("/proc/self/maps") or ""
    for line in maps.splitlines():
        path = line.partition("/")[2]
        if path.rpartition("/")[2].startswith("libpython"):
            return {"path": f"/{path}", "sha256": _file_digest(f"/{path}")}
    return None


def _timezone() -> str:
    """Return the zone's name where it can be known, else its abbreviations."""
    if name := os.environ.get("TZ"):
        return name
    _, found, name = os.path.realpath("/etc/localtime").partition("zoneinfo/")
    return name if found else "/".join(time.tzname)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _umask() -> str:
    umask = os.umask(0)
    os.umask(umask)
    return f"{umask:04o}"


def _limit(number: int) -> int | None:
    soft = resource.getrlimit(number)[0]
    return None if soft == resource.RLIM_INFINITY else soft


def digest_early(bundle: str) -> None:
    """Digest now what every hello names, for the processes that will be forked from this one."""
    _file_digest(bundle)
    _libpython()


@functools.cache
def _file_digest(path: str) -> str:
    with Path(path).open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _read(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None  # not on this system


def _inode(path: str) -> int | None:
    try:
        return Path(path).stat().st_ino
    except OSError:
        return None  # not on this system
