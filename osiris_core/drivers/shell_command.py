"""`shell.command`: a program is the step's work, its exit code the step's end.

The program's standard output and error are this process's own, so what it prints is the step's output.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from osiris_core.drivers.files import artifact_place
from osiris_core.drivers.inputs import given_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from osiris_core.drivers.protocol import Context

INPUTS: Final = "STEP_INPUTS"
OUTPUT: Final = "STEP_OUTPUT"


class ShellCommand:
    """Runs `command`; see `docs/drivers.md` for its options."""

    def run(
        self,
        *,
        step_id: str,
        config: Mapping[str, Any],
        inputs: Mapping[str, Any],
        ctx: Context,
    ) -> dict[str, Any]:
        """Return `{}`. OSError for a program that cannot be started or did not make its outputs.

        RuntimeError for an exit code that means failure, TypeError for a command that is neither a list nor a text.
        """
        arguments = _arguments(config)
        expected = _codes(config.get("ok_codes", (0,)))
        places = {each: artifact_place(ctx.output_dir, each) for each in config.get("outputs", ())}
        with ExitStack() as stack:
            directory = stack.enter_context(_directory(f"osiris-{ctx.session_id}-{step_id}"))
            _hand_over(step_id, str(config.get("tables", "none")), inputs, directory, ctx)
            stdout = None
            if "stdout" in config:
                stdout = stack.enter_context(artifact_place(ctx.output_dir, str(config["stdout"])).open("xb"))
            own = {INPUTS: str(directory), OUTPUT: str(ctx.output_dir)}
            code = _run(arguments, stdout, _variables(config.get("env", {})) | own)
        if code >= 0:
            ctx.log_metric("exit_code", code)
        if code not in expected:
            raise RuntimeError(f"{arguments[0]} ended {_how(code)}")
        missing = [each for each, place in places.items() if not place.exists()]
        if missing:
            raise FileNotFoundError(f"{arguments[0]} did not make {', '.join(missing)} in ${OUTPUT}")
        return {}


@contextmanager
def _directory(name: str) -> Iterator[Path]:
    """Give a private directory for as long as the command runs, under one name on both targets: it may be printed.

    Where somebody else has that name, which two targets do that share one machine without isolation, it has another.
    """
    place = Path(tempfile.gettempdir()) / name
    try:
        place.mkdir(mode=0o700)
    except FileExistsError:
        place = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    try:
        yield place
    finally:
        shutil.rmtree(place)


def _arguments(config: Mapping[str, Any]) -> Sequence[str]:
    """Return the program and its arguments."""
    command = config["command"]
    if config.get("shell", False):
        if not isinstance(command, str):
            raise TypeError(f"with shell: true, command is a text, not {command!r}")
        return ["/bin/sh", "-c", command]
    if isinstance(command, list) and command and all(isinstance(each, str) for each in command):
        return command
    hint = "; a text is run by a shell where shell: true asks for it" if isinstance(command, str) else ""
    raise TypeError(f"command is a list of texts, the program first, not {command!r}{hint}")


def _variables(given: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that the config adds. TypeError, which shows no value, for one that is no text."""
    for name, value in given.items():
        if not isinstance(value, str):
            raise TypeError(f"the variable {name} is a text, not {type(value).__name__}")
    return dict(given)


def _codes(given: Any) -> frozenset[int]:
    if not isinstance(given, (list, tuple)) or not all(type(each) is int for each in given):
        raise TypeError(f"ok_codes is a list of whole numbers, not {given!r}")
    return frozenset(given)


def _hand_over(step_id: str, kind: str, inputs: Mapping[str, Any], directory: Path, ctx: Context) -> None:
    """Write the step's tables as files for the program, with the driver that writes such artifacts."""
    if kind == "none":
        return
    from osiris_core.drivers.registry import load_driver

    writer = load_driver(f"filesystem.{kind}_writer")
    for name, table in given_tables(inputs).items():
        given: Any = _Elsewhere(output_dir=directory, logger=ctx.logger)
        writer.run(step_id=step_id, config={"path": f"{name}.{kind}"}, inputs={name: table}, ctx=given)


class _Elsewhere:
    """The context of a writer whose file is no artifact: its metrics are not the step's."""

    def __init__(self, *, output_dir: Path, logger: Any) -> None:
        self.output_dir = output_dir
        self.logger = logger

    def log_metric(self, *_: object, **__: object) -> None:
        """Say nothing."""


def _run(arguments: Sequence[str], stdout: Any, variables: Mapping[str, str]) -> int:
    """Return how the program ended: its exit code, or the negative number of the signal that ended it."""
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        return subprocess.run(  # noqa: S603 - the manifest's own command; a shell only where it asks for one
            arguments, stdin=subprocess.DEVNULL, stdout=stdout, env=os.environ | variables, check=False
        ).returncode
    except FileNotFoundError as error:
        raise FileNotFoundError(error.errno, "there is no such program here", arguments[0]) from error


def _how(code: int) -> str:
    if code >= 0:
        return f"with exit code {code}"
    names = {each.value: each.name for each in signal.Signals}
    return f"by {names.get(-code, f'signal {-code}')}"
