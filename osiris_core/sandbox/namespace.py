"""The bubblewrap arguments that make one sandbox.

The whole writable space is one tmpfs, the root itself: nothing of a sandbox is ever on the host's disk, one size limits it,
and a file can be renamed from /tmp to the home as on E2B's one disk. What `user` must not write has no write bits.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.sandbox import profile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osiris_core.sandbox.templates import Template

AGENT_PARENT = "/run/envd"
AGENT_SOURCE = Path(__file__).parent / "agent"
START_AGENT = "import sys; sys.path.insert(0, sys.argv.pop(2)); from agent.main import main; main()"
"""Arguments: the number of the socket's descriptor, then the directory that holds the package `agent`."""

_TOP_LEVEL = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_HOST_ETC = (
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/ca-trust/extracted",
    "/etc/pki/tls",
    "/etc/ca-certificates",
    "/etc/ld.so.cache",
    "/etc/alternatives",
)
_WRITABLE = {"/home": "0555", "/home/user": "0755", "/root": "0700", "/tmp": "1777", "/var": "0555", "/var/tmp": "1777"}  # noqa: S108 - names inside the sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """`options` go to bwrap; `files` are texts by path, to be handed over as descriptors before the options."""

    options: tuple[str, ...]
    files: dict[str, str]


def arguments(template: Template, *, cpus_available: int, network: bool = False) -> Arguments:
    """Return what makes a namespace from `template` on a host with `cpus_available` processors.

    With `network` it has the host's network, its loopback and its resolver included; else a loopback of its own.
    """
    missing = _missing_names(template)
    resolver = _host_resolver() if network else profile.NO_RESOLVER
    files = profile.etc_files(has_shims=bool(missing), resolver=resolver) | profile.memory_files()
    files |= profile.cpu_files(template.cpus, cpus_available)
    options = [*_isolation(network=network), "--size", str(template.disk_mb * 1024 * 1024), "--tmpfs", "/", *_system()]
    for path, mode in _WRITABLE.items():
        options += ["--perms", mode, "--dir", path]
    options += [*_workdir(template), *_interpreter(template), *_agent()]
    if template.closure_dir:
        options += ["--ro-bind", str(template.closure_dir), profile.VIEW]
    else:
        files |= _bare_view(template)
        options += _bare_view_links(template)
    files |= {f"{profile.SHIMS}/{name}": f'#!/bin/sh\nexec {profile.VIEW}/bin/python "$@"\n' for name in missing}
    return Arguments(options=tuple(options), files=files)


def closing_options(paths: Iterable[str]) -> list[str]:
    """Return the options that take the write bits off the directories above `paths` and off the root."""
    closed = {"/", "/etc", "/run", "/opt", "/usr"}
    for path in paths:
        closed |= {str(parent) for parent in Path(path).parents}
    return [part for path in sorted(closed - {"/usr"}) for part in ("--chmod", "0555", path)]


def _isolation(*, network: bool) -> list[str]:
    identity = ["--uid", str(profile.UID), "--gid", str(profile.UID), "--hostname", profile.HOSTNAME]
    shared = ["--share-net"] if network else []
    return ["--unshare-all", "--unshare-user", *shared, *identity, "--die-with-parent", "--as-pid-1", "--new-session"]


def _host_resolver() -> str:
    try:
        return Path("/etc/resolv.conf").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return profile.NO_RESOLVER  # a host that resolves nothing has a network all the same


def _system() -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev")
    yield from ("--dir", "/etc", "--dir", "/run", "--dir", "/opt", "--dir", "/etc/ssl")
    for name in _TOP_LEVEL:
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    for public in _HOST_ETC:
        if Path(public).exists():
            yield from ("--ro-bind", public, public)
    yield from ("--symlink", "/usr/share/zoneinfo/Etc/UTC", "/etc/localtime")
    yield from ("--symlink", "/proc/self/mounts", "/etc/mtab")
    yield from ("--symlink", "../usr/lib/os-release", "/etc/os-release")
    for site in sorted(Path("/usr").glob("lib/python3*/dist-packages")):
        yield from _masked(site)
    for site in sorted(Path("/usr/local").glob("lib/python3*/*-packages")):
        yield from _masked(site)


def _interpreter(template: Template) -> Iterator[str]:
    interpreter = template.interpreter
    bound = [Path("/usr")]
    resolved = interpreter.prefix.resolve()  # the executable's real path can lie there, where a prefix is a link
    for directory in (interpreter.prefix, resolved, interpreter.libpython_dir):
        # The same path as on the host: a relocated interpreter can load another build's library and silently be that one.
        if directory and not any(directory.is_relative_to(other) for other in bound):
            yield from ("--ro-bind", str(directory), str(directory))
            bound.append(directory)
    for prefix in sorted({interpreter.prefix, resolved}):
        for site in sorted(prefix.glob("lib/python3*/site-packages")):
            if not prefix.is_relative_to("/usr"):
                yield from _masked(site)


def _workdir(template: Template) -> Iterator[str]:
    if not template.workdir:
        return
    path = Path(template.workdir)
    for directory in (*reversed(path.parents), path):
        if str(directory) != "/" and str(directory) not in _WRITABLE:
            yield from ("--perms", "0755", "--dir", str(directory))


def _agent() -> Iterator[str]:
    yield from ("--ro-bind", str(AGENT_SOURCE), f"{AGENT_PARENT}/agent")


def _masked(site: Path) -> Iterator[str]:
    yield from ("--perms", "0555", "--size", "4096", "--tmpfs", str(site))


def _missing_names(template: Template) -> list[str]:
    if template.closure_dir is None:
        return []
    return [name for name in ("python3",) if not os.path.lexists(template.closure_dir / "bin" / name)]


def _version_directory(template: Template) -> str:
    # The standard library's directory says which minor version the interpreter is; the running one is the usual case.
    own = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = sorted(path.name for path in template.interpreter.prefix.glob("lib/python3.*") if path.is_dir())
    return own if own in found or not found else found[-1]


def _bare_view(template: Template) -> dict[str, str]:
    home = template.interpreter.executable.parent
    return {f"{profile.VIEW}/pyvenv.cfg": f"home = {home}\ninclude-system-site-packages = false\n"}


def _bare_view_links(template: Template) -> Iterator[str]:
    yield from ("--dir", f"{profile.VIEW}/lib/{_version_directory(template)}/site-packages")
    for name in ("python", "python3"):
        yield from ("--symlink", str(template.interpreter.executable), f"{profile.VIEW}/bin/{name}")
