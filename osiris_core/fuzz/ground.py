"""Where a hunt takes place: one server, a warm and a cold pair of targets, and the drivers and code that it is about."""

from __future__ import annotations

import importlib.util
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osiris_core.choices import TARGETS
from osiris_core.drivers.catalog import DriverCatalog
from osiris_core.errors import DriverDeclarationError, InfrastructureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from osiris_core.check import CheckOptions
    from osiris_core.drivers.protocol import DriverSpec
    from osiris_core.fuzz.hunt import Hunt
    from osiris_core.fuzz.trial import Pair
    from osiris_core.sandbox.launch import ServerAddress

_NOT_CODE: Final = frozenset({"__pycache__", ".git", ".venv"})


@contextmanager
def targets(options: CheckOptions, *, warm: bool = True) -> Iterator[tuple[Pair, Pair]]:
    """Give the pair that looks and the pair that has the last word; both are the cold one without `warm`.

    InfrastructureError where the embedded server cannot be started.
    """
    from osiris_core.fuzz.trial import Targets

    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="osiris-fuzz-", dir=memory_directory())))
        server = _server(stack, options)
        cold = stack.enter_context(Targets(scratch / "cold", TARGETS, options, server=server))
        if not warm:
            yield cold, cold
            return
        yield stack.enter_context(Targets(scratch / "warm", TARGETS, options, server=server, warm=True)), cold


def _server(stack: ExitStack, options: CheckOptions) -> ServerAddress | None:
    """Start one embedded server for all checks; None where somebody else serves the sandboxes."""
    if options.provider != "embedded":
        return None
    from osiris_core.sandbox.launch import SandboxServerError, ServerProcess

    try:
        process = ServerProcess.start(isolation=options.isolation)
    except SandboxServerError as error:
        raise InfrastructureError(str(error)) from error
    stack.callback(process.stop)
    return process.address


def require_hypothesis() -> None:
    """Raise `UsageError` where Hypothesis is not installed."""
    if importlib.util.find_spec("hypothesis") is None:
        raise UsageError("fuzzing needs Hypothesis", hint="pip install 'pytest-osiris[fuzz]'")


def memory_directory() -> str | None:
    """Return a directory in memory where there is one: nothing of an example has to outlive the machine."""
    place = Path("/dev/shm")  # noqa: S108 - only the parent of a directory of our own
    try:
        with tempfile.TemporaryFile(dir=place):
            return str(place)
    except OSError:
        return None


def chosen_drivers(names: Sequence[str] | None, code: Sequence[Path]) -> list[DriverSpec] | None:
    """Return the declarations of the named drivers, None for all that ship. Raises `UsageError` for an unknown one."""
    if names is None:
        return None
    catalog = DriverCatalog()
    found = []
    for name in names:
        try:
            spec = catalog.find(name.strip(), [each.absolute() for each in code])
        except DriverDeclarationError as error:
            raise UsageError(f"{name.strip()} cannot be used: {error.message}", hint=error.hint) from error
        if spec is None:
            raise UsageError(
                f"there is no driver {name.strip()!r}", hint=f"there are {', '.join(sorted(catalog.names()))}"
            )
        found.append(spec)
    return found


def never_compared(hunt: Hunt, drivers: Sequence[DriverSpec] | None) -> list[str]:
    """Return the names of those drivers of which no step succeeded on all targets: a hunt says nothing of what they make.

    Without named drivers, something of those that ship has to have succeeded.
    """
    if drivers is None:
        return [] if hunt.succeeded else ["any driver"]
    return [each.name for each in drivers if not hunt.succeeded[each.name]]


def code_files(directories: Sequence[Path]) -> Mapping[str, bytes]:
    """Return every file below the code directories, by path below its own. Raises `UsageError` where there is none."""
    found: dict[str, bytes] = {}
    for directory in directories:
        if not directory.is_dir():
            raise UsageError(f"{directory} is no directory", hint="--code takes a directory of Python files")
        for path in sorted(directory.rglob("*")):
            relative = path.relative_to(directory)
            if path.is_file() and not _NOT_CODE & set(relative.parts):
                found[relative.as_posix()] = path.read_bytes()
    return found
