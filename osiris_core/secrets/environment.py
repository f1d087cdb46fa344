"""Where the values of secrets come from: the host's variables, and beneath them a file, if one was asked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from osiris_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def host_environment(env_file: Path | None = None, given: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """Return the host's variables by name; what a file of variables says holds where the host says nothing.

    What is `given` comes before both: a test's own values.

    UsageError, which repeats nothing of the file, where it cannot be read.
    """
    if env_file is None and not given:
        return os.environ
    return {**(_read(env_file) if env_file else {}), **os.environ, **(given or {})}


def _read(path: Path) -> dict[str, str]:
    from dotenv.parser import parse_stream

    found: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8") as source:
            for binding in parse_stream(source):
                if binding.error:
                    raise UsageError(
                        f"{path}:{binding.original.line}: this is no line of variables", hint="write NAME=value"
                    )
                if binding.key is not None:
                    found[binding.key] = binding.value or ""
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"the file of variables {path} cannot be read: {reason}") from None
    return found
