"""Starts the process of a sandbox, in a namespace or plain, with an agent at the other end of a socket."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.sandbox import namespace, plain, profile
from osiris_core.sandbox.guard import Guard
from osiris_core.sandbox.pipes import Pipe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osiris_core.sandbox.isolation import Isolation
    from osiris_core.sandbox.templates import Template

INFO_BYTES = 4096
STDERR_BYTES = 4096
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}


class LaunchError(Exception):
    """Raised when a sandbox cannot be started; the sentence holds what the system said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """A started sandbox: the socket to its agent, its guard, its root directory (empty in a namespace), its stderr."""

    sock: socket.socket
    guard: Guard
    root: str
    stderr: int

    def complaint(self) -> str:
        """Return what the sandbox's first process wrote to its stderr."""
        return os.pread(self.stderr, STDERR_BYTES, 0).decode("utf-8", "replace").strip()


async def launch(isolation: Isolation, template: Template, *, cpus_available: int, network: bool) -> Launched:
    """Start a sandbox; its agent is not known to be ready yet. Raises LaunchError.

    Must be called on the server's main thread: bubblewrap's tie to its parent is to the thread that started it.
    """
    ours, theirs = socket.socketpair()
    stderr = os.memfd_create("stderr")
    try:
        if isolation.bwrap is None:
            return _plain(template, ours, theirs, stderr)
        return await _namespace(
            isolation.bwrap, template, ours, theirs, stderr, cpus_available=cpus_available, network=network
        )
    except BaseException:
        ours.close()
        os.close(stderr)
        raise
    finally:
        theirs.close()


def namespace_argv(
    bwrap: str,
    template: Template,
    descriptors: Mapping[str, int],
    info: int,
    *,
    cpus_available: int,
    network: bool = False,
) -> list[str]:
    """Return the bwrap command up to the program to run, `descriptors` holding the text of each file of the namespace."""
    options = namespace.arguments(template, cpus_available=cpus_available, network=network).options
    argv = [bwrap, *options, "--info-fd", str(info)]
    for path, descriptor in descriptors.items():
        argv += ["--perms", _mode(path), "--file", str(descriptor), path]
    return [*argv, *namespace.closing_options(descriptors), "--"]


def _mode(path: str) -> str:
    """Return the mode of a file of the namespace: who owns the commands owns it, the agent too, which writes one."""
    if path in profile.memory_files():
        return "0644"
    return "0555" if path.startswith(profile.SHIMS) else "0444"


def file_descriptors(template: Template, *, cpus_available: int, network: bool = False) -> dict[str, int]:
    """Return an open memory file for the text of each file that the namespace gets; the caller closes them."""
    opened = {}
    for path, text in namespace.arguments(template, cpus_available=cpus_available, network=network).files.items():
        opened[path] = os.memfd_create(path.rsplit("/", 1)[-1])
        os.write(opened[path], text.encode())
        os.lseek(opened[path], 0, os.SEEK_SET)
    return opened


async def _namespace(
    bwrap: str,
    template: Template,
    ours: socket.socket,
    theirs: socket.socket,
    stderr: int,
    *,
    cpus_available: int,
    network: bool,
) -> Launched:
    files = file_descriptors(template, cpus_available=cpus_available, network=network)
    info_read, info_write = os.pipe2(os.O_CLOEXEC)
    argv = namespace_argv(bwrap, template, files, info_write, cpus_available=cpus_available, network=network)
    argv += _agent_argv(template, theirs, namespace.AGENT_PARENT)
    try:
        started = _start(argv, stderr, (theirs.fileno(), info_write, *files.values()), cwd="/")
    finally:
        os.close(info_write)
        for descriptor in files.values():
            os.close(descriptor)
    info = Pipe(info_read)
    try:
        said = bytearray()
        while piece := await info.read(INFO_BYTES):
            said += piece
    finally:
        info.close()
    child = json.loads(said)["child-pid"] if said else None
    return Launched(sock=ours, guard=Guard(started, child), root="", stderr=stderr)


def _plain(template: Template, ours: socket.socket, theirs: socket.socket, stderr: int) -> Launched:
    root = plain.make_root(template)
    argv = _agent_argv(template, theirs, str(namespace.AGENT_SOURCE.parent))
    started = _start(argv, stderr, (theirs.fileno(),), cwd=root)
    return Launched(sock=ours, guard=Guard(started), root=root, stderr=stderr)


def _agent_argv(template: Template, theirs: socket.socket, directory: str) -> list[str]:
    python = str(template.interpreter.executable)
    return [python, "-I", "-S", "-c", namespace.START_AGENT, str(theirs.fileno()), directory]


def _start(argv: Sequence[str], stderr: int, passed: tuple[int, ...], *, cwd: str) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - our argv
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=_ENVIRONMENT,
            pass_fds=passed,
            cwd=cwd,
            start_new_session=True,
        )
    except OSError as error:
        raise LaunchError(f"cannot start {argv[0]}: {error.strerror}") from error
