"""`shell.command`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from osiris_core.drivers.protocol import DriverSpec, Option

COMMAND: Final = DriverSpec(
    name="shell.command",
    kind="callable",
    target="osiris_core.drivers.shell_command:ShellCommand",
    requirements=("duckdb", "pyarrow"),
    options=MappingProxyType(
        {
            "command": Option(
                type="any",
                required=True,
                visible=True,
                summary="A list: the program and its arguments. With `shell`, a text.",
            ),
            "shell": Option(type="boolean", default=False, summary="Whether `command` is a text for `/bin/sh -c`."),
            "env": Option(
                type="mapping",
                default={},
                summary="Variables of the command beside the step's: secrets can stand here.",
            ),
            "outputs": Option(type="output_paths", default=(), summary="Files that the command has to make."),
            "stdout": Option(
                type="output_path", summary="The artifact that standard output goes to; the step's output."
            ),
            "tables": Option(
                type="string",
                choices=("none", "csv", "jsonl", "parquet"),
                default="none",
                summary="As what kind of file `$STEP_INPUTS` holds the tables that the step needs: `df_<id>.csv`.",
            ),
            "ok_codes": Option(type="any", default=(0,), summary="The list of exit codes that mean success."),
        }
    ),
    summary="Runs a program; what it writes below $STEP_OUTPUT are the step's artifacts.",
    documentation=(
        "The working directory is the manifest's. Standard output and error are the step's output; standard input is "
        "empty. Another exit code than those in `ok_codes`, or a missing output, fails the step. What the command "
        "changes elsewhere is neither seen nor undone.\n\nMetric: exit_code."
    ),
)
